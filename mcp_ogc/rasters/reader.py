"""How rasters are seen: located and begun to be read here, counted by a worker, and exact counts kept.

An exact count that takes longer than its caller waits goes on; the same call returns it, and meanwhile an overview
answers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit, urlunsplit

import anyio

from mcp_ogc.errors import NoOverview, OgcError, RasterError, WorkerLost
from mcp_ogc.rasters.pages import HEAD_BYTES
from mcp_ogc.rasters.store import Store, key_of
from mcp_ogc.rasters.tasks import RasterFile, Summarize, Wanted
from mcp_ogc.rasters.worker import Given

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.net.objects import Objects
    from mcp_ogc.net.storage import StorageHint
    from mcp_ogc.rasters.summary import Summarized
    from mcp_ogc.rasters.worker import Workers

    Told = Callable[[float], Awaitable[None]]

ANSWER_SECONDS = 40.0
"""For an answer that is not counted on in the background: no tool blocks past 45 s."""
WAIT_SECONDS = 25.0
"""For an exact count; what is left of a call's 45 s is for the overview."""
PROGRESS_SECONDS = 1.0
MOST_COUNTS = 8
READY_SECONDS = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Asked:
    """A raster, and what is asked of it."""

    href: str
    """`file:`, http(s) or s3 address."""
    wanted: Wanted
    storage: StorageHint | None = None
    """How to reach its object storage."""
    method: Literal["exact", "approximate", "either"] = "either"
    """`either`: exact where that is quick, else from an overview."""


@dataclass(slots=True)
class _Count:
    """An exact count on its way."""

    share: float = 0.0
    waiting: int = 0
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    found: Summarized | None = None
    failure: OgcError | None = None


class RasterReader:
    """Reads rasters.

    Args:
        objects: Reads what may be read.
        workers: Do what is done with pixels.
        store: Keeps exact summaries.
        background: Where a count goes on whose caller no longer waits.
        count_seconds: After which such a count is given up.
    """

    def __init__(
        self, objects: Objects, workers: Workers, store: Store, background: TaskGroup, count_seconds: float
    ) -> None:
        self._objects = objects
        self._workers = workers
        self._store = store
        self._background = background
        self._count_seconds = count_seconds
        self._ready = False
        self._counts: dict[str, _Count] = {}
        self._turn = anyio.Semaphore(1)  # one worker stays free for what is quick

    def get_ready(self) -> None:
        """Have a worker warm before it is needed: once, and when what the client begins with is answered."""
        if not self._ready:
            self._ready = True
            self._background.start_soon(self._warm)

    async def _warm(self) -> None:
        await anyio.sleep(READY_SECONDS)
        try:
            await self._workers.warm()
        except WorkerLost as error:
            logger.warning("%s", error)

    async def given(self, href: str, hint: StorageHint | None = None) -> tuple[Given, str | None]:
        """A file for a worker, and what tells its state from the next: of a remote one the head is fetched.

        Raises:
            OgcError: It may not or can't be read.
        """
        path = await anyio.to_thread.run_sync(self._objects.local_path, href)
        if path is not None:
            info = await self._objects.info(href)
            return Given(RasterFile(str(path), info.size, info.etag, path)), info.etag
        info, head = await self._objects.head(href, hint, length=HEAD_BYTES)

        async def ranges(start: int, length: int) -> bytes:
            return await self._objects.read(href, hint, start=start, length=length, unchanged=info.etag)

        state = info.etag or (info.modified.isoformat() if info.modified else None)
        return Given(RasterFile(_label(href), info.size, info.etag), head, ranges), state

    async def summarize(self, asked: Asked, told: Told | None = None, seconds: float = WAIT_SECONDS) -> Summarized:
        """Statistics and picture of a raster.

        Args:
            asked: Which raster, and what of it.
            told: Called with the share of pixels counted, while an exact count is waited for.
            seconds: How long an exact count is waited for.

        Raises:
            RasterError: Not readable as a raster, beyond the bounds, or not yet counted and without overview.
            OgcError: It may not or can't be fetched.
        """
        given, state = await self.given(asked.href, asked.storage)
        key = key_of(given.file, state, asked.wanted)
        if key and asked.method != "approximate" and (kept := await self._store.find(key)):
            return kept
        if asked.method != "exact":
            try:
                found = await self._workers.run(Summarize(asked.wanted, asked.method), [given], ANSWER_SECONDS)
            except NoOverview:
                if asked.method == "approximate":
                    raise
            else:
                if found.summary.exact:
                    await self._keep(key, found)
                return found
        return await self._exact(given, key, asked.wanted, told, seconds)

    async def _exact(
        self, given: Given, key: str | None, wanted: Wanted, told: Told | None, seconds: float
    ) -> Summarized:
        """Every pixel counted, or as many as there was time for and the overview meanwhile."""
        name = key or f"{id(given):x}"
        count = self._counts.get(name) or self._begin(name, given, key, wanted)
        await self._wait(name, count, told, seconds)
        if count.failure:
            raise count.failure
        if count.found:
            return count.found
        going = f"Counting every pixel goes on, {count.share:.0%} are done: the same call returns it"
        try:
            meanwhile = await self._workers.run(
                Summarize(wanted, "approximate"), [given], max(1.0, ANSWER_SECONDS - seconds)
            )
        except (NoOverview, WorkerLost):
            raise RasterError(f"{given.file.name} has no overview to answer from meanwhile", remedy=going) from None
        notes = (f"{going}.", *meanwhile.summary.notes)
        return replace(meanwhile, summary=meanwhile.summary.model_copy(update={"notes": notes, "counted": count.share}))

    def _begin(self, name: str, given: Given, key: str | None, wanted: Wanted) -> _Count:
        if sum(not count.done.is_set() for count in self._counts.values()) >= MOST_COUNTS:
            raise RasterError(
                f"{MOST_COUNTS} rasters are being counted already", remedy="Try again later, or with exact=false"
            )
        count = self._counts[name] = _Count()
        self._background.start_soon(self._count, count, given, key, wanted)
        return count

    async def _count(self, count: _Count, given: Given, key: str | None, wanted: Wanted) -> None:
        def told(share: float) -> None:
            count.share = share

        try:
            with count.scope:
                async with self._turn:
                    count.found = await self._workers.run(
                        Summarize(wanted, "exact"), [given], self._count_seconds, told
                    )
                await self._keep(key, count.found)
        except OgcError as error:
            count.failure = error
        finally:
            count.done.set()

    async def _wait(self, name: str, count: _Count, told: Told | None, seconds: float) -> None:
        """Wait for a count; one that everybody who waited has cancelled ends, one whose time is up does not."""
        count.waiting += 1
        last, deadline = -1.0, anyio.current_effective_deadline()
        try:
            with anyio.move_on_after(seconds):
                while not count.done.is_set():
                    if told and count.share > last:
                        last = count.share
                        await told(last)
                    with anyio.move_on_after(PROGRESS_SECONDS):
                        await count.done.wait()
        except anyio.get_cancelled_exc_class():
            if count.waiting == 1 and anyio.current_time() < deadline:
                count.scope.cancel()
                self._counts.pop(name, None)
            raise
        finally:
            count.waiting -= 1
        if count.done.is_set():
            self._counts.pop(name, None)

    async def _keep(self, key: str | None, found: Summarized) -> None:
        if key:
            await self._store.keep(key, found)


def _label(href: str) -> str:
    """The address without user, query and fragment: a signed URL's query is a credential."""
    parts = urlsplit(href)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
