"""The journal remembers every submission, whoever else writes to it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from mcp_ogc.errors import JournalError, SettingsError
from mcp_ogc.jobs.entries import KeptAnswer, SubmissionState, digest_of
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.schema import MIGRATIONS
from mcp_ogc.ogc.models import JobStatus, Link, StatusInfo

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    return Journal(path)


def info(job_id: str, status: JobStatus = JobStatus.RUNNING) -> StatusInfo:
    return StatusInfo(job_id=job_id, process_id="water", status=status, progress=10)


def recently() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=10)


async def submit(journal: Journal, job_id: str, endpoint: str = "zoo") -> int:
    intent = await journal.intend(endpoint, "water", "1", {"a": 1}, "digest", same_since=None)
    await journal.confirm(intent.submission, info(job_id))
    return intent.submission


async def test_what_was_written_is_there_after_a_restart(path: Path) -> None:
    await submit(Journal(path), "j1")
    (entry,) = await Journal(path).find("j1")
    assert (entry.endpoint, entry.inputs, entry.status) == ("zoo", {"a": 1}, JobStatus.RUNNING)


async def test_the_same_request_is_the_same_submission_while_it_is_open(journal: Journal) -> None:
    first = await submit(journal, "j1")
    again = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())
    assert again.repeats is not None
    assert (again.submission, again.repeats.job_id) == (first, "j1")


async def test_a_job_that_has_ended_is_the_same_until_somebody_asks_for_it(journal: Journal) -> None:
    """A server that was killed while it answered is asked the same again."""
    number = await submit(journal, "j1")
    await journal.record("zoo", info("j1", JobStatus.SUCCESSFUL))
    again = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())
    assert again.repeats is not None
    assert again.repeats.job_id == "j1"
    await journal.note_told(number)
    assert (await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())).repeats is None


async def test_what_was_asked_before_a_dismissal_does_not_undo_it(journal: Journal) -> None:
    await submit(journal, "j1")
    asked = datetime.now(UTC)
    await journal.record("zoo", info("j1", JobStatus.DISMISSED))
    await journal.record_all("zoo", [info("j1", JobStatus.SUCCESSFUL)], asked=asked)
    (entry,) = await journal.find("j1")
    assert entry.status is JobStatus.DISMISSED
    await journal.record("zoo", info("j1", JobStatus.RUNNING), asked=datetime.now(UTC))
    (entry,) = await journal.find("j1")
    assert entry.status is JobStatus.RUNNING, "the endpoint went on with it all the same"


@pytest.mark.parametrize("ended", [JobStatus.FAILED, JobStatus.DISMISSED])
async def test_a_job_that_was_not_successful_never_matches(journal: Journal, ended: JobStatus) -> None:
    await submit(journal, "j1")
    await journal.record("zoo", info("j1", ended))
    again = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())
    assert again.repeats is None


@pytest.mark.parametrize(
    "other",
    [{"endpoint": "b"}, {"process_id": "fire"}, {"version": "2"}, {"digest": "other"}],
    ids=lambda o: next(iter(o)),
)
async def test_another_request_is_another_submission(journal: Journal, other: dict[str, str]) -> None:
    await submit(journal, "j1")
    request = {"endpoint": "zoo", "process_id": "water", "version": "1", "digest": "digest", **other}
    intent = await journal.intend(**request, inputs={}, same_since=recently())  # type: ignore[arg-type]
    assert intent.repeats is None


async def test_of_many_equal_calls_at_once_one_is_sent(path: Path) -> None:
    sent: list[bool] = []

    async def call() -> None:
        intent = await Journal(path).intend("zoo", "water", "1", {}, "d", same_since=recently())
        sent.append(intent.repeats is None)

    async with anyio.create_task_group() as tasks:
        for _ in range(12):
            tasks.start_soon(call)
    assert sum(sent) == 1


async def test_a_refused_submission_is_no_job_and_does_not_stand_in_the_way(journal: Journal) -> None:
    intent = await journal.intend("zoo", "water", "1", {}, "d", same_since=None)
    await journal.close_submission(intent.submission, SubmissionState.REFUSED, "bad inputs")
    assert await journal.newest(10) == ()
    assert (await journal.intend("zoo", "water", "1", {}, "d", same_since=recently())).repeats is None


async def test_an_unconfirmed_submission_stands_so_that_it_is_not_sent_again(journal: Journal) -> None:
    intent = await journal.intend("zoo", "water", "1", {}, "d", same_since=None)
    await journal.close_submission(intent.submission, SubmissionState.UNCONFIRMED, "no answer")
    again = await journal.intend("zoo", "water", "1", {}, "d", same_since=recently())
    assert again.repeats is not None
    assert again.repeats.state is SubmissionState.UNCONFIRMED


async def test_a_job_seen_on_the_endpoint_is_recorded_once(journal: Journal) -> None:
    await journal.record("zoo", info("seen"))
    await journal.record("zoo", info("seen", JobStatus.SUCCESSFUL))
    (entry,) = await journal.find("seen")
    assert entry.status is JobStatus.SUCCESSFUL
    assert len(await journal.newest(10)) == 1


async def test_two_endpoints_may_share_a_job_id(journal: Journal) -> None:
    await submit(journal, "j", "a")
    await submit(journal, "j", "b")
    assert {entry.endpoint for entry in await journal.find("j")} == {"a", "b"}
    assert len(await journal.find("j", "a")) == 1


async def test_the_newest_come_first_page_by_page(journal: Journal) -> None:
    for n in range(5):
        await submit(journal, f"j{n}")
    first = await journal.newest(2)
    second = await journal.newest(2, before=first[-1].position)
    assert [entry.job_id for entry in first + second] == ["j4", "j3", "j2", "j1"]


async def test_a_job_that_was_created_long_ago_is_not_new_because_it_was_just_seen(journal: Journal) -> None:
    await submit(journal, "ours")
    old = info("old").model_copy(update={"created": datetime(2020, 1, 1, tzinfo=UTC)})
    await journal.record("zoo", old)
    (first,) = await journal.newest(1)
    (second,) = await journal.newest(1, before=first.position)
    assert (first.job_id, second.job_id) == ("ours", "old")
    assert await journal.newest(1, before=second.position) == ()


async def test_a_synchronous_answer_is_kept_with_its_links(journal: Journal) -> None:
    intent = await journal.intend("zoo", "water", "1", {}, "d", same_since=None)
    kept = KeptAnswer("application/json", b'{"a": 1}', (Link(href="https://x.example/a.tif", rel="out"),))
    entry = await journal.keep_answer(intent.submission, "sync-1", kept)
    assert entry.status is JobStatus.SUCCESSFUL
    assert await journal.answer("zoo", "sync-1") == kept
    assert await journal.answer("zoo", "other") is None


def test_the_digest_does_not_depend_on_the_order_of_members() -> None:
    assert digest_of({"a": 1, "b": [2]}, None) == digest_of({"b": [2], "a": 1}, None)
    assert digest_of({"a": 1}, None) != digest_of({"a": 1}, {"out": {}})


def test_a_journal_of_a_later_version_is_used_as_far_as_it_is_understood(path: Path) -> None:
    Journal(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("ALTER TABLE submissions ADD COLUMN later TEXT")
    assert anyio.run(Journal(path).newest, 5) == ()


def test_a_journal_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no database, and no folder", encoding="utf-8")
    with pytest.raises(SettingsError, match="data_folder"):
        Journal(tmp_path / "file" / "journal.sqlite3")
    with pytest.raises(SettingsError, match="data_folder"):
        Journal(tmp_path / "file")


async def test_a_job_that_was_seen_in_the_list_before_its_submission_was_answered_is_one_job(journal: Journal) -> None:
    intent = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=None)
    await journal.record("zoo", info("j1"))
    entry = await journal.confirm(intent.submission, info("j1"), "https://zoo.example/elsewhere/j1")
    assert (entry.inputs, entry.job_place) == ({"a": 1}, "https://zoo.example/elsewhere/j1")
    assert [one.submission for one in await journal.newest(10)] == [intent.submission]


async def test_an_endpoint_that_answers_with_the_job_it_has_makes_it_the_newer_submissions(journal: Journal) -> None:
    first = await submit(journal, "j1")
    kept = KeptAnswer("application/json", b"{}", (), "https://maap.example/jobs/j1/results")
    await journal.save_results("zoo", "j1", kept)
    await journal.note_results("zoo", "j1", "sha256:a")
    second = await submit(journal, "j1")
    assert [one.submission for one in await journal.newest(10)] == [second], "one job is one row"
    assert await journal.answer("zoo", "j1") == kept
    assert await journal.note_results("zoo", "j1", "sha256:b") == "sha256:a"
    older = await journal.entry(first)
    assert (older.inputs, older.state, older.job_id) == ({"a": 1}, SubmissionState.CONFIRMED, None)


async def test_a_submission_whose_job_became_a_newer_ones_stands_in_no_ones_way(journal: Journal) -> None:
    await submit(journal, "j1")
    await journal.note_told(await submit(journal, "j1"))
    await journal.record("zoo", info("j1", JobStatus.SUCCESSFUL))
    again = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())
    assert again.repeats is None


async def test_a_job_that_was_taken_for_anothers_is_given_up_and_that_one_is_looked_for_again(journal: Journal) -> None:
    lost = await journal.intend("zoo", "water", "1", {}, "lost", same_since=None)
    await journal.close_submission(lost.submission, SubmissionState.UNCONFIRMED, "no answer")
    await journal.confirm_found(lost.submission, info("j1"))
    await submit(journal, "j1")
    assert [one.digest for one in await journal.unanswered("zoo")] == ["lost"]
    assert len(await journal.find("j1")) == 1


async def test_the_same_request_is_another_submission_once_the_first_is_older(journal: Journal) -> None:
    await submit(journal, "j1")
    later = datetime.now(UTC) + timedelta(seconds=1)
    assert (await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=later)).repeats is None


async def test_a_journal_that_is_held_or_broken_is_told_in_our_words(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.jobs.journal.BUSY_SECONDS", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(JournalError, match="locked"):
            await journal.record("zoo", info("j1"))
    await journal.record("zoo", info("j1"))
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(JournalError, match="not a database"):
        await journal.find("j1")


async def test_submissions_without_an_answer_are_those_of_a_server_that_is_gone_too(journal: Journal) -> None:
    lost = await journal.intend("zoo", "water", "1", {}, "lost", same_since=None)
    await journal.close_submission(lost.submission, SubmissionState.UNCONFIRMED, "no answer")
    left = await journal.intend("zoo", "water", "1", {}, "left", same_since=None)
    await submit(journal, "j1")
    assert [one.digest for one in await journal.unanswered("zoo")] == ["lost"]
    assert await journal.give_up(timedelta(minutes=1)) == frozenset()
    assert (await journal.entry(left.submission)).state is SubmissionState.INTENDED, "its answer may be on its way"
    assert await journal.give_up(timedelta()) == {"zoo"}
    assert [one.digest for one in await journal.unanswered("zoo")] == ["lost", "left"]
    assert await journal.unanswered("other") == ()
    entry = await journal.entry(left.submission)
    assert (entry.state, entry.answered) == (SubmissionState.UNCONFIRMED, entry.intended)
    assert "ended before an answer came" in (entry.reason or "")
    assert await journal.give_up(timedelta()) == frozenset()


async def test_an_answer_that_comes_after_it_was_given_up_is_as_certain_as_any(journal: Journal) -> None:
    """Of a machine that slept meanwhile."""
    late = await journal.intend("zoo", "water", "1", {}, "late", same_since=None)
    await journal.give_up(timedelta())
    await journal.confirm(late.submission, info("j1"))
    entry = await journal.entry(late.submission)
    assert (entry.state, entry.reason, entry.job_id) == (SubmissionState.CONFIRMED, None, "j1")


async def test_an_answer_from_before_the_end_does_not_open_a_job_again(journal: Journal) -> None:
    """Two servers ask at once, and the slower answer is the older one."""
    await submit(journal, "j1")
    asked = datetime.now(UTC)
    failed = StatusInfo(job_id="j1", status=JobStatus.FAILED, message="out of memory in step 3")
    await journal.record("zoo", failed)
    await journal.record("zoo", info("j1"), asked=asked)
    (entry,) = await journal.find("j1")
    assert (entry.status, entry.message) == (JobStatus.FAILED, "out of memory in step 3")
    await journal.record("zoo", info("j1"), asked=datetime.now(UTC))
    (entry,) = await journal.find("j1")
    assert entry.status is JobStatus.RUNNING, "a server that was asked since knows better"


async def test_what_a_status_does_not_tell_stays_as_it_was_said_of_the_same_status(journal: Journal) -> None:
    await submit(journal, "j1")
    await journal.record("zoo", StatusInfo(job_id="j1", status=JobStatus.RUNNING, message="step crop", progress=40))
    await journal.record("zoo", StatusInfo(job_id="j1", status=JobStatus.RUNNING))
    (entry,) = await journal.find("j1")
    assert (entry.message, entry.progress) == ("step crop", 40)
    await journal.record("zoo", StatusInfo(job_id="j1", status=JobStatus.FAILED))
    (entry,) = await journal.find("j1")
    assert (entry.message, entry.progress) == (None, None), "a word about the running job says nothing of its end"


async def test_results_are_kept_before_a_job_is_dismissed(journal: Journal) -> None:
    await submit(journal, "j1")
    kept = KeptAnswer("application/json", b"{}", (), "https://zoo.example/jobs/j1/results")
    await journal.save_results("zoo", "j1", kept)
    await journal.record("zoo", info("j1", JobStatus.DISMISSED))
    assert await journal.answer("zoo", "j1") == kept


async def test_the_digest_of_results_tells_whether_they_are_those_that_were_read_before(journal: Journal) -> None:
    await submit(journal, "j1")
    assert await journal.note_results("zoo", "j1", "sha256:a") is None
    assert await journal.note_results("zoo", "j1", "sha256:b") == "sha256:a"
    assert await journal.note_results("zoo", "unknown", "sha256:a") is None


async def test_a_job_that_is_gone_stands_in_no_ones_way(journal: Journal) -> None:
    await submit(journal, "j1")
    await journal.note_gone("zoo", "j1")
    assert [one.job_id for one in await journal.newest(10)] == ["j1"]
    assert await journal.newest(10, status=JobStatus.RUNNING) == ()
    again = await journal.intend("zoo", "water", "1", {"a": 1}, "digest", same_since=recently())
    assert again.repeats is None


async def test_many_statuses_are_written_at_once(journal: Journal) -> None:
    await journal.record_all("zoo", [info(f"j{number}") for number in range(300)])
    await journal.record_all("zoo", [])
    assert len(await journal.newest(1000)) == 300


async def test_a_journal_of_the_first_version_is_brought_up_and_loses_nothing(path: Path) -> None:
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO submissions (endpoint, process_id, digest, inputs, state, job_id, status, intended, updated)"
            " VALUES ('zoo', 'water', 'd', '{\"a\": 1}', 'confirmed', 'j1', 'running',"
            " '2026-01-01T00:00:00.000000+00:00', '2026-01-01T00:00:00.000000+00:00')"
        )
        connection.commit()
    journal = Journal(path)
    (entry,) = await journal.find("j1")
    assert (entry.inputs, entry.status, entry.answered, entry.job_place) == ({"a": 1}, JobStatus.RUNNING, None, None)
    await journal.save_results("zoo", "j1", KeptAnswer("text/plain", b"x", ()))
    assert (await journal.answer("zoo", "j1")) == KeptAnswer("text/plain", b"x", ())
