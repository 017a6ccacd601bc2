"""Whoever subscribed to a job is told when it changes, in both eras."""

from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPDeprecationWarning
from mcp_types import ResourceUpdatedNotification

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.server.talk import call

pytestmark = pytest.mark.anyio


async def test_a_listener_is_told_of_each_change_until_the_job_ends(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 1}, wait_seconds=0)
        uri = f"ogc://local/jobs/{job['job_id']}"
        with anyio.fail_after(60):
            async with client.listen(resource_subscriptions=[uri]) as changes:
                async for change in changes:
                    assert change.uri == uri
                    if (await call(client, "ogc_get_job", job_id=job["job_id"]))["status"] == "successful":
                        break


async def test_a_session_of_the_older_era_is_told_until_it_unsubscribes(settings: Settings) -> None:
    told = anyio.Event()
    uris = []

    async def handle(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            uris.append(str(message.params.uri))
            told.set()

    async with Client(build_server(settings), mode="legacy", message_handler=handle) as client:
        job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 1}, wait_seconds=0)
        uri = f"ogc://local/jobs/{job['job_id']}"
        with pytest.warns(MCPDeprecationWarning, match="subscribe"):
            await client.subscribe_resource(uri)
        with anyio.fail_after(60):
            await told.wait()
        with pytest.warns(MCPDeprecationWarning, match="unsubscribe"):
            await client.unsubscribe_resource(uri)
    assert set(uris) == {uri}


@pytest.mark.parametrize("uri", ["ogc://endpoints", "ogc://nowhere/jobs/1", "https://example.org/jobs/1", "ogc://"])
async def test_what_is_no_job_may_be_subscribed_to_and_never_changes(settings: Settings, uri: str) -> None:
    async with Client(build_server(settings)) as client, client.listen(resource_subscriptions=[uri]):
        assert (await call(client, "ogc_list_jobs"))["jobs"] == []
