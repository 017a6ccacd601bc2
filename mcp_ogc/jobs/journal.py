"""The journal: every submission and every job of every endpoint, kept through restarts.

A submission is `intended` before it is sent, then `confirmed` (a job exists), `refused` (the endpoint said no, so there
is no job) or `unconfirmed` (no answer came: the job may exist; it is never sent again). SQLite with a rollback journal,
so that several servers of one user share it; a connection lives for one call, in a thread.
"""

import functools
import hashlib
import json
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio.to_thread
from pydantic import JsonValue

from mcp_ogc.errors import SettingsError
from mcp_ogc.ogc.models import JobStatus, JsonObject, Link, StatusInfo

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 10

# Each entry moves the schema one version up (PRAGMA user_version); additive only, so that two versions share a file.
MIGRATIONS = (
    """
    CREATE TABLE submissions (
        submission INTEGER PRIMARY KEY AUTOINCREMENT,
        endpoint TEXT NOT NULL,
        process_id TEXT,
        process_version TEXT,
        digest TEXT,
        inputs TEXT NOT NULL DEFAULT '{}',
        state TEXT NOT NULL,
        reason TEXT,
        job_id TEXT,
        status TEXT,
        message TEXT,
        progress INTEGER,
        intended TEXT NOT NULL,
        started TEXT,
        finished TEXT,
        updated TEXT NOT NULL,
        answer BLOB,
        answer_type TEXT,
        answer_links TEXT
    );
    CREATE UNIQUE INDEX submissions_job ON submissions (endpoint, job_id);
    CREATE INDEX submissions_repeat ON submissions (endpoint, process_id, digest, intended);
    """,
)


class SubmissionState(StrEnum):
    """What is known of a submission."""

    INTENDED = "intended"
    CONFIRMED = "confirmed"
    UNCONFIRMED = "unconfirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Entry:
    """One submission, and its job where there is one. Times are UTC."""

    submission: int
    endpoint: str
    process_id: str | None
    process_version: str | None
    inputs: JsonObject
    state: SubmissionState
    reason: str | None
    job_id: str | None
    status: JobStatus | None
    message: str | None
    progress: int | None
    intended: datetime
    started: datetime | None
    finished: datetime | None
    updated: datetime


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A synchronous answer, kept because nothing else has it: body, and the results that came as Link headers."""

    media_type: str
    body: bytes
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Intent:
    """A submission written before it is sent, or the open one of the same request that stands instead."""

    submission: int
    repeats: Entry | None


def digest_of(inputs: Mapping[str, JsonValue], outputs: Mapping[str, JsonValue] | None) -> str:
    """SHA-256 of what was asked, the same for the same values whatever their order."""
    canonical = json.dumps([inputs, outputs], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _in_thread(
    method: Callable[Concatenate["Journal", P], T],
) -> Callable[Concatenate["Journal", P], Coroutine[Any, Any, T]]:
    """SQLite blocks: every call of the journal runs in a thread."""

    async def call(self: "Journal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await anyio.to_thread.run_sync(lambda: method(self, *args, **kwargs))

    return functools.update_wrapper(call, method)


class Journal:
    """The journal in one SQLite file.

    Raises:
        SettingsError: The file can't be opened, or was written by a later version that this one can't read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                _migrate(connection)
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(
                f"The journal {path} can't be opened: {error}",
                remedy="Make its folder writable, or name another with data_folder",
            ) from error

    @_in_thread
    def intend(
        self,
        endpoint: str,
        process_id: str,
        version: str,
        inputs: JsonObject,
        digest: str,
        *,
        same_since: datetime | None,
    ) -> Intent:
        """Write that an execution is about to be sent.

        Where the same request was written since `same_since` and is still open (unanswered, accepted or running), that
        one stands and nothing is written; one transaction, so that of two equal calls only one is sent.
        """
        now = _text(datetime.now(UTC))
        with self._writing() as connection:
            earlier = same_since and _open_submission(
                connection,
                endpoint=endpoint,
                process_id=process_id,
                version=version,
                digest=digest,
                since=same_since,
            )
            if earlier:
                return Intent(earlier.submission, earlier)
            cursor = connection.execute(
                "INSERT INTO submissions"
                " (endpoint, process_id, process_version, digest, inputs, state, intended, updated)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (endpoint, process_id, version, digest, json.dumps(inputs), SubmissionState.INTENDED, now, now),
            )
            return Intent(int(cursor.lastrowid or 0), None)

    @_in_thread
    def entry(self, submission: int) -> Entry:
        """One submission as it stands."""
        with closing(self._connect()) as connection:
            return _one(connection, "submission = ?", submission)

    @_in_thread
    def confirm(self, submission: int, info: StatusInfo) -> Entry:
        """Write which job a submission became."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = ? WHERE submission = ?",
                (SubmissionState.CONFIRMED, info.job_id, submission),
            )
            _write_status(connection, submission, info)
            return _one(connection, "submission = ?", submission)

    @_in_thread
    def keep_answer(self, submission: int, job_id: str, answer: KeptAnswer) -> Entry:
        """Write that a submission was answered synchronously, with the answer."""
        links = json.dumps([link.wire() for link in answer.links])
        now = _text(datetime.now(UTC))
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = ?, status = ?, progress = 100, finished = ?, updated = ?,"
                " answer = ?, answer_type = ?, answer_links = ? WHERE submission = ?",
                (
                    SubmissionState.CONFIRMED,
                    job_id,
                    JobStatus.SUCCESSFUL,
                    now,
                    now,
                    answer.body,
                    answer.media_type,
                    links,
                    submission,
                ),
            )
            return _one(connection, "submission = ?", submission)

    @_in_thread
    def close_submission(self, submission: int, state: SubmissionState, reason: str) -> None:
        """Write that a submission was refused, or that no answer came."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET state = ?, reason = ?, updated = ? WHERE submission = ?",
                (state, reason, _text(datetime.now(UTC)), submission),
            )

    @_in_thread
    def record(self, endpoint: str, info: StatusInfo) -> Entry:
        """Write the status of a job, submitted from here or not."""
        now = datetime.now(UTC)
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO submissions (endpoint, process_id, state, job_id, intended, updated)"
                " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (endpoint, job_id) DO NOTHING",
                (
                    endpoint,
                    info.process_id,
                    SubmissionState.CONFIRMED,
                    info.job_id,
                    _text(info.created or now),
                    _text(now),
                ),
            )
            entry = _one(connection, "endpoint = ? AND job_id = ?", endpoint, info.job_id)
            _write_status(connection, entry.submission, info)
            return _one(connection, "submission = ?", entry.submission)

    @_in_thread
    def find(self, job_id: str, endpoint: str | None = None) -> tuple[Entry, ...]:
        """The jobs of that id: one for each endpoint that has it."""
        with closing(self._connect()) as connection:
            return _select(
                connection,
                "job_id = ? AND (? IS NULL OR endpoint = ?) ORDER BY submission DESC",
                job_id,
                endpoint,
                endpoint,
            )

    @_in_thread
    def newest(
        self,
        limit: int,
        *,
        before: int | None = None,
        endpoint: str | None = None,
        process_id: str | None = None,
        status: JobStatus | None = None,
    ) -> tuple[Entry, ...]:
        """Submissions, newest first; `before` is the submission number the page starts below."""
        with closing(self._connect()) as connection:
            return _select(
                connection,
                "(? IS NULL OR submission < ?) AND (? IS NULL OR endpoint = ?) AND (? IS NULL OR process_id = ?)"
                " AND (? IS NULL OR status = ?) AND state != ? ORDER BY submission DESC LIMIT ?",
                before,
                before,
                endpoint,
                endpoint,
                process_id,
                process_id,
                status,
                status,
                SubmissionState.REFUSED,
                limit,
            )

    @_in_thread
    def answer(self, endpoint: str, job_id: str) -> KeptAnswer | None:
        """The kept synchronous answer; None where the job has its results at the endpoint."""
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT answer_type, answer, answer_links FROM submissions"
                " WHERE endpoint = ? AND job_id = ? AND answer IS NOT NULL",
                (endpoint, job_id),
            ).fetchone()
        if row is None:
            return None
        links = tuple(Link.model_validate(link) for link in json.loads(row["answer_links"]))
        return KeptAnswer(row["answer_type"], row["answer"], links)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            with connection:
                yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.row_factory = sqlite3.Row
        return connection


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        for statement in filter(str.strip, script.split(";")):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
    connection.execute("COMMIT")


def _open_submission(
    connection: sqlite3.Connection, *, endpoint: str, process_id: str, version: str, digest: str, since: datetime
) -> Entry | None:
    found = _select(
        connection,
        "endpoint = ? AND process_id = ? AND process_version = ? AND digest = ? AND intended >= ?"
        " AND state != ? AND (status IS NULL OR status IN (?, ?)) ORDER BY submission DESC LIMIT 1",
        endpoint,
        process_id,
        version,
        digest,
        _text(since),
        SubmissionState.REFUSED,
        JobStatus.ACCEPTED,
        JobStatus.RUNNING,
    )
    return found[0] if found else None


def _write_status(connection: sqlite3.Connection, submission: int, info: StatusInfo) -> None:
    connection.execute(
        "UPDATE submissions SET process_id = coalesce(process_id, ?), status = ?, message = ?, progress = ?,"
        " started = coalesce(?, started), finished = coalesce(?, finished), updated = ? WHERE submission = ?",
        (
            info.process_id,
            info.status,
            info.message,
            info.progress,
            _text(info.started),
            _text(info.finished),
            _text(datetime.now(UTC)),
            submission,
        ),
    )


def _select(connection: sqlite3.Connection, where: str, *values: object) -> tuple[Entry, ...]:
    rows = connection.execute(f"SELECT * FROM submissions WHERE {where}", values)  # noqa: S608 - `where` is ours
    return tuple(_entry(row) for row in rows)


def _one(connection: sqlite3.Connection, where: str, *values: object) -> Entry:
    return _select(connection, where, *values)[0]


def _entry(row: sqlite3.Row) -> Entry:
    return Entry(
        submission=row["submission"],
        endpoint=row["endpoint"],
        process_id=row["process_id"],
        process_version=row["process_version"],
        inputs=json.loads(row["inputs"]),
        state=SubmissionState(row["state"]),
        reason=row["reason"],
        job_id=row["job_id"],
        status=JobStatus(row["status"]) if row["status"] else None,
        message=row["message"],
        progress=row["progress"],
        intended=datetime.fromisoformat(row["intended"]),
        started=_time(row["started"]),
        finished=_time(row["finished"]),
        updated=datetime.fromisoformat(row["updated"]),
    )


def _text(time: datetime | None) -> str | None:
    """UTC with microseconds always written, so that text order is time order."""
    return time.astimezone(UTC).isoformat(timespec="microseconds") if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
