"""What was deployed or undeployed is so, also where the endpoint can't be asked about it right after."""

from collections.abc import AsyncIterator

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.server.talk import call, text_of
from tests.server.test_tools import GREETING
from tests.servers.processes.endpoint import Fault, TestEndpoint

pytestmark = pytest.mark.anyio


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint()


@pytest.fixture
async def client(far_settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(far_settings)) as client:
        yield client


async def test_a_deployment_that_can_not_be_read_back_was_accepted(client: Client, endpoint: TestEndpoint) -> None:
    """Weaver answers 403 for a process that is private (wire facts §1.3)."""
    endpoint.faults.append(Fault("GET", "/processes/greeting", 403, body="{}", times=99))
    result = await client.call_tool("ogc_deploy_process", {"package": GREETING})
    assert not result.is_error, text_of(result)
    answer = result.structured_content or {}
    assert (answer["deployed"], answer["accepted"]) == (False, True)
    assert "far accepted greeting and can't be asked for it" in text_of(result)
    assert 'ogc_describe_process(process_id="greeting", endpoint="far")' in text_of(result)
    assert len(endpoint.asked("POST", "/processes")) == 1


async def test_an_undeployment_is_done_where_what_is_left_can_not_be_asked(
    client: Client, endpoint: TestEndpoint
) -> None:
    await call(client, "ogc_deploy_process", package=GREETING)
    preview = await call(client, "ogc_undeploy_process", process_id="greeting")
    endpoint.faults.append(Fault("GET", "/processes/greeting", 403, body="{}", times=99))
    result = await client.call_tool("ogc_undeploy_process", {"process_id": "greeting", "confirm": preview["confirm"]})
    assert not result.is_error, text_of(result)
    assert (result.structured_content or {})["undeployed"] is True
    assert "Whether an earlier revision is left can't be told" in text_of(result)
    assert len(endpoint.asked("DELETE")) == 1
