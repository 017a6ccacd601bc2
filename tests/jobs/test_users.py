"""The journals of several users in one file: whose a job is."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcp_ogc.errors import NotPermitted
from mcp_ogc.jobs.entries import SubmissionState
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.jobs.schema import MIGRATIONS
from mcp_ogc.ogc.clock import ServerClock
from mcp_ogc.ogc.models import JobList, JobStatus, StatusInfo

pytestmark = pytest.mark.anyio

SHARED = frozenset({"zoo"})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def ada(path: Path) -> Journal:
    return Journal(path, "https://iam.example.org#ada", SHARED)


@pytest.fixture
def bob(path: Path) -> Journal:
    return Journal(path, "https://iam.example.org#bob", SHARED)


async def intend(journal: Journal, digest: str = "d") -> int:
    since = datetime.now(UTC) - timedelta(minutes=10)
    return (await journal.intend("zoo", "water", "1", {}, digest, same_since=since)).submission


def info(job_id: str, status: JobStatus = JobStatus.RUNNING) -> StatusInfo:
    return StatusInfo(job_id=job_id, process_id="water", status=status, created=datetime.now(UTC))


class Listing:
    """An endpoint that lists these jobs."""

    def __init__(self, *jobs: StatusInfo) -> None:
        self._jobs = jobs
        self.clock = ServerClock()

    async def everyones_jobs(self, *, page: str | None = None) -> JobList:
        return JobList(jobs=self._jobs)


async def test_a_list_of_a_shared_endpoint_tells_of_one_s_own_jobs_only(ada: Journal, bob: Journal) -> None:
    await ada.confirm(await intend(ada), info("a"))
    await bob.confirm(await intend(bob), info("b"))
    for journal in (ada, bob):
        await journal.record_all("zoo", [info(one, JobStatus.SUCCESSFUL) for one in ("a", "b", "somebody's")])
    assert [entry.job_id for entry in await ada.newest(9)] == ["a"]
    assert [(entry.job_id, entry.status) for entry in await bob.newest(9)] == [("b", JobStatus.SUCCESSFUL)]
    assert await bob.owned("zoo", ["a", "b", "somebody's"]) == {"b"}
    assert not await bob.find("a")
    assert await bob.note_results("zoo", "a", "sha256:0") is None
    assert (await ada.find("a"))[0].results_digest is None


async def test_with_an_account_of_one_s_own_the_endpoint_says_what_is_one_s_own(path: Path, ada: Journal) -> None:
    await ada.confirm(await intend(ada), info("a"))
    own = Journal(path, "https://iam.example.org#bob")
    other = Journal(path, "https://iam.example.org#eve")
    for journal in (own, other):
        await journal.record_all("zoo", [info("team's"), info("a")])
        assert [entry.job_id for entry in await journal.newest(9)] == ["team's"]
    assert [entry.job_id for entry in await ada.newest(9)] == ["a"]


async def test_a_lost_answer_is_not_found_in_another_user_s_job(ada: Journal, bob: Journal) -> None:
    lost = await intend(ada, "ada's")
    await ada.close_submission(lost, SubmissionState.UNCONFIRMED, "no answer")
    theirs = await intend(bob, "bob's")
    job = info("j")
    assert await reconcile("zoo", Listing(job), ada) == ()  # it may be the one that is under way
    await bob.confirm(theirs, job)
    assert await reconcile("zoo", Listing(job), ada) == ()
    assert await reconcile("zoo", Listing(job), bob) == ()
    late = info("k")
    (found,) = await reconcile("zoo", Listing(job, late), ada)
    assert (found.job_id, found.submission) == ("k", lost)


async def test_an_endpoint_that_answers_with_another_user_s_job_ran_nothing(ada: Journal, bob: Journal) -> None:
    await ada.confirm(await intend(ada), info("j"))
    number = await intend(bob)
    with pytest.raises(NotPermitted, match="another user's"):
        await bob.confirm(number, info("j"))
    assert (await bob.entry(number)).state is SubmissionState.REFUSED
    assert [entry.job_id for entry in await ada.newest(9)] == ["j"]
    assert await bob.newest(9) == ()


async def test_what_is_in_an_older_file_is_the_operator_s_and_an_older_version_goes_on_writing(path: Path) -> None:
    written = (
        "INSERT INTO submissions (endpoint, process_id, state, job_id, intended, updated)"
        " VALUES ('zoo', 'water', 'confirmed', ?, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00')"
        " ON CONFLICT (endpoint, job_id) DO NOTHING"
    )
    with closing(sqlite3.connect(path)) as old, old:
        for script in MIGRATIONS[:3]:
            old.executescript(script)
        old.execute("PRAGMA user_version = 3")
        old.execute(written, ("before",))
        old.commit()
        journal = Journal(path)
        old.execute(written, ("after",))
    assert {entry.job_id for entry in await journal.newest(9)} == {"before", "after"}
    assert await Journal(path, "https://iam.example.org#ada").newest(9) == ()
