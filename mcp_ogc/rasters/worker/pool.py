"""Raster work in processes of its own: two at most, kept warm, one task each; the others wait.

GDAL opens hostile files here and not in the server: a crash, a hang or a leak costs one task, and the process that
could be taken over knows no secret and has no network. What it needs of a remote file it asks for, as byte ranges that
are fetched through the guarded transport.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import ValidationError

from mcp_ogc.errors import (
    InvalidGeometry,
    NoOverview,
    OgcError,
    OutOfTime,
    RasterError,
    TooLarge,
    UnknownName,
    WorkerLost,
)
from mcp_ogc.rasters.worker.confinement import environment
from mcp_ogc.rasters.worker.frames import (
    FROM_WORKER,
    LENGTHS,
    TO_WORKER,
    Do,
    Done,
    Failed,
    Head,
    NoRange,
    Progress,
    Range,
    Read,
    Stop,
    frame,
    lengths,
)
from mcp_ogc.rasters.worker.tasks import (
    ORDER,
    Answer,
    Compare,
    MeasurePoints,
    MeasureZones,
    Order,
    RasterFile,
    Summarize,
    Task,
    answers,
)

if TYPE_CHECKING:
    from anyio.abc import Process

    from mcp_ogc.rasters.compared import Comparison
    from mcp_ogc.rasters.measured import PointsMeasured, ZonesMeasured
    from mcp_ogc.rasters.summary import Summarized

    Sent = Head | Do | Range | NoRange | Stop
    Received = Read | Progress | Done | Failed

WORKERS = 2
COMMAND = (sys.executable, "-P", "-m", "mcp_ogc.rasters.worker.child")
STOP_SECONDS = 1.0
"""How long a worker that is told to stop may take to get to the next window before it is ended."""
THREADS = 2
"""Processors that a task may use at once: CPU time is bounded at so many times its deadline."""
LOST = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)


@dataclass(frozen=True, slots=True)
class Given:
    """A file of a task, and how the server reads it for the worker."""

    file: RasterFile
    head: bytes | None = None
    """The first bytes of a remote file, fetched already."""
    ranges: Callable[[int, int], Awaitable[bytes]] | None = None
    """`ranges(start, length)`, of a remote file."""


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
        self._idle: list[_Worker] = []
        self._closed = False

    async def warm(self) -> None:
        """Have one process ready, where none is at work or waiting for it."""
        if not self._idle and self._slots.value == WORKERS:
            with anyio.CancelScope(shield=True):
                await self._put_back(await _Worker.start())

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
            worker = await _Worker.start()
            return await worker.do(order, given, self._most_bytes, told)
        finally:
            with anyio.CancelScope(shield=True):
                await self._put_back(worker)

    async def _take(self) -> tuple[_Worker, bool]:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_alive:
                return worker, True
            await worker.end()
        return await _Worker.start(), False

    async def _put_back(self, worker: _Worker) -> None:
        if self._closed or len(self._idle) == WORKERS or not await worker.is_free():
            await worker.end()
        else:
            self._idle.append(worker)


class _Worker:
    """One process, and the conversation with it."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._stdin = process.stdin
        self._stdout = BufferedByteReceiveStream(process.stdout)
        self._sending = anyio.Lock()
        self._busy = False
        self.heard = False
        """Whether it has said anything to its last order."""

    @classmethod
    async def start(cls) -> _Worker:
        """Start one; it imports what it needs while the first frames are on their way."""
        try:
            process = await anyio.open_process(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,  # a worker may write no file, and a log may be one
                env=environment(),
                start_new_session=True,  # an interrupt at the terminal is the server's to handle
            )
        except OSError as error:
            raise WorkerLost(f"No process to read rasters in can be started: {error}", remedy="Try again") from error
        return cls(process)

    @property
    def is_alive(self) -> bool:
        """Whether the process is known to run."""
        return self._process.returncode is None

    async def is_free(self) -> bool:
        """Whether it has done its order; one that was abandoned is told to stop, and given a moment."""
        if not self._busy:
            return self.is_alive
        with anyio.move_on_after(STOP_SECONDS):
            try:
                await self._send(Stop())
                while not isinstance((await self._receive())[0], Done | Failed):
                    pass
            except (WorkerLost, RasterError):
                return False
            self._busy = False
            return True
        return False

    async def end(self) -> None:
        """Kill it, and wait until it is gone."""
        with anyio.CancelScope(shield=True):
            if self.is_alive:
                with suppress(ProcessLookupError):
                    self._process.kill()
            await self._process.aclose()

    async def do(
        self, order: Order, given: Sequence[Given], most_bytes: int, told: Callable[[float], None] | None
    ) -> Answer:
        """Have an order done; raises as `Workers.run`."""
        self._busy, self.heard = True, False
        for number, one in enumerate(given):
            if one.head is not None:
                await self._send(Head(number), one.head)
        await self._send(Do(), ORDER.dump_json(order))
        fetching = _Fetching(given, most_bytes)
        last: Done | Failed | None = None
        body = b""
        async with anyio.create_task_group() as tasks:
            try:
                while last is None:
                    message, body = await self._receive()
                    self.heard = True
                    match message:
                        case Read():
                            tasks.start_soon(self._answer, message, fetching)
                        case Progress():
                            if told:
                                told(message.share)
                        case _:
                            last = message
            except WorkerLost as error:
                fetching.failure = error
            tasks.cancel_scope.cancel()
        if last is None:
            assert fetching.failure is not None
            raise fetching.failure
        self._busy = False
        if isinstance(last, Failed):
            raise _error(last, fetching.failure)
        try:
            return answers(order.task).validate_json(body)
        except ValidationError as error:
            raise WorkerLost("The raster worker's answer can't be read") from error

    async def _answer(self, wanted: Read, fetching: _Fetching) -> None:
        body = await fetching.fetch(wanted)
        try:
            await self._send(NoRange(wanted.number) if body is None else Range(wanted.number), body or b"")
        except WorkerLost:
            return  # whoever receives hears of it

    async def _send(self, message: Sent, body: bytes = b"") -> None:
        try:
            async with self._sending:
                await self._stdin.send(frame(TO_WORKER.dump_json(message), body))
        except LOST as error:
            raise await self._lost() from error

    async def _receive(self) -> tuple[Received, bytes]:
        try:
            message, body = lengths(await self._stdout.receive_exactly(LENGTHS.size))
            text = await self._stdout.receive_exactly(message)
            return FROM_WORKER.validate_json(text), await self._stdout.receive_exactly(body) if body else b""
        except LOST as error:
            raise await self._lost() from error
        except ValueError as error:  # no message: ValidationError is one
            await self.end()
            raise WorkerLost("The raster worker does not say what it should", remedy="Try again") from error

    async def _lost(self) -> WorkerLost:
        # It has closed its pipes, so it is about to end by itself: a signal now would hide how.
        with anyio.move_on_after(STOP_SECONDS):
            await self._process.wait()
        await self.end()
        code = self._process.returncode or 0
        return WorkerLost(
            f"The process that read the raster ended ({_reason(code)})",
            remedy="Try again, with fewer bands; a file that ends it again is damaged or needs too much memory",
        )


class _Fetching:
    """The ranges of one order: what the worker asks for, within bounds, and the first failure."""

    def __init__(self, given: Sequence[Given], most_bytes: int) -> None:
        self._given = given
        self._left = most_bytes
        self.failure: OgcError | None = None

    async def fetch(self, wanted: Read) -> bytes | None:
        """A range; None where it can't be had."""
        try:
            ranges = self._given[wanted.file].ranges if wanted.file < len(self._given) else None
            if ranges is None:
                raise RasterError("The raster worker asked for a file that it was not given")
            self._left -= wanted.length
            if self._left < 0:
                raise TooLarge(
                    "More bytes than limits.asset_bytes were asked for",
                    remedy="Name fewer bands (bands=[1]), or raise limits.asset_bytes in the settings",
                )
            return await ranges(wanted.start, wanted.length)
        except OgcError as error:
            self.failure = self.failure or error
            return None


def _error(failed: Failed, unfetched: OgcError | None) -> OgcError:
    """The error that the worker met, as it was raised."""
    match failed.error:
        case "unfetched":
            return unfetched or RasterError("Reading the raster was interrupted", remedy="Try again")
        case "UnknownName":
            noun, name, known = failed.unknown
            return UnknownName(noun, name, known)
        case "NoOverview":
            return NoOverview(failed.message, remedy=failed.remedy)
        case "InvalidGeometry":
            return InvalidGeometry(failed.message, remedy=failed.remedy)
        case "RasterError":
            return RasterError(failed.message, remedy=failed.remedy)


def _reason(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"{signal.Signals(-code).name}"
    except ValueError:
        return f"signal {-code}"


def _names(given: Sequence[Given]) -> str:
    return " and ".join(one.file.name for one in given)
