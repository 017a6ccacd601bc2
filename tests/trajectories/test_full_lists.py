"""Lists at their fullest stay within what an answer may have, and their pages hold each entry once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.quirks.talking import conversation
from tests.server.talk import call, text_of
from tests.servers.processes.catalogue import HELLO
from tests.servers.processes.endpoint import TestEndpoint
from tests.tokenizer import Tokenizer
from tests.trajectories.contract import CONCISE, DETAILED

pytestmark = pytest.mark.anyio

LONG = {
    name: replace(HELLO, id=name, title="A title as long as titles are where people explain what they mean by it " * 2)
    for name in (f"organisation.department.group.application-with-a-name-{n:03d}" for n in range(130))
}


@pytest.mark.parametrize(("given", "most"), [({}, CONCISE), ({"limit": 100}, DETAILED)])
async def test_a_page_of_processes_is_short_and_pages_leave_none_out(
    given: dict[str, int], most: int, tmp_path: Path, tokenizer: Tokenizer | None
) -> None:
    found: list[str] = []
    async with conversation(TestEndpoint(processes=dict(LONG)), tmp_path) as client:
        cursor = None
        while cursor or not found:
            result = await client.call_tool("ogc_list_processes", {**given, "cursor": cursor})
            if tokenizer:
                assert tokenizer.count([text_of(result)])[0] <= most
            page = result.structured_content or {}
            found += [row["process_id"] for row in page["processes"]]
            cursor = page.get("next_cursor")
    assert found == list(LONG)


@pytest.mark.parametrize(("given", "most"), [({}, CONCISE), ({"limit": 100}, DETAILED)])
async def test_a_page_of_jobs_is_short_and_pages_leave_none_out(
    given: dict[str, int], most: int, tmp_path: Path, tokenizer: Tokenizer | None
) -> None:
    process_id = next(iter(LONG))
    run = {"process_id": process_id, "inputs": {"name": "Ada"}, "wait_seconds": 0, "new_run": True}
    found: list[str] = []
    async with conversation(TestEndpoint(processes=dict(LONG), polls=99), tmp_path) as client:
        submitted = [(await call(client, "ogc_execute_process", **run))["job_id"] for _ in range(25)]
        cursor = None
        while cursor or not found:
            result = await client.call_tool("ogc_list_jobs", {**given, "cursor": cursor})
            if tokenizer:
                assert tokenizer.count([text_of(result)])[0] <= most
            page = result.structured_content or {}
            found += [row["job_id"] for row in page["jobs"]]
            cursor = page.get("next_cursor")
    assert sorted(found) == sorted(submitted)
