"""Work on rasters that goes on when its caller can't wait any longer; the same call returns what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar
from uuid import uuid4

import anyio

from mcp_ogc.errors import RasterError

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

T = TypeVar("T")
Told = Callable[[float], Awaitable[None]]
"""Is told the share that is done, between 0 and 1."""
Work = Callable[[Callable[[float], None]], Awaitable[T]]
"""Does it, and tells the share that is done."""

PROGRESS_SECONDS = 1.0
MOST_AT_ONCE = 8
MOST_UNCLAIMED = 16


@dataclass(slots=True)
class _Count(Generic[T]):
    """A count on its way, or one that nobody has asked for since it was done."""

    share: float = 0.0
    waiting: int = 0
    done: anyio.Event = field(default_factory=anyio.Event)
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    found: T | None = None
    failure: Exception | None = None


@dataclass(frozen=True, slots=True)
class Underway:
    """Not done yet, but so much of it."""

    share: float
    goes_on: bool
    """Else it was given up: no later call could have found it."""

    def __str__(self) -> str:
        if self.goes_on:
            return f"Counting every pixel goes on, {self.share:.0%} are done: the same call returns it"
        return (
            f"Counting every pixel was given up at {self.share:.0%}: the file's server tells no size, ETag or "
            "Last-Modified to keep a count by. Name fewer bands, or export the file and open it locally"
        )


class Ongoing(Generic[T]):
    """Counts of one kind, by name.

    Args:
        background: Where they go on.
    """

    def __init__(self, background: TaskGroup) -> None:
        self._background = background
        self._counts: dict[str, _Count[T]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Of those that are on their way or unclaimed."""
        return tuple(self._counts)

    @property
    def is_under_way(self) -> bool:
        """Whether anything is not done yet."""
        return not all(count.done.is_set() for count in self._counts.values())

    async def get(self, name: str | None, work: Work[T], told: Told | None, seconds: float) -> T | Underway:
        """What came of it, begun now or by an earlier call.

        Args:
            name: Of this work on this state of these files; None where nothing tells their states apart.
            work: Does it.
            told: Called with the share that is done, while it is waited for.
            seconds: How long it is waited for.

        Raises:
            OgcError: What the work raised; or too much is on its way.
        """
        known = name or uuid4().hex
        count = self._counts.get(known) or self._begin(known, work)
        try:
            await self._wait(known, count, told, seconds)
        finally:
            if name is None:
                count.scope.cancel()
                self._counts.pop(known, None)
        if count.failure:
            raise count.failure
        return Underway(count.share, goes_on=name is not None) if count.found is None else count.found

    def _begin(self, name: str, work: Work[T]) -> _Count[T]:
        unclaimed = [known for known, count in self._counts.items() if count.done.is_set()]
        for known in unclaimed[:-MOST_UNCLAIMED]:
            del self._counts[known]
        if len(self._counts) - min(len(unclaimed), MOST_UNCLAIMED) >= MOST_AT_ONCE:
            raise RasterError(f"{MOST_AT_ONCE} rasters are being counted already", remedy="Try again later")
        count = self._counts[name] = _Count[T]()
        self._background.start_soon(self._do, count, work)
        return count

    async def _do(self, count: _Count[T], work: Work[T]) -> None:
        def told(share: float) -> None:
            count.share = share

        try:
            with count.scope:
                count.found = await work(told)
        except Exception as error:  # a mistake of ours is the affair of the calls that ask for it
            count.failure = error
        finally:
            count.done.set()

    async def _wait(self, name: str, count: _Count[T], told: Told | None, seconds: float) -> None:
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
