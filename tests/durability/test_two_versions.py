"""Two versions of the program on one journal: both work, or the older one says what to do; neither loses anything."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from mcp_ogc.errors import SettingsError
from mcp_ogc.jobs.entries import KeptAnswer, SubmissionState
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.jobs.reconciliation import UNDER_WAY
from mcp_ogc.jobs.schema import MIGRATIONS
from mcp_ogc.ogc.models import JobStatus, StatusInfo

pytestmark = pytest.mark.anyio

# What the first version wrote; every later one's tables have to take it.
FIRST_INSERTS = (
    "INSERT INTO submissions (endpoint, process_id, process_version, digest, inputs, state, intended, updated)"
    " VALUES ('zoo', 'water', '1', 'd', '{}', 'intended', ?, ?)"
)
FIRST_CONFIRMS = (
    "UPDATE submissions SET state = 'confirmed', job_id = 'old', status = 'running', progress = 5, updated = ?"
    " WHERE submission = ?"
)
LATER = """
ALTER TABLE submissions ADD COLUMN urgency INTEGER NOT NULL DEFAULT 3;
ALTER TABLE submissions ADD COLUMN note TEXT;
CREATE TABLE notes (submission INTEGER REFERENCES submissions, text TEXT NOT NULL);
CREATE TRIGGER noted AFTER INSERT ON submissions BEGIN INSERT INTO notes VALUES (new.submission, 'seen'); END;
CREATE INDEX submissions_urgency ON submissions (urgency);
PRAGMA user_version = 99;
"""
WRITES = """
import sys, anyio
from pathlib import Path
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.ogc.models import JobStatus, StatusInfo

async def main():
    journal = Journal(Path(sys.argv[1]))
    for number in range(20):
        name = f"{sys.argv[2]}-{number}"
        intent = await journal.intend("zoo", "water", "1", {}, name, same_since=None)
        await journal.confirm(intent.submission, StatusInfo(job_id=name, status=JobStatus.RUNNING))

anyio.run(main)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def at_version(path: Path, version: int) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for script in MIGRATIONS[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.commit()


def altered(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def is_whole(path: Path) -> bool:
    with closing(sqlite3.connect(path)) as connection:
        return bool(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",))


async def used(journal: Journal, name: str) -> None:
    """Every kind of writing that a journal does."""
    info = StatusInfo(job_id=name, process_id="water", status=JobStatus.RUNNING)
    intent = await journal.intend("zoo", "water", "1", {"a": 1}, name, same_since=None)
    await journal.confirm(intent.submission, info)
    await journal.record_all("zoo", [info, info.model_copy(update={"job_id": f"{name}-seen"})])
    await journal.note_results("zoo", name, "sha256:a")
    await journal.save_results("zoo", name, KeptAnswer("text/plain", b"x", ()))
    await journal.note_gone("zoo", f"{name}-seen")
    refused = await journal.intend("zoo", "water", "1", {}, f"{name}-refused", same_since=None)
    await journal.close_submission(refused.submission, SubmissionState.REFUSED, "no")
    (entry,) = await journal.find(name)
    assert (entry.status, entry.inputs) == (JobStatus.RUNNING, {"a": 1})


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_a_server_of_an_older_version_goes_on_while_a_newer_one_brings_the_file_up(
    path: Path, version: int
) -> None:
    at_version(path, version)
    long_ago = "2026-01-01T00:00:00.000000+00:00"
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        first = older.execute(FIRST_INSERTS, (long_ago, long_ago)).lastrowid
        newer = Journal(path)
        await used(newer, "new")
        older.execute(FIRST_CONFIRMS, (long_ago, first))
        older.execute(FIRST_INSERTS, (long_ago, long_ago))
        (entry,) = await newer.find("old")
        assert (entry.status, entry.process_id) == (JobStatus.RUNNING, "water")
        assert await newer.give_up(UNDER_WAY) == {"zoo"}
        assert len(await newer.unanswered("zoo")) == 1
        assert older.execute("SELECT status FROM submissions WHERE job_id = 'new'").fetchone() == ("running",)
    assert is_whole(path)


async def test_a_server_of_this_version_goes_on_while_a_later_one_adds_to_the_file(path: Path) -> None:
    open_since_before = Journal(path)
    await used(open_since_before, "before")
    altered(path, LATER)
    await used(open_since_before, "meanwhile")
    await used(Journal(path), "after")
    with closing(sqlite3.connect(path)) as later:
        assert later.execute("PRAGMA user_version").fetchone() == (99,)
        assert later.execute("SELECT DISTINCT urgency FROM submissions").fetchall() == [(3,)]
        assert later.execute("SELECT count(*) FROM notes").fetchone() != (0,)
    assert is_whole(path)


MORE_TO_GIVE = """
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = rtrim(sql, ')') || ', tenant TEXT NOT NULL)' WHERE name = 'submissions';
"""


@pytest.mark.parametrize(
    "script",
    [
        "ALTER TABLE submissions RENAME COLUMN message TO words;",
        "ALTER TABLE submissions RENAME TO requests;",
        MORE_TO_GIVE,
    ],
    ids=["a column has another name", "the table has", "one more column has to be given"],
)
async def test_a_later_version_that_did_not_only_add_is_said_to_be_and_its_file_is_left_as_it_is(
    path: Path, script: str
) -> None:
    Journal(path)
    altered(path, f"{script} PRAGMA user_version = 99")
    before = path.read_bytes()
    with pytest.raises(SettingsError, match="a later version of mcp-ogc wrote it") as told:
        Journal(path)
    assert "Update mcp-ogc" in told.value.remedy
    assert "data_folder" in told.value.remedy
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, len(MIGRATIONS)])
def test_many_processes_that_open_an_older_file_at_once_bring_it_up_once_and_lose_nothing(
    path: Path, version: int
) -> None:
    at_version(path, version)
    command = [sys.executable, "-c", WRITES, str(path)]
    running = [subprocess.Popen([*command, f"p{number}"], stderr=subprocess.PIPE) for number in range(3)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0, 0], ended
    with closing(sqlite3.connect(path)) as connection:
        told = connection.execute("SELECT count(DISTINCT job_id) FROM submissions WHERE state = 'confirmed'").fetchone()
    assert told == (60,)
    assert is_whole(path)
