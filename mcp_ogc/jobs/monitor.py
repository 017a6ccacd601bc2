"""Following a job until it ends or the caller has waited long enough."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import Unreachable
from mcp_ogc.ogc.models import StatusInfo

if TYPE_CHECKING:
    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.workspace import Endpoint

LONGEST_WAIT = 45
"""Seconds. Desktop clients end a call after 60."""
TIME_TO_ANSWER = 3
"""Seconds a wait leaves of the time its caller has."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 5.0

Watcher = Callable[[StatusInfo], Awaitable[None]]


async def wait(
    endpoint: Endpoint, journal: Journal, job_id: str, seconds: float, *, on_status: Watcher | None = None
) -> StatusInfo:
    """Poll a job, ever more rarely, for at most `seconds` (bounded at 45); its last status is returned and journalled.

    Cancelling stops the wait, never the job.

    Raises:
        NoSuchJob: The endpoint does not know the job.
        Unreachable: The endpoint did not answer the first request; later ones are tried again until the time is up.
    """
    begun = anyio.current_time()
    deadline = min(begun + min(seconds, LONGEST_WAIT), anyio.current_effective_deadline() - TIME_TO_ANSWER)
    pause = FIRST_PAUSE
    info = await _look(endpoint, journal, job_id, on_status)
    while not info.status.ended and (left := deadline - anyio.current_time()) > 0:
        await anyio.sleep(min(pause, left))
        pause = min(pause * 1.6, LONGEST_PAUSE)
        with suppress(Unreachable):  # a moment without an answer does not end the wait
            info = await _look(endpoint, journal, job_id, on_status)
    return info


async def _look(endpoint: Endpoint, journal: Journal, job_id: str, on_status: Watcher | None) -> StatusInfo:
    info = await endpoint.client.job(job_id)
    await journal.record(endpoint.name, info)
    if on_status:
        await on_status(info)
    return info
