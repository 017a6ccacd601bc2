"""Which submission without an answer became which job."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest

from mcp_ogc.errors import NotOffered
from mcp_ogc.jobs.entries import Entry, SubmissionState
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.reconciliation import match, reconcile, settle
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.clock import ServerClock
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.models import JobStatus, JsonObject, StatusInfo
from mcp_ogc.settings import Limits
from tests.jobs.conftest import BASE

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def lost(
    number: int, second: float, *, lasted: float = 1.0, digest: str = "", inputs: JsonObject | None = None
) -> Entry:
    intended = NOON + timedelta(seconds=second)
    return Entry(
        submission=number,
        endpoint="far",
        process_id="p",
        process_version="1",
        inputs=inputs or {},
        digest=digest or str(number),
        state=SubmissionState.UNCONFIRMED,
        reason=None,
        job_id=None,
        status=None,
        message=None,
        progress=None,
        intended=intended,
        started=None,
        finished=None,
        updated=intended,
        answered=intended + timedelta(seconds=lasted),
        job_place=None,
        results_digest=None,
        gone=None,
    )


def job(job_id: str, second: float, *, process_id: str | None = "p", inputs: JsonObject | None = None) -> StatusInfo:
    created = NOON + timedelta(seconds=second)
    return StatusInfo(job_id=job_id, process_id=process_id, status=JobStatus.RUNNING, created=created, inputs=inputs)


def pairs(entries: list[Entry], jobs: list[StatusInfo]) -> dict[int, str]:
    return {entry.submission: info.job_id for entry, info in match(entries, jobs, ServerClock())}


def test_a_job_that_was_created_while_the_submission_was_under_way_is_its() -> None:
    assert pairs([lost(1, 0)], [job("a", 0.5)]) == {1: "a"}


def test_clocks_and_whole_seconds_may_differ_a_little() -> None:
    assert pairs([lost(1, 0)], [job("a", -1.9)]) == {1: "a"}
    assert pairs([lost(1, 0)], [job("a", 2.9)]) == {1: "a"}


def test_another_process_or_another_time_is_anothers_job() -> None:
    assert pairs([lost(1, 0)], [job("a", 0.5, process_id="q"), job("b", 60), job("c", -60)]) == {}


def test_where_two_could_be_meant_none_is() -> None:
    assert pairs([lost(1, 0), lost(2, 0.5)], [job("a", 0.6)]) == {}


def test_one_that_is_certain_makes_the_other_certain() -> None:
    entries = [lost(1, 0, lasted=10), lost(2, 6, lasted=4)]
    assert pairs(entries, [job("a", 1), job("b", 7)]) == {1: "a", 2: "b"}


def test_submissions_of_the_same_are_interchangeable() -> None:
    entries = [lost(1, 0, digest="same"), lost(2, 0.2, digest="same"), lost(3, 0.4, digest="same")]
    assert pairs(entries, [job("a", 0.1), job("b", 0.3)]) == {1: "a", 2: "b"}


def test_inputs_that_the_server_tells_decide() -> None:
    entries = [lost(1, 0, inputs={"n": 1}), lost(2, 0, inputs={"n": 2})]
    assert pairs(entries, [job("b", 0.5, inputs={"n": 2}), job("a", 0.5, inputs={"n": 1})]) == {1: "a", 2: "b"}
    assert pairs(entries, [job("x", 0.5, inputs={"n": 3})]) == {}


def test_a_job_without_a_time_is_nobodys() -> None:
    assert pairs([lost(1, 0)], [StatusInfo(job_id="a", process_id="p", status=JobStatus.RUNNING)]) == {}


def endpoint(answer: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> ProcessesClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return ProcessesClient(http, BASE, limits=Limits(), dialect=STANDARD)


async def submitted(journal: Journal, digest: str) -> int:
    return (await journal.intend("far", "p", "1", {}, digest, same_since=None)).submission


def dated_by(clock: timedelta, *jobs: JsonObject) -> ProcessesClient:
    """An endpoint with these jobs whose clock is that far ahead."""

    async def answer(_: httpx.Request) -> httpx.Response:
        date = format_datetime(datetime.now(UTC) + clock, usegmt=True)
        return httpx.Response(200, json={"jobs": [*jobs], "links": []}, headers={"Date": date})

    return endpoint(answer)


def made_at(moment: datetime, *, naive: bool = False, whole: bool = False) -> JsonObject:
    told = moment.replace(tzinfo=None) if naive else moment
    return {
        "jobID": "a",
        "processID": "p",
        "status": "running",
        "created": told.isoformat(timespec="seconds" if whole else "auto"),
    }


@pytest.mark.anyio
@pytest.mark.parametrize("ahead", [-7200, -90, 0, 90, 7200])
@pytest.mark.parametrize("naive", [True, False])
@pytest.mark.parametrize("whole", [True, False])
async def test_a_job_is_found_by_an_endpoint_s_clock_however_it_is_set(
    tmp_path: Path, ahead: int, naive: bool, whole: bool
) -> None:
    journal, clock = Journal(tmp_path / "journal.sqlite3"), timedelta(seconds=ahead)
    number = await submitted(journal, "one")
    await journal.close_submission(number, SubmissionState.UNCONFIRMED, "no answer")
    created = (await journal.entry(number)).intended + clock
    (found,) = await reconcile("far", dated_by(clock, made_at(created, naive=naive, whole=whole)), journal)
    assert (found.submission, found.job_id) == (number, "a")


@pytest.mark.anyio
@pytest.mark.parametrize("ahead", [-60, 60])
@pytest.mark.parametrize("before", [3, 60, 7200])
async def test_a_job_that_was_made_before_is_nobody_s_also_where_a_wrong_clock_says_that_it_was_made_in_time(
    tmp_path: Path, ahead: int, before: int
) -> None:
    journal, clock = Journal(tmp_path / "journal.sqlite3"), timedelta(seconds=ahead)
    number = await submitted(journal, "one")
    await journal.close_submission(number, SubmissionState.UNCONFIRMED, "no answer")
    created = (await journal.entry(number)).intended + clock - timedelta(seconds=before)
    assert await reconcile("far", dated_by(clock, made_at(created)), journal) == ()


@pytest.mark.anyio
async def test_of_two_who_look_at_once_the_later_leaves_what_the_other_found(tmp_path: Path) -> None:
    ours, theirs = (Journal(tmp_path / "journal.sqlite3") for _ in range(2))
    first, second = [await submitted(ours, "same") for _ in range(2)]
    for number in (first, second):
        await ours.close_submission(number, SubmissionState.UNCONFIRMED, "no answer")
    created = (await ours.entry(first)).intended.isoformat()
    a, b = ({"jobID": name, "processID": "p", "status": "running", "created": created} for name in "ab")

    async def early(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"jobs": [a], "links": []})

    async def late(_: httpx.Request) -> httpx.Response:
        await reconcile("far", endpoint(early), theirs)  # the other is done while this one still reads
        return httpx.Response(200, json={"jobs": [a, b], "links": []})

    await reconcile("far", endpoint(late), ours)
    assert (await ours.entry(first)).job_id == "a", "it may have been told already"
    await reconcile("far", endpoint(late), ours)
    assert (await ours.entry(second)).job_id == "b"


@pytest.mark.anyio
async def test_a_job_that_got_its_answer_meanwhile_stays_with_its_own_submission(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    lost_one, answered = await submitted(journal, "one"), await submitted(journal, "two")
    await journal.close_submission(lost_one, SubmissionState.UNCONFIRMED, "no answer")
    info = StatusInfo(job_id="a", process_id="p", status=JobStatus.RUNNING)
    await journal.confirm(answered, info)
    assert await journal.confirm_found(lost_one, info) is None
    assert (await journal.entry(answered)).job_id == "a"
    assert (await journal.entry(lost_one)).state is SubmissionState.UNCONFIRMED


@pytest.mark.anyio
async def test_a_submission_that_has_its_job_by_now_keeps_it(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.sqlite3")
    number = await submitted(journal, "one")
    await journal.confirm(number, StatusInfo(job_id="a", process_id="p", status=JobStatus.RUNNING))
    other = StatusInfo(job_id="b", process_id="p", status=JobStatus.RUNNING)
    assert await journal.confirm_found(number, other) is None
    assert (await journal.entry(number)).job_id == "a"


@pytest.mark.anyio
async def test_what_a_server_left_is_unconfirmed_where_the_endpoint_lists_no_jobs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.reconciliation.UNDER_WAY", timedelta())
    journal = Journal(tmp_path / "journal.sqlite3")
    left, elsewhere = await submitted(journal, "left"), await journal.intend("gone", "p", "1", {}, "d", same_since=None)

    async def lists_nothing(_: httpx.Request) -> httpx.Response:
        return httpx.Response(404)

    with pytest.raises(NotOffered):
        await reconcile("far", endpoint(lists_nothing), journal)
    for number in (left, elsewhere.submission):
        assert (await journal.entry(number)).state is SubmissionState.UNCONFIRMED


@pytest.mark.anyio
async def test_a_server_that_begins_asks_nothing_where_nothing_was_left_and_stands_what_can_not_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, asked = Journal(tmp_path / "journal.sqlite3"), []

    async def broken(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        raise httpx.ConnectError("refused")

    left = await submitted(journal, "under way, perhaps")
    await settle({"far": endpoint(broken)}, journal)
    assert asked == []
    monkeypatch.setattr("mcp_ogc.jobs.reconciliation.UNDER_WAY", timedelta())
    await settle({"far": endpoint(broken)}, journal)
    assert asked != []
    assert (await journal.entry(left)).state is SubmissionState.UNCONFIRMED
