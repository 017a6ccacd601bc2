"""What each kind of server can do, declared and found; and what is said of what it can't."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import anyio
import pytest
from mcp import Client
from rich.console import Console

from mcp_ogc.cli.check import check_endpoint, run_process
from mcp_ogc.cli.progress import JobProgress
from mcp_ogc.errors import NotOffered
from mcp_ogc.ogc.capabilities import Capability, capabilities_of
from mcp_ogc.opening import open_from_settings
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.quirks.talking import ECHO, FAR, WORKFLOW, conversation, talking
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

MEMBERS = {"queue": "small"}
NAMES = [*PERSONALITIES]
DEPLOYING = [name for name in NAMES if PERSONALITIES[name].deploys]
ECHO_PACKAGE = WORKFLOW.replace("id: greeting", "id: echo")
OTHERS = [name for name in NAMES if name not in DEPLOYING]


def can(name: str) -> Iterator[Capability]:
    """What a personality does, by its own data."""
    kind = PERSONALITIES[name]
    if not (Quirk.Q15 in kind.quirks and kind.job_list_missing):
        yield Capability.LIST_JOBS
    if kind.dismisses:
        yield Capability.DISMISS
    if kind.deploys:
        yield Capability.DEPLOY
        yield Capability.PACKAGE


@pytest.mark.parametrize("name", NAMES)
async def test_what_an_endpoint_can_do_is_found_without_changing_anything(name: str) -> None:
    endpoint = TestEndpoint(name)
    async with talking(endpoint) as talk:
        found = await capabilities_of(talk.client)
    assert {one.method for one in endpoint.requests} == {"GET"}
    wanted = {*can(name)}
    for capability in (Capability.LIST_JOBS, Capability.DISMISS, Capability.DEPLOY, Capability.PACKAGE):
        assert found.has(capability) is (capability in wanted), capability


@pytest.mark.parametrize("name", NAMES)
async def test_both_the_tool_and_the_command_show_what_is_declared_and_what_is_found(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = TestEndpoint(name)
    async with conversation(endpoint, tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    async with served(endpoint) as url:
        settings = Settings(
            endpoints={FAR: EndpointSettings(url=url)},
            data_folder=tmp_path / "another",
            local=LocalSettings(enabled=False),
        )
        async with open_from_settings(settings) as work:
            assert await check_endpoint(work, work.endpoint(FAR))
    assert {one.method for one in endpoint.requests} == {"GET"}
    printed = capsys.readouterr().out
    assert f"kind of server: {row['kind']}" in printed
    for capability in Capability:
        declared = "declared" if capability in row.get("declared", ()) else "not declared"
        is_found = capability in row.get("found", ())
        found = "found" if is_found else "not found" if capability in row.get("not_found", ()) else "can't be told"
        assert f"    {capability}: {declared}, {found}" in printed


async def test_what_is_declared_and_refused_is_not_found(tmp_path: Path) -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q15])
    async with conversation(endpoint, tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert "list jobs" in row["not_found"]


@pytest.mark.parametrize("name", OTHERS)
async def test_what_deploys_nothing_says_so_of_each_tool_of_packages_and_what_to_do_instead(
    name: str, tmp_path: Path
) -> None:
    async with conversation(TestEndpoint(name), tmp_path) as client:
        deploying = await refused(client, "ogc_deploy_process", package=WORKFLOW)
        replacing = await _confirmed(client, "ogc_deploy_process", package=ECHO_PACKAGE, replace=True)
        reading = await refused(client, "ogc_get_package", process_id="echo")
        undeploying = await _confirmed(client, "ogc_undeploy_process", process_id="echo")
    assert "far can't deploy" in deploying
    assert "No configured endpoint deploys packages" in deploying
    assert "far can't replace" in replacing
    assert "No configured endpoint deploys packages" in replacing
    assert "far has no package of 'echo' to read" in reading
    assert "ogc_describe_process" in reading
    assert "far undeploys no processes" in undeploying
    assert "operators" in undeploying


async def _confirmed(client: Client, tool: str, **arguments: object) -> str:
    """The refusal of what was previewed first, if there was anything to preview."""
    answer = await client.call_tool(tool, arguments)
    if answer.is_error:
        return await refused(client, tool, **arguments)
    assert answer.structured_content
    return await refused(client, tool, **arguments, confirm=answer.structured_content["confirm"])


@pytest.mark.parametrize("name", [name for name in NAMES if not PERSONALITIES[name].dismisses])
async def test_what_dismisses_no_jobs_says_so_and_what_becomes_of_the_job(name: str, tmp_path: Path) -> None:
    async with conversation(TestEndpoint(name), tmp_path, execute_members=MEMBERS) as client:
        inputs = {**ECHO, "polls": 99}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        told = await _confirmed(client, "ogc_dismiss_job", job_id=job["job_id"])
    assert "far dismisses no jobs" in told
    assert "goes on to its end" in told


@pytest.mark.parametrize("name", [name for name in NAMES if Capability.LIST_JOBS not in {*can(name)}])
async def test_what_lists_no_jobs_says_so_and_shows_those_from_here(name: str, tmp_path: Path) -> None:
    endpoint = TestEndpoint(name)
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        listed = await call(client, "ogc_list_jobs")
    assert [row["job_id"] for row in listed["jobs"]] == [job["job_id"]]
    assert listed["not_asked"] == ["far: it has no list of jobs; those submitted from here are shown"]


async def test_q12_an_endpoint_whose_list_of_jobs_does_not_come_can_be_used_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object, **__: object) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr("mcp_ogc.ogc.client.ProcessesClient.jobs", never)
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert row["reachable"]
    assert "list jobs" in row["declared"]
    assert "list jobs" not in row["not_found"]


async def test_an_endpoint_that_presents_itself_is_asked_for_its_landing_page_and_classes_once(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        await call(client, "ogc_list_endpoints")
    places = [endpoint.asked("GET", "/ogc-api/"), endpoint.asked("GET", "/conformance")]
    assert [len(asked) for asked in places] == [1, 1]


async def test_a_fault_that_passes_is_forgotten_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_ogc.workspace.FAULT_SECONDS", 0)
    endpoint = TestEndpoint("pygeoapi")
    unwell = Fault("GET", "/jobs", 503, body="<html>503 Service Unavailable</html>", times=99)
    endpoint.faults.append(unwell)
    async with conversation(endpoint, tmp_path) as client:
        (then,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        endpoint.faults.remove(unwell)
        (now,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        looks = len(endpoint.asked("GET", "/jobs"))
        await call(client, "ogc_list_endpoints")
    assert "list jobs" not in then.get("not_found", ()), "a fault does not tell"
    assert "list jobs" in now["found"]
    assert len(endpoint.asked("GET", "/jobs")) == looks, "what was found is kept"


async def test_q10_the_command_waits_for_a_job_that_is_not_visible_yet(tmp_path: Path) -> None:
    async with served(TestEndpoint("standard", quirks_on=[Quirk.Q10])) as url:
        configured = {FAR: EndpointSettings(url=url)}
        settings = Settings(endpoints=configured, data_folder=tmp_path, local=LocalSettings(enabled=False))
        async with open_from_settings(settings) as work:
            told: list[Mapping[str, object]] = []
            said: list[str] = []
            plain = JobProgress(Console(file=io.StringIO()), said.append, str)
            assert await run_process(work, work.endpoint(FAR), "echo", dict(ECHO), told.append, said.append, plain)


async def test_another_endpoint_that_deploys_is_named(tmp_path: Path) -> None:
    async with served(TestEndpoint("pygeoapi")) as url, served(TestEndpoint("zoo")) as other:
        settings = Settings(
            endpoints={FAR: EndpointSettings(url=url), "zoo": EndpointSettings(url=other)},
            data_folder=tmp_path / "data",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            told = await refused(client, "ogc_deploy_process", package=WORKFLOW, endpoint=FAR)
    assert "Deploy it on zoo" in told


async def test_a_dialect_of_the_settings_is_taken_whatever_the_server_says_of_itself(tmp_path: Path) -> None:
    endpoint = TestEndpoint("pygeoapi")
    async with conversation(endpoint, tmp_path, dialect="weaver") as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
        with suppress(AssertionError):
            await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
    assert row["kind"] == "Weaver"
    (asked,) = endpoint.asked("POST", "/execution")
    assert asked.headers["prefer"] == "respond-async;return=representation"


async def test_an_operation_that_is_not_there_is_that_and_not_a_missing_process() -> None:
    async with talking(TestEndpoint("pygeoapi")) as talk:
        with pytest.raises(NotOffered):
            await talk.client.undeploy("echo")
        with pytest.raises(NotOffered):
            await talk.client.replace("echo", WORKFLOW)
        with pytest.raises(NotOffered):
            await talk.client.package("echo")
