"""What is left of a job that was dismissed, or that failed."""

from pathlib import Path

import pytest

from mcp_ogc.errors import JobFailed
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call, finished, refused, text_of
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

FORGETFUL = ["zoo", "weaver", "pygeoapi"]


@pytest.mark.parametrize("personality", FORGETFUL)
async def test_q17_the_results_of_a_dismissed_job_are_kept_here(tmp_path: Path, personality: str) -> None:
    endpoint = TestEndpoint(personality)
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
        results = await call(client, "ogc_get_results", job_id=job["job_id"])
        (row,) = (await call(client, "ogc_list_jobs", status="dismissed"))["jobs"]
    assert "hello" in str(results["outputs"])
    assert row["job_id"] == job["job_id"]


async def test_q17_results_that_could_not_be_kept_are_told_to_be_lost(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        endpoint.faults.append(Fault("GET", "/results", 500, times=9))
        arguments = {"job_id": job["job_id"], "confirm": preview["confirm"]}
        told = str((await client.call_tool("ogc_dismiss_job", arguments)).content)
    assert "is dismissed" in told
    assert "none are kept here" in told


@pytest.mark.parametrize("status", [404, 410])
async def test_q17_a_job_that_somebody_else_removed_is_dismissed(tmp_path: Path, status: int) -> None:
    endpoint = TestEndpoint()
    async with conversation(endpoint, tmp_path) as client:
        inputs = {**ECHO, "polls": 99}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        endpoint.faults.append(Fault("DELETE", job["job_id"], status, body='{"title": "Gone"}'))
        done = await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
    assert done["dismissed"] is True


@pytest.mark.parametrize("personality", ["zoo", "pygeoapi"])
async def test_q17_a_job_that_is_gone_says_what_was_last_known_of_it(tmp_path: Path, personality: str) -> None:
    endpoint = TestEndpoint(personality)
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, job["job_id"])
        endpoint.jobs[job["job_id"]].deleted = True
        told = await refused(client, "ogc_get_job", job_id=job["job_id"])
    assert "no longer has job" in told
    assert "successful" in told


async def test_q17_a_dismissal_that_stops_nothing_says_so_before_it_is_confirmed(tmp_path: Path) -> None:
    told = {}
    for personality in ("pygeoapi", "zoo"):
        async with conversation(TestEndpoint(personality), tmp_path / personality) as client:
            inputs = {**ECHO, "polls": 99}
            job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
            answer = await client.call_tool("ogc_dismiss_job", {"job_id": job["job_id"]})
            told[personality] = str(answer.content)
    assert "lets what runs go on to its end" in told["pygeoapi"]
    assert "it will be stopped" in told["zoo"]


@pytest.mark.parametrize(("personality", "word"), [("weaver", "was dismissed"), ("zoo", "no longer has job")])
async def test_q17_a_job_that_was_dismissed_before_its_end_is_not_told_to_have_made_nothing(
    tmp_path: Path, personality: str, word: str
) -> None:
    async with conversation(TestEndpoint(personality), tmp_path) as client:
        inputs = {**ECHO, "polls": 99}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
        told = await refused(client, "ogc_get_results", job_id=job["job_id"])
    assert word in told
    assert "dismissed" in told
    assert "successful" not in told


ACCEPTED = [(200, '{"jobID": "JOB", "status": "running"}'), (202, "")]
"""Answers of a server that stops a job in its own time."""


@pytest.mark.parametrize(("status", "body"), ACCEPTED)
async def test_q17_a_dismissal_that_is_accepted_is_not_told_as_done(tmp_path: Path, status: int, body: str) -> None:
    endpoint = TestEndpoint()
    async with conversation(endpoint, tmp_path) as client:
        inputs = {**ECHO, "polls": 99}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        answer = body.replace("JOB", job["job_id"])
        endpoint.faults.append(Fault("DELETE", job["job_id"], status, body=answer))
        dismissal = {"job_id": job["job_id"], "confirm": preview["confirm"]}
        told = await client.call_tool("ogc_dismiss_job", dismissal)
        rows = (await call(client, "ogc_list_jobs", status="dismissed"))["jobs"]
        endpoint.jobs[job["job_id"]].end("dismissed")
        later = await call(client, "ogc_get_job", job_id=job["job_id"])
    assert told.structured_content is not None
    assert told.structured_content["dismissed"] is False
    assert "is still there, running" in text_of(told)
    assert rows == []
    assert "ogc_get_job" in text_of(told)
    assert later["status"] == "dismissed"


@pytest.mark.parametrize("personality", FORGETFUL)
@pytest.mark.parametrize(("status", "body"), ACCEPTED)
async def test_q17_a_dismissal_that_is_answered_with_the_last_status_is_done_where_the_job_is_gone(
    tmp_path: Path, personality: str, status: int, body: str
) -> None:
    endpoint = TestEndpoint(personality)
    async with conversation(endpoint, tmp_path) as client:
        inputs = {**ECHO, "polls": 99}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        preview = await call(client, "ogc_dismiss_job", job_id=job["job_id"])
        answer = body.replace("JOB", job["job_id"])
        endpoint.faults.append(Fault("DELETE", job["job_id"], status, body=answer, after=True))
        done = await call(client, "ogc_dismiss_job", job_id=job["job_id"], confirm=preview["confirm"])
        (row,) = (await call(client, "ogc_list_jobs", status="dismissed"))["jobs"]
    assert done["dismissed"] is True
    assert row["job_id"] == job["job_id"]


@pytest.mark.parametrize("quirks", [[Quirk.Q28], [Quirk.Q29], []])
async def test_q28_the_results_of_a_failed_job_are_that_it_failed_and_why(quirks: list[Quirk]) -> None:
    endpoint = TestEndpoint(quirks_on=quirks)
    async with talking(endpoint) as talk:
        info = await talk.ended(inputs={**ECHO, "fail": "stage-in"})
        with pytest.raises(JobFailed) as raised:
            await talk.client.results(info.job_id)
    assert "Stage-in failed" in raised.value.detail


async def test_q28_geoserver_s_results_that_are_not_ready_are_waited_for_only_while_the_job_runs() -> None:
    async with talking(TestEndpoint("geoserver")) as talk:
        info = await talk.ended(inputs={**ECHO, "fail": "oom"})
        with pytest.raises(JobFailed):
            await talk.client.results(info.job_id)
