"""What the journal holds: submissions, and the jobs they became."""

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum

from pydantic import JsonValue

from mcp_ogc.ogc.models import JobStatus, JsonObject, Link, StatusInfo

SYNCHRONOUS = "sync-"
"""Begins the id of what was answered at once, and so never was a job at its endpoint."""


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
    digest: str | None
    """Of inputs and outputs: what was asked. None for a job that was not submitted from here."""
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
    answered: datetime | None
    """When the endpoint answered the submission, or no answer was waited for any more."""
    job_place: str | None
    """Where the job is, if not at the usual place of the endpoint's jobs."""
    results_digest: str | None
    """Of the results as they were last read: `sha256:…`."""
    gone: datetime | None
    """Since when its endpoint is known not to have the job any more; its status is the last one before."""
    user: str = ""
    """Whose it is: a `User.name`."""
    told: datetime | None = None
    """Since when whoever executed it is known to know which job it is."""

    def is_newer(self, info: StatusInfo, asked: datetime) -> bool:
        """Whether more is known than an answer to what was asked at a time tells: it was dismissed since, or ended."""
        if self.status is None or self.updated <= asked:
            return False
        return self.status is JobStatus.DISMISSED or (self.status.ended and not info.status.ended)

    @property
    def is_open(self) -> bool:
        """Whether it is a job that is not known to have ended, nor to be gone."""
        return bool(self.job_id and self.status and not self.status.ended and not self.gone)

    @property
    def is_answered_here(self) -> bool:
        """Whether its endpoint has nothing to say of it: it answered at once, or the job was dismissed."""
        return self.status is JobStatus.DISMISSED or self.is_synchronous

    @property
    def is_synchronous(self) -> bool:
        """Whether it was answered at once: there is nothing to follow, to dismiss or to log."""
        return is_synchronous(self.job_id or "")

    @property
    def position(self) -> tuple[str, int]:
        """Where it stands among all: by when it was submitted, or created at its endpoint, whoever was seen first."""
        return text_of(self.intended) or "", self.submission


COLUMNS = ", ".join(field.name for field in fields(Entry))
"""What of a row an entry is of: not the answer that is kept beside it, which may be long."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """Results kept because nothing else has them: of a synchronous answer, or of a job that was dismissed."""

    media_type: str
    body: bytes
    links: tuple[Link, ...]
    """Results that came as Link headers."""
    url: str = ""
    """Where they were, so that relative links lead on."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A submission written before it is sent, or the open one of the same request that stands instead."""

    submission: int
    repeats: Entry | None


def is_synchronous(job_id: str) -> bool:
    """Whether an id was made up here, of what its endpoint answered at once: the endpoint does not know it."""
    return job_id.startswith(SYNCHRONOUS)


def digest_of(inputs: Mapping[str, JsonValue], outputs: Mapping[str, JsonValue] | None) -> str:
    """SHA-256 of what was asked, the same for the same values whatever their order."""
    canonical = json.dumps([inputs, outputs], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def entry_of(row: sqlite3.Row) -> Entry:
    """An entry of its row."""
    return Entry(
        submission=row["submission"],
        endpoint=row["endpoint"],
        process_id=row["process_id"],
        process_version=row["process_version"],
        inputs=json.loads(row["inputs"]),
        digest=row["digest"],
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
        answered=_time(row["answered"]),
        job_place=row["job_place"],
        results_digest=row["results_digest"],
        gone=_time(row["gone"]),
        user=row["user"],
        told=_time(row["told"]),
    )


def text_of(time: datetime | None) -> str | None:
    """UTC with microseconds always written, so that text order is time order."""
    return time.astimezone(UTC).isoformat(timespec="microseconds") if time else None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
