"""Processes and jobs of the local endpoint, in SQLite: shared by servers and drivers, through their restarts.

A rollback journal and a busy timeout; a connection lives for one call. Statuses are the standard's words as text: the
driver reads and writes here too, and is not to wait for pydantic.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

BUSY_SECONDS = 30
OPEN = ("accepted", "running")

# Each entry moves the schema one version up (PRAGMA user_version); additive only.
MIGRATIONS = (
    """
    CREATE TABLE processes (
        process_id TEXT PRIMARY KEY,
        description TEXT NOT NULL,
        package TEXT NOT NULL,
        digest TEXT NOT NULL,
        workflow_id TEXT,
        body BLOB NOT NULL,
        media_type TEXT NOT NULL,
        deployed TEXT NOT NULL
    );
    CREATE TABLE jobs (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        job_id TEXT NOT NULL UNIQUE,
        process_id TEXT NOT NULL,
        status TEXT NOT NULL,
        message TEXT,
        progress INTEGER NOT NULL DEFAULT 0,
        request TEXT NOT NULL,
        created TEXT NOT NULL,
        started TEXT,
        finished TEXT,
        updated TEXT NOT NULL
    );
    CREATE INDEX jobs_status ON jobs (status);
    """,
    """
    ALTER TABLE processes ADD COLUMN containment TEXT NOT NULL
        DEFAULT '{"native": ["whatever it was deployed with"], "names_images": false, "requires_engine": false}'
    """,
)


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A deployed process. `body` and `media_type` are what was deployed, `description` and `containment` are JSON."""

    process_id: str
    description: str
    package: str
    digest: str
    workflow_id: str | None
    body: bytes
    media_type: str
    containment: str


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job. `request` is the execute request as JSON; times are ISO 8601 in UTC."""

    seq: int
    job_id: str
    process_id: str
    status: str
    message: str | None
    progress: int
    request: str
    created: str
    started: str | None
    finished: str | None
    updated: str

    @property
    def is_open(self) -> bool:
        """Whether it has not ended."""
        return self.status in OPEN


PROCESS = ", ".join(field.name for field in fields(ProcessRow))
JOB = ", ".join(field.name for field in fields(JobRow))


class Store:
    """The database in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def migrate(self) -> None:
        """Make the tables, or add to them what this version needs; a file that has it all need not be writable."""
        if self._is_current():
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
                for statement in filter(str.strip, script.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")

    def _is_current(self) -> bool:
        if not self.path.is_file():
            return False
        with closing(self._connect()) as connection:
            return bool(connection.execute("PRAGMA user_version").fetchone()[0] >= len(MIGRATIONS))

    def add_process(self, row: ProcessRow) -> bool:
        """Write a process that is not there; False where one of its id is."""
        with self._writing() as connection:
            cursor = connection.execute(
                f"INSERT OR IGNORE INTO processes ({PROCESS}, deployed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - ours
                (*astuple(row), now()),
            )
            return cursor.rowcount == 1

    def replace_process(self, row: ProcessRow) -> bool:
        """Write over a process; False where none of its id is there."""
        with self._writing() as connection:
            cursor = connection.execute(
                "UPDATE processes SET description = ?, package = ?, digest = ?, workflow_id = ?, body = ?,"
                " media_type = ?, containment = ?, deployed = ? WHERE process_id = ?",
                (*astuple(row)[1:], now(), row.process_id),
            )
            return cursor.rowcount == 1

    def remove_process(self, process_id: str) -> bool:
        """Remove a process; False where it is not there."""
        with self._writing() as connection:
            return connection.execute("DELETE FROM processes WHERE process_id = ?", (process_id,)).rowcount == 1

    def process(self, process_id: str) -> ProcessRow | None:
        """A deployed process."""
        found = self._processes("WHERE process_id = ?", process_id)
        return found[0] if found else None

    def processes(self) -> list[ProcessRow]:
        """All deployed processes, by id."""
        return self._processes("ORDER BY process_id")

    def add_job(self, job_id: str, process_id: str, request: str) -> JobRow:
        """Write a job that is accepted."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO jobs (job_id, process_id, status, message, request, created, updated)"
                " VALUES (?, ?, 'accepted', 'waiting for its turn', ?, ?, ?)",
                (job_id, process_id, request, now(), now()),
            )
        row = self.job(job_id)
        assert row is not None
        return row

    def job(self, job_id: str) -> JobRow | None:
        """A job."""
        found = self._jobs("WHERE job_id = ?", job_id)
        return found[0] if found else None

    def jobs(self) -> list[JobRow]:
        """All jobs, newest first."""
        return self._jobs("ORDER BY seq DESC")

    def first_waiting(self) -> JobRow | None:
        """The job whose turn it is."""
        found = self._jobs("WHERE status = 'accepted' ORDER BY seq LIMIT 1")
        return found[0] if found else None

    def start(self, job_id: str) -> bool:
        """Write that a job runs; False where it is not there any more."""
        with self._writing() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET status = 'running', message = 'starting', progress = 1, started = ?, updated = ?"
                " WHERE job_id = ? AND status = 'accepted'",
                (now(), now(), job_id),
            )
            return cursor.rowcount == 1

    def progress(self, job_id: str, progress: int, message: str) -> None:
        """Write how far a job is, 0 to 100."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE jobs SET progress = max(progress, ?), message = ?, updated = ?"
                " WHERE job_id = ? AND status = 'running'",
                (progress, message, now(), job_id),
            )

    def end(self, job_id: str, status: str, message: str, finished: datetime | None = None) -> None:
        """Write how a job ended, and when if it is not now; what has ended stays as it is."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE jobs SET status = ?, message = ?, finished = ?, updated = ?,"
                " progress = CASE ? WHEN 'successful' THEN 100 ELSE progress END"
                " WHERE job_id = ? AND status IN ('accepted', 'running')",
                (status, message, text_of(finished) if finished else now(), now(), status, job_id),
            )

    def remove_job(self, job_id: str) -> None:
        """Remove a job."""
        with self._writing() as connection:
            connection.execute("DELETE FROM jobs WHERE job_id = ?", (job_id,))

    def _processes(self, rest: str, *values: str) -> list[ProcessRow]:
        with closing(self._connect()) as connection:
            rows = connection.execute(f"SELECT {PROCESS} FROM processes {rest}", values)  # noqa: S608 - both are ours
            return [ProcessRow(*row) for row in rows]

    def _jobs(self, rest: str, *values: str) -> list[JobRow]:
        with closing(self._connect()) as connection:
            return [JobRow(*row) for row in connection.execute(f"SELECT {JOB} FROM jobs {rest}", values)]  # noqa: S608

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)


def now() -> str:
    """The time, UTC, as text that sorts."""
    return text_of(datetime.now(UTC))


def text_of(time: datetime) -> str:
    """A time, in UTC, as such text."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")
