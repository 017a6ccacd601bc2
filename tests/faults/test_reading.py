"""Whatever goes wrong on the way, what is read is right, or it is refused with a clear sentence and what to do next."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.conversation import Case, Conversation, Open, conversations, try_all, unclear
from tests.servers.faults.fault import Fault

pytestmark = pytest.mark.anyio

TOOLS = ("ogc_list_processes", "ogc_describe_process", "ogc_get_job", "ogc_get_results")


def arguments(tool: str, job_id: str) -> dict[str, Any]:
    known = {"ogc_list_processes": {"query": "echo"}, "ogc_describe_process": {"process_id": "echo"}}
    return known.get(tool, {"job_id": job_id})


@pytest.mark.parametrize("endpoint", ["local", "zoo"], indirect=True)
async def test_what_is_read_is_right_or_refused_and_right_the_next_time(endpoint: Open, tmp_path: Path) -> None:
    async with endpoint(tmp_path / "endpoint") as url:
        right, cases, job_id = await without_faults(url, tmp_path / "before")

        async def try_one(talk: Conversation, case: Case) -> str | None:
            answer = await talk.amiss(case, **arguments(case.tool, job_id))
            if answer.is_error and (found := unclear(answer)):
                return found
            if not answer.is_error and talk.essence(answer.structured_content) != right[case.tool]:
                return f"altered: {answer.structured_content}"
            after = talk.essence(await talk.call(case.tool, **arguments(case.tool, job_id)))
            return None if after == right[case.tool] else f"altered afterwards: {after}"

        await try_all([url] * len(cases), tmp_path, cases, try_one)


async def without_faults(url: str, folder: Path) -> tuple[dict[str, str], list[Case], str]:
    """The right answers, what can go wrong with the requests they take, and the job they are about."""
    right: dict[str, str] = {}
    cases: list[Case] = []
    count = 1 + len(TOOLS)
    async with conversations([url] * count, folder, [False] * count) as (first, *others):
        job_id = await first.made()
        for tool, talk in zip(TOOLS, others, strict=True):
            right[tool] = talk.essence(await talk.call(tool, **arguments(tool, job_id)))
            asked = {(one.request.method, one.request.path.partition("?")[0]) for one in talk.proxy.exchanges}
            # What the endpoint says of itself is asked by all of them.
            own = sorted((method, path) for method, path in asked if "/processes" in path or "/jobs" in path)
            cases += [Case(fault, tool, method, path) for method, path in own for fault in Fault]
    return right, cases, job_id
