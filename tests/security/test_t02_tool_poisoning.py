"""T2: what a server says changes no tool: the list is the same, byte by byte, whatever it says and whenever."""

import json

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from mcp_ogc.tools.catalogue import TOOLS
from tests.security.hostile import MARK, hostile
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio


async def listed(client: Client) -> str:
    return (await client.list_tools()).model_dump_json()


async def test_a_process_list_that_changes_between_calls_changes_no_tool(settings: Settings, server: Server) -> None:
    far = {"far": {"url": hostile(server), "dialect": "standard"}}
    ours = Settings(**{**settings.model_dump(), "endpoints": far})
    async with Client(build_server(ours)) as client:
        before = await listed(client)
        for number in range(2):
            processes = [{"id": f"ogc_get_job {MARK} {number}", "version": "1", "description": f"{MARK} {number}"}]
            server.on("/ogc/processes", Reply(body=json.dumps({"processes": processes, "links": []}).encode()))
            await client.call_tool("ogc_list_processes", {"endpoint": "far"})
            await client.call_tool("ogc_describe_process", {"process_id": "p", "endpoint": "far"})
            await client.call_tool("ogc_get_job", {"job_id": "j", "endpoint": "far"})
            assert await listed(client) == before
    async with Client(build_server(settings)) as another:
        assert await listed(another) == before, "nor do the endpoints that are configured"
    assert MARK not in before


async def test_tools_come_in_their_fixed_order(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == [spec.name for spec in TOOLS]


async def test_a_secret_that_is_learned_does_not_reach_into_the_list(settings: Settings) -> None:
    server = build_server(settings)
    async with Client(server) as client:
        before = await listed(client)
        server.middleware[-1]._redact.learn("process")  # type: ignore[attr-defined]
        assert "[redacted]" in (await client.call_tool("ogc_list_processes", {})).model_dump_json()
        assert await listed(client) == before
