"""A no-op package from execute to successful on the local endpoint, against running `cwltool` on it."""

import subprocess
import sysconfig
import tempfile
import time
from pathlib import Path

import anyio
from anyio.from_thread import start_blocking_portal

from mcp_ogc.ogc.models import Execute, JobStatus, StatusInfo
from mcp_ogc.opening import open_from_settings
from mcp_ogc.settings import LocalSettings, Settings
from mcp_ogc.workspace import Endpoint
from tests.benchmarks.measure import Measure, interleaved

BAR = 1.15
POLL_SECONDS = 0.02
NOOP = """\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: noop
  label: No operation
  doc: Does nothing
  inputs: {}
  outputs: {}
  steps:
    nothing:
      run: "#true"
      in: {}
      out: []
- class: CommandLineTool
  id: "true"
  baseCommand: "true"
  inputs: {}
  outputs: {}
"""


async def job_seconds(endpoint: Endpoint) -> float:
    begun = time.perf_counter()
    info = await endpoint.client.execute("noop", Execute())
    assert isinstance(info, StatusInfo)
    while not info.status.ended:
        await anyio.sleep(POLL_SECONDS)
        info = await endpoint.client.job(info.job_id)
    assert info.status is JobStatus.SUCCESSFUL, info.message
    return time.perf_counter() - begun


def cwltool_seconds(package: Path) -> float:
    command = Path(sysconfig.get_path("scripts")) / "cwltool"
    begun = time.perf_counter()
    subprocess.run(
        [command, "--no-container", "--outdir", package.parent / "out", f"{package}#noop"],
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - begun


def measure() -> Measure:
    with tempfile.TemporaryDirectory() as name, start_blocking_portal() as portal:
        package = Path(name) / "noop.cwl"
        package.write_text(NOOP, encoding="utf-8")
        settings = Settings(data_folder=Path(name) / "data", local=LocalSettings(trusted_packages=("*",)))
        with portal.wrap_async_context_manager(open_from_settings(settings)) as work:
            local = work.endpoint("local")
            portal.call(local.client.deploy, NOOP)
            ours, theirs = interleaved(
                lambda: portal.call(job_seconds, local), lambda: cwltool_seconds(package), rounds=11
            )
    ratio = ours / theirs
    return Measure(
        "job-overhead", round(ours, 3), "s", "cwltool", round(theirs, 3), round(ratio, 3), f"<= {BAR}", ratio <= BAR
    )
