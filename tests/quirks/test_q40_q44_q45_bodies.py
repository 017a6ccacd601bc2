"""Bodies that are not what they should be, or not called what they are."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcp_ogc.errors import NoSuchJob, UnreadableAnswer
from mcp_ogc.ogc.models import JobStatus
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call, finished, refused
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

PERCENT = "Greets 100 % sure, 50 %d or %s"


@pytest.mark.parametrize("personality", ["pygeoapi", "geoserver", "standard"])
@pytest.mark.parametrize("needs_f", [True, False], ids=["f=json", "accept"])
async def test_q40_json_is_asked_for_and_a_page_for_people_is_no_answer(
    tmp_path: Path, personality: str, needs_f: bool
) -> None:
    kind = replace(PERSONALITIES[personality], needs_f=needs_f)
    async with conversation(TestEndpoint(kind, quirks_on=[Quirk.Q40]), tmp_path) as client:
        listed = await call(client, "ogc_list_processes")
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        results = await call(client, "ogc_get_results", job_id=job["job_id"])
    assert "echo" in {one["process_id"] for one in listed["processes"]}
    assert "hello" in str(results["outputs"])


@pytest.mark.parametrize("personality", ["pygeoapi", "geoserver"])
async def test_q40_a_kind_of_server_that_is_known_for_it_is_asked_for_json_at_once(personality: str) -> None:
    endpoint = TestEndpoint(replace(PERSONALITIES[personality], needs_f=True))
    async with talking(endpoint, dialect=personality) as talk:
        await talk.client.describe("echo")
    assert [one.query.get("f") for one in endpoint.asked("GET", "/processes/echo")] == ["json"]


async def test_q40_what_is_html_all_the_same_is_told_to_be() -> None:
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/processes", 200, body="<html><h1>Welcome</h1></html>", times=99))
    async with talking(endpoint) as talk:
        with pytest.raises(UnreadableAnswer, match="answered with a page of HTML") as raised:
            await talk.client.processes()
    assert "Welcome" in raised.value.detail


@pytest.mark.parametrize("personality", ["zoo", "standard"])
async def test_q44_a_percent_sign_in_a_text_does_not_lose_the_document(personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q44])
    endpoint.processes["echo"] = replace(endpoint.processes["echo"], description=PERCENT)
    async with talking(endpoint) as talk:
        description = await talk.client.describe("echo")
        assert description.title == "Echo"
        assert (description.description or "").startswith("Greets 100")
        assert "echo" in {one.id for one in (await talk.client.processes()).processes}


async def test_q44_a_status_with_a_percent_sign_is_a_status(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", polls=None)
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        endpoint.jobs[job["job_id"]].message = "99 % done, %s left"
        endpoint.jobs[job["job_id"]].end("successful")
        assert (await finished(client, job["job_id"]))["status"] == "successful"


async def test_q44_what_stays_damaged_is_mended_as_far_as_it_goes() -> None:
    whole = '{"jobID": "j1", "status": "running", "message": "C:\\data 50\\%"}{"code": "NoApplicableCode"}'
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/jobs/j1", 200, body=whole, times=9))
    async with talking(endpoint) as talk:
        info = await talk.client.job("j1")
    assert info.status is JobStatus.RUNNING
    assert info.message == "C:\\data 50\\%"


async def test_q44_what_can_not_be_mended_shows_how_it_begins(tmp_path: Path) -> None:
    endpoint = TestEndpoint()
    endpoint.faults.append(Fault("GET", "/processes", 200, body='{"processes": [{"id": "ec', times=99))
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_list_processes")
    assert '⟦{"processes": [{"id": "ec⟧' in told


@pytest.mark.parametrize("personality", ["zoo", "pygeoapi", "standard"])
async def test_q45_a_body_is_what_it_is_and_not_what_it_is_called(tmp_path: Path, personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q45])
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        dismissed = await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    assert dismissed["dismissed"] is True


async def test_q45_a_dismissal_that_is_called_html_is_read_as_the_status_it_is() -> None:
    async with talking(TestEndpoint(quirks_on=[Quirk.Q45])) as talk:
        info = await talk.executed()
        dismissed = await talk.client.dismiss(info.job_id)
    assert dismissed is not None
    assert dismissed.status is JobStatus.DISMISSED


async def test_q45_an_error_with_a_media_type_of_its_own_is_read() -> None:
    async with talking(TestEndpoint("zoo")) as talk:
        with pytest.raises(NoSuchJob, match="none of that id") as raised:
            await talk.client.job("5f0a3c1e-0000-0000-0000-000000000000")
    assert "does not match any of the Jobs" in raised.value.detail


async def test_q45_text_that_is_called_json_is_a_text(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q10])
    job = endpoint.jobs.add(endpoint.processes["hello"], {"name": "Ada"}, 1, document=False)
    async with conversation(endpoint, tmp_path) as client:
        await finished(client, job.id)
        (output,) = (await call(client, "ogc_get_results", job_id=job.id))["outputs"]
    assert output["output_id"] == "greeting"
    assert "Hello Ada!" in str(output)
