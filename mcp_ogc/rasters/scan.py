"""One pass over the windows of a raster, by threads that each have a handle of their own.

GDAL, numpy and Pillow let go of the interpreter while they work, so two threads decode and count side by side.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

from mcp_ogc.errors import RasterError

THREADS = 2
AHEAD = 2
"""Windows a thread may be ahead of the merging, which bounds the memory."""

Handle = TypeVar("Handle")
Window = TypeVar("Window")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Handles(Generic[Handle]):
    """How threads get at a raster."""

    open: Callable[[], AbstractContextManager[Handle]]
    """Opens one more handle of the same raster: for one thread, entered and left in that thread."""
    threads: int = THREADS
    """At most."""


def scan(
    handles: Handles[Handle],
    windows: Sequence[Window],
    visit: Callable[[Handle, Window], T],
    stopped: threading.Event,
) -> Iterator[T]:
    """Visit every window once; blocking.

    Args:
        handles: What `visit` reads from.
        windows: Which, and what is to be read there, in the order in which results are wanted.
        visit: Reads and counts one window; called by several threads, so without state of its own.
        stopped: Looked at before each window: whoever waits for the answer may be gone.

    Yields:
        What `visit` gave, in the order of the windows, whichever thread was faster.

    Raises:
        RasterError: `stopped` was set.
        OgcError: What opening, reading or closing a handle raised.
    """
    threads = min(handles.threads, len(windows))
    if threads < 2:
        with handles.open() as handle:
            for window in windows:
                _go_on(stopped)
                yield visit(handle, window)
        return
    shared = _Shared[Window, T](enumerate(windows), threading.Semaphore(threads * (1 + AHEAD)))
    with ThreadPoolExecutor(threads, thread_name_prefix="raster") as pool:
        workers = [pool.submit(_work, handles, visit, shared, stopped) for _ in range(threads)]
        for worker in workers:
            worker.add_done_callback(shared.ended)
        try:
            yield from shared.in_order(len(windows))
        finally:
            shared.abandon(threads)
    for worker in workers:
        worker.result()


def _work(
    handles: Handles[Handle],
    visit: Callable[[Handle, Window], T],
    shared: _Shared[Window, T],
    stopped: threading.Event,
) -> None:
    with handles.open() as handle:
        while (task := shared.take()) is not None:
            _go_on(stopped)
            number, window = task
            shared.results.put((number, visit(handle, window)))


def unheard(share: float) -> None:
    """For whoever does not want to be told how far a pass is."""


def _go_on(stopped: threading.Event) -> None:
    if stopped.is_set():
        raise RasterError("Nobody waits for this answer any more")


@dataclass(slots=True)
class _Shared(Generic[Window, T]):
    """The windows that are still to be visited, and what came of the others."""

    tasks: Iterator[tuple[int, Window]]
    room: threading.Semaphore
    results: SimpleQueue[tuple[int, T] | Future[None]] = field(default_factory=SimpleQueue)
    lock: threading.Lock = field(default_factory=threading.Lock)
    abandoned: threading.Event = field(default_factory=threading.Event)

    def take(self) -> tuple[int, Window] | None:
        """The next window. Room is taken first: whoever has the least unmerged window has it, so it goes on."""
        self.room.acquire()
        with self.lock:
            return None if self.abandoned.is_set() else next(self.tasks, None)

    def in_order(self, count: int) -> Iterator[T]:
        """Results as they become due. A worker that ended early raises what ended it."""
        early: dict[int, T] = {}
        for number in range(count):
            while number not in early:
                found = self.results.get()
                if isinstance(found, Future):
                    found.result()
                else:
                    early[found[0]] = found[1]
            yield early.pop(number)
            self.room.release()

    def ended(self, worker: Future[None]) -> None:
        """Wakes whoever waits for results."""
        self.results.put(worker)

    def abandon(self, threads: int) -> None:
        """Let workers that wait for room end."""
        self.abandoned.set()
        self.room.release(threads)
