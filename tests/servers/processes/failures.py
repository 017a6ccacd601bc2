"""The ways in which a job fails on real platforms: what its message says, and what its logs hold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TRACEBACK = (
    "Exception during execution...\nTraceback (most recent call last):\n"
    '  File "/usr/lib/cgi-bin/water_bodies/service.py", line 391, in water_bodies\n'
    "    exit_status = runner.execute()\n{error}\n"
)


class Cause(StrEnum):
    IMAGE_PULL = "image-pull"
    OUT_OF_MEMORY = "oom"
    UNSCHEDULABLE = "unschedulable"
    STAGE_IN = "stage-in"
    EXIT_CODE = "exit-code"
    STAGE_OUT = "stage-out"
    INPUTS = "inputs"


@dataclass(frozen=True)
class Failure:
    """What a user is told, and where the reason is."""

    message: str
    logs: tuple[tuple[str, str], ...]
    """Titles and texts, as the runner leaves them."""


FAILURES = {
    Cause.IMAGE_PULL: Failure(
        TRACEBACK.format(error="Exception: Job has reached the specified backoff limit"),
        (
            (
                "Job pod log",
                "INFO [job detect-water] pod detect-water-pod-gwyxkr status Pending\n"
                'ERROR container detect-water-container waiting: ImagePullBackOff: Back-off pulling image "'
                'ghcr.io/eoap/mastering-app-package/detect:9.9.9"\n'
                'Failed to pull image "ghcr.io/eoap/mastering-app-package/detect:9.9.9": rpc error: code = NotFound '
                "desc = failed to resolve reference: not found\n",
            ),
        ),
    ),
    Cause.OUT_OF_MEMORY: Failure(
        TRACEBACK.format(error="Exception: Job has reached the specified backoff limit"),
        (
            ("Tool log crop.log", "2026-11-23 16:15:45 cropping LC08_L2SP_044032_20231208_02_T1\n2402 x 1821 pixels\n"),
            (
                "Job pod log",
                "INFO [job detect-water] pod detect-water-pod-gwyxkr terminated\n"
                "ERROR container terminated: reason: OOMKilled, exit code: 137\n"
                "ERROR [job detect-water] completed permanentFail\n",
            ),
        ),
    ),
    Cause.UNSCHEDULABLE: Failure(
        TRACEBACK.format(error="TimeoutError: pod was not scheduled in 600 s"),
        (
            (
                "Job pod log",
                "WARNING FailedScheduling 0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are "
                "available: 3 No preemption victims found for incoming pod.\n",
            ),
        ),
    ),
    Cause.STAGE_IN: Failure(
        TRACEBACK.format(error="Exception: ('Stage-in failed', 'exit status 1')"),
        (
            (
                "Tool log stage-in.log",
                "INFO Stage in https://earth-search.example/v1/collections/landsat-c2-l2/items/LC08_GONE\n"
                'Traceback (most recent call last):\n  File "stage.py", line 24, in main\n'
                "    item = pystac.read_file(sys.argv[1])\n"
                "urllib.error.HTTPError: HTTP Error 404: Not Found\n",
            ),
        ),
    ),
    Cause.EXIT_CODE: Failure(
        TRACEBACK.format(error="Exception: ('Execution failed', 'exit status 1')"),
        (
            (
                "Tool log detect-water.log",
                "2026-11-23 16:15:49 opening green\nTraceback (most recent call last):\n"
                '  File "/app/app.py", line 57, in threshold\n    value = threshold_otsu(ndwi)\n'
                "ValueError: attempt to get argmax of an empty sequence: the area has no valid pixel\n"
                "ERROR [job detect-water] was terminated by exit code: 1\n",
            ),
        ),
    ),
    Cause.STAGE_OUT: Failure(
        TRACEBACK.format(
            error="botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling PutObject"
        ),
        (
            ("Tool log detect-water.log", "2026-11-23 16:15:49 wrote otsu.tif\n"),
            (
                "Tool log stage-out.log",
                "INFO Stage out to s3://eoepca/processing-results\nuploading otsu.tif\n"
                "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject "
                "operation: Access Denied\n",
            ),
        ),
    ),
    Cause.INPUTS: Failure(
        "Unable to run the Service. The message returned back by the Service was the following: Mandatory parameters "
        "missing",
        (),
    ),
}
