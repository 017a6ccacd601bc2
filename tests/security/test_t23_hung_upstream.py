"""T23: an upstream that takes every connection and says nothing keeps no call for longer than a client waits."""

from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import Tool

import mcp_ogc.resources
import mcp_ogc.server
from mcp_ogc.jobs import monitor
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Limits, Settings
from tests.server.talk import refused
from tests.servers import silence

pytestmark = pytest.mark.anyio

CLIENTS_WAIT = 50
RASTER = "ogc://silent/jobs/j/rasters/o/i/a"
# What is needed at least, by the arguments' names; any other is taken for a raster.
NEEDED: dict[str, Any] = {"process_id": "p", "inputs": {}, "job_id": "j", "package": "water-bodies"}


def arguments_of(tool: Tool) -> dict[str, Any]:
    required = {name: NEEDED.get(name, RASTER) for name in tool.input_schema.get("required", ())}
    # What is measured is a choice, and one has to be made.
    return {**required, "points": [[0, 0]]} if "points" in tool.input_schema["properties"] else required


@pytest.fixture
def silent(settings: Settings) -> Iterator[Settings]:
    with silence.silent() as origin:
        yield settings.model_copy(update={"endpoints": {"silent": EndpointSettings(url=f"{origin}/ogc")}})


async def test_each_tool_answers_in_time_and_says_what_to_do(silent: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the clock of the bound turned down, the bound itself is what is tested."""
    monkeypatch.setattr(mcp_ogc.server, "TOOL_SECONDS", 0.5)
    async with Client(build_server(silent)) as client:
        for tool in (await client.list_tools()).tools:
            told = await refused(client, tool.name, **arguments_of(tool))
            assert "did not end within 0.5 s" in told, tool.name
            assert "again" in told


@pytest.mark.parametrize("uri", ["endpoints", "silent/processes", "silent/processes/p", "silent/jobs/j", RASTER[6:]])
async def test_each_resource_does_too(silent: Settings, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_ogc.resources, "READ_SECONDS", 0.2)
    monkeypatch.setattr("mcp_ogc.tools.processes.ENDPOINT_SECONDS", 0.2)
    async with Client(build_server(silent)) as client:
        with anyio.fail_after(20):
            try:
                (content,) = (await client.read_resource(f"ogc://{uri}")).contents
                told = content.model_dump_json()
            except MCPError as error:
                told = error.message
    assert "did not answer" in told or "Try again" in told


def test_every_bound_is_below_what_clients_wait() -> None:
    """A call's own, a request's, what a job is waited for; each inside the other."""
    assert monitor.LONGEST_WAIT <= mcp_ogc.server.TOOL_SECONDS < CLIENTS_WAIT
    assert mcp_ogc.resources.READ_SECONDS < CLIENTS_WAIT
    assert Limits().request_seconds < mcp_ogc.server.TOOL_SECONDS
    with pytest.raises(ValueError, match="less than or equal to 45"):
        Limits(request_seconds=46)
