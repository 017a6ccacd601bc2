"""The jobs of all endpoints or one: what the journal remembers, and page by page what the endpoints list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import anyio
from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.errors import NoSuchJob, NotOffered, OgcError
from mcp_ogc.jobs.entries import text_of
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.ogc.models import JobList, JobStatus
from mcp_ogc.text import CONCISE_CHARACTERS, DETAILED_CHARACTERS, Answer, call, fitting, plural, respond
from mcp_ogc.tools.job_answers import Job, row, row_line, submitted
from mcp_ogc.tools.paging import Limit, decode, encode
from mcp_ogc.tools.spec import Call, workspace

if TYPE_CHECKING:
    from mcp_ogc.jobs.entries import Entry
    from mcp_ogc.ogc.dialects.dialect import Dialect
    from mcp_ogc.workspace import Endpoint, Workspace

LIST_SECONDS = 25
LOOKS_SECONDS = 10
"""For jobs that no list had, after the lists."""
SHOWN_JOBS = 20
SINGLE_LOOKS = 20
A_MOMENT = timedelta(minutes=1)
"""For which the next page believes what the page before was told."""
PAGES_AT_ONCE = 10
"""Of a list whose filter the server does not heed, read for one that has a job that is wanted (quirk Q16)."""


class Jobs(Answer):
    """Answer of ogc_list_jobs."""

    jobs: tuple[Job, ...]
    not_asked: tuple[str, ...] = ()
    more_at: tuple[str, ...] = ()
    next_cursor: str | None = None


async def list_jobs(
    ctx: Call,
    endpoint: str | None = None,
    process_id: str | None = None,
    status: JobStatus | None = None,
    limit: Annotated[Limit | None, Field(description="as many as fit a short answer if left out")] = None,
    cursor: str | None = None,
) -> Annotated[CallToolResult, Jobs]:
    """Jobs of all endpoints or one, newest first: those submitted from here and those the endpoint lists."""
    work = await workspace(ctx)
    scope = f"jobs {endpoint or ''} {process_id or ''} {status or ''}"
    place = decode(cursor, scope)
    before, most = before_of(place.get("before")), limit or SHOWN_JOBS
    position = (text_of(before[0]) or "", before[1]) if before else None
    reading = _Reading(work, process_id, status, most, before)
    if cursor is None:
        await reading.begin([work.endpoint(endpoint)] if endpoint else list(work.endpoints.values()))
    else:
        await reading.go_on(place.get("further"))
    room = DETAILED_CHARACTERS if limit else CONCISE_CHARACTERS
    entries = await _entries(reading, endpoint, position, room)
    rows = _rows(reading, entries, room)
    next_cursor = None
    if len(entries) > len(rows) or reading.further:
        last = entries[len(rows) - 1].position if rows else position
        next_cursor = encode(scope, before=list(last) if last else None, further=dict(reading.further))
    follow = ", more may follow" if next_cursor else ""
    lines = [f"{plural(len(rows), 'job')}{follow}:" if rows else f"No jobs{' so far' if next_cursor else ''}."]
    lines += [row_line(one) for one in rows]
    lines += [f"Not asked: {problem}" for problem in reading.not_asked]
    if next_cursor:
        page = call(
            "ogc_list_jobs", endpoint=endpoint, process_id=process_id, status=status, limit=limit, cursor=next_cursor
        )
        lines.append(f"Next page: {page}")
    lines += [
        f"{name} lists jobs to which no cursor leads: list anew without one, raise limit, or give process_id or status"
        for name in reading.more_at
    ]
    if following := _following(work, rows, endpoint, next_cursor, is_filtered=bool(process_id or status)):
        lines.append(f"Next: {following}")
    reply = Jobs(
        jobs=rows,
        not_asked=tuple(reading.not_asked),
        more_at=tuple(reading.more_at),
        next_cursor=next_cursor,
    )
    return respond(lines, reply)


def _following(
    work: Workspace, rows: tuple[Job, ...], endpoint: str | None, next_cursor: str | None, *, is_filtered: bool
) -> str | None:
    """The next call, if it is not the next page: for a job that can be looked at, else for what else there is."""
    for one in rows:
        if one.job_id and one.endpoint in work.endpoints and one.status != JobStatus.DISMISSED and not one.gone:
            return call("ogc_get_job", job_id=one.job_id, endpoint=one.endpoint)
    if next_cursor:
        return None
    if rows and is_filtered:
        return call("ogc_list_jobs", endpoint=endpoint)
    if endpoint or work.default_endpoint:
        return call("ogc_list_processes", endpoint=endpoint)
    return call("ogc_list_endpoints")


async def _entries(
    reading: _Reading, endpoint: str | None, position: tuple[str, int] | None, room: int
) -> tuple[Entry, ...]:
    """A page of the journal, and more, once each open job that is shown was seen, or as many as there is time for."""
    newest = partial(
        reading.work.journal.newest,
        reading.limit + 1,
        before=position,
        endpoint=endpoint,
        process_id=reading.process_id,
        status=reading.status,
    )
    with anyio.move_on_after(LOOKS_SECONDS):
        entries = await newest()
        while await reading.look_at(entries[: len(_rows(reading, entries, room))]):
            entries = await newest()  # who has ended makes room for others
        return entries
    return await newest()  # with what was seen before the time was over


def _rows(reading: _Reading, entries: Sequence[Entry], room: int) -> tuple[Job, ...]:
    """The first of entries, as many as are asked for and fit so many characters."""
    rows = tuple(
        row(entry, _dialect(reading.work, entry.endpoint), reading.last_seen(entry))
        for entry in entries[: reading.limit]
    )
    return rows[: fitting([row_line(one) for one in rows], room)]


@dataclass(slots=True)
class _Reading:
    """Writes what endpoints list into the journal, one page of each for one page of the answer.

    Lists are newest first, so that a page further on is of jobs from before those that were shown. What is not, the
    journal has from then on, and a list that is begun anew shows it.
    """

    work: Workspace
    process_id: str | None
    status: JobStatus | None
    limit: int
    before: tuple[datetime, int] | None
    """Where the page of the answer begins."""
    further: dict[str, str] = field(default_factory=dict)
    """Where each list goes on."""
    not_asked: list[str] = field(default_factory=list)
    more_at: list[str] = field(default_factory=list)
    """Lists that go on where no cursor leads."""
    asked: datetime = field(default_factory=lambda: datetime.now(UTC))
    """When it began: what is dismissed meanwhile stays dismissed, whatever a list said before."""
    seen: set[tuple[str, str]] = field(default_factory=set)
    """Endpoints and ids of jobs that were told of since."""
    looked_at: set[tuple[str, str]] = field(default_factory=set)
    """Of those that no list had, asked for one by one."""
    silent: set[str] = field(default_factory=set)
    """Endpoints that gave no answer, and are not asked again."""

    async def begin(self, endpoints: list[Endpoint]) -> None:
        """Read the first page of each.

        Whatever status is wanted, the newest jobs are read whatever their status: one that was known to run may have
        ended.
        """
        async with anyio.create_task_group() as tasks:
            for endpoint in endpoints:
                tasks.start_soon(self._in_time, endpoint, partial(self._first, endpoint))

    async def go_on(self, further: JsonValue) -> None:
        """Read the page of each endpoint that a cursor holds."""
        places = further.items() if isinstance(further, dict) else ()
        async with anyio.create_task_group() as tasks:
            for name, position in places:
                if name in self.work.endpoints and isinstance(position, str):
                    endpoint = self.work.endpoints[name]
                    tasks.start_soon(self._in_time, endpoint, partial(self._further, endpoint, position))

    async def _in_time(self, endpoint: Endpoint, read: Callable[[], Awaitable[None]]) -> None:
        try:
            with anyio.fail_after(LIST_SECONDS):
                await read()
        except NotOffered:
            self.not_asked.append(f"{endpoint.name}: it has no list of jobs; those submitted from here are shown")
        except OgcError as error:
            self.silent.add(endpoint.name)
            self.not_asked.append(f"{endpoint.name}: {error}")
        except TimeoutError:
            self.silent.add(endpoint.name)
            self.not_asked.append(f"{endpoint.name}: it did not answer within {LIST_SECONDS} s")

    def last_seen(self, entry: Entry) -> datetime | None:
        """When an open job was told of, where that was before; None of others.

        A page further on is of the call before too: its lists may have told of jobs that it had no room for.
        """
        is_new = (entry.endpoint, entry.job_id) in self.seen or (
            self.before is not None and entry.updated >= self.asked - A_MOMENT
        )
        return entry.updated if entry.is_open and not is_new else None

    async def look_at(self, entries: Sequence[Entry]) -> bool:
        """Ask for open jobs that were on no list, each once; whether there were any.

        A list may be long, and a job that was known to run and has ended is neither on its first page nor among those
        that run.
        """
        unseen = [one for one in entries if self.last_seen(one) and self._can_be_asked(one)]
        unseen = unseen[: SINGLE_LOOKS - len(self.looked_at)]
        async with anyio.create_task_group() as tasks:
            for name in {one.endpoint for one in unseen}:
                its_own = [one for one in unseen if one.endpoint == name]
                tasks.start_soon(self._look, self.work.endpoints[name], its_own)
        return bool(unseen)

    def _can_be_asked(self, entry: Entry) -> bool:
        is_asked = (entry.endpoint, entry.job_id) in self.looked_at
        return entry.endpoint in self.work.endpoints and entry.endpoint not in self.silent and not is_asked

    async def _look(self, endpoint: Endpoint, entries: Sequence[Entry]) -> None:
        for entry in entries:
            job = (endpoint.name, entry.job_id or "")
            self.looked_at.add(job)
            try:
                await endpoint.monitor.wait(job[1], 0, submitted=submitted(entry))
                self.seen.add(job)
            except NoSuchJob:
                continue  # the monitor wrote that it is gone
            except OgcError:
                self.silent.add(endpoint.name)
                return

    async def _first(self, endpoint: Endpoint) -> None:
        await reconcile(endpoint.name, endpoint.client, self.work.journal)
        listed = await endpoint.client.jobs(limit=self.limit, process_id=self.process_id)
        await self._keep(endpoint, listed)
        if self.status and listed.next_page:
            listed = await endpoint.client.jobs(limit=self.limit, process_id=self.process_id, status=self.status)
            listed = await self._with_jobs(endpoint, listed)
            await self._keep(endpoint, listed)
        self._goes_on(endpoint, listed)

    async def _further(self, endpoint: Endpoint, position: str) -> None:
        listed = await endpoint.client.jobs(position=position, process_id=self.process_id, status=self.status)
        listed = await self._with_jobs(endpoint, listed)
        begins = self.before[0] if self.before else datetime.max.replace(tzinfo=UTC)
        older = [info for info in listed.jobs if info.created and info.created < begins]
        new = {info.job_id for info in listed.jobs if info not in older} - {
            entry.job_id for entry in await self.work.journal.jobs_since(endpoint.name, begins)
        }
        await self._keep(endpoint, listed)
        if new:
            self.more_at.append(endpoint.name)
        if new or older or listed.ids_only or not listed.jobs:
            self._goes_on(endpoint, listed)  # otherwise each page of it is the first (quirk Q14)

    async def _with_jobs(self, endpoint: Endpoint, listed: JobList) -> JobList:
        """A page, or the next that has a job which is wanted."""
        for _ in range(PAGES_AT_ONCE):
            if listed.jobs or listed.ids_only or not listed.next_position:
                break
            listed = await endpoint.client.jobs(
                position=listed.next_position, process_id=self.process_id, status=self.status
            )
        return listed

    async def _keep(self, endpoint: Endpoint, listed: JobList) -> None:
        await self.work.journal.record_all(endpoint.name, tuple(reversed(listed.jobs)), asked=self.asked)
        self.seen |= {(endpoint.name, info.job_id) for info in listed.jobs}
        for job_id in listed.ids_only[:SINGLE_LOOKS]:  # newest first; each has to be asked for (Q13)
            with suppress(NoSuchJob):
                info = await endpoint.client.job(job_id)
                await self.work.journal.record(endpoint.name, info, asked=self.asked)
                self.seen.add((endpoint.name, job_id))

    def _goes_on(self, endpoint: Endpoint, listed: JobList) -> None:
        if listed.is_cut_short:
            self.not_asked.append(f"{endpoint.name}: its list goes on, and the link to its next page is no URL")
        elif listed.next_position:
            self.further[endpoint.name] = listed.next_position
        elif listed.next_page and endpoint.name not in self.more_at:
            self.more_at.append(endpoint.name)


def _dialect(work: Workspace, endpoint: str) -> Dialect:
    """What an endpoint of the journal speaks, as far as is known; it may no longer be configured."""
    from mcp_ogc.ogc.dialects.standard import STANDARD

    known = work.endpoints.get(endpoint)
    return known.client.known_dialect if known else STANDARD


def before_of(told: JsonValue) -> tuple[datetime, int] | None:
    """The entry that the page of a cursor begins behind; None for the first page, and for what no cursor of ours holds.

    Args:
        told: `Entry.position` as JSON: a time of ISO 8601 with its offset, and a number of SQLite's.
    """
    match told:
        case [str(moment), int(number)] if abs(number) < 2**63:
            with suppress(ValueError, OverflowError):
                if (time := datetime.fromisoformat(moment)).tzinfo:
                    return time.astimezone(UTC), number
    return None
