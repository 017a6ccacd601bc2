"""`ogc_list_processes` in memory, against the same list through the bare client."""

import tempfile
import time
from pathlib import Path

from anyio.from_thread import start_blocking_portal
from mcp import Client

from mcp_ogc.opening import open_from_settings
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from mcp_ogc.workspace import Workspace
from tests.benchmarks.measure import Measure, interleaved

BAR_MS = 2.0
CALLS = 20


async def tool_ms(client: Client) -> float:
    begun = time.perf_counter()
    for _ in range(CALLS):
        assert not (await client.call_tool("ogc_list_processes", {})).is_error
    return (time.perf_counter() - begun) / CALLS * 1000


async def client_ms(work: Workspace) -> float:
    endpoint = work.endpoint("local")
    begun = time.perf_counter()
    for _ in range(CALLS):
        assert (await endpoint.client.processes(limit=100)).processes
    return (time.perf_counter() - begun) / CALLS * 1000


def measure() -> Measure:
    with tempfile.TemporaryDirectory() as name, start_blocking_portal() as portal:
        settings = Settings(data_folder=Path(name))
        with (
            portal.wrap_async_context_manager(open_from_settings(settings)) as work,
            portal.wrap_async_context_manager(Client(build_server(settings))) as client,
        ):
            ours, theirs = interleaved(
                lambda: portal.call(tool_ms, client), lambda: portal.call(client_ms, work), rounds=15
            )
    more = ours - theirs
    return Measure(
        "call-overhead",
        round(ours, 3),
        "ms",
        "bare client",
        round(theirs, 3),
        round(ours / theirs, 3),
        f"<= peer + {BAR_MS} ms",
        more <= BAR_MS,
    )
