"""Whoever subscribed to a job is told when it changes, in both eras."""

import tempfile
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client
from mcp.server.connection import Connection
from mcp.server.mcpserver import Context
from mcp.shared.exceptions import MCPDeprecationWarning, MCPError
from mcp.shared.subscriptions import ToolsListChanged
from mcp_types import ResourceUpdatedNotification

from mcp_ogc import subscriptions
from mcp_ogc.jobs.monitor import Monitor
from mcp_ogc.ogc.catalogue import Catalogue
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.quirks.talking import talking
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.servers.processes.jobs import Job

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


@pytest.mark.parametrize("uri", ["ogc://local/jobs/1", "ogc://local/processes"])
async def test_what_can_not_be_opened_ends_no_server(
    settings: Settings, uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All users' subscriptions run in the tasks of the server."""
    server = build_server(settings)
    async with Client(server, mode="legacy") as client:
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
            with pytest.raises(MCPError, match="no folder for temporary files"), pytest.warns(MCPDeprecationWarning):
                await client.subscribe_resource(uri)
            assert "TMPDIR" in await refused(client, "ogc_list_processes")
        await call(client, "ogc_list_processes")
        with pytest.warns(MCPDeprecationWarning, match="subscribe"):
            await client.subscribe_resource(uri)


@pytest.mark.parametrize("uri", ["ogc://local/jobs/1", "ogc://local/processes"])
async def test_a_fault_of_ours_in_a_subscription_ends_no_server(
    settings: Settings, uri: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = anyio.Event()

    def fail(*_: object) -> Any:
        failed.set()
        raise ZeroDivisionError

    monkeypatch.setattr(Monitor, "following", fail)
    monkeypatch.setattr(Catalogue, "changes", fail)
    async with Client(build_server(settings), mode="legacy") as client:
        with pytest.warns(MCPDeprecationWarning, match="subscribe"):
            await client.subscribe_resource(uri)
        with anyio.fail_after(60):
            await failed.wait()
        await call(client, "ogc_list_processes")
    assert "ZeroDivisionError" in caplog.text


async def test_a_user_subscribes_to_so_many_and_what_never_changes_does_not_count(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 3)
    async with Client(build_server(settings), mode="legacy") as client:
        session = client.session

        async def subscribe(uri: str) -> None:
            with pytest.warns(MCPDeprecationWarning, match="subscribe"):
                await session.subscribe_resource(uri)

        for number in range(9):
            await subscribe(f"ogc://nowhere/jobs/{number}")
        for number in (1, 2, 3, 3):  # the same again is none more
            await subscribe(f"ogc://local/jobs/{number}")
        with pytest.raises(MCPError, match="3 subscriptions"):
            await subscribe("ogc://local/processes")
        with pytest.warns(MCPDeprecationWarning, match="unsubscribe"):
            await session.unsubscribe_resource("ogc://local/jobs/2")
        await subscribe("ogc://local/processes")


async def test_streams_of_changes_count_as_subscriptions_for_as_long_as_they_are_open(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MOST", 3)
    uris = [f"ogc://local/jobs/{number}" for number in range(4)]
    async with Client(build_server(settings)) as client:
        with pytest.raises(MCPError, match="3 subscriptions"):
            async with client.listen(resource_subscriptions=uris):
                pass
        async with client.listen(resource_subscriptions=uris[:2]), client.listen(tools_list_changed=True):
            with pytest.raises(MCPError, match="3 subscriptions"):
                async with client.listen(tools_list_changed=True):
                    pass
        async with client.listen(resource_subscriptions=uris[:3]):
            pass


async def test_who_subscribes_again_and_again_leaves_nothing_behind(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    connections = []
    made = Connection.__init__

    def remembered(connection: Connection, *arguments: Any, **named: Any) -> None:
        connections.append(connection)
        made(connection, *arguments, **named)

    monkeypatch.setattr(Connection, "__init__", remembered)
    async with Client(build_server(settings), mode="legacy") as client:
        await call(client, "ogc_list_processes")
        for number in range(9):
            with pytest.warns(MCPDeprecationWarning, match="subscribe"):
                await client.subscribe_resource(f"ogc://local/jobs/{number}")
            with pytest.warns(MCPDeprecationWarning, match="unsubscribe"):
                await client.unsubscribe_resource(f"ogc://local/jobs/{number}")
        (connection,) = connections
        assert len(connection.exit_stack._exit_callbacks) == 1


async def test_who_unsubscribed_is_told_no_more_and_who_did_not_is(tmp_path: Path) -> None:
    endpoint = TestEndpoint(polls=None)
    told: list[str] = []
    news = anyio.Event()

    async def handle(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            told.append(str(message.params.uri))
            news.set()

    async def submitted(client: Client) -> tuple[str, Job]:
        arguments = {"process_id": "hello", "inputs": {"name": "Ada"}, "wait_seconds": 0, "new_run": True}
        job = await call(client, "ogc_execute_process", **arguments)
        found = endpoint.jobs[job["job_id"]]
        found.status, found.looks = "running", 9  # nothing changes but by the test's hand
        return f"ogc://far/jobs/{found.id}", found

    async with served(endpoint) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings), mode="legacy", message_handler=handle) as client:
            (first, one), (second, other) = await submitted(client), await submitted(client)
            with pytest.warns(MCPDeprecationWarning, match="subscribe"):
                await client.subscribe_resource(first)
            with pytest.warns(MCPDeprecationWarning, match="subscribe"):
                await client.subscribe_resource(second)
            with anyio.fail_after(60):
                while {first, second} - set(told):
                    await news.wait()
                    news = anyio.Event()
            with pytest.warns(MCPDeprecationWarning, match="unsubscribe"):
                await client.unsubscribe_resource(second)
            told.clear()
            other.end("successful")
            assert (await call(client, "ogc_get_job", job_id=other.id))["status"] == "successful"
            one.end("failed")
            with anyio.fail_after(60):
                while first not in told:
                    await news.wait()
                    news = anyio.Event()
    assert second not in told


async def test_a_changed_list_of_tools_reaches_those_who_listen(settings: Settings) -> None:
    """The SDK publishes it on the server's bus; that one must be ours, or nobody hears it."""
    server = build_server(settings)

    @server.tool()
    async def change(ctx: Context) -> None:
        await ctx.notify_tools_changed()

    async with Client(server) as client, client.listen(tools_list_changed=True) as changes:
        await client.call_tool("change")
        with anyio.fail_after(60):
            assert isinstance(await anext(aiter(changes)), ToolsListChanged)


async def test_a_listener_is_told_that_a_process_was_deployed_and_undeployed(settings: Settings) -> None:
    uri = "ogc://local/processes"
    process = {"process_id": "water-bodies", "endpoint": "local"}
    async with Client(build_server(settings)) as client, client.listen(resource_subscriptions=[uri]) as changes:
        with anyio.fail_after(60):
            await call(client, "ogc_deploy_process", package="water-bodies")
            assert (await anext(aiter(changes))).uri == uri
            preview = await call(client, "ogc_undeploy_process", **process)
            await call(client, "ogc_undeploy_process", **process, confirm=preview["confirm"])
            assert (await anext(aiter(changes))).uri == uri


async def test_a_session_of_the_older_era_is_told_that_a_process_was_deployed(settings: Settings) -> None:
    told = anyio.Event()

    async def handle(message: Any) -> None:
        if isinstance(message, ResourceUpdatedNotification):
            assert str(message.params.uri) == "ogc://local/processes"
            told.set()

    async with Client(build_server(settings), mode="legacy", message_handler=handle) as client:
        with pytest.warns(MCPDeprecationWarning, match="subscribe"):
            await client.subscribe_resource("ogc://local/processes")
        await call(client, "ogc_deploy_process", package="water-bodies")
        with anyio.fail_after(60):
            await told.wait()


async def test_a_process_that_someone_else_deployed_is_seen_at_the_next_look() -> None:
    endpoint = TestEndpoint()
    async with talking(endpoint) as talk:
        catalogue = Catalogue(talk.client)
        async with aclosing(catalogue.changes(look_seconds=0.01)) as changes:
            endpoint.faults.append(Fault("GET", "/processes"))  # what can't be asked has not changed
            with anyio.fail_after(60):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_deployed_after_two_looks, endpoint)
                    await anext(changes)
        assert "hello-again" in await catalogue.ids()


async def _deployed_after_two_looks(endpoint: TestEndpoint) -> None:
    while len(endpoint.asked("GET", "/processes")) < 3:
        await anyio.sleep(0)
    endpoint.processes["hello-again"] = replace(endpoint.processes["hello"], id="hello-again")
