"""Toolsets, read-only, and asking the person where the client can."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, ClientSession
from mcp_types import (
    ClientCapabilities,
    ElicitationCapability,
    ElicitRequestParams,
    ElicitResult,
    UrlElicitationCapability,
)

from mcp_ogc.server import TOOL_SECONDS, build_server
from mcp_ogc.settings import Settings
from mcp_ogc.text import call as as_call
from mcp_ogc.tools import consent
from tests.server.talk import call, refused, text_of
from tests.server.test_tools import GREETING

pytestmark = pytest.mark.anyio


async def test_a_read_only_server_has_no_tool_that_changes_anything_and_none_by_name(settings: Settings) -> None:
    async with Client(build_server(settings.model_copy(update={"read_only": True}))) as client:
        tools = (await client.list_tools()).tools
        assert tools
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        told = await refused(client, "ogc_dismiss_job", job_id="x")
        assert "There is no tool" in told


async def test_only_the_chosen_toolsets_are_offered(settings: Settings) -> None:
    async with Client(build_server(settings.model_copy(update={"toolsets": ("discover",)}))) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
    assert names == ["ogc_list_endpoints", "ogc_list_processes", "ogc_describe_process"]


async def test_no_next_step_names_a_tool_that_is_not_offered_in_structured_content_either(settings: Settings) -> None:
    async with Client(build_server(settings.model_copy(update={"toolsets": ("discover",)}))) as client:
        told = await client.call_tool("ogc_describe_process", {"process_id": "echo"})
    end = (told.structured_content or {})["next"]
    assert "not offered here" in end
    assert text_of(told).endswith(end)


async def test_a_refusal_advises_no_tool_that_is_not_offered(settings: Settings) -> None:
    chosen = settings.model_copy(update={"toolsets": ("discover", "results")})
    async with Client(build_server(chosen)) as client:
        told = await refused(client, "ogc_get_results", job_id="x")
    assert "has no job 'x'" in told
    assert told.endswith("read_only or toolsets of the settings leave out ogc_list_jobs.")


async def test_every_tool_declares_what_it_does_to_the_world(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        for tool in (await client.list_tools()).tools:
            hints = tool.annotations
            assert hints is not None
            assert tool.title
            assert tool.output_schema
            declared = (hints.read_only_hint, hints.destructive_hint, hints.idempotent_hint, hints.open_world_hint)
            assert None not in declared, tool.name


def answering(action: str, agreed: bool, asked: list[str]) -> Callable[..., Awaitable[ElicitResult]]:
    async def answer(_context: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        content = {"agreed": agreed} if action == "accept" else None
        return ElicitResult(action=action, content=content)  # type: ignore[arg-type]

    return answer


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_person_who_can_be_asked_is_asked_instead_of_a_token(settings: Settings, era: str) -> None:
    asked: list[str] = []
    server = build_server(settings)
    async with Client(server, mode=era, elicitation_callback=answering("accept", True, asked)) as client:
        job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 60}, wait_seconds=0)
        assert (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["dismissed"] is True
    (question,) = asked
    assert job["job_id"] in question
    assert "it will be stopped" in question


@pytest.mark.parametrize(("action", "agreed"), [("decline", False), ("cancel", False), ("accept", False)])
async def test_nothing_is_done_without_a_yes(settings: Settings, era: str, action: str, agreed: bool) -> None:
    server = build_server(settings)
    async with Client(server, mode=era, elicitation_callback=answering(action, agreed, [])) as client:
        job = await call(client, "ogc_execute_process", process_id="pause", inputs={"seconds": 60}, wait_seconds=0)
        assert "did not agree" in await refused(client, "ogc_dismiss_job", job_id=job["job_id"])
        assert (await call(client, "ogc_get_job", job_id=job["job_id"]))["status"] in ("accepted", "running")
    async with Client(build_server(settings)) as client:
        token = (await call(client, "ogc_dismiss_job", job_id=job["job_id"]))["confirm"]
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=token)


async def test_a_person_who_takes_longer_than_the_call_is_asked_again_and_nothing_is_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the older era: the call waits for them, and clients end one after a minute."""
    monkeypatch.setattr(consent, "LEFT_SECONDS", TOOL_SECONDS - 1)

    async def think(_context: Any, _params: ElicitRequestParams) -> ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async with Client(build_server(settings), mode="legacy", elicitation_callback=think) as client:
        await call(client, "ogc_deploy_process", package="water-bodies", endpoint="local")
        for tool, asked in (
            ("ogc_undeploy_process", {"process_id": "water-bodies", "endpoint": "local"}),
            ("ogc_deploy_process", {"package": "water-bodies", "endpoint": "local", "replace": True}),
        ):
            told = await refused(client, tool, **asked)
            assert "did not decide in time" in told
            assert "nothing was done" in told
            assert told.endswith(as_call(tool, **asked))
        assert (await call(client, "ogc_describe_process", process_id="water-bodies"))["version"] == "1.0.0"


async def test_a_client_that_only_opens_urls_has_a_preview_and_a_token(
    settings: Settings, era: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can't show a question: it never could remove anything."""
    declared = ClientSession._build_capabilities

    def urls_only(session: ClientSession, *arguments: Any) -> ClientCapabilities:
        capabilities = declared(session, *arguments)
        return capabilities.model_copy(update={"elicitation": ElicitationCapability(url=UrlElicitationCapability())})

    monkeypatch.setattr(ClientSession, "_build_capabilities", urls_only)
    undeploying = {"process_id": "water-bodies", "endpoint": "local"}
    async with Client(build_server(settings), mode=era) as client:
        await call(client, "ogc_deploy_process", package="water-bodies", endpoint="local")
        preview = await call(client, "ogc_undeploy_process", **undeploying)
        assert (await call(client, "ogc_undeploy_process", **undeploying, confirm=preview["confirm"]))["undeployed"]


async def test_a_yes_is_good_for_the_package_that_was_asked_about_only(
    settings: Settings, era: str, tmp_path: Path
) -> None:
    file = tmp_path / "packages" / "greeting.cwl"
    file.parent.mkdir()
    asked: list[str] = []
    versions = iter(("6.6.6", "7.7.7"))

    async def answer(_context: Any, params: ElicitRequestParams) -> ElicitResult:
        asked.append(params.message)
        if version := next(versions, None):
            file.write_text(GREETING.replace("2.1.0", version), encoding="utf-8")
        return ElicitResult(action="accept", content={"agreed": True})

    permitted = settings.model_copy(update={"permitted_folders": (file.parent,)})
    async with Client(build_server(permitted), mode=era, elicitation_callback=answer) as client:
        await call(client, "ogc_deploy_process", package=GREETING)
        file.write_text(GREETING.replace("2.1.0", "2.2.0"), encoding="utf-8")
        replaced = await call(client, "ogc_deploy_process", package=str(file), replace=True)
        deployed = await call(client, "ogc_get_package", process_id="greeting")
    assert deployed["digest"] == replaced["digest"]
    assert replaced["digest"] in asked[-1], "what was asked about is what is there, told apart by the whole digest"


async def test_a_data_folder_that_cannot_be_used_is_told_by_what_needs_it(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    broken = settings.model_copy(update={"data_folder": tmp_path / "file"})
    async with Client(build_server(broken)) as client:
        for _ in range(2):
            (local,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
            assert local["reachable"] is False
            assert "data_folder" in local["problem"]
            assert "data_folder" in await refused(client, "ogc_execute_process", process_id="echo", inputs={})
