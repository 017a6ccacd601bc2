"""The journal: every submission and every job of every endpoint, kept through restarts.

A submission is `intended` before it is sent, then `confirmed` (a job exists), `refused` (the endpoint said no, so there
is no job) or `unconfirmed` (no answer came: the job may exist; it is never sent again). SQLite with a rollback journal,
so that several servers share it; a connection lives for one call, in a thread.

A journal is one user's: it shows that user's submissions and jobs. All users' are in one file, because a job of an
endpoint is one user's alone, and whose it is has to be known to all.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mcp_ogc.errors import NotPermitted, SettingsError
from mcp_ogc.jobs.entries import Entry, Intent, KeptAnswer, SubmissionState, text_of
from mcp_ogc.jobs.journal_calls import in_thread
from mcp_ogc.jobs.quotas import Allowance
from mcp_ogc.jobs.rows import (
    add_job,
    become,
    give_up,
    is_anothers,
    one,
    open_submission,
    own_jobs,
    select,
    write_answer,
    write_status,
)
from mcp_ogc.jobs.schema import LaterVersion, migrate
from mcp_ogc.ogc.models import JobStatus, JsonObject, Link, StatusInfo

BUSY_SECONDS = 10


class Journal:
    """The journal of one user, in a SQLite file.

    Args:
        path: Of the file.
        user: Whose: a `User.name`.
        shared: Endpoints where other users' jobs are seen too: a job there is this user's only if it was submitted
            from here for them.

    Raises:
        SettingsError: The file can't be opened, or was written by a later version that this one can't read.
    """

    def __init__(self, path: Path, user: str = "", shared: frozenset[str] = frozenset()) -> None:
        self.path = path
        self._user = user
        self._shared = shared
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                migrate(connection)
        except LaterVersion as error:
            raise SettingsError(
                f"The journal {path} can't be used: {error}",
                remedy="Update mcp-ogc, or name another folder with data_folder; the file was left as it is",
            ) from error
        except (OSError, sqlite3.Error) as error:
            raise SettingsError(
                f"The journal {path} can't be opened: {error}",
                remedy="Make its folder writable, or name another with data_folder",
            ) from error

    @in_thread
    def intend(
        self,
        endpoint: str,
        process_id: str,
        version: str,
        inputs: JsonObject,
        digest: str,
        *,
        same_since: datetime | None,
        allowance: Allowance | None = None,
    ) -> Intent:
        """Write that an execution is about to be sent.

        Where the same request was written since `same_since` and is still open (unanswered, accepted or running), that
        one stands and nothing is written; one transaction, so that of two equal calls only one is sent.

        Raises:
            QuotaReached: It would be more than is allowed; nothing is written.
        """
        now = _now()
        with self._writing() as connection:
            earlier = same_since and open_submission(
                connection,
                user=self._user,
                endpoint=endpoint,
                process_id=process_id,
                version=version,
                digest=digest,
                since=same_since,
            )
            if earlier:
                return Intent(earlier.submission, earlier)
            if allowance:
                allowance.check(connection, self._user, datetime.now(UTC))
            values = (self._user, endpoint, process_id, version, digest, json.dumps(inputs))
            cursor = connection.execute(
                "INSERT INTO submissions"
                " (user, endpoint, process_id, process_version, digest, inputs, state, intended, updated)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, SubmissionState.INTENDED, now, now),
            )
            return Intent(int(cursor.lastrowid or 0), None)

    @in_thread
    def open_submission(
        self, endpoint: str, process_id: str, version: str, digest: str, since: datetime
    ) -> Entry | None:
        """The same request, written since a time and still open."""
        with closing(self._connect()) as connection:
            return open_submission(
                connection,
                user=self._user,
                endpoint=endpoint,
                process_id=process_id,
                version=version,
                digest=digest,
                since=since,
            )

    @in_thread
    def entry(self, submission: int) -> Entry:
        """One submission as it stands."""
        with closing(self._connect()) as connection:
            return one(connection, "submission = ?", submission)

    @in_thread
    def confirm(self, submission: int, info: StatusInfo, place: str | None = None) -> Entry:
        """Write which job a submission became, and where it is if not at the usual place.

        Raises:
            NotPermitted: The endpoint answered with the job of another user: some give equal requests one job (MAAP).
        """
        with self._writing() as connection:
            taken = is_anothers(connection, self._user, submission, info.job_id)
            if taken:
                connection.execute(
                    "UPDATE submissions SET state = ?, reason = ?, answered = coalesce(answered, ?)"
                    " WHERE submission = ?",
                    (SubmissionState.REFUSED, "another user's job", _now(), submission),
                )
        if taken:
            raise NotPermitted(
                "The endpoint ran nothing: it answered with a job that it had already, and that is another user's",
                remedy="Change an input, or ask the operator for credentials of your own there",
            )
        with self._writing() as connection:
            connection.execute("UPDATE submissions SET reason = NULL WHERE submission = ?", (submission,))
            return become(connection, submission, info, place)

    @in_thread
    def confirm_found(self, submission: int, info: StatusInfo) -> Entry | None:
        """Write which job a submission without an answer became, as the endpoint's list tells.

        None, and nothing is written, where somebody else was sooner: the submission has an answer by now, or the job
        is another submission's. Of two who look at once, neither takes a job from the other.
        """
        with self._writing() as connection:
            entry = one(connection, "submission = ?", submission)
            if entry.state not in (SubmissionState.UNCONFIRMED, SubmissionState.INTENDED):
                return None
            taken = "endpoint = ? AND job_id = ? AND digest IS NOT NULL"
            if select(connection, taken, entry.endpoint, info.job_id):
                return None
            return become(connection, submission, info, None)

    @in_thread
    def keep_answer(self, submission: int, job_id: str, answer: KeptAnswer) -> Entry:
        """Write that a submission was answered synchronously, with the answer."""
        with self._writing() as connection:
            now = _now()
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = ?, status = ?, progress = 100, finished = ?, updated = ?,"
                " answered = ? WHERE submission = ?",
                (SubmissionState.CONFIRMED, job_id, JobStatus.SUCCESSFUL, now, now, now, submission),
            )
            write_answer(connection, submission, answer)
            return one(connection, "submission = ?", submission)

    @in_thread
    def save_results(self, endpoint: str, job_id: str, answer: KeptAnswer) -> None:
        """Write the results of a job that is about to be dismissed: its endpoint will not have them any more."""
        with self._writing() as connection:
            found = select(connection, "user = ? AND endpoint = ? AND job_id = ?", self._user, endpoint, job_id)
            for entry in found:
                write_answer(connection, entry.submission, answer)

    @in_thread
    def note_results(self, endpoint: str, job_id: str, digest: str) -> str | None:
        """Write what the results were; the digest they had when they were read before, None the first time."""
        with self._writing() as connection:
            found = select(connection, "user = ? AND endpoint = ? AND job_id = ?", self._user, endpoint, job_id)
            connection.execute(
                "UPDATE submissions SET results_digest = ? WHERE user = ? AND endpoint = ? AND job_id = ?",
                (digest, self._user, endpoint, job_id),
            )
        return found[0].results_digest if found else None

    @in_thread
    def note_told(self, submission: int) -> None:
        """Write that whoever executed it knows which job it is: it was asked for by its id."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET told = coalesce(told, ?) WHERE submission = ?", (_now(), submission)
            )

    @in_thread
    def close_submission(self, submission: int, state: SubmissionState, reason: str) -> None:
        """Write that a submission was refused, or that no answer came."""
        now = _now()
        with self._writing() as connection:
            connection.execute(
                "UPDATE submissions SET state = ?, reason = ?, answered = coalesce(answered, ?), updated = ?"
                " WHERE submission = ?",
                (state, reason, now, now, submission),
            )

    @in_thread
    def give_up(self, under_way: timedelta) -> frozenset[str]:
        """Write that no answer comes any more to what is intended for longer than a time; where it was sent."""
        with self._writing() as connection:
            return give_up(connection, self._user, under_way)

    @in_thread
    def unanswered(self, endpoint: str) -> tuple[Entry, ...]:
        """Submissions that may have become a job nobody knows."""
        with closing(self._connect()) as connection:
            lost = "user = ? AND endpoint = ? AND state = ? ORDER BY submission"
            return select(connection, lost, self._user, endpoint, SubmissionState.UNCONFIRMED)

    @in_thread
    def unanswered_of_others(self, endpoint: str) -> tuple[Entry, ...]:
        """Other users' submissions that may have become a job, those under way too."""
        with closing(self._connect()) as connection:
            return select(
                connection,
                "user != ? AND endpoint = ? AND state IN (?, ?)",
                self._user,
                endpoint,
                SubmissionState.UNCONFIRMED,
                SubmissionState.INTENDED,
            )

    @in_thread
    def record(self, endpoint: str, info: StatusInfo, *, asked: datetime | None = None) -> None:
        """Write the status of a job, submitted from here or not.

        Args:
            endpoint: Whose.
            info: What it tells.
            asked: When it was asked: a job that was dismissed or seen to end since stays so.
        """
        with self._writing() as connection:
            self._record(connection, endpoint, info, asked)

    @in_thread
    def record_all(self, endpoint: str, infos: Sequence[StatusInfo], *, asked: datetime | None = None) -> None:
        """Write the status of many jobs at once, as `record` does."""
        if not infos:
            return
        with self._writing() as connection:
            for info in infos:
                self._record(connection, endpoint, info, asked)

    def _record(self, connection: sqlite3.Connection, endpoint: str, info: StatusInfo, asked: datetime | None) -> None:
        """Write the status of a job that is this user's.

        One that nobody submitted from here is whoever's has it shown by an endpoint that is not shared.
        """
        if endpoint not in self._shared:
            add_job(connection, self._user, endpoint, info)
        for entry in select(connection, "user = ? AND endpoint = ? AND job_id = ?", self._user, endpoint, info.job_id):
            if not (asked and entry.is_newer(info, asked)):
                write_status(connection, entry.submission, info)

    @in_thread
    def note_gone(self, endpoint: str, job_id: str) -> bool:
        """Write that the endpoint does not have a job any more; since when is kept until it is seen again.

        Whether it was this user's job at all.
        """
        with self._writing() as connection:
            written = connection.execute(
                "UPDATE submissions SET gone = coalesce(gone, ?) WHERE user = ? AND endpoint = ? AND job_id = ?",
                (_now(), self._user, endpoint, job_id),
            )
            return written.rowcount > 0

    @in_thread
    def find(self, job_id: str, endpoint: str | None = None) -> tuple[Entry, ...]:
        """The jobs of that id: one for each endpoint that has it."""
        with closing(self._connect()) as connection:
            return select(
                connection,
                "user = ? AND job_id = ? AND (? IS NULL OR endpoint = ?) ORDER BY submission DESC",
                self._user,
                job_id,
                endpoint,
                endpoint,
            )

    @in_thread
    def owned(self, endpoint: str, job_ids: Sequence[str]) -> frozenset[str]:
        """Which jobs of an endpoint are this user's."""
        with closing(self._connect()) as connection:
            return own_jobs(connection, self._user, endpoint, job_ids)

    @in_thread
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
            return select(
                connection,
                "user = ? AND (? IS NULL OR (intended, submission) < (?, ?)) AND (? IS NULL OR endpoint = ?)"
                " AND (? IS NULL OR process_id = ?) AND (? IS NULL OR status = ?) AND state != ? AND same_as IS NULL"
                # What is gone is not known to be open any more.
                " AND (? IS NULL OR gone IS NULL OR status NOT IN (?, ?))"
                " ORDER BY intended DESC, submission DESC LIMIT ?",
                self._user,
                before and before[1],
                *(before or (None, None)),
                endpoint,
                endpoint,
                process_id,
                process_id,
                status,
                status,
                SubmissionState.REFUSED,
                status,
                JobStatus.ACCEPTED,
                JobStatus.RUNNING,
                limit,
            )

    @in_thread
    def jobs_since(self, endpoint: str, since: datetime) -> tuple[Entry, ...]:
        """The jobs of an endpoint that were submitted or seen since a time, by any user."""
        with closing(self._connect()) as connection:
            return select(connection, "endpoint = ? AND job_id IS NOT NULL AND intended >= ?", endpoint, text_of(since))

    @in_thread
    def answer(self, endpoint: str, job_id: str) -> KeptAnswer | None:
        """The kept synchronous answer; None where the job has its results at the endpoint."""
        with closing(self._connect()) as connection:
            row = connection.execute(
                "SELECT answer_type, answer, answer_links, answer_url FROM submissions"
                " WHERE user = ? AND endpoint = ? AND job_id = ? AND answer IS NOT NULL",
                (self._user, endpoint, job_id),
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


def _now() -> str | None:
    return text_of(datetime.now(UTC))
