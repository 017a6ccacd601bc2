"""T14: no input has an endpoint send what it is given to anywhere, unless the operator allowed that address."""

import json
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.errors import NotPermitted
from mcp_ogc.ogc.callbacks import check_callbacks
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.security.test_t13_runaway_cost import posts
from tests.server.talk import call, refused
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

EVIL = "https://evil.example/collect?q="
ALLOWED = "https://hooks.example/ogc"
SMUGGLED: list[dict[str, Any]] = [
    {"subscriber": {"successUri": EVIL, "failedUri": EVIL, "inProgressUri": EVIL}},
    {"options": {"subscriber": {"successUri": EVIL}}},
    {"options": {"successUri": EVIL}},
    {"options": {"value": {"callback-url": EVIL}}},
    {"options": [{"deep": [{"WEBHOOK": {"href": EVIL}}]}]},
    {"callback": EVIL},
    {"callback": {"href": EVIL, "type": "application/json"}},
    {"callback": {"value": EVIL}},
    {"callback": "mailto:evil@evil.example"},
    {"options": {"process": "https://far.example/processes/p", "inputs": {"notify": [EVIL]}}},
    {"callback": f"{ALLOWED}/../{EVIL}"},
    {"callback": f"{ALLOWED}/%2e%2E/x"},
    {"callback": "https://hooks.example/ogc-not"},
    {"callback": "https://hooks.example@evil.example/ogc/"},
    {"callback": "https://hooks.example.evil.example/ogc/"},
    {"callback": "http://hooks.example/ogc/"},
    {"callback": f"{ALLOWED} {EVIL}"},
]


@pytest.fixture
def far(settings: Settings, server: Server) -> Settings:
    """A process that takes all of it."""
    names = ("subscriber", "options", "callback")
    inputs = {name: {"schema": {}, "minOccurs": 0} for name in names}
    described = {"id": "p", "version": "1", "inputs": inputs, "outputs": {}, "links": []}
    server.on("/ogc/processes/p", Reply(body=json.dumps(described).encode()))
    server.on("/ogc/processes/p/execution", Reply(201, {"Location": f"{server.url}/ogc/jobs/j1"}))
    server.on("/ogc/jobs/j1", Reply(body=b'{"jobID": "j1", "status": "running", "type": "process"}'))
    endpoint = {"far": {"url": f"{server.url}/ogc", "dialect": "standard"}}
    rules = {"callbacks": [ALLOWED]}
    return Settings(**{**settings.model_dump(), "endpoints": endpoint, "local": {"enabled": False}, "rules": rules})


@pytest.mark.parametrize("inputs", SMUGGLED, ids=json.dumps)
async def test_a_callback_among_the_inputs_is_refused_with_its_place(
    far: Settings, server: Server, inputs: dict[str, Any]
) -> None:
    async with Client(build_server(far)) as client:
        for dry_run in (True, False):
            told = await refused(client, "ogc_execute_process", process_id="p", inputs=inputs, dry_run=dry_run)
            assert next(iter(inputs)) in told
            assert "[rules] callbacks" in told
    assert posts(server) == 0


async def test_one_that_is_allowed_is_sent(far: Settings, server: Server) -> None:
    inputs = {"callback": f"{ALLOWED}/jobs"}
    async with Client(build_server(far)) as client:
        job = await call(client, "ogc_execute_process", process_id="p", inputs=inputs, wait_seconds=0)
    assert job["job_id"] == "j1"
    assert posts(server) == 1


async def test_no_tool_takes_a_subscriber(far: Settings) -> None:
    async with Client(build_server(far)) as client:
        arguments = {"process_id": "p", "inputs": {}, "subscriber": {"successUri": EVIL}}
        assert "no argument subscriber" in await refused(client, "ogc_execute_process", **arguments)


@pytest.mark.parametrize(
    "inputs",
    [
        {"scene": "https://data.example/scene.tif"},
        {"notify": True},
        {"success_rate": 0.5, "progress": "https://data.example/a"},
        {"callback": ""},
    ],
    ids=json.dumps,
)
def test_what_is_no_callback_is_let_pass(inputs: dict[str, Any]) -> None:
    check_callbacks(inputs, ())


def test_without_an_allowed_address_none_is() -> None:
    with pytest.raises(NotPermitted, match="successUri"):
        check_callbacks({"x": {"successUri": ALLOWED}}, ())
