"""Q10: right after its submission a job is not there, then failed, then there: nobody is told either."""

from pathlib import Path

import pytest

from tests.quirks.talking import QUEUE, conversation
from tests.server.talk import call, text_of
from tests.servers.processes.endpoint import TestEndpoint

pytestmark = pytest.mark.anyio

TOOLS = ("ogc_get_job", "ogc_get_results", "ogc_export_job", "ogc_dismiss_job")


@pytest.mark.parametrize("tool", TOOLS)
async def test_no_tool_believes_that_a_job_is_missing_or_has_failed(tool: str, tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", polls=None)
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        job = await call(client, "ogc_execute_process", process_id="hello", inputs={"name": "a"}, wait_seconds=0)
        endpoint.jobs.newest.early_looks = 0  # as if nobody had looked yet
        for _ in range(2):
            told = text_of(await client.call_tool(tool, {"job_id": job["job_id"]}))
            assert "failed" not in told
            assert "none of that id" not in told
            assert "no longer has" not in told
            assert "accepted" in told or "running" in told


async def test_a_job_that_is_not_visible_yet_is_named_by_what_the_journal_knows(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", polls=None)
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        answer = await client.call_tool(
            "ogc_execute_process", {"process_id": "hello", "inputs": {"name": "a"}, "wait_seconds": 0}
        )
        assert " of hello on far: accepted, for " in text_of(answer)
