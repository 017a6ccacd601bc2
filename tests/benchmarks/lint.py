"""`ogc_validate_package` of a valid package on a warm server, against `cwltool --validate` of the same one."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from mcp import Client

from mcp_ogc.local.sample.samples import package_text
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.benchmarks.measure import Measure, interleaved

BAR = 0.5
CWLTOOL = Path(sys.executable).with_name("cwltool")


async def tool_seconds(client: Client, text: str) -> float:
    begun = time.perf_counter()
    answer = await client.call_tool("ogc_validate_package", {"package": text})
    seconds = time.perf_counter() - begun
    assert (answer.structured_content or {})["valid"] is True
    return seconds


def cwltool_seconds(path: Path) -> float:
    begun = time.perf_counter()
    subprocess.run([CWLTOOL, "--quiet", "--validate", path], check=True, capture_output=True)
    return time.perf_counter() - begun


def measure() -> Measure:
    if not CWLTOOL.exists():
        return Measure("lint", None, "s", "cwltool --validate", None, None, f"<= {BAR}x", None)
    text = package_text("water-bodies")
    with tempfile.TemporaryDirectory() as name, start_blocking_portal() as portal:
        path = Path(name) / "package.cwl"
        path.write_text(text, encoding="utf-8")
        server = build_server(Settings(data_folder=Path(name) / "data"))
        with portal.wrap_async_context_manager(Client(server)) as client:
            ours, theirs = interleaved(
                lambda: portal.call(tool_seconds, client, text), lambda: cwltool_seconds(path), rounds=9
            )
    ratio = ours / theirs
    return Measure(
        "lint",
        round(ours, 3),
        "s",
        "cwltool --validate",
        round(theirs, 3),
        round(ratio, 3),
        f"<= {BAR}x",
        ratio <= BAR,
    )
