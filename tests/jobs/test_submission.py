"""A submission is sent once, whatever happens to whoever asked for it."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from mcp_ogc.errors import InvalidInputs, InvalidParameter, SubmissionUnconfirmed
from mcp_ogc.jobs.entries import SubmissionState, text_of
from mcp_ogc.jobs.monitor import Monitor
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.jobs.submission import submit
from mcp_ogc.ogc.catalogue import Catalogue
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import Execute, JobStatus
from mcp_ogc.settings import Limits
from mcp_ogc.workspace import Endpoint, Workspace

pytestmark = pytest.mark.anyio

BASE = "https://ogc.example/api"
REQUEST = Execute(inputs={"name": "Ada"})


class Upstream:
    """An endpoint whose executions wait for a word, and end as a test wants."""

    def __init__(self) -> None:
        self.posts = 0
        self.arrived = anyio.Event()
        self.may_answer = anyio.Event()
        self.job = httpx.Response(200, json={"jobID": "j1", "status": "running"})
        self.listed: list[dict[str, str]] = []
        self.answer: httpx.Response | Exception = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j1"})

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if "/jobs/" in request.url.path:
            return self.job
        if request.url.path.endswith("/jobs"):
            return httpx.Response(200, json={"jobs": self.listed, "links": []})
        if request.method == "GET":
            schema = {"schema": {"type": "string"}}
            return httpx.Response(200, json={"id": "hello", "version": "1", "inputs": {"name": schema}, "links": []})
        self.posts += 1
        self.arrived.set()
        await self.may_answer.wait()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


@pytest.fixture
async def endpoint(work: Workspace, upstream: Upstream) -> AsyncIterator[Endpoint]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(upstream)) as http:
        client = ProcessesClient(http, BASE, limits=Limits(), dialect=STANDARD)
        monitor = Monitor("far", client, work.journal, work.background, work.changes.publish)
        yield Endpoint("far", BASE, "none", client, monitor, Catalogue(client))


async def test_t12_a_caller_that_gives_up_and_asks_again_gets_the_same_job_of_one_request(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(submit, work, endpoint, "hello", REQUEST)
        await upstream.arrived.wait()
        tasks.cancel_scope.cancel()
    upstream.may_answer.set()
    again = await submit(work, endpoint, "hello", REQUEST)
    assert (again.repeated, again.entry.job_id) == (True, "j1")
    assert upstream.posts == 1


async def test_calls_at_once_are_one_request(work: Workspace, endpoint: Endpoint, upstream: Upstream) -> None:
    upstream.may_answer.set()
    found: list[str | None] = []

    async def call() -> None:
        found.append((await submit(work, endpoint, "hello", REQUEST)).entry.job_id)

    async with anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(call)
    assert found == ["j1"] * 8
    assert upstream.posts == 1


async def test_a_submission_without_answer_is_unconfirmed_and_not_sent_again(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = httpx.ReadError("reset")
    for _ in range(2):
        with pytest.raises(SubmissionUnconfirmed, match="may exist"):
            await submit(work, endpoint, "hello", REQUEST)
    assert upstream.posts == 1
    (entry,) = await work.journal.newest(5)
    assert entry.state is SubmissionState.UNCONFIRMED
    upstream.answer = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j2"})
    assert (await submit(work, endpoint, "hello", REQUEST, new_run=True)).entry.job_id == "j2"


async def test_a_job_whose_endpoint_broke_down_while_it_answered_is_found_in_its_list(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = httpx.Response(500, json={"type": "NoApplicableCode", "detail": "signal 11"})
    created = datetime.now(UTC).isoformat()
    upstream.listed = [{"jobID": "j7", "processID": "hello", "status": "running", "created": created}]
    assert (await submit(work, endpoint, "hello", REQUEST)).entry.job_id == "j7"
    again = await submit(work, endpoint, "hello", REQUEST)
    assert (again.repeated, again.entry.job_id, upstream.posts) == (True, "j7", 1)


@pytest.mark.parametrize("looked_for_before", [True, False])
async def test_of_several_submissions_of_one_request_that_lost_their_answers_the_job_that_is_found_is_the_same_job(
    work: Workspace, endpoint: Endpoint, upstream: Upstream, looked_for_before: bool
) -> None:
    """Whichever of them it is taken for: who asks again wants one job, and there is one."""
    upstream.may_answer.set()
    upstream.answer = httpx.Response(502)
    for new_run in (False, True):
        with pytest.raises(SubmissionUnconfirmed, match="may exist"):
            await submit(work, endpoint, "hello", REQUEST, new_run=new_run)
    created = datetime.now(UTC).isoformat()
    upstream.listed = [{"jobID": "j7", "processID": "hello", "status": "running", "created": created}]
    if looked_for_before:
        await reconcile("far", endpoint.client, work.journal)
    again = await submit(work, endpoint, "hello", REQUEST)
    assert (again.repeated, again.entry.job_id, upstream.posts) == (True, "j7", 2)
    with pytest.raises(SubmissionUnconfirmed):
        await submit(work, endpoint, "hello", REQUEST, new_run=True)
    assert upstream.posts == 3, "who asks for another is not given that one"


async def test_a_submission_whose_endpoint_broke_down_says_so_each_time_and_is_not_sent_again(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = httpx.Response(500, json={"type": "NoApplicableCode", "detail": "signal 11"})
    for _ in range(2):
        with pytest.raises(SubmissionUnconfirmed, match="HTTP 500: the job may exist"):
            await submit(work, endpoint, "hello", REQUEST)
    assert upstream.posts == 1


@pytest.mark.parametrize(
    ("job", "repeated"),
    [
        (httpx.Response(200, json={"jobID": "j1", "status": "running"}), True),
        (httpx.Response(200, json={"jobID": "j1", "status": "successful"}), False),
        (httpx.Response(200, json={"jobID": "j1", "status": "dismissed"}), False),
        (httpx.Response(500), True),
    ],
    ids=["open", "ended", "dismissed", "can't be asked for"],
)
async def test_a_job_that_ended_without_being_seen_is_not_the_same_job(
    work: Workspace, endpoint: Endpoint, upstream: Upstream, job: httpx.Response, repeated: bool
) -> None:
    upstream.may_answer.set()
    first = await submit(work, endpoint, "hello", REQUEST)
    await work.journal.note_told(first.entry.submission)
    upstream.job = job
    upstream.answer = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j2"})
    again = await submit(work, endpoint, "hello", REQUEST)
    assert (again.repeated, again.entry.job_id) == (repeated, "j1" if repeated else "j2")
    assert upstream.posts == (1 if repeated else 2)


async def test_a_job_that_ended_before_anybody_was_told_of_it_is_the_same_job(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    """The server was killed before it answered, and is asked the same again."""
    upstream.may_answer.set()
    await submit(work, endpoint, "hello", REQUEST)
    upstream.job = httpx.Response(200, json={"jobID": "j1", "status": "successful"})
    again = await submit(work, endpoint, "hello", REQUEST)
    assert (again.repeated, again.entry.job_id, upstream.posts) == (True, "j1", 1)


async def test_the_same_request_after_ten_minutes_is_another_job(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    await submit(work, endpoint, "hello", REQUEST)
    upstream.answer = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j2"})
    with closing(sqlite3.connect(work.journal.path)) as connection, connection:
        for minutes, posts in ((9, 1), (11, 2)):
            then = text_of(datetime.now(UTC) - timedelta(minutes=minutes))
            connection.execute("UPDATE submissions SET intended = ?", (then,))
            connection.commit()
            await submit(work, endpoint, "hello", REQUEST)
            assert upstream.posts == posts


async def test_a_fault_of_ours_ends_its_submission_and_nothing_else(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = RuntimeError("a mistake")
    with pytest.raises(SubmissionUnconfirmed, match="RuntimeError"):
        await submit(work, endpoint, "hello", REQUEST)
    (entry,) = await work.journal.newest(5)
    assert entry.state is SubmissionState.UNCONFIRMED, "it may have been sent, so it is looked for"
    upstream.answer = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j1"})
    assert (await submit(work, endpoint, "hello", REQUEST, new_run=True)).entry.job_id == "j1"


async def test_what_is_refused_is_no_job_and_may_be_tried_again(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = httpx.Response(400, json={"title": "no"})
    with pytest.raises(InvalidParameter):
        await submit(work, endpoint, "hello", REQUEST)
    assert await work.journal.newest(5) == ()
    upstream.answer = httpx.Response(201, headers={"Location": f"{BASE}/jobs/j1"})
    assert not (await submit(work, endpoint, "hello", REQUEST)).repeated


async def test_inputs_that_do_not_fit_are_never_sent(work: Workspace, endpoint: Endpoint, upstream: Upstream) -> None:
    with pytest.raises(InvalidInputs) as refused:
        await submit(work, endpoint, "hello", Execute(inputs={"name": 5}))
    assert upstream.posts == 0
    described = f'ogc_describe_process(process_id="hello", endpoint="{endpoint.name}")'
    assert described in refused.value.remedy, "the next call works where another endpoint is the default"


async def test_a_synchronous_answer_is_a_job_of_its_own_whose_results_are_kept(
    work: Workspace, endpoint: Endpoint, upstream: Upstream
) -> None:
    upstream.may_answer.set()
    upstream.answer = httpx.Response(200, json={"greeting": "Hello Ada"})
    submission = await submit(work, endpoint, "hello", REQUEST)
    job_id = submission.entry.job_id or ""
    assert job_id.startswith("sync-")
    assert submission.entry.status is JobStatus.SUCCESSFUL
    known = replace(work, endpoints={**work.endpoints, "far": endpoint})
    (output,) = (await known.results(endpoint, job_id)).outputs
    assert (output.id, output.value) == ("greeting", "Hello Ada")
