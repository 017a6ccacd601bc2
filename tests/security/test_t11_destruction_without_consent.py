"""T11: nothing is destroyed without a confirmation that was given for it, and on a read-only server nothing at all."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_ogc import confirmation
from mcp_ogc.errors import NotPermitted
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import Execute
from mcp_ogc.opening import open_from_settings
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings, load
from tests.server.talk import call, refused

pytestmark = pytest.mark.anyio

CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("ogc_execute_process", {"process_id": "echo", "inputs": {"string": "x"}}),
    ("ogc_dismiss_job", {"job_id": "x"}),
    ("ogc_export_job", {"job_id": "x"}),
    ("ogc_deploy_process", {"package": "water-bodies"}),
    ("ogc_deploy_process", {"package": "water-bodies", "replace": True}),
    ("ogc_undeploy_process", {"process_id": "water-bodies"}),
]


@pytest.fixture
def read_only(settings: Settings) -> Settings:
    return settings.model_copy(update={"read_only": True})


@pytest.mark.parametrize(("tool", "arguments"), CHANGES)
async def test_a_read_only_server_does_not_have_it_not_even_by_name(
    read_only: Settings, tool: str, arguments: dict[str, Any]
) -> None:
    async with Client(build_server(read_only)) as client:
        assert tool not in {one.name for one in (await client.list_tools()).tools}
        assert "There is no tool" in await refused(client, tool, **arguments)


async def test_what_asks_an_endpoint_to_change_is_not_sent_whoever_wants_it(read_only: Settings) -> None:
    """The tools' absence is one hold; this is the other, below every tool and command."""
    async with open_from_settings(read_only) as work:
        client: ProcessesClient = work.endpoint("local").client
        attempts = [
            client.execute("echo", Execute(inputs={"string": "x"})),
            client.dismiss("x"),
            client.deploy("cwlVersion: v1.2", known_as="p"),
            client.replace("p", "cwlVersion: v1.2"),
            client.undeploy("p"),
        ]
        for attempt in attempts:
            with pytest.raises(NotPermitted, match="read-only"):
                await attempt
        assert (await client.processes()).processes, "reading goes on"


@pytest.mark.parametrize("said", ["false", "0", "no", ""])
def test_no_variable_relaxes_what_the_file_says(said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text("read_only = true\n", encoding="utf-8")
    monkeypatch.setenv("MCP_OGC_READ_ONLY", said)
    assert load(file).read_only


def test_a_variable_makes_read_only_what_the_file_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "config.toml"
    file.write_text("read_only = false\n", encoding="utf-8")
    monkeypatch.setenv("MCP_OGC_READ_ONLY", "true")
    assert load(file).read_only


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(settings)) as client:
        yield client


async def paused(client: Client, seconds: int = 60) -> str:
    inputs = {"seconds": seconds}
    return (await call(client, "ogc_execute_process", process_id="pause", inputs=inputs, wait_seconds=0))["job_id"]


async def test_a_confirmation_is_good_once_for_one_tool_with_its_arguments(client: Client) -> None:
    await call(client, "ogc_deploy_process", package=ECHO)
    job, other = await paused(client, 60), await paused(client, 61)
    preview = await call(client, "ogc_dismiss_job", job_id=job)
    token = preview["confirm"]
    assert preview["dismissed"] is False
    assert "something else" in await refused(client, "ogc_dismiss_job", job_id=other, confirm=token)
    assert "something else" in await refused(client, "ogc_undeploy_process", process_id="echoes", confirm=token)
    assert (await call(client, "ogc_dismiss_job", job_id=job, confirm=token))["dismissed"] is True
    assert (await call(client, "ogc_get_job", job_id=other))["status"] in ("accepted", "running")
    last = (await call(client, "ogc_dismiss_job", job_id=other))["confirm"]
    await call(client, "ogc_dismiss_job", job_id=other, confirm=last)


async def test_a_confirmation_is_not_good_again_for_what_was_made_anew(client: Client) -> None:
    await call(client, "ogc_deploy_process", package=ECHO)
    token = (await call(client, "ogc_undeploy_process", process_id="echoes"))["confirm"]
    await call(client, "ogc_undeploy_process", process_id="echoes", confirm=token)
    await call(client, "ogc_deploy_process", package=ECHO)
    assert "has been used" in await refused(client, "ogc_undeploy_process", process_id="echoes", confirm=token)


async def test_a_confirmation_expires(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    job = await paused(client)
    monkeypatch.setattr(confirmation, "VALID_SECONDS", -1)
    token = (await call(client, "ogc_dismiss_job", job_id=job))["confirm"]
    assert "expired" in await refused(client, "ogc_dismiss_job", job_id=job, confirm=token)
    monkeypatch.undo()
    token = (await call(client, "ogc_dismiss_job", job_id=job))["confirm"]
    await call(client, "ogc_dismiss_job", job_id=job, confirm=token)


async def test_a_confirmation_of_another_server_is_none(settings: Settings, client: Client) -> None:
    job = await paused(client)
    async with Client(build_server(settings)) as another:
        token = (await call(another, "ogc_dismiss_job", job_id=job))["confirm"]
    assert "something else" in await refused(client, "ogc_dismiss_job", job_id=job, confirm=token)
    token = (await call(client, "ogc_dismiss_job", job_id=job))["confirm"]
    await call(client, "ogc_dismiss_job", job_id=job, confirm=token)


@pytest.mark.parametrize("rules", [{"denied_processes": ["ec*"]}, {"processes": ["local/pause"]}])
async def test_a_process_that_is_ruled_out_is_as_if_it_were_not_there(
    settings: Settings, rules: dict[str, Any]
) -> None:
    ruled = Settings(**{**settings.model_dump(), "rules": rules})
    async with Client(build_server(ruled)) as client:
        listed = await call(client, "ogc_list_processes")
        assert [process["process_id"] for process in listed["processes"]] == ["pause"]
        for tool, arguments in (
            ("ogc_describe_process", {}),
            ("ogc_execute_process", {"inputs": {}}),
            ("ogc_undeploy_process", {}),
            ("ogc_get_package", {}),
        ):
            assert "[rules]" in await refused(client, tool, process_id="echo", **arguments)
        nested = {"process": "http://local.invalid/processes/echo", "inputs": {}}
        assert "[rules]" in await refused(client, "ogc_execute_process", process_id="pause", inputs={"seconds": nested})
        told = await refused(client, "ogc_deploy_process", package=ECHO)
        assert "[rules]" in told


ECHO = """\
cwlVersion: v1.2
class: CommandLineTool
id: echoes
label: Echoes
doc: Says a word
baseCommand: [echo, hello]
inputs: {}
outputs: {}
"""


async def test_an_endpoint_that_is_ruled_out_is_not_there(settings: Settings) -> None:
    ruled = Settings(
        **{
            **settings.model_dump(),
            "endpoints": {"zoo-test": {"url": "https://a.example"}, "zoo": {"url": "https://b.example"}},
            "rules": {"endpoints": ["zoo*"], "denied_endpoints": ["*-test"]},
        }
    )
    assert list(ruled.configured_endpoints()) == ["zoo"]
    assert not ruled.has_local
    async with open_from_settings(ruled) as work:
        assert list(work.endpoints) == ["zoo"]
