"""Q43: ZOO-Project's progress is a phase, and sticks at 23 while the work is done."""

import re
from pathlib import Path

import pytest

from tests.quirks.talking import conversation
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

LOOKS = 8


async def test_q43_the_phase_and_the_time_are_told_and_no_percentage(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo", polls=99), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs={"text": "a"}, wait_seconds=0)
        for _ in range(LOOKS):
            told = await client.call_tool("ogc_get_job", {"job_id": job["job_id"]})
        content = told.structured_content or {}
        assert content["status"] == "running"
        assert content["phase"] == "running the workflow"
        assert "progress" not in content
        first = text_of(told).splitlines()[0]
        assert re.search(r": running, running the workflow, for \d+(\.\d)? s\.$", first), first
        listed = await client.call_tool("ogc_list_jobs", {})
        (row,) = (listed.structured_content or {})["jobs"]
        assert row["phase"] == "running the workflow"
        assert "progress" not in row
        assert "running, running the workflow, for " in text_of(listed)
        assert "%" not in text_of(listed)


async def test_q43_where_progress_is_a_share_of_the_work_it_is_told_as_one(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("standard", polls=10), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs={"text": "a"}, wait_seconds=0)
        told = await client.call_tool("ogc_get_job", {"job_id": job["job_id"]})
        content = told.structured_content or {}
        assert "phase" not in content
        assert f"running, {content['progress']} %, for " in text_of(told)


async def test_q43_a_job_that_has_ended_is_in_no_phase(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo", quirks_off=(Quirk.Q10,)), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs={"text": "a"}, wait_seconds=0)
        assert "phase" not in await finished(client, job["job_id"])
