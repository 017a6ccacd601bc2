"""Rows of the journal's table: found, and written within a transaction of the journal's."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from mcp_ogc.jobs.entries import COLUMNS, Entry, KeptAnswer, SubmissionState, entry_of, text_of
from mcp_ogc.ogc.models import JobStatus, StatusInfo

OF_JOB = "started, finished, answer, answer_type, answer_links, answer_url, results_digest"
"""What a row tells of its job, and not of its submission."""
LEFT = "the server that sent it ended before an answer came, so the job may exist"


def open_submission(
    connection: sqlite3.Connection,
    *,
    user: str,
    endpoint: str,
    process_id: str,
    version: str,
    digest: str,
    since: datetime,
) -> Entry | None:
    """A submission of the same request that is not known to have ended, or whose job nobody has asked for yet.

    The newest that has a job, or else the newest: of several that lost their answers, who asks again wants the job
    that there is. A server that is killed while it answers is asked the same again, and a short job has ended by then.
    """
    found = select(
        connection,
        "user = ? AND endpoint = ? AND process_id = ? AND process_version = ? AND digest = ? AND intended >= ?"
        " AND state != ? AND same_as IS NULL AND gone IS NULL AND (status IS NULL OR status IN (?, ?)"
        " OR (status = ? AND told IS NULL))"
        " ORDER BY job_id IS NULL, submission DESC LIMIT 1",
        user,
        endpoint,
        process_id,
        version,
        digest,
        text_of(since),
        SubmissionState.REFUSED,
        JobStatus.ACCEPTED,
        JobStatus.RUNNING,
        JobStatus.SUCCESSFUL,
    )
    return found[0] if found else None


def give_up_job(connection: sqlite3.Connection, submission: int, job_id: str) -> None:
    """Make a job this submission's alone, with what is known of it.

    It may have been seen in the endpoint's list before its submission was answered; an endpoint may answer an equal
    request with the job it has (MAAP): the older submission stays, without the job; and it may have been taken for the
    job of a submission that was never answered, which then is looked for again.
    """
    others = select(
        connection,
        "job_id = ? AND submission != ? AND endpoint = (SELECT endpoint FROM submissions WHERE submission = ?)",
        job_id,
        submission,
        submission,
    )
    for other in others:
        connection.execute(
            f"UPDATE submissions SET ({OF_JOB}) = (SELECT {OF_JOB} FROM submissions WHERE submission = ?)"  # noqa: S608
            " WHERE submission = ?",
            (other.submission, submission),
        )
        if other.digest is None:
            connection.execute("DELETE FROM submissions WHERE submission = ?", (other.submission,))
        elif other.reason is None:
            connection.execute(
                "UPDATE submissions SET job_id = NULL, same_as = ? WHERE submission = ?", (submission, other.submission)
            )
        else:
            connection.execute(
                "UPDATE submissions SET state = ?, job_id = NULL, status = NULL, results_digest = NULL"
                " WHERE submission = ?",
                (SubmissionState.UNCONFIRMED, other.submission),
            )


def give_up(connection: sqlite3.Connection, user: str, under_way: timedelta) -> frozenset[str]:
    """Make unconfirmed what is intended for longer than any answer takes: its server is gone; the endpoints of these.

    One that was intended later than now was by a clock that has been set back since.
    """
    now = datetime.now(UTC)
    left = select(
        connection,
        "user = ? AND state = ? AND NOT intended BETWEEN ? AND ?",
        user,
        SubmissionState.INTENDED,
        text_of(now - under_way),
        text_of(now),
    )
    for entry in left:
        connection.execute(
            "UPDATE submissions SET state = ?, reason = ?, answered = ?, updated = ? WHERE submission = ?",
            (SubmissionState.UNCONFIRMED, LEFT, text_of(entry.intended + under_way), text_of(now), entry.submission),
        )
    return frozenset(entry.endpoint for entry in left)


def become(connection: sqlite3.Connection, submission: int, info: StatusInfo, place: str | None) -> Entry:
    """Write which job a submission became, and where it is if not at the usual place."""
    give_up_job(connection, submission, info.job_id)
    connection.execute(
        "UPDATE submissions SET state = ?, job_id = ?, job_place = ?, answered = coalesce(answered, ?)"
        " WHERE submission = ?",
        (SubmissionState.CONFIRMED, info.job_id, place, text_of(datetime.now(UTC)), submission),
    )
    write_status(connection, submission, info)
    return one(connection, "submission = ?", submission)


def is_anothers(connection: sqlite3.Connection, user: str, submission: int, job_id: str) -> bool:
    """Whether another user's submission became a job for certain, not by its being found in a list."""
    others = select(
        connection,
        "user != ? AND job_id = ? AND digest IS NOT NULL AND reason IS NULL"
        " AND endpoint = (SELECT endpoint FROM submissions WHERE submission = ?)",
        user,
        job_id,
        submission,
    )
    return bool(others)


def add_job(connection: sqlite3.Connection, user: str, endpoint: str, info: StatusInfo) -> None:
    """Write that an endpoint has a job; one that was only seen before, by another user, is this one's from now on."""
    now = datetime.now(UTC)
    connection.execute(
        "INSERT INTO submissions (user, endpoint, process_id, state, job_id, intended, updated)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (endpoint, job_id) DO UPDATE SET user = excluded.user WHERE digest IS NULL",
        (
            user,
            endpoint,
            info.process_id,
            SubmissionState.CONFIRMED,
            info.job_id,
            text_of(info.created or now),
            text_of(now),
        ),
    )


def write_answer(connection: sqlite3.Connection, submission: int, answer: KeptAnswer) -> None:
    """Keep results with a submission."""
    links = json.dumps([link.wire() for link in answer.links])
    connection.execute(
        "UPDATE submissions SET answer = ?, answer_type = ?, answer_links = ?, answer_url = ? WHERE submission = ?",
        (answer.body, answer.media_type, links, answer.url, submission),
    )


def write_status(connection: sqlite3.Connection, submission: int, info: StatusInfo) -> None:
    """Write the status of a submission's job; what it does not tell stays as it was."""
    connection.execute(
        "UPDATE submissions SET process_id = coalesce(process_id, :process_id), status = :status,"
        # What was said of another status is no word of this one.
        " message = CASE WHEN status = :status THEN coalesce(:message, message) ELSE :message END,"
        " progress = CASE WHEN status = :status THEN coalesce(:progress, progress) ELSE :progress END,"
        " started = coalesce(:started, started), finished = coalesce(:finished, finished), updated = :updated,"
        " gone = NULL WHERE submission = :submission",
        {
            "process_id": info.process_id,
            "status": info.status,
            "message": info.message,
            "progress": info.progress,
            "started": text_of(info.started),
            "finished": text_of(info.finished),
            "updated": text_of(datetime.now(UTC)),
            "submission": submission,
        },
    )


def select(connection: sqlite3.Connection, where: str, *values: object) -> tuple[Entry, ...]:
    """The submissions that fulfil a condition."""
    rows = connection.execute(f"SELECT {COLUMNS} FROM submissions WHERE {where}", values)  # noqa: S608 - ours
    return tuple(entry_of(row) for row in rows)


def own_jobs(connection: sqlite3.Connection, user: str, endpoint: str, job_ids: Sequence[str]) -> frozenset[str]:
    """Which jobs of an endpoint are a user's."""
    rows = connection.execute(
        "SELECT job_id FROM submissions WHERE user = ? AND endpoint = ? AND job_id IN (SELECT value FROM json_each(?))",
        (user, endpoint, json.dumps(job_ids)),
    )
    return frozenset(row[0] for row in rows)


def one(connection: sqlite3.Connection, where: str, *values: object) -> Entry:
    """The first of them."""
    return select(connection, where, *values)[0]
