"""The raster worker, `python -m mcp_ogc.rasters.worker.child`: does one order after the other that arrive on its stdin.

Whatever else would be printed goes where stderr goes: file descriptor 1 belongs to the frames, and is moved away.
"""

from __future__ import annotations

import itertools
import logging
import os
import queue
import threading
import time
import warnings
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_ogc.errors import InvalidGeometry, NoOverview, OgcError, RasterError, UnknownName
from mcp_ogc.rasters.worker.confinement import allow_cpu, confine

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_ogc.rasters.source import Source
    from mcp_ogc.rasters.worker.tasks import Order, RasterFile

PROGRESS_SECONDS = 0.5


class Unfetched(OgcError):
    """A range that the server could not get."""


def main() -> None:
    """Confine this process, import what rasters need, and serve until stdin ends."""
    received, sent = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    confine()  # before numpy and GDAL start threads
    logging.getLogger().addHandler(logging.NullHandler())
    warnings.simplefilter("ignore")
    _Server(received, sent).serve()


@dataclass(slots=True)
class _Inbox:
    """What came for the next order, and for the one that runs."""

    orders: queue.SimpleQueue[tuple[bytes, dict[int, bytes]]] = field(default_factory=queue.SimpleQueue)
    heads: dict[int, bytes] = field(default_factory=dict)
    ranges: dict[int, Future[bytes]] = field(default_factory=dict)
    stopped: threading.Event = field(default_factory=threading.Event)


class _Server:
    def __init__(self, received: int, sent: int) -> None:
        self._received = os.fdopen(received, "rb", buffering=2**16)
        self._sent = sent
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._inbox = _Inbox()

    def serve(self) -> None:
        """Do orders until the server is gone."""
        from mcp_ogc.rasters.source import import_rasterio
        from mcp_ogc.rasters.statistics import approximation  # noqa: F401 - imported before it is needed: it takes half a second
        from mcp_ogc.rasters.worker.tasks import ORDER

        import_rasterio()
        threading.Thread(target=self._receive, name="received", daemon=True).start()
        while True:
            text, heads = self._inbox.orders.get()
            self._do(ORDER.validate_json(text), heads)

    def _do(self, order: Order, heads: dict[int, bytes]) -> None:
        from mcp_ogc.rasters.worker.frames import Done
        from mcp_ogc.rasters.worker.tasks import answers, perform

        allow_cpu(order.cpu_seconds)
        sources = [self._source(number, file, heads.get(number), order) for number, file in enumerate(order.files)]
        try:
            answer = perform(order.task, sources, self._inbox.stopped, self._progress())
            body = answers(order.task).dump_json(answer)
        except OgcError as error:
            self._send(_failed(error))
        except MemoryError:
            self._send(
                _failed(RasterError("It needs more memory than a raster worker has", remedy="Name fewer bands at once"))
            )
        except Exception as error:  # a mistake of ours costs its task, not the warm process
            name = type(error).__name__
            self._send(_failed(RasterError(f"Reading the raster failed as nobody foresaw ({name})")))
        else:
            self._send(Done(), body)

    def _source(self, number: int, file: RasterFile, head: bytes | None, order: Order) -> Source:
        from mcp_ogc.rasters.source import Source

        if file.path is not None:
            return Source(file.name, file.size, file.etag, file.path, drivers=order.drivers)
        return Source(file.name, file.size, file.etag, ranges=self._ranges(number), head=head, drivers=order.drivers)

    def _ranges(self, file: int) -> Callable[[int, int], bytes]:
        from mcp_ogc.rasters.worker.frames import Read

        def ranges(start: int, length: int) -> bytes:
            number = next(self._numbers)
            found = self._inbox.ranges[number] = Future()
            self._send(Read(number, file, start, length))
            if self._inbox.stopped.is_set():
                raise Unfetched("Nobody waits for it any more")
            return found.result()

        return ranges

    def _progress(self) -> Callable[[float], None]:
        from mcp_ogc.rasters.worker.frames import Progress

        last = float("-inf")  # the first is told at once

        def told(share: float) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= PROGRESS_SECONDS:
                last = now
                self._send(Progress(min(1.0, max(0.0, share))))

        return told

    def _receive(self) -> None:
        """Take in frames; the process ends with its server, whatever it is doing."""
        from mcp_ogc.rasters.worker.frames import LENGTHS, TO_WORKER, Do, Head, NoRange, Range, Stop, lengths

        inbox = self._inbox
        while len(prefix := self._received.read(LENGTHS.size)) == LENGTHS.size:
            message_length, body_length = lengths(prefix)
            message = TO_WORKER.validate_json(self._received.read(message_length))
            body = self._received.read(body_length)
            match message:
                case Head():
                    inbox.heads[message.file] = body
                case Do():
                    inbox.stopped.clear()
                    inbox.orders.put((body, inbox.heads))
                    inbox.heads = {}
                case Range():
                    if found := inbox.ranges.pop(message.number, None):
                        found.set_result(body)
                case NoRange():
                    if found := inbox.ranges.pop(message.number, None):
                        found.set_exception(Unfetched("A range could not be fetched"))
                case Stop():
                    inbox.stopped.set()
                    for number in list(inbox.ranges):
                        inbox.ranges.pop(number).set_exception(Unfetched("Nobody waits for it any more"))
        os._exit(0)

    def _send(self, message: object, body: bytes = b"") -> None:
        from mcp_ogc.rasters.worker.frames import FROM_WORKER, frame

        data = memoryview(frame(FROM_WORKER.dump_json(message), body))  # type: ignore[arg-type]
        with self._sending:
            while data:
                data = data[os.write(self._sent, data) :]


def _failed(error: OgcError) -> object:
    from mcp_ogc.rasters.worker.frames import Failed

    message, remedy = error.message[:2000], error.remedy[:2000]
    match error:
        case UnknownName():
            return Failed("UnknownName", message, unknown=(error.noun, error.name, error.known))
        case Unfetched():
            return Failed("unfetched", message)
        case NoOverview():
            return Failed("NoOverview", message, remedy)
        case InvalidGeometry():
            return Failed("InvalidGeometry", message, remedy)
        case _:
            return Failed("RasterError", message, remedy)


if __name__ == "__main__":
    main()
