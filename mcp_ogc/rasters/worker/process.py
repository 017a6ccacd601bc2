"""One process that rasters are read in, and the conversation with it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import anyio
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import ValidationError

from mcp_ogc.errors import InvalidGeometry, NoOverview, OgcError, RasterError, UnknownName, WorkerLost
from mcp_ogc.rasters.worker.confinement import environment
from mcp_ogc.rasters.worker.fetching import Fetching
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
from mcp_ogc.rasters.worker.tasks import ORDER, Answer, Order, answers

if TYPE_CHECKING:
    from anyio.abc import Process

    from mcp_ogc.rasters.worker.fetching import Given

    Sent = Head | Do | Range | NoRange | Stop
    Received = Read | Progress | Done | Failed

COMMAND = (sys.executable, "-P", "-m", "mcp_ogc.rasters.worker.child")
STOP_SECONDS = 1.0
"""How long a worker that is told to stop may take to get to the next window before it is ended."""
LOST = (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Worker:
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
    async def start(cls) -> Worker:
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
        fetching = Fetching(given, most_bytes)
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

    async def _answer(self, wanted: Read, fetching: Fetching) -> None:
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
