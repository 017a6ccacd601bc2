"""Whatever goes wrong on the way: an execution is one job, which is known; what is dismissed is, and is said to be."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from anyio.abc import TaskStatus

from mcp_ogc.jobs.journal import Journal
from tests.faults.conversation import Case, Conversation, Open, conversations, try_all, unclear
from tests.server.talk import text_of
from tests.servers.faults.fault import NOT_PASSED_ON, OF_CONNECTIONS, Fault
from tests.servers.faults.plan import NoFault, Seeded
from tests.servers.faults.proxy import Exchange

pytestmark = pytest.mark.anyio


@pytest.fixture
async def urls(endpoint: Open, tmp_path: Path) -> AsyncIterator[list[str]]:
    """An endpoint for each fault: of two submissions that are lost at one, neither may be told by its time."""
    done = anyio.Event()

    async def serve(fault: Fault, *, task_status: TaskStatus[str]) -> None:
        async with endpoint(tmp_path / "endpoints" / fault.name) as url:
            task_status.started(url)
            await done.wait()

    async with anyio.create_task_group() as tasks:
        yield [await tasks.start(serve, fault) for fault in Fault]
        done.set()  # all at once: one takes a moment to end


def job_of(exchange: Exchange) -> str:
    """The job the server made of an execution."""
    assert exchange.answer
    headers = {name.lower(): value for name, value in exchange.answer.headers}
    return headers["location"].rstrip("/").rpartition("/")[2]


async def jobs(talk: Conversation) -> dict[str, str]:
    """The status of each job, as they are listed."""
    return {row["job_id"]: row["status"] for row in (await talk.call("ogc_list_jobs"))["jobs"] if "job_id" in row}


async def test_an_execution_is_one_job_and_the_journal_has_it(urls: list[str], tmp_path: Path) -> None:
    async def try_one(talk: Conversation, case: Case) -> str | None:
        arguments = {**await talk.execution(), "endpoint": talk.endpoint, "wait_seconds": 0}
        answer = await talk.amiss(case, **arguments)
        if answer.is_error and (found := unclear(answer)):
            return found
        if answer.is_error and case.fault not in NOT_PASSED_ON:
            return f"the job was not found: {text_of(answer)}"
        if answer.is_error:
            answer = await talk.client.call_tool(case.tool, arguments)
        if answer.is_error and "new_run=true" in text_of(answer):
            answer = await talk.client.call_tool(case.tool, {**arguments, "new_run": True})
        if answer.is_error:
            return f"there is no way on: {text_of(answer)}"
        told = (answer.structured_content or {})["job_id"]
        made = [job_of(one) for one in talk.sent("POST", "/execution")]
        listed = await jobs(talk)
        return None if made == [told] == list(listed) else f"{told}; {made} were made, {listed} are listed"

    cases = [Case(fault, "ogc_execute_process", "POST", "/execution") for fault in Fault]
    await try_all(urls, tmp_path, cases, try_one)


async def test_a_job_that_can_not_be_looked_at_is_answered_all_the_same(urls: list[str], tmp_path: Path) -> None:
    """A refusal would have it executed again."""

    async def try_one(talk: Conversation, case: Case) -> str | None:
        answer = await talk.amiss(case, **await talk.execution(), wait_seconds=0)
        (made,) = [job_of(one) for one in talk.sent("POST", "/execution")]
        told = answer.structured_content or {}
        return None if told.get("job_id") == made else text_of(answer)

    cases = [Case(fault, "ogc_execute_process", "GET", "") for fault in Fault if fault not in OF_CONNECTIONS]
    await try_all(urls[: len(cases)], tmp_path, cases, try_one)


@pytest.mark.parametrize("endpoint", ["local"], indirect=True)
async def test_of_executions_that_are_lost_together_each_finds_its_own_job(endpoint: Open, tmp_path: Path) -> None:
    """The local endpoint tells what its jobs were executed with: by their times they are all alike."""

    async def lose(talk: Conversation, text: str) -> None:
        arguments = {"process_id": "echo", "inputs": {"string": text}, "endpoint": talk.endpoint, "wait_seconds": 0}
        await talk.client.call_tool("ogc_execute_process", arguments)

    async with endpoint(tmp_path / "endpoint") as url, conversations([url], tmp_path, [False]) as (talk,):
        await talk.execution()
        talk.proxy.plan = Seeded(5, 1, [Fault.CUT_BEFORE, Fault.CUT_AFTER], ["POST"])
        async with anyio.create_task_group() as tasks:
            for text in "abcdefgh":
                tasks.start_soon(lose, talk, text)
        talk.proxy.plan = NoFault()
        made = {
            job_of(one): json.loads(one.request.body)["inputs"]["string"] for one in talk.sent("POST", "/execution")
        }
        await talk.call("ogc_list_jobs")
        entries = await Journal(tmp_path / "data" / "journal.sqlite3").newest(100)
    told = {entry.job_id: entry.inputs["string"] for entry in entries if entry.job_id}
    assert told == made
    assert 2 <= len(made) < 8


async def test_a_dismissal_is_done_when_it_is_said_to_be(urls: list[str], tmp_path: Path) -> None:
    async def try_one(talk: Conversation, case: Case) -> str | None:
        job_id = await talk.made()
        preview = await talk.call(case.tool, job_id=job_id)
        answer = await talk.amiss(case, job_id=job_id, confirm=preview["confirm"])
        if answer.is_error and (found := unclear(answer)):
            return found
        is_sent = bool(talk.sent("DELETE", job_id))
        if answer.is_error == is_sent:
            return f"{'it was' if is_sent else 'nothing was'} dismissed: {text_of(answer)}"
        if answer.is_error:
            preview = await talk.call(case.tool, job_id=job_id)
            await talk.call(case.tool, job_id=job_id, confirm=preview["confirm"])
        status = (await jobs(talk))[job_id]
        return None if status == "dismissed" else f"it is {status} in the journal: {text_of(answer)}"

    await try_all(urls, tmp_path, [Case(fault, "ogc_dismiss_job", "DELETE", "") for fault in Fault], try_one)
