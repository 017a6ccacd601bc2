"""T22: whatever changes something leaves one line that says who did what to which job, and keeps no secret."""

import json
import secrets
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_ogc.audit import Audit
from mcp_ogc.errors import EndpointFault, Garbled, InvalidParameter, JournalError, OgcError, SubmissionUnconfirmed
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.net.redaction import Redaction
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings
from tests.security.test_t11_destruction_without_consent import ECHO
from tests.server.talk import call, finished, refused, text_of
from tests.servers.mcp_over_http import over_http
from tests.servers.oidc import OidcProvider
from tests.servers.processes.endpoint import Fault, TestEndpoint, served

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)
ECHOED: dict[str, Any] = {"process_id": "echo", "inputs": {"string": CANARY}, "wait_seconds": 0}


@pytest.fixture
async def client(settings: Settings) -> AsyncIterator[Client]:
    async with Client(build_server(settings)) as client:
        yield client


def lines(settings: Settings) -> list[dict[str, str]]:
    path = settings.audit_path
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []


async def test_each_change_is_one_line_with_time_tool_arguments_endpoint_job_and_outcome(
    client: Client, settings: Settings
) -> None:
    job = (await call(client, "ogc_execute_process", **ECHOED))["job_id"]
    await finished(client, job)
    (line,) = lines(settings)
    assert set(line) == {"time", "tool", "arguments", "endpoint", "process_id", "job_id", "outcome"}
    assert line["time"].endswith("Z")
    assert (line["tool"], line["outcome"]) == ("ogc_execute_process", "done")
    assert (line["endpoint"], line["process_id"], line["job_id"]) == ("local", "echo", job)
    assert CANARY not in settings.audit_path.read_text(encoding="utf-8")


async def test_a_line_says_which_user_it_was(settings: Settings, provider: OidcProvider) -> None:
    async with over_http(settings, provider) as ours:
        for person in ("ada", "bob"):
            async with ours.client(person) as client:
                await call(client, "ogc_execute_process", **ECHOED)
    assert [line["user"] for line in lines(settings)] == [f"{provider.url}#id-of-{person}" for person in ("ada", "bob")]


async def test_the_same_arguments_have_the_same_digest_and_others_another(client: Client, settings: Settings) -> None:
    for inputs in ({"string": "a", "strings": ["b"]}, {"strings": ["b"], "string": "a"}, {"string": "b"}):
        await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
    one, same, other = (line["arguments"] for line in lines(settings))
    assert one == same != other


async def test_every_way_a_change_can_end_is_told_apart(client: Client, settings: Settings) -> None:
    await call(client, "ogc_deploy_process", package=ECHO)
    preview = await call(client, "ogc_undeploy_process", process_id="echoes")
    await call(client, "ogc_undeploy_process", process_id="echoes", confirm=preview["confirm"])
    await refused(client, "ogc_undeploy_process", process_id="echoes", confirm="nonsense")
    await call(client, "ogc_execute_process", process_id="echo", inputs={}, dry_run=True)
    await refused(client, "ogc_execute_process", process_id="echo", inputs={"string": 5})
    told = [(line["tool"].removeprefix("ogc_"), line["outcome"]) for line in lines(settings)]
    assert told == [
        ("deploy_process", "done"),
        ("undeploy_process", "previewed"),
        ("undeploy_process", "done"),
        ("undeploy_process", "refused"),
        ("execute_process", "checked"),
        ("execute_process", "refused"),
    ]
    assert preview["confirm"] not in settings.audit_path.read_text(encoding="utf-8")


PAGE = "<html><h1>proxy</h1></html>"


async def test_a_change_that_was_made_and_answered_by_a_gateway_is_not_told_as_refused(settings: Settings) -> None:
    endpoint = TestEndpoint()
    async with served(endpoint) as url:
        with_far = settings.model_copy(update={"endpoints": {"far": EndpointSettings(url=url)}})
        async with Client(build_server(with_far)) as client:
            endpoint.faults.append(Fault("POST", "/processes", 200, body=PAGE, after=True))
            deployed = await refused(client, "ogc_deploy_process", package=ECHO, endpoint="far")
            preview = await call(client, "ogc_undeploy_process", process_id="echoes", endpoint="far")
            endpoint.faults.append(Fault("DELETE", "/processes/echoes", 200, body=PAGE, after=True))
            named = {"process_id": "echoes", "endpoint": "far"}
            undeployed = await refused(client, "ogc_undeploy_process", **named, confirm=preview["confirm"])
    assert "echoes" not in endpoint.processes, "both were done"
    for answer in (deployed, undeployed):
        assert 'not known: ogc_describe_process(process_id="echoes", endpoint="far")' in answer
    assert [line["outcome"] for line in lines(settings)] == ["unknown", "previewed", "unknown"]


async def test_a_dismissal_that_was_done_and_not_written_down_is_told_as_done(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> None:
        raise JournalError("The journal can't be written: it is locked", remedy="Try again")

    endpoint = TestEndpoint()
    async with served(endpoint) as url:
        with_far = settings.model_copy(update={"endpoints": {"far": EndpointSettings(url=url)}})
        async with Client(build_server(with_far)) as client:
            asked = {"process_id": "echo", "inputs": {"text": "a", "polls": 99}, "wait_seconds": 0}
            executed = await call(client, "ogc_execute_process", **asked, endpoint="far")
            named = {"job_id": executed["job_id"], "endpoint": "far"}
            preview = await call(client, "ogc_dismiss_job", **named)
            monkeypatch.setattr(Journal, "record", locked)
            answer = await client.call_tool("ogc_dismiss_job", {**named, "confirm": preview["confirm"]})
    assert answer.structured_content is not None
    assert answer.structured_content["dismissed"] is True
    assert "locked" in text_of(answer)
    assert lines(settings)[-1]["outcome"] == "done"


async def test_what_only_reads_leaves_no_line(client: Client, settings: Settings) -> None:
    for tool in ("ogc_list_endpoints", "ogc_list_processes", "ogc_list_jobs"):
        await call(client, tool)
    assert lines(settings) == []


async def test_without_an_audit_nothing_is_changed(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    unaudited = settings.model_copy(update={"audit_file": tmp_path / "file" / "audit.jsonl"})
    async with Client(build_server(unaudited)) as client:
        assert "audit_file" in await refused(client, "ogc_execute_process", **ECHOED)
        assert (await call(client, "ogc_list_jobs"))["jobs"] == []


async def test_a_call_that_is_cancelled_leaves_its_line_too(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with anyio.create_task_group() as tasks:

        async def change() -> None:
            async with Audit(path, Redaction()).change("ogc_dismiss_job", {"job_id": "j"}):
                tasks.cancel_scope.cancel()
                await anyio.sleep_forever()

        tasks.start_soon(change)
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert (json.loads(line)["job_id"], json.loads(line)["outcome"]) == ("j", "unknown")


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (InvalidParameter(f"it said {CANARY}", status=400), "failed"),
        (EndpointFault(f"its gateway said {CANARY}", status=504), "unknown"),
        (Garbled(f"it said {CANARY}"), "unknown"),
        (SubmissionUnconfirmed(f"{CANARY}"), "unknown"),
    ],
)
async def test_a_reason_is_redacted_and_without_an_answer_nobody_knows(
    error: OgcError, outcome: str, tmp_path: Path
) -> None:
    path = tmp_path / "audit.jsonl"
    async with Audit(path, Redaction([CANARY])).change("ogc_execute_process", {"process_id": CANARY}) as change:
        change.failed(error)
    text = path.read_text(encoding="utf-8")
    assert json.loads(text)["outcome"] == outcome
    assert type(error).__name__ in text
    assert CANARY not in text


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
async def test_only_its_owner_reads_it_and_what_is_in_a_text_makes_no_second_line(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    audit = Audit(path, Redaction())
    for _ in range(2):
        async with audit.change("ogc_dismiss_job", {"job_id": 'a"}\n{"tool": "forged\u2028"}'}):
            pass
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [json.loads(line)["tool"] for line in path.read_text(encoding="utf-8").splitlines()] == [
        "ogc_dismiss_job"
    ] * 2
