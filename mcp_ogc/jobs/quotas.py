"""Quotas: how many jobs of a user may be open, and how many submissions an hour has, as the journal tells."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from mcp_ogc.errors import QuotaReached
from mcp_ogc.jobs.entries import Entry, SubmissionState, entry_of, text_of
from mcp_ogc.ogc.models import JobStatus

if TYPE_CHECKING:
    from mcp_ogc.settings import QuotaSettings

HOUR = timedelta(hours=1)
SKEW = timedelta(minutes=1)
"""What was submitted later than this from now was submitted by a clock that has been set back since: it is no longer
counted, so that the quota resets within an hour whatever the clock does."""


class TooManyOpen(QuotaReached):
    """As many jobs are open as may be, as far as is known here.

    Args:
        open_jobs: They, oldest first; some may have ended since they were last looked at.
        most: As many may be.
    """

    def __init__(self, open_jobs: tuple[Entry, ...], most: int) -> None:
        oldest = next((entry for entry in open_jobs if entry.job_id), None)
        wait = (
            f'ogc_get_job(job_id="{oldest.job_id}", endpoint="{oldest.endpoint}", wait_seconds=45) waits for the oldest'
            if oldest
            else "ogc_list_jobs shows them"
        )
        super().__init__(
            f"{len(open_jobs)} jobs submitted from here are open, and the quota is {most}; nothing was sent",
            remedy=f"It resets when one of them ends: {wait}, ogc_dismiss_job ends one. "
            "[quotas] running_jobs in the settings is the operator's to raise",
        )
        self.open_jobs = open_jobs


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be submitted. Jobs of other endpoints than these can neither be followed nor ended from here."""

    quotas: QuotaSettings
    endpoints: Collection[str]

    def check(self, connection: sqlite3.Connection, user: str, now: datetime) -> None:
        """Decide within the transaction that writes an intent, so that of many calls at once none is too much.

        Only the user's own are counted: another's could be neither ended nor named.

        Raises:
            QuotaReached: With when it resets.
        """
        recent = "FROM submissions WHERE user = ? AND digest IS NOT NULL AND intended > ? AND intended < ?"
        within = (user, text_of(now - HOUR), text_of(now + SKEW))
        (count,) = connection.execute(f"SELECT count(*) {recent}", within).fetchone()
        most = self.quotas.submissions_per_hour
        if count >= most:
            (last,) = connection.execute(
                f"SELECT intended {recent} ORDER BY intended DESC LIMIT 1 OFFSET ?",
                (*within, most - 1),
            ).fetchone()
            resets = datetime.fromisoformat(last) + HOUR
            raise QuotaReached(
                f"{count} executions were submitted within the last hour, and the quota is {most}; nothing was sent",
                remedy=f"It resets at {resets:%Y-%m-%dT%H:%M:%SZ}, in {max(1, round((resets - now) / HOUR * 60))} min. "
                "[quotas] submissions_per_hour in the settings is the operator's to raise",
            )
        open_jobs = tuple(entry for entry in _open(connection, user, now) if entry.endpoint in self.endpoints)
        if len(open_jobs) >= self.quotas.running_jobs:
            raise TooManyOpen(open_jobs, self.quotas.running_jobs)


def _open(connection: sqlite3.Connection, user: str, now: datetime) -> tuple[Entry, ...]:
    """A user's submissions from here that have not ended, as far as is known; one without a job counts for an hour."""
    rows = connection.execute(
        "SELECT * FROM submissions WHERE user = ? AND digest IS NOT NULL AND state != ? AND ("
        " (job_id IS NOT NULL AND (status IS NULL OR status IN (?, ?)))"
        " OR (job_id IS NULL AND intended > ? AND intended < ?))"
        " ORDER BY submission",
        (
            user,
            SubmissionState.REFUSED,
            JobStatus.ACCEPTED,
            JobStatus.RUNNING,
            text_of(now - HOUR),
            text_of(now + SKEW),
        ),
    )
    return tuple(entry_of(row) for row in rows)
