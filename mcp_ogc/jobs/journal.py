"""The journal: every submission and every job of every endpoint, kept through restarts.

A submission is `intended` before it is sent, then `confirmed` (a job exists), `refused` (the endpoint said no, so there
is no job) or `unconfirmed` (no answer came: the job may exist; it is never sent again). SQLite with a rollback journal,
so that several servers of one user share it; a connection lives for one call, in a thread.
"""

import functools
import json
import sqlite3
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import anyio.to_thread

from mcp_ogc.errors import JournalError, SettingsError
from mcp_ogc.jobs.entries import COLUMNS, Entry, Intent, KeptAnswer, SubmissionState, entry_of, text_of
from mcp_ogc.jobs.schema import migrate
from mcp_ogc.ogc.models import JobStatus, JsonObject, Link, StatusInfo

P = ParamSpec("P")
T = TypeVar("T")

BUSY_SECONDS = 10


def _in_thread(
    method: Callable[Concatenate["Journal", P], T],
) -> Callable[Concatenate["Journal", P], Coroutine[Any, Any, T]]:
    """SQLite blocks: every call of the journal runs in a thread.

    Raises:
        JournalError: SQLite can't.
    """

    async def call(self: "Journal", /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await anyio.to_thread.run_sync(lambda: method(self, *args, **kwargs))
        except sqlite3.Error as error:
            raise JournalError(
                f"The journal {self.path} can't be used: {error}",
                remedy="Is its disk full, or does another program hold it? Then call again",
            ) from error

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
                migrate(connection)
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
        now = _now()
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
    def confirm(self, submission: int, info: StatusInfo, place: str | None = None) -> Entry:
        """Write which job a submission became, and where it is if not at the usual place."""
        with self._writing() as connection:
            return _confirm(connection, submission, info, place)

    @_in_thread
    def confirm_found(self, submission: int, info: StatusInfo) -> Entry | None:
        """Write which job a submission without an answer became, as the endpoint's list tells.

        None, and nothing is written, where somebody else was sooner: the submission has an answer by now, or the job
        is another submission's. Of two who look at once, neither takes a job from the other.
        """
        with self._writing() as connection:
            entry = _one(connection, "submission = ?", submission)
            if entry.state not in (SubmissionState.UNCONFIRMED, SubmissionState.INTENDED):
                return None
            if _select(
                connection,
                "endpoint = ? AND job_id = ? AND digest IS NOT NULL",
                entry.endpoint,
                info.job_id,
            ):
                return None
            return _confirm(connection, submission, info, None)

    @_in_thread
    def keep_answer(self, submission: int, job_id: str, answer: KeptAnswer) -> Entry:
        """Write that a submission was answered synchronously, with the answer."""
        with self._writing() as connection:
            now = _now()
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = ?, status = ?, progress = 100, finished = ?, updated = ?,"
                " answered = ? WHERE submission = ?",
                (SubmissionState.CONFIRMED, job_id, JobStatus.SUCCESSFUL, now, now, now, submission),
            )
            _write_answer(connection, submission, answer)
            return _one(connection, "submission = ?", submission)

    @_in_thread
    def save_results(self, endpoint: str, job_id: str, answer: KeptAnswer) -> None:
        """Write the results of a job that is about to be dismissed: its endpoint will not have them any more."""
        with self._writing() as connection:
            found = _select(connection, "endpoint = ? AND job_id = ?", endpoint, job_id)
            for entry in found:
                _write_answer(connection, entry.submission, answer)

    @_in_thread
    def note_results(self, endpoint: str, job_id: str, digest: str) -> str | None:
        """Write what the results were; the digest they had when they were read before, None the first time."""
        with self._writing() as connection:
            found = _select(connection, "endpoint = ? AND job_id = ?", endpoint, job_id)
            connection.execute(
                "UPDATE submissions SET results_digest = ? WHERE endpoint = ? AND job_id = ?",
                (digest, endpoint, job_id),
            )
        return found[0].results_digest if found else None

    @_in_thread
    def close_submission(self, submission: int, state: SubmissionState, reason: str) -> None:
        """Write that a submission was refused, or that no answer came."""
        now = _now()
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET state = ?, reason = ?, answered = coalesce(answered, ?), updated = ?"
                " WHERE submission = ?",
                (state, reason, now, now, submission),
            )

    @_in_thread
    def unanswered(self, endpoint: str, before: datetime) -> tuple[Entry, ...]:
        """Submissions that may have become a job nobody knows: unconfirmed, or intended before a time and no more."""
        with closing(self._connect()) as connection:
            return _select(
                connection,
                "endpoint = ? AND (state = ? OR (state = ? AND intended < ?)) ORDER BY submission",
                endpoint,
                SubmissionState.UNCONFIRMED,
                SubmissionState.INTENDED,
                text_of(before),
            )

    @_in_thread
    def record(self, endpoint: str, info: StatusInfo) -> Entry:
        """Write the status of a job, submitted from here or not."""
        with self._writing() as connection:
            return _record(connection, endpoint, info)

    @_in_thread
    def record_all(self, endpoint: str, infos: Sequence[StatusInfo]) -> None:
        """Write the status of many jobs at once."""
        if not infos:
            return
        with self._writing() as connection:
            for info in infos:
                _record(connection, endpoint, info)

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
        before: tuple[str, int] | None = None,
        endpoint: str | None = None,
        process_id: str | None = None,
        status: JobStatus | None = None,
    ) -> tuple[Entry, ...]:
        """Submissions, newest first; `before` is the position of the last entry of the page before."""
        with closing(self._connect()) as connection:
            return _select(
                connection,
                "(? IS NULL OR (intended, submission) < (?, ?)) AND (? IS NULL OR endpoint = ?)"
                " AND (? IS NULL OR process_id = ?) AND (? IS NULL OR status = ?) AND state != ?"
                " ORDER BY intended DESC, submission DESC LIMIT ?",
                before and before[1],
                *(before or (None, None)),
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
    def jobs_since(self, endpoint: str, since: datetime) -> tuple[Entry, ...]:
        """The jobs of an endpoint that were submitted or seen since a time."""
        with closing(self._connect()) as connection:
            return _select(
                connection, "endpoint = ? AND job_id IS NOT NULL AND intended >= ?", endpoint, text_of(since)
            )

    @_in_thread
    def answer(self, endpoint: str, job_id: str) -> KeptAnswer | None:
        """The kept synchronous answer; None where the job has its results at the endpoint."""
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT answer_type, answer, answer_links, answer_url FROM submissions"
                " WHERE endpoint = ? AND job_id = ? AND answer IS NOT NULL",
                (endpoint, job_id),
            ).fetchone()
        if row is None:
            return None
        links = tuple(Link.model_validate(link) for link in json.loads(row["answer_links"]))
        return KeptAnswer(row["answer_type"], row["answer"], links, row["answer_url"])

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
        text_of(since),
        SubmissionState.REFUSED,
        JobStatus.ACCEPTED,
        JobStatus.RUNNING,
    )
    return found[0] if found else None


def _confirm(connection: sqlite3.Connection, submission: int, info: StatusInfo, place: str | None) -> Entry:
    _give_up_job(connection, submission, info.job_id)
    connection.execute(
        "UPDATE submissions SET state = ?, job_id = ?, job_place = ?, answered = coalesce(answered, ?)"
        " WHERE submission = ?",
        (SubmissionState.CONFIRMED, info.job_id, place, _now(), submission),
    )
    _write_status(connection, submission, info)
    return _one(connection, "submission = ?", submission)


def _give_up_job(connection: sqlite3.Connection, submission: int, job_id: str) -> None:
    """Make a job this submission's alone.

    It may have been seen in the endpoint's list before its submission was answered; an endpoint may answer an equal
    request with the job it has (MAAP); and it may have been taken for the job of a submission that was never answered,
    which then is looked for again.
    """
    others = _select(
        connection,
        "job_id = ? AND submission != ? AND endpoint = (SELECT endpoint FROM submissions WHERE submission = ?)",
        job_id,
        submission,
        submission,
    )
    for other in others:
        if other.reason is None:
            connection.execute("DELETE FROM submissions WHERE submission = ?", (other.submission,))
        else:
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = NULL, status = NULL WHERE submission = ?",
                (SubmissionState.UNCONFIRMED, other.submission),
            )


def _record(connection: sqlite3.Connection, endpoint: str, info: StatusInfo) -> Entry:
    now = datetime.now(UTC)
    connection.execute(
        "INSERT INTO submissions (endpoint, process_id, state, job_id, intended, updated)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (endpoint, job_id) DO NOTHING",
        (endpoint, info.process_id, SubmissionState.CONFIRMED, info.job_id, text_of(info.created or now), text_of(now)),
    )
    entry = _one(connection, "endpoint = ? AND job_id = ?", endpoint, info.job_id)
    _write_status(connection, entry.submission, info)
    return _one(connection, "submission = ?", entry.submission)


def _write_answer(connection: sqlite3.Connection, submission: int, answer: KeptAnswer) -> None:
    links = json.dumps([link.wire() for link in answer.links])
    connection.execute(
        "UPDATE submissions SET answer = ?, answer_type = ?, answer_links = ?, answer_url = ? WHERE submission = ?",
        (answer.body, answer.media_type, links, answer.url, submission),
    )


def _write_status(connection: sqlite3.Connection, submission: int, info: StatusInfo) -> None:
    connection.execute(
        "UPDATE submissions SET process_id = coalesce(process_id, ?), status = ?, message = ?, progress = ?,"
        " started = coalesce(?, started), finished = coalesce(?, finished), updated = ? WHERE submission = ?",
        (
            info.process_id,
            info.status,
            info.message,
            info.progress,
            text_of(info.started),
            text_of(info.finished),
            text_of(datetime.now(UTC)),
            submission,
        ),
    )


def _select(connection: sqlite3.Connection, where: str, *values: object) -> tuple[Entry, ...]:
    rows = connection.execute(f"SELECT {COLUMNS} FROM submissions WHERE {where}", values)  # noqa: S608 - ours
    return tuple(entry_of(row) for row in rows)


def _one(connection: sqlite3.Connection, where: str, *values: object) -> Entry:
    return _select(connection, where, *values)[0]


def _now() -> str | None:
    return text_of(datetime.now(UTC))
