"""Windows by several threads: each once, in order, and what goes wrong is told."""

import threading
from contextlib import contextmanager

import pytest

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.scan import AHEAD, Handles, scan
from mcp_ogc.rasters.windows import Block

WINDOWS = tuple(Block(row, 0, 1, 1) for row in range(200))


class Opened:
    """Handles that remember who opened, used and closed them."""

    def __init__(self) -> None:
        self.opened: list[int] = []
        self.closed: list[int] = []
        self.fails_at_the_end = False

    @contextmanager
    def open(self):
        self.opened.append(threading.get_ident())
        try:
            yield threading.get_ident()
        finally:
            self.closed.append(threading.get_ident())
        if self.fails_at_the_end:
            raise RasterError("bytes were missing")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_windows_whoever_is_faster(threads: int) -> None:
    handles, slow = Opened(), threading.Event()

    def visit(handle: int, at: Block) -> int:
        assert handle == threading.get_ident()
        if threads > 1 and at.row == 0:
            assert slow.wait(20)
        if at.row == 1:
            slow.set()
        return at.row

    assert list(scan(Handles(handles.open, threads), WINDOWS, visit, threading.Event())) == list(range(200))
    assert len(handles.opened) == threads
    assert sorted(handles.closed) == sorted(handles.opened)


def test_no_thread_runs_far_ahead_of_the_merging() -> None:
    visited = []
    results = scan(Handles(Opened().open, 2), WINDOWS, lambda _, at: visited.append(at.row), threading.Event())
    for taken, _ in enumerate(results):
        assert len(visited) <= taken + 2 * (1 + AHEAD)


@pytest.mark.parametrize("threads", [1, 2])
def test_what_a_visit_raises_ends_the_scan_and_closes_the_handles(threads: int) -> None:
    handles = Opened()

    def visit(_: int, at: Block) -> int:
        if at.row == 30:
            raise RasterError("block 30 is damaged")
        return at.row

    with pytest.raises(RasterError, match="block 30"):
        list(scan(Handles(handles.open, threads), WINDOWS, visit, threading.Event()))
    assert len(handles.closed) == threads


@pytest.mark.parametrize("threads", [1, 2])
def test_what_closing_a_handle_raises_is_told_too(threads: int) -> None:
    handles = Opened()
    handles.fails_at_the_end = True
    with pytest.raises(RasterError, match="bytes were missing"):
        list(scan(Handles(handles.open, threads), WINDOWS, lambda _, at: at, threading.Event()))


@pytest.mark.parametrize("threads", [1, 2])
def test_a_scan_that_nobody_waits_for_stops(threads: int) -> None:
    handles, stopped = Opened(), threading.Event()
    results = scan(Handles(handles.open, threads), WINDOWS, lambda _, at: at, stopped)
    next(results)
    stopped.set()
    with pytest.raises(RasterError, match="Nobody waits"):
        list(results)
    assert len(handles.closed) == threads


def test_a_scan_that_is_left_closes_its_handles() -> None:
    handles = Opened()
    results = scan(Handles(handles.open, 2), WINDOWS, lambda _, at: at, threading.Event())
    next(results)
    results.close()
    assert len(handles.closed) == 2
