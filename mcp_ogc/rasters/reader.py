"""How rasters are seen: located and begun to be read here, counted by a worker, and exact counts kept.

An exact count that takes longer than its caller waits goes on; the same call returns it, and meanwhile an overview
answers.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar
from urllib.parse import urlsplit, urlunsplit

import anyio

from mcp_ogc.errors import NoOverview, OutOfTime, RasterError, TimedOut, WorkerLost
from mcp_ogc.rasters.compared import Comparison
from mcp_ogc.rasters.measured import PointsMeasured, ZonesMeasured
from mcp_ogc.rasters.ongoing import Ongoing, Told, Underway
from mcp_ogc.rasters.pages import HEAD_BYTES
from mcp_ogc.rasters.pictures.picture import Preview, PreviewStyle
from mcp_ogc.rasters.store import Counted, Store, key_of
from mcp_ogc.rasters.summary import Summarized
from mcp_ogc.rasters.worker.fetching import Given
from mcp_ogc.rasters.worker.process import STOP_SECONDS
from mcp_ogc.rasters.worker.tasks import Compare, MeasurePoints, MeasureZones, RasterFile, Summarize, Wanted

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from mcp_ogc.net.objects import Objects
    from mcp_ogc.net.storage import StorageHint
    from mcp_ogc.rasters.worker.pool import Workers

T = TypeVar("T")

ANSWER_SECONDS = 40.0
"""For an answer, from the first byte that is asked for: no tool blocks past 45 s."""
HEAD_SECONDS = 20.0
"""For the first bytes of what it is about."""
WAIT_SECONDS = 25.0
"""For an exact count, at most."""
OVERVIEW_SECONDS = ANSWER_SECONDS - WAIT_SECONDS
"""Kept for the overview that answers in its stead."""
QUICK_SECONDS = 10.0
"""For what may be quick, while something that is not has its turn."""
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
    """`either`: exact where that is quick, else from an overview; a count that was to be quick goes on."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a raster is."""

    href: str
    """`file:`, http(s) or s3 address."""
    storage: StorageHint | None = None
    """How to reach its object storage."""


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
        self._summaries = Ongoing[Summarized](background)
        self._zones = Ongoing[ZonesMeasured](background)
        self._comparisons = Ongoing[Comparison](background)
        self._turn = anyio.Semaphore(1)  # one worker stays free for what is quick

    @property
    def is_counting(self) -> bool:
        """Whether a count is under way, whose caller may be waiting or be back for it."""
        return any(counts.is_under_way for counts in (self._summaries, self._zones, self._comparisons))

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
        due = anyio.current_time() + ANSWER_SECONDS
        ((given, state),) = await self._begun(Place(asked.href, asked.storage))
        if asked.method == "approximate":
            return await self._workers.run(Summarize(asked.wanted, "approximate"), [given], _left(due))
        key = key_of(given.file, state, *asked.wanted.classes)
        if found := await self._kept(given, key, asked.wanted, due):
            return found
        name = key_of(given.file, state, _as_counted(asked.wanted))
        if asked.method == "either" and name not in self._summaries.names:
            wait = max(1.0, min(seconds, _left(due) - OVERVIEW_SECONDS))
            if found := await self._quickly(given, key, asked.wanted, wait):
                return found
        return await self._exact(given, key, name, asked.wanted, told, due, seconds)

    async def points(self, place: Place, task: MeasurePoints) -> PointsMeasured:
        """Values of a raster at points.

        Raises:
            InvalidGeometry: A point is none that can be.
            RasterError: Not readable as a raster, beyond the bounds, or without a place on Earth.
            OgcError: It may not or can't be fetched.
        """
        due = anyio.current_time() + ANSWER_SECONDS
        ((given, _),) = await self._begun(place)
        return await self._workers.run(task, [given], _left(due))

    async def zones(
        self, place: Place, task: MeasureZones, told: Told | None = None, seconds: float = ANSWER_SECONDS
    ) -> ZonesMeasured:
        """Statistics of a raster within polygons; what takes longer than `seconds` goes on.

        Raises:
            InvalidGeometry: The place is none that can be measured.
            RasterError: Not readable as a raster, beyond the bounds, without a place on Earth; or not yet counted.
            OgcError: It may not or can't be fetched.
        """
        due = anyio.current_time() + ANSWER_SECONDS
        ((given, state),) = await self._begun(place)

        async def work(limit: float, progress: Callable[[float], None] | None) -> ZonesMeasured:
            return await self._workers.run(task, [given], limit, progress)

        name = key_of(given.file, state, task)
        return await self._counted(self._zones, name, work, told, min(seconds, _left(due)))

    async def compare(
        self, before: Place, after: Place, task: Compare, told: Told | None = None, seconds: float = ANSWER_SECONDS
    ) -> Comparison:
        """What became of one raster in another; what takes longer than `seconds` goes on.

        Raises:
            RasterError: One is not readable as a raster, or beyond the bounds; they are not of one grid, and resampling
                is not allowed; or not yet counted.
            OgcError: One may not or can't be fetched.
        """
        due = anyio.current_time() + ANSWER_SECONDS
        (first, state), (second, other_state) = await self._begun(before, after)

        async def work(limit: float, progress: Callable[[float], None] | None) -> Comparison:
            return await self._workers.run(task, [first, second], limit, progress)

        keys = key_of(first.file, state, task), key_of(second.file, other_state, task)
        name = f"{keys[0]} {keys[1]}" if all(keys) else None
        return await self._counted(self._comparisons, name, work, told, min(seconds, _left(due)))

    async def _begun(self, *places: Place) -> list[tuple[Given, str | None]]:
        """What `given` gives of each, in time for an answer."""
        try:
            with anyio.fail_after(HEAD_SECONDS):
                return [await self.given(one.href, one.storage) for one in places]
        except TimeoutError:
            names = " and ".join(_label(one.href) for one in places)
            raise TimedOut(
                f"The first bytes of {names} did not come within {HEAD_SECONDS:.0f} s",
                remedy="The storage is slow or does not answer: call again in a minute",
            ) from None

    async def _counted(
        self,
        ongoing: Ongoing[T],
        name: str | None,
        work: Callable[[float, Callable[[float], None] | None], Awaitable[T]],
        told: Told | None,
        seconds: float,
    ) -> T:
        """What `work` finds within the seconds it is given.

        It takes turns with other counts that may take long; while it is another's turn, it may be quick.

        Raises:
            RasterError: Not done yet: it goes on.
            OgcError: What the work raised.
        """
        if self._turn.value == 0 and name not in ongoing.names:
            with anyio.move_on_after(QUICK_SECONDS):
                return await work(QUICK_SECONDS + STOP_SECONDS, None)
            seconds = max(1.0, seconds - QUICK_SECONDS - STOP_SECONDS)

        async def at_its_turn(progress: Callable[[float], None]) -> T:
            async with self._turn:
                return await work(self._count_seconds, progress)

        found = await ongoing.get(name, at_its_turn, told, seconds)
        if isinstance(found, Underway):
            raise RasterError("There is no answer yet", remedy=str(found))
        return found

    async def _quickly(self, given: Given, key: str | None, wanted: Wanted, seconds: float) -> Summarized | None:
        """Every pixel of a small file counted, or the overview of a large one; None if neither can be had in time."""
        try:
            found = await self._workers.run(Summarize(wanted, "either"), [given], seconds)
        except (NoOverview, OutOfTime):
            return None
        if found.summary.exact:
            await self._keep(key, wanted, found)
        return found

    async def _kept(self, given: Given, key: str | None, wanted: Wanted, due: float) -> Summarized | None:
        """What was counted before, in the picture that is wanted; None where that takes a count."""
        found = await self._store.find(key, wanted) if key else None
        if found is None or wanted.preview is None or found.preview:
            return found
        if wanted.preview.of == "histogram":
            return await _with_histogram(found, wanted.preview)
        try:
            drawn = await self._workers.run(Summarize(wanted, "approximate"), [given], _left(due))
        except NoOverview:
            return None
        picture, overview = drawn.preview, drawn.summary.overview
        if picture and overview:
            picture = replace(picture, description=f"{picture.description}; of the overview 1:{overview}")
        illustrated = replace(found, preview=picture)
        await self._keep(key, wanted, illustrated)
        return illustrated

    async def _exact(
        self,
        given: Given,
        key: str | None,
        name: str | None,
        wanted: Wanted,
        told: Told | None,
        due: float,
        seconds: float,
    ) -> Summarized:
        """Every pixel counted, or the overview meanwhile."""
        counted = _as_counted(wanted)

        async def work(progress: Callable[[float], None]) -> Summarized:
            async with self._turn:
                found = await self._workers.run(Summarize(counted, "exact"), [given], self._count_seconds, progress)
            await self._keep(key, counted, found)
            return found

        found = await self._summaries.get(name, work, told, min(seconds, _left(due) - OVERVIEW_SECONDS))
        if not isinstance(found, Underway):
            if wanted.preview is None:
                return replace(found, preview=None)
            return found if wanted == counted else await _with_histogram(found, wanted.preview)
        try:
            meanwhile = await self._workers.run(Summarize(wanted, "approximate"), [given], _left(due))
        except NoOverview:
            raise RasterError(
                f"{given.file.name} has no overview to answer from meanwhile", remedy=str(found)
            ) from None
        except WorkerLost as error:
            raise RasterError(f"Not answered from an overview meanwhile: {error.message}", remedy=str(found)) from None
        notes = (f"{found}.", *meanwhile.summary.file_notes)
        update = {"file_notes": notes, "counted": found.share if found.goes_on else None}
        return replace(meanwhile, summary=meanwhile.summary.model_copy(update=update))

    async def _keep(self, key: str | None, wanted: Wanted, found: Summarized) -> None:
        if key:
            await self._store.keep(key, Counted(wanted, found))


def _as_counted(wanted: Wanted) -> Wanted:
    """What a long count is begun for: with a map, which costs it little, so that no picture takes another count."""
    style = wanted.preview
    return wanted if style and style.of == "map" else replace(wanted, preview=PreviewStyle())


async def _with_histogram(found: Summarized, style: PreviewStyle) -> Summarized:
    """The same numbers, drawn as a histogram."""

    def drawn() -> Preview | None:
        from mcp_ogc.rasters.pictures.chart import draw_histogram

        return draw_histogram(found.summary.bands[0], style.longest_side)

    return replace(found, preview=await anyio.to_thread.run_sync(drawn))


def _left(due: float) -> float:
    """Seconds until an answer is due."""
    return max(1.0, due - anyio.current_time())


def _label(href: str) -> str:
    """The address without user, query and fragment: a signed URL's query is a credential."""
    parts = urlsplit(href)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
