"""Raster work in processes of its own: two at most, kept warm, one task each; the others wait.

GDAL opens hostile files here and not in the server: a crash, a hang or a leak costs one task, and the process that
could be taken over knows no secret and has no network. What it needs of a remote file it asks for, as byte ranges that
are fetched through the guarded transport.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, overload

import anyio

from mcp_ogc.errors import OutOfTime, WorkerLost
from mcp_ogc.rasters.worker.process import Worker
from mcp_ogc.rasters.worker.tasks import Answer, Compare, MeasurePoints, MeasureZones, Order, Summarize, Task

if TYPE_CHECKING:
    from mcp_ogc.rasters.compared import Comparison
    from mcp_ogc.rasters.measured import PointsMeasured, ZonesMeasured
    from mcp_ogc.rasters.summary import Summarized
    from mcp_ogc.rasters.worker.fetching import Given

WORKERS = 2
THREADS = 2
"""Processors that a task may use at once: CPU time is bounded at so many times its deadline."""


@asynccontextmanager
async def open_workers(drivers: Sequence[str] = (), most_bytes: int = 2**32) -> AsyncIterator[Workers]:
    """Workers that end with this context.

    Args:
        drivers: GDAL drivers that are permitted beside the usual ones.
        most_bytes: Of remote files, for one task.
    """
    workers = Workers(tuple(drivers), most_bytes)
    try:
        yield workers
    finally:
        await workers.close()


class Workers:
    """The processes: started when they are needed, or ahead by `warm`; kept for the next task."""

    def __init__(self, drivers: tuple[str, ...], most_bytes: int) -> None:
        self._drivers = drivers
        self._most_bytes = most_bytes
        self._slots = anyio.Semaphore(WORKERS)
        self._idle: list[Worker] = []
        self._closed = False

    async def warm(self) -> None:
        """Have one process ready, where none is at work or waiting for it."""
        if not self._idle and self._slots.value == WORKERS:
            with anyio.CancelScope(shield=True):
                await self._put_back(await Worker.start())

    @overload
    async def run(
        self, task: Summarize, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None = None
    ) -> Summarized: ...

    @overload
    async def run(
        self, task: MeasurePoints, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None = None
    ) -> PointsMeasured: ...

    @overload
    async def run(
        self, task: MeasureZones, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None = None
    ) -> ZonesMeasured: ...

    @overload
    async def run(
        self, task: Compare, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None = None
    ) -> Comparison: ...

    async def run(
        self, task: Task, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None = None
    ) -> Answer:
        """Have a task done, after those that wait already.

        Args:
            task: What is asked.
            given: The files it is about.
            seconds: With the wait for its turn; the worker is ended when they are over.
            told: Called with the share that is done.

        Raises:
            OutOfTime: It took too long, or those before it did.
            WorkerLost: The process ended; the next task gets another.
            RasterError, UnknownName, InvalidGeometry: The worker's own answer.
            OgcError: A range could not be fetched.
        """
        begun = False
        try:
            with anyio.fail_after(seconds):
                async with self._slots:
                    begun = True
                    return await self._run(task, given, seconds, told)
        except TimeoutError:
            if begun:
                reason = f"Reading {_names(given)} took longer than {seconds:.0f} s"
                remedy = "Name fewer bands (bands=[1]), or have the process write a smaller or coarser output"
            else:
                reason = f"{_names(given)} was not read: other rasters kept both workers busy for {seconds:.0f} s"
                remedy = "Call again in a minute, and for one raster at a time"
            raise OutOfTime(reason, remedy=remedy) from None

    async def close(self) -> None:
        """End all that are idle; a busy one ends with its task."""
        self._closed = True
        while self._idle:
            await self._idle.pop().end()

    async def _run(
        self, task: Task, given: Sequence[Given], seconds: float, told: Callable[[float], None] | None
    ) -> Answer:
        order = Order(task, tuple(one.file for one in given), int(seconds * THREADS) + 1, self._drivers)
        worker, warm = await self._take()
        try:
            return await worker.do(order, given, self._most_bytes, told)
        except WorkerLost:
            if not warm or worker.heard:
                raise
            # It had ended before it was asked: of that the caller need not know.
            await worker.end()
            worker = await Worker.start()
            return await worker.do(order, given, self._most_bytes, told)
        finally:
            with anyio.CancelScope(shield=True):
                await self._put_back(worker)

    async def _take(self) -> tuple[Worker, bool]:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker, True
            await worker.end()
        return await Worker.start(), False

    async def _put_back(self, worker: Worker) -> None:
        if self._closed or len(self._idle) == WORKERS or not await worker.is_free():
            await worker.end()
        else:
            self._idle.append(worker)


def _names(given: Sequence[Given]) -> str:
    return " and ".join(one.file.name for one in given)
