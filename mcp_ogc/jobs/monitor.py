"""Following the jobs of one endpoint: one poller, however many wait for however many jobs.

A job that has just been followed is looked at soon and then ever more rarely. Where many are due at once and the
endpoint lists its jobs, the list is read instead of each of them. What changed is written to the journal, told to
those who wait, and published to those who subscribed. Cancelling a wait never dismisses a job.
"""

from __future__ import annotations

import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import FollowingFailed, JournalError, NoSuchJob, NotOffered, OgcError, RemoteProblem, TimedOut
from mcp_ogc.jobs.entries import is_synchronous
from mcp_ogc.jobs.followed import FINAL, FIRST_PAUSE, LONGEST_WANTED, Asked, Followed
from mcp_ogc.ogc.models import JobStatus, StatusInfo

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.jobs.journal import Journal
    from mcp_ogc.ogc.client import ProcessesClient

logger = logging.getLogger(__name__)

LONGEST_WAIT = 45
"""Seconds. Desktop clients end a call after 60."""
LOOK_SECONDS = 20
"""How long a wait's own look may take, if that is longer than the wait."""
TIME_TO_ANSWER = 3
"""Seconds a wait leaves of the time its caller has."""
HEARTBEAT = 10.0
"""Seconds after which a wait says that it goes on, whether or not anything changed."""
SWEEP_PAUSE = 5.0
"""Seconds between two readings of the job list."""
FEW = 4
"""Jobs that are looked at one by one; more are read from the list, at most two requests a second."""
GAP = 0.55
"""Seconds between two requests of that pace, with a margin: at half a second some five seconds have eleven of them."""
PACED = 5.0
"""Seconds for which the pace holds on after there were many."""
SWEPT_PAGES = 50
SWEEPS = 2
"""Readings of the list that may fail one after the other; after that jobs are looked at one by one (quirk Q12)."""
LIST_PAUSE, LONGEST_LIST_PAUSE = 30.0, 480.0
"""Seconds until the list is read again then, twice as long each time it fails: it may have been a short outage, and a
thousand jobs can't be followed one by one."""

Watcher = Callable[[StatusInfo], Awaitable[None]]
Changed = Callable[[str, StatusInfo], Awaitable[None]]


class Monitor:
    """Follows the jobs of one endpoint.

    Args:
        name: The endpoint's.
        client: Asks it.
        journal: Remembers what it says.
        background: Where the poller runs: it outlives the call that started it.
        on_change: Told of every change; of a job that is gone, that it is dismissed.
    """

    def __init__(
        self, name: str, client: ProcessesClient, journal: Journal, background: TaskGroup, on_change: Changed
    ) -> None:
        self._name = name
        self._client = client
        self._journal = journal
        self._background = background
        self._on_change = on_change
        self._followed: dict[str, Followed] = {}
        self._polling = False
        self._woken = anyio.Event()
        self._list_from = -float("inf")
        """When the list of jobs may be read again; never where there is none."""
        self._failed_sweeps = 0
        self._is_unwritable = False
        """Whether the journal could not be written the last time, which is told once."""
        self._numbers = count()
        self._noting = anyio.Lock()
        self._paced_until = -float("inf")
        self._free_from = -float("inf")
        """When the next request may be made, if all kept the pace."""
        self._refusal: RemoteProblem | None = None
        self._alone_until = -float("inf")
        """Until when the endpoint wants to be left alone, as `_refusal` said: whichever job was asked for then."""

    async def wait(
        self,
        job_id: str,
        seconds: float,
        *,
        submitted: datetime | None = None,
        on_status: Watcher | None = None,
    ) -> StatusInfo:
        """Follow a job until it ends, for at most `seconds` (bounded at 45); its last status.

        Args:
            job_id: Whose.
            seconds: 0 looks once. A look may take 20 s all the same.
            submitted: When, if it was from here: a job that has just been submitted may not be visible yet.
            on_status: Told of the first status, of every change, and every ten seconds.

        Raises:
            NoSuchJob: The endpoint does not know the job.
            AuthenticationRequired, AccessDenied: It lets nobody in, or no longer.
            FollowingFailed: The poller met what nobody thought of.
            Unreachable, RemoteProblem: It answered no look of this wait; where it answered one, later ones are tried
                again while there is time.
        """
        latest = anyio.current_effective_deadline() - TIME_TO_ANSWER
        deadline = min(anyio.current_time() + min(seconds, LONGEST_WAIT), latest)
        look_until = max(deadline, min(anyio.current_time() + LOOK_SECONDS, latest))
        async with self._following(job_id, submitted) as followed:
            known_before, problem_before = followed.info, followed.problem
            if len(self._followed) <= FEW or not self._lists_jobs:
                await self._look_until(look_until, followed)
                if followed.problem and followed.info is None:
                    raise followed.problem
                if followed.problem is None:
                    followed.hurry()
            while not followed.is_over:
                if isinstance(followed.problem, FINAL) and followed.problem is not problem_before:
                    raise followed.problem
                if followed.info and on_status:
                    await on_status(followed.info)
                left = deadline - anyio.current_time()
                if left <= 0:
                    break
                self._start()
                changed = followed.changed
                with anyio.move_on_after(min(HEARTBEAT, left)):
                    await changed.wait()
            if followed.info is None or (not followed.is_whole and len(self._followed) <= FEW):
                # An entry of a list may leave things out: its own document has the links and the message.
                await self._look_until(look_until, followed)
            # What was seen before this wait began is no answer to it, nor is what was seen while one was let in.
            if followed.problem and (followed.info is known_before or isinstance(followed.problem, FINAL)):
                raise followed.problem
            assert followed.info is not None
            if on_status:
                await on_status(followed.info)
            return followed.info

    @asynccontextmanager
    async def following(self, job_id: str) -> AsyncIterator[None]:
        """Keep a job followed until its end, for whoever subscribed to it; what ran at once never changes."""
        if is_synchronous(job_id):
            yield
            return
        async with self._following(job_id, None):
            self._start()
            yield

    @asynccontextmanager
    async def _following(self, job_id: str, submitted: datetime | None) -> AsyncIterator[Followed]:
        followed = self._followed.setdefault(job_id, Followed(job_id, submitted))
        followed.submitted = followed.submitted or submitted
        followed.followers += 1
        followed.pause = FIRST_PAUSE
        try:
            yield followed
        finally:
            followed.followers -= 1
            if followed.followers == 0:
                self._followed.pop(job_id, None)
                self._woken.set()

    @property
    def _lists_jobs(self) -> bool:
        return anyio.current_time() >= self._list_from

    # --- the poller

    def _start(self) -> None:
        self._woken.set()
        if not self._polling:
            self._polling = True
            self._background.start_soon(self._poll)

    async def _poll(self) -> None:
        async with anyio.create_task_group() as looks:
            try:
                while open_jobs := [one for one in self._followed.values() if not one.is_over or one.is_unwritten]:
                    self._woken = anyio.Event()
                    await self._step(open_jobs, looks)
            finally:
                # Before the looks have ended: who begins to wait meanwhile starts another poller.
                self._polling = False
                if self._failed_sweeps:  # the list is tried again for the next who wait
                    self._failed_sweeps, self._list_from = 0, -float("inf")
                looks.cancel_scope.cancel()

    async def _step(self, open_jobs: list[Followed], looks: TaskGroup) -> None:
        """Read the list, begin a look, or wait until something is due.

        A few looks are under way at once: one job whose document is slow does not keep the others waiting.
        """
        now = anyio.current_time()
        if now < self._alone_until:
            with anyio.move_on_after(self._alone_until - now):
                await self._woken.wait()
            return
        listed = [one for one in open_jobs if one.in_list and one.due <= now]
        idle = [one for one in open_jobs if not one.is_asked_for]
        due = sorted((one for one in idle if one.due <= now), key=lambda one: one.due)
        if len(listed) > FEW and self._lists_jobs:
            async with self._isolated(listed):
                await self._sweep(listed)
        elif due and len(open_jobs) - len(idle) < FEW:
            due[0].is_asked_for = True
            looks.start_soon(self._look_aside, due[0])
        else:
            with anyio.move_on_after(min((one.due for one in idle if not due), default=float("inf")) - now):
                await self._woken.wait()

    async def _look_aside(self, followed: Followed) -> None:
        try:
            async with self._isolated([followed]):
                await self._look(followed)
        finally:
            followed.is_asked_for = False
            self._woken.set()

    @asynccontextmanager
    async def _isolated(self, due: list[Followed]) -> AsyncIterator[None]:
        """Nothing that goes wrong in a look ends the poller: pollers share their tasks with the whole workspace."""
        try:
            yield
        except Exception as error:
            logger.exception("Following jobs of %s failed", self._name)
            for one in due:
                told = FollowingFailed(
                    f"Job {one.shown_id} of {self._name} could not be followed: {type(error).__name__}",
                    remedy="This is a fault of this server, and the job goes on: its log says more. Call again",
                )
                one.missed(told)

    async def _look_until(self, deadline: float, followed: Followed) -> None:
        """A look of a wait's own, which ends in time whatever the endpoint does; a moment it has in any case.

        An endpoint that said how long it wants to be left alone is asked after that, or not at all.
        """
        deadline = max(deadline, anyio.current_time() + TIME_TO_ANSWER / 2)
        if self._alone_until >= deadline:
            followed.missed(self._not_asked())
            return
        with anyio.CancelScope(deadline=deadline) as scope:
            await anyio.sleep_until(self._alone_until)
            await self._look(followed)
        if scope.cancelled_caught:
            late = f"{self._name} did not tell in time how job {followed.shown_id} is"
            followed.missed(TimedOut(late, remedy="The job goes on whether or not it is asked for: call again"))

    async def _look(self, followed: Followed) -> None:
        """One job's own status document."""
        await self._keep_pace()
        asked = Asked(next(self._numbers), datetime.now(UTC))
        try:
            info = await self._client.job(followed.job_id)
        except NoSuchJob as error:
            if not followed.is_young:
                await self._gone(followed, error)
                return
            info = followed.info or StatusInfo(job_id=followed.job_id, status=JobStatus.ACCEPTED)
        except OgcError as error:
            self._heed(error)
            followed.missed(error)
            return
        if info.status is JobStatus.FAILED and followed.is_young and not followed.doubted:
            followed.doubted = True
            await anyio.sleep(GAP)  # a moment, for the server to know better
            await self._look(followed)
            return
        followed.is_whole = True
        await self._note([(followed, info)], FIRST_PAUSE, asked)

    async def _sweep(self, due: list[Followed]) -> None:
        """The list of jobs, as far as those that are followed are in it.

        What is due and not in the list is looked at one by one from now on.
        """
        awaited = {one.job_id: one for one in self._followed.values() if one.in_list and not one.is_over}
        page: str | None = None
        try:
            for _ in range(SWEPT_PAGES):
                await self._keep_pace()
                asked = Asked(next(self._numbers), datetime.now(UTC))
                listed = await self._client.jobs(page=page)
                seen = [(one, info) for info in listed.jobs if (one := awaited.pop(info.job_id, None))]
                doubtful = {one.job_id: one for one, info in seen if info.status is JobStatus.FAILED and one.is_young}
                await self._note([(one, info) for one, info in seen if one.job_id not in doubtful], SWEEP_PAUSE, asked)
                awaited |= doubtful
                page = listed.next_page
                if page is None or not awaited:
                    break
        except NotOffered:
            self._list_from = float("inf")
        except OgcError as error:
            self._heed(error)
            self._failed_sweeps += 1
            if self._failed_sweeps >= SWEEPS:
                pause = min(LIST_PAUSE * 2.0 ** (self._failed_sweeps - SWEEPS), LONGEST_LIST_PAUSE)
                self._list_from = anyio.current_time() + pause
            for one in due:
                one.missed(error)
            return
        self._failed_sweeps = 0
        for one in due:
            one.in_list = one.job_id not in awaited

    def _heed(self, error: OgcError) -> None:
        """Remember how long the endpoint wants to be left alone (`Retry-After`), for all its jobs and later waits."""
        if isinstance(error, RemoteProblem) and error.retry_after > 0:
            until = anyio.current_time() + min(error.retry_after, LONGEST_WANTED)
            if until > self._alone_until:
                self._refusal, self._alone_until = error, until

    def _not_asked(self) -> RemoteProblem:
        """What the endpoint said when it was last asked, and how long that holds."""
        assert self._refusal is not None
        left = max(0.0, self._alone_until - anyio.current_time())
        problem = type(self._refusal)(
            f"{self._name} said that it wants to be left alone (HTTP {self._refusal.status}), and was not asked",
            status=self._refusal.status,
            remedy=f"The job goes on: call again in {math.ceil(left)} s",
        )
        problem.retry_after = left
        return problem

    async def _keep_pace(self) -> None:
        """Two requests a second, once there are more jobs than a few; a few are looked at when it is their time.

        The last few of many keep the pace too: the requests of the many were just made.
        """
        now = anyio.current_time()
        if len(self._followed) > FEW:
            self._paced_until = now + PACED
        turn = max(now, self._free_from)
        self._free_from = min(turn, now + FEW * GAP) + GAP
        if now < self._paced_until:
            await anyio.sleep(turn - now)

    async def _gone(self, followed: Followed, error: NoSuchJob) -> None:
        was_there = followed.info is not None
        try:
            was_there |= await self._journal.note_gone(self._name, followed.job_id)
        except JournalError as unwritten:
            logger.warning("That job %r of %s is gone could not be written: %s", followed.job_id, self._name, unwritten)
        is_new = was_there and not isinstance(followed.problem, NoSuchJob)
        followed.missed(error)
        if is_new:
            await self._publish(StatusInfo(job_id=followed.job_id, status=JobStatus.DISMISSED))

    async def _note(self, seen: list[tuple[Followed, StatusInfo]], pause: float, asked: Asked) -> None:
        """Take what was seen; what is new goes into the journal, to those who wait and to those who subscribed.

        A journal that can't be written keeps nobody from knowing: what was seen is written at a later look.
        """
        async with self._noting:  # else an older answer would be left out while the newer one is not taken yet
            seen = [(one, info) for one, info in seen if one.is_news(asked)]
            new = [(one, info) for one, info in seen if one.is_unwritten or one.differs(info)]
            is_written = await self._written([info for _, info in new], asked.time)
            for one, _ in new:
                one.is_unwritten = not is_written
            changed = [(one, info) for one, info in seen if one.takes(info, pause, asked)]
        for one, info in changed:
            await self._publish(info)
            one.tell()

    async def _publish(self, info: StatusInfo) -> None:
        try:
            await self._on_change(self._name, info)
        except Exception:  # who is told does not decide whether the others are
            logger.exception("The change of job %r of %s could not be told", info.job_id, self._name)

    async def _written(self, infos: list[StatusInfo], asked: datetime) -> bool:
        try:
            await self._journal.record_all(self._name, infos, asked=asked)
        except JournalError as error:
            if not self._is_unwritable:
                logger.warning("What is seen of jobs of %s is not kept: %s", self._name, error)
            self._is_unwritable = True
            return False
        self._is_unwritable = False
        return True
