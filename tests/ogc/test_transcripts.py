"""The client against what ZOO-Project, pygeoapi and fastprocesses really answered."""

import httpx
import pytest

from mcp_ogc import errors
from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from tests.ogc.transcripts import FOLDER, ClientOf, outputs, recorded, replaying

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "ids"),
    [
        ("zoo/03-processes", {"HelloPy", "echo", "longProcess"}),
        ("zoo/03b-processes-limit", {"Notify"}),
        ("zoo/43-namespaced-list", {"securityOut"}),
        ("zoo/45-processes-final", {"HelloPy", "hello-cwl"}),
        ("pygeoapi/03b-processes-accept-json", {"hello-world", "echo", "shapely-functions"}),
        ("pygeoapi/03c-processes-no-accept", {"hello-world", "echo", "shapely-functions"}),
        ("pygeoapi/03d-processes-limit", {"hello-world"}),
        ("fastprocesses/03-processes", {"simple_process"}),
    ],
)
async def test_processes_are_listed(client_of: ClientOf, name: str, ids: set[str]) -> None:
    assert ids <= {process.id for process in (await replaying(client_of, name).processes()).processes}


@pytest.mark.parametrize(
    ("name", "inputs"),
    [
        ("zoo/21-describe-deployed", {"name", "count"}),
        ("zoo/28e-describe-hello-two", {"name", "count"}),
        ("zoo/28g-describe", {"name", "count"}),
        ("zoo/29b-describe-after-replace", {"name", "count"}),
        ("zoo/44b-namespaced-describe", {"name", "count"}),
        ("pygeoapi/04-describe-hello", {"name", "message"}),
        ("fastprocesses/04-describe", {"input_text", "delay"}),  # its metadata is an object
    ],
)
async def test_a_process_is_described(client_of: ClientOf, name: str, inputs: set[str]) -> None:
    assert set((await replaying(client_of, name).describe("p")).inputs) == inputs


@pytest.mark.parametrize(
    ("name", "job_id", "status"),
    [
        ("zoo/06-exec-async", "c9308bba-e758-11f1-a8fa-02fc00000001", JobStatus.RUNNING),
        ("zoo/06b-exec-async-long", "cb11b468-e758-11f1-9dc1-02fc00000001", JobStatus.RUNNING),
        ("zoo/06c-exec-async-demo", "ce0ed93e-e758-11f1-bf42-02fc00000001", JobStatus.RUNNING),
        ("zoo/23-exec-async-deployed", "22e172aa-e759-11f1-a786-02fc00000001", JobStatus.RUNNING),
        ("pygeoapi/06-exec-async", "d158993c-e757-11f1-a2b6-02fc00000001", JobStatus.ACCEPTED),  # the body is null
        ("pygeoapi/06b-exec-async-slow", "d244d6bc-e757-11f1-a45d-02fc00000001", JobStatus.ACCEPTED),
        ("pygeoapi/06c-exec-async-failing", "d969ea7c-e757-11f1-a2b6-02fc00000001", JobStatus.ACCEPTED),
        ("pygeoapi/06d-exec-async-failing", "e95f3202-e757-11f1-a2b6-02fc00000001", JobStatus.ACCEPTED),
        ("pygeoapi/06e-exec-async-document", "ea09864e-e757-11f1-a2b6-02fc00000001", JobStatus.ACCEPTED),
        ("pygeoapi/15-two-slow-a", "beef018c-e75c-11f1-bb2b-02fc00000001", JobStatus.ACCEPTED),
        ("fastprocesses/06-exec-async", "0a524288-701d-4b87-9719-db39076090e4", JobStatus.ACCEPTED),
        # Asked for at once, without the word it wants for that.
        ("fastprocesses/05-exec-sync", "a2afb9c5-ed30-4000-afb9-554a40d48f35", JobStatus.ACCEPTED),
        ("fastprocesses/05d-fail-sync", "998c2685-e89f-4733-bce6-e4f35317ebef", JobStatus.ACCEPTED),
        ("fastprocesses/06b-fail-async", "92ea3162-cb43-47e1-a72d-3203351e3cb4", JobStatus.ACCEPTED),
    ],
)
async def test_an_execution_becomes_a_job(client_of: ClientOf, name: str, job_id: str, status: JobStatus) -> None:
    info = await replaying(client_of, name).execute("p", Execute())
    assert isinstance(info, StatusInfo)
    assert (info.job_id, info.status) == (job_id, status)


HELLO, PYTHON = {"echo": "Hello Ada!"}, {"result": "Hello Ada from Python World !"}
STORED = "http://127.0.0.1:8090/temp//ZOO_DATA_HelloPy_Result_c7eb44d4-e758-11f1-871c-02fc00000001_0.txt"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zoo/05-exec-sync", PYTHON),  # text, and labelled JSON
        ("zoo/05b-exec-sync-raw", PYTHON),
        ("zoo/05c-exec-sync-document", {"Result": "Hello Ada from Python World !"}),
        ("zoo/05d-exec-sync-reference", {"Result": STORED}),
        ("zoo/05i-exec-unknown-input", PYTHON),  # and so are the next: what is wrong with them is asked for here
        ("zoo/05j-exec-number-for-string", {"result": "Hello 42 from Python World !"}),
        ("zoo/05k-exec-prefer-minimal", PYTHON),
        ("pygeoapi/05-exec-sync-default", HELLO),  # with a Location, as all of its
        ("pygeoapi/05b-exec-sync-response-document", {"echo": "Hello Ada! hi"}),
        ("pygeoapi/05c-exec-sync-response-raw", HELLO),
        ("pygeoapi/05d-exec-outputs-value", HELLO),
        ("pygeoapi/05e-exec-outputs-reference", HELLO),
        ("pygeoapi/05i-exec-no-content-type", HELLO),
        ("pygeoapi/05j-exec-wrong-type", {"echo": "Hello 42!"}),
        ("pygeoapi/05l-exec-echo-sync", {"echoOutput": "Echo"}),
        ("pygeoapi/05m-exec-unknown-output", {}),
        ("pygeoapi/05n-exec-unknown-input", HELLO),
        ("pygeoapi/05o-exec-outputs-list", HELLO),
        ("pygeoapi/05p-exec-empty-outputs", HELLO),
        ("pygeoapi/05r-exec-prefer-return-minimal", HELLO),
        ("fastprocesses/05b-exec-prefer-sync", {"output_text": "ADA LOVELACE"}),
    ],
)
async def test_an_execution_answered_at_once_is_its_results(
    client_of: ClientOf, name: str, expected: dict[str, object]
) -> None:
    assert await outputs(await replaying(client_of, name).execute("p", Execute())) == expected


@pytest.mark.parametrize(
    ("name", "status", "progress"),
    [
        ("zoo/07-job-status", JobStatus.SUCCESSFUL, None),
        ("zoo/07b-job-status-immediately", JobStatus.FAILED, None),
        ("zoo/07d-job-status-demo-running", JobStatus.RUNNING, 5),
        ("zoo/07e-job-status-demo-later", JobStatus.RUNNING, 48),
        ("zoo/24b-status-done", JobStatus.SUCCESSFUL, None),
        ("zoo/44f-other-namespace-status", JobStatus.FAILED, None),  # its message is not text
        ("pygeoapi/07-job-status", JobStatus.SUCCESSFUL, 100),
        ("pygeoapi/07b-job-status-no-f", JobStatus.SUCCESSFUL, 100),
        ("pygeoapi/07d-job-status-running", JobStatus.ACCEPTED, 5),
        ("pygeoapi/07e-job-status-failed", JobStatus.SUCCESSFUL, 100),  # it did not fail: an empty name is one
        ("fastprocesses/07c-status-failed", JobStatus.FAILED, 0),
    ],
)
async def test_a_job_s_status_is_read(client_of: ClientOf, name: str, status: JobStatus, progress: int | None) -> None:
    info = await replaying(client_of, name).job("j1")
    assert (info.status, info.progress) == (status, progress)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("zoo/08-job-results", PYTHON),
        ("zoo/08b-job-results-single", PYTHON),
        ("pygeoapi/08-job-results", HELLO),
        ("pygeoapi/08e-results-of-failed", {"echo": "Hello !"}),  # of the job that did not fail
        ("pygeoapi/08f-results-document-accept-json", HELLO),
        ("pygeoapi/08g-results-document-f-json", HELLO),
        ("fastprocesses/08b-results", {"output_text": "ASYNC"}),
    ],
)
async def test_results_are_found_under_their_outputs(
    client_of: ClientOf, name: str, expected: dict[str, object]
) -> None:
    assert await outputs(await replaying(client_of, name).results("j1")) == expected


@pytest.mark.parametrize("name", ["zoo/25-results", "zoo/50c-results"])
async def test_what_a_runner_of_cwl_made_is_its_output(client_of: ClientOf, name: str) -> None:
    (output,) = (await outputs(await replaying(client_of, name).results("j1"))).items()
    assert output[0] == "greeting"
    assert "greeting.txt" in str(output[1])


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("zoo/08c-results-while-running", "Unable to load C Library"),
        ("zoo/08d-demo-failed-results", "Error executing the service"),
        ("zoo/44e-namespaced-results", "The <count> argument was not specified"),
    ],
)
async def test_an_exception_that_zoo_sends_as_results_is_a_failure(client_of: ClientOf, name: str, detail: str) -> None:
    answer = await replaying(client_of, name).results("j1")
    with pytest.raises(errors.JobFailed) as raised:
        await outputs(answer)
    assert detail in raised.value.detail


async def test_pages_that_pygeoapi_has_for_people_are_no_answers(client_of: ClientOf) -> None:
    with pytest.raises(errors.Garbled, match="page of HTML"):
        await replaying(client_of, "pygeoapi/07c-job-status-accept-html").job("j1")
    answer = await replaying(client_of, "pygeoapi/08b-job-results-no-f").results("j1")
    with pytest.raises(errors.Garbled, match="page of HTML"):
        await outputs(answer)


@pytest.mark.parametrize(
    "name",
    [
        *("zoo/09-dismiss-running", "zoo/41-dismiss-running"),
        *("pygeoapi/09-dismiss-running", "pygeoapi/09e-dismiss-finished", "pygeoapi/15b-dismiss"),
    ],
)
async def test_a_dismissal_tells_the_last_status(client_of: ClientOf, name: str) -> None:
    info = await replaying(client_of, name).dismiss("j1")
    assert info is not None
    assert info.status is JobStatus.DISMISSED


@pytest.mark.parametrize(
    "name",
    ["zoo/10-jobs-list", "zoo/10b-jobs-list-limit", "pygeoapi/10b-jobs-list-limit", "fastprocesses/10-jobs"],
)
async def test_jobs_are_listed(client_of: ClientOf, name: str) -> None:
    jobs = (await replaying(client_of, name).jobs()).jobs
    assert jobs
    assert all(job.job_id and job.process_id and job.created for job in jobs)


async def test_the_status_that_pygeoapi_does_not_filter_by_is_filtered_by_here(client_of: ClientOf) -> None:
    client = replaying(client_of, "pygeoapi/10c-jobs-list-status-filter")
    everything, failed = (await client.jobs()).jobs, (await client.jobs(status=JobStatus.FAILED)).jobs
    assert {job.status for job in everything} == {JobStatus.SUCCESSFUL, JobStatus.FAILED}
    assert {job.status for job in failed} == {JobStatus.FAILED}


@pytest.mark.parametrize(
    ("name", "process_id"),
    [
        ("20-deploy-cwl", "hello-cwl"),
        ("28e-deploy-w-param", "hello-two"),
        ("28f-deploy-apppkg-href-big", "hello-three"),
    ],
)
async def test_a_deployment_at_zoo_is_the_process_it_made(client_of: ClientOf, name: str, process_id: str) -> None:
    summary = await replaying(client_of, f"zoo/{name}").deploy("cwlVersion: v1.0", workflow_id=process_id)
    assert (summary.id, summary.mutable) == (process_id, True)


async def test_replacing_and_undeploying_at_zoo_are_done_without_a_word(client_of: ClientOf) -> None:
    await replaying(client_of, "zoo/29-replace-put").replace("hello-cwl", "cwlVersion: v1.0")
    for name in ("28-undeploy-first", "28a-undeploy", "28i-undeploy-two", "31-undeploy"):
        await replaying(client_of, f"zoo/{name}").undeploy("hello-two")
    for name in ("28j-undeploy-two-again", "28k-undeploy-three-after-cache-cleared"):  # it was gone
        await replaying(client_of, f"zoo/{name}").undeploy("hello-two")


async def test_zoo_gives_its_package_only_for_one_precise_type(client_of: ClientOf) -> None:
    refusal, package = recorded("zoo/27-package").response, recorded("zoo/27c-package-accept-cwl").response
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers["accept"])
        one = package if asked[-1] == "application/cwl+yaml" else refusal
        return httpx.Response(one.status_code, headers=one.headers, content=one.content)

    got = await client_of(answer).package("hello-cwl")
    assert asked == ["application/cwl", "application/cwl+yaml"]
    assert got.text.startswith("cwlVersion: v1.0")
    assert (await replaying(client_of, "zoo/27d-package-accept-cwl").package("hello-cwl")).text == got.text
    with pytest.raises(errors.RemoteProblem, match="406"):
        await replaying(client_of, "zoo/27-package").package("hello-cwl")


def test_every_transcript_that_is_kept_is_used() -> None:
    tests = FOLDER.parents[1].rglob("test_*.py")
    source = "".join(path.read_text(encoding="utf-8") for path in tests)
    kept = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.glob("*/*.txt")}
    assert {name for name in kept if name not in source and f'"{name.partition("/")[2]}"' not in source} == set()
