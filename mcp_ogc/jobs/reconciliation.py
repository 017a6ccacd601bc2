"""Looking for the jobs of submissions that were never answered, in the endpoint's own list of jobs.

A submission that lost its answer is never sent again; if it became a job, the list has it: of the same process, created
while the submission was under way, and known to nobody here.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import JournalError, OgcError
from mcp_ogc.ogc.clock import ServerClock
from mcp_ogc.ogc.models import StatusInfo

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.ogc.client import ProcessesClient

logger = logging.getLogger(__name__)

PAGES = 20
LOOK_SECONDS = 25
"""For what one endpoint was sent by a server that is gone."""
UNDER_WAY = timedelta(minutes=2)
"""A submission that is intended for longer than any answer may take was left by a server that is gone."""


async def settle(clients: Mapping[str, ProcessesClient], journal: Journal) -> None:
    """Look for what a server that is gone had sent; where it can't be found it is unconfirmed, and looked for later.

    For a server that begins: no request is sent where nothing was left.
    """
    try:
        for name in await journal.give_up(UNDER_WAY):
            if name in clients:
                await _settled(name, clients[name], journal)
    except JournalError as error:
        logger.warning("What another server left could not be looked for: %s", error)


async def _settled(name: str, client: ProcessesClient, journal: Journal) -> None:
    try:
        with anyio.fail_after(LOOK_SECONDS):
            await reconcile(name, client, journal)
    except (OgcError, TimeoutError) as error:
        logger.info("What another server sent to %s could not be looked for: %s", name, error)


async def reconcile(name: str, client: ProcessesClient, journal: Journal) -> tuple[Entry, ...]:
    """Confirm what can be told for certain; the submissions that are jobs now.

    Raises:
        NotOffered: The endpoint has no list of jobs.
        OgcError: It can't be read.
    """
    await journal.give_up(UNDER_WAY)
    lost = await journal.unanswered(name)
    if not lost:
        return ()
    since = min(entry.intended for entry in lost)
    listed = await _listed(client, since)
    known = {entry.job_id for entry in await journal.jobs_since(name, since - UNDER_WAY) if entry.digest}
    # What another user's submission may have become is nobody's by this look: it is theirs to find.
    rivals = await journal.unanswered_of_others(name)
    unknown = [info for info in listed if info.job_id not in known]
    matched = match([*lost, *rivals], unknown, client.clock)
    found = [await journal.confirm_found(entry.submission, info) for entry, info in matched if entry in lost]
    return tuple(entry for entry in found if entry)


def match(lost: Sequence[Entry], jobs: Sequence[StatusInfo], clock: ServerClock) -> list[tuple[Entry, StatusInfo]]:
    """Which submission became which job, as far as there is no doubt.

    A job is a submission's where it could be no other's: same process, created while it was under way, and the same
    inputs where the server tells them. Submissions that asked for the same are interchangeable.

    Args:
        lost: The submissions.
        jobs: What they may have become; when they were created is told by `clock`.
        clock: The endpoint's.
    """
    left = {entry.submission: entry for entry in lost}
    open_jobs = sorted(jobs, key=lambda info: info.created or datetime.max.replace(tzinfo=UTC))
    matched: list[tuple[Entry, StatusInfo]] = []
    while True:
        found = next(
            (
                (fitting[0], info)
                for info in open_jobs
                if (fitting := [entry for entry in left.values() if _fits(entry, info, clock)])
                and len({entry.digest for entry in fitting}) == 1
            ),
            None,
        )
        if found is None:
            return matched
        entry, info = found
        matched.append((entry, info))
        del left[entry.submission]
        open_jobs.remove(info)


def _fits(entry: Entry, info: StatusInfo, clock: ServerClock) -> bool:
    if info.created is None or info.process_id not in (None, entry.process_id):
        return False
    if info.inputs is not None and info.inputs != entry.inputs:
        return False
    ended = entry.answered or entry.intended + UNDER_WAY
    first, last = clock.ahead(entry.intended).ours(info.created)
    return entry.intended <= last and first <= ended


async def _listed(client: ProcessesClient, since: datetime) -> list[StatusInfo]:
    """The jobs that were created since, and any whose time is not told."""
    found: list[StatusInfo] = []
    page: str | None = None
    for _ in range(PAGES):
        listed = await client.everyones_jobs(page=page)
        clock = client.clock.ahead(since)
        earlier = [info for info in listed.jobs if info.created and clock.ours(info.created)[1] < since]
        found += [info for info in listed.jobs if info not in earlier]
        page = listed.next_page
        if page is None or (earlier and len(earlier) == len(listed.jobs)):
            break
    return found
