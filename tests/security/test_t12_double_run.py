"""T12: a client that lost its patience and asks again gets the same job, of one request."""

from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.security.test_t13_runaway_cost import posts
from tests.server.talk import call, refused
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

ARGUMENTS: dict[str, Any] = {"process_id": "p", "inputs": {}, "wait_seconds": 0}


@pytest.fixture
def far(settings: Settings, server: Server) -> Settings:
    server.on("/ogc/processes/p", Reply(body=b'{"id": "p", "version": "1", "inputs": {}, "outputs": {}, "links": []}'))
    server.on("/ogc/processes/p/execution", Reply(201, {"Location": f"{server.url}/ogc/jobs/j1"}))
    server.on("/ogc/jobs/j1", Reply(body=b'{"jobID": "j1", "status": "running", "type": "process"}'))
    server.on("/ogc/jobs", Reply(body=b'{"jobs": [], "links": []}'))
    endpoint = {"far": {"url": f"{server.url}/ogc", "dialect": "standard"}}
    return Settings(**{**settings.model_dump(), "endpoints": endpoint, "local": {"enabled": False}})


async def test_a_call_that_is_cancelled_and_made_again_is_one_request(far: Settings, server: Server) -> None:
    async with Client(build_server(far)) as client:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.call_tool, "ogc_execute_process", ARGUMENTS)
            while not posts(server):
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()
        jobs = {(await call(client, "ogc_execute_process", **ARGUMENTS))["job_id"] for _ in range(3)}
    assert jobs == {"j1"}
    assert posts(server) == 1


async def test_another_server_on_the_same_journal_finds_it_too(far: Settings, server: Server) -> None:
    for _ in range(2):
        async with Client(build_server(far)) as client:
            assert (await call(client, "ogc_execute_process", **ARGUMENTS))["job_id"] == "j1"
    assert posts(server) == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_no_answer_has_the_request_sent_again(far: Settings, server: Server, status: int) -> None:
    server.on("/ogc/processes/p/execution", Reply(status, {"Retry-After": "0"}))
    async with Client(build_server(far)) as client:
        await refused(client, "ogc_execute_process", **ARGUMENTS)
    assert posts(server) == 1


async def test_a_connection_that_breaks_off_does_not_either(far: Settings, server: Server) -> None:
    server.on("/ogc/processes/p/execution", Reply(201, body=bytes(100), cut=0))
    async with Client(build_server(far)) as client:
        assert "may exist" in await refused(client, "ogc_execute_process", **ARGUMENTS)
        assert "may exist" in await refused(client, "ogc_execute_process", **ARGUMENTS)
    assert posts(server) == 1
