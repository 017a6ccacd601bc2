"""What a server says of a job, and when that is believed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcp_ogc.ogc.models import JobStatus
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call, finished
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

# Wire facts §1.9: canonical, and what is also seen.
SEEN = {
    JobStatus.ACCEPTED: ("queued", "created", "pending", "paused"),
    JobStatus.RUNNING: ("started",),
    JobStatus.SUCCESSFUL: ("succeeded", "finished", "success", "completed", "Succeeded"),
    JobStatus.FAILED: ("error", "exception", "rejected"),
    JobStatus.DISMISSED: ("canceled", "cancelled", "deleted"),
}


@pytest.mark.parametrize(("status", "word"), [(status, word) for status, words in SEEN.items() for word in words])
async def test_q09_each_word_is_the_status_it_stands_for_and_is_kept_beside(status: JobStatus, word: str) -> None:
    kind = replace(PERSONALITIES["standard"], words={str(status): word})
    endpoint = TestEndpoint(kind, quirks_on=[Quirk.Q9], polls=None)
    job = endpoint.jobs.add(endpoint.processes["echo"], {}, None)
    if status is JobStatus.RUNNING:
        job.look()
    elif status is not JobStatus.ACCEPTED:
        job.end(str(status))
    async with talking(endpoint) as talk:
        info = await talk.client.job(job.id)
    assert (info.status, info.reported_status) == (status, word)


@pytest.mark.parametrize(("word", "status"), [("deduped", JobStatus.SUCCESSFUL), ("offline", JobStatus.FAILED)])
async def test_q09_words_of_one_kind_of_server_are_read_there(word: str, status: JobStatus) -> None:
    endpoint = TestEndpoint(replace(PERSONALITIES["maap"], words={"failed": word}), polls=None)
    job = endpoint.jobs.add(endpoint.processes["echo"], {}, None)
    job.end("failed")
    async with talking(endpoint) as talk:
        assert (await talk.client.job(job.id)).status is status


async def test_q09_an_unknown_word_is_no_end(tmp_path: Path) -> None:
    kind = replace(PERSONALITIES["standard"], words={"running": "hatching", "accepted": "laid"})
    async with conversation(TestEndpoint(kind, quirks_on=[Quirk.Q9]), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        assert job["status"] == "running"
        assert job["reported_status"] in ("laid", "hatching")
        assert (await finished(client, job["job_id"]))["status"] == "successful"


async def test_q09_an_unknown_word_of_a_job_that_has_finished_is_its_end(tmp_path: Path) -> None:
    kind = replace(PERSONALITIES["standard"], words={"successful": "hatched"})
    async with conversation(TestEndpoint(kind, quirks_on=[Quirk.Q9]), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        assert (await finished(client, job["job_id"]))["status"] == "successful"


@pytest.mark.parametrize("personality", ["zoo", "standard"])
async def test_q10_a_new_job_that_is_not_there_and_then_failed_is_looked_at_again(
    tmp_path: Path, personality: str
) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q10])
    async with conversation(endpoint, tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        assert job["status"] == "accepted"
        job = await call(client, "ogc_get_job", job_id=job["job_id"])
        assert job["status"] in ("accepted", "running")
        assert (await finished(client, job["job_id"]))["status"] == "successful"


async def test_q10_a_job_that_failed_is_failed_also_when_it_is_new(tmp_path: Path) -> None:
    async with conversation(TestEndpoint(polls=1), tmp_path) as client:
        inputs = {**ECHO, "fail": "oom"}
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=20)
    assert job["status"] == "failed"


@pytest.mark.parametrize("naive", [True, False])
async def test_q49_times_without_a_zone_are_utc_and_null_is_none(naive: bool) -> None:
    kind = replace(PERSONALITIES["standard"], naive_times=naive)
    endpoint = TestEndpoint(kind, quirks_on=[Quirk.Q49])
    async with talking(endpoint) as talk:
        info = await talk.ended()
    assert info.created is not None
    assert abs(info.created - datetime.now(UTC)) < timedelta(minutes=1)
    assert info.finished is None


async def test_q49_how_long_a_job_took_is_told_though_its_end_is_not(tmp_path: Path) -> None:
    async with conversation(TestEndpoint(quirks_on=[Quirk.Q49]), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        done = await finished(client, job["job_id"])
    # It began a second after it was created, and its third look ended it.
    assert done["seconds"] == 2.0
