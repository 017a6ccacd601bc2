"""A remote file's bytes in pages, fetched in few and large ranges, several at once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING

from mcp_ogc.errors import OgcError, RasterError

if TYPE_CHECKING:
    from mcp_ogc.rasters.source import Source

HEAD_BYTES = 2**20
"""The first read: the header, and the overviews where a COG keeps the smallest behind it."""
PAGE_BYTES = 2**20
LARGEST_READ_PAGES = 8
KEPT_PAGES = 48
STREAMS = 16
READS_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class _Run:
    """Pages of one request, which may still be on their way."""

    first: int
    count: int
    bytes: Future[bytes]


class Pages:
    """A remote file's bytes in pages of 1 MiB, the last 48 kept.

    A read that goes on where one before ended is a stream: its requests double up to 8 pages, and the next one is on
    its way while the last is used. Bands that are stored one after the other are read in turn: each such stream goes
    on by itself, and all together look ahead no further than half of what is kept.
    """

    def __init__(self, source: Source) -> None:
        if source.ranges is None:
            raise ValueError("a source has a path or ranges")
        self._ranges = source.ranges
        self._name = source.name
        self._lock = threading.Lock()
        self._fetchers = ThreadPoolExecutor(READS_AT_ONCE, thread_name_prefix="ranges")
        self._kept: OrderedDict[int, _Run] = OrderedDict()
        self._streams: OrderedDict[int, int] = OrderedDict()  # the page that would go on, and the pages read last
        self.requests = 0
        self.bytes_read = 0
        self.failure: OgcError | None = None
        self.size = source.size if source.size is not None else self._size_of_small_file(source.head)
        if source.head is not None and len(source.head) == min(self.size, PAGE_BYTES):
            self._take_head(source.head)

    def open(self, _path: str, mode: str = "rb") -> RangedFile:
        """A file of its own position over these pages, as rasterio's `opener` wants it."""
        if "w" in mode or "+" in mode or "a" in mode:
            raise PermissionError("rasters are only read")
        return RangedFile(self)

    def close(self) -> None:
        """Ask for nothing more."""
        self._fetchers.shutdown(wait=False, cancel_futures=True)

    def read(self, start: int, length: int) -> bytes:
        """Bytes from `start`; fewer than `length` only at the end of the file.

        Raises:
            OgcError: The range could not be fetched.
        """
        end = min(start + length, self.size)
        if start >= end:
            return b""
        last = (end - 1) // PAGE_BYTES
        parts: list[memoryview] = []
        page = start // PAGE_BYTES
        # Runs are awaited one after the other, so that what is kept bounds what is held; all are on their way by then.
        self._start(page, last)
        while page <= last:
            run = self._run(page, last)
            begin = run.first * PAGE_BYTES
            upto = min(end, begin + run.count * PAGE_BYTES)
            parts.append(memoryview(run.bytes.result())[max(start, page * PAGE_BYTES) - begin : upto - begin])
            page = run.first + run.count
        return b"".join(parts)

    def expect(self, start: int, length: int) -> None:
        """Fetch a range that is about to be read: whole, in as few requests as there can be."""
        last = (min(start + length, self.size) - 1) // PAGE_BYTES
        if 0 <= last - start // PAGE_BYTES < KEPT_PAGES // 2:
            self._start(start // PAGE_BYTES, last)

    def _start(self, first: int, last: int) -> None:
        """Put on its way what is missing of these pages, as far as it can be kept."""
        with self._lock:
            for page in range(first, min(last, first + KEPT_PAGES // 2) + 1):
                if page not in self._kept:
                    self._fetch(page, last)

    def _run(self, page: int, wanted_last: int) -> _Run:
        with self._lock:
            if page not in self._kept:
                self._fetch(page, wanted_last)
            run = self._kept[page]
            for number in range(run.first, run.first + run.count):
                if number in self._kept:
                    self._kept.move_to_end(number)
            after = run.first + run.count
            # The last request of a stream in full flow is being used: the next one may come meanwhile.
            if self._streams.get(after, 0) >= LARGEST_READ_PAGES // 2 and after not in self._kept:
                self._fetch(after, after)
            return run

    def _fetch(self, page: int, wanted_last: int) -> None:
        """Ask for `page` and, in the same request, those after it that are wanted or likely to be."""
        pages = -(-self.size // PAGE_BYTES)
        if page >= pages:
            return
        ahead = min(2 * self._streams.pop(page, 0), KEPT_PAGES // 3 // (len(self._streams) + 1))
        most = min(max(ahead, wanted_last - page + 1), LARGEST_READ_PAGES, pages - page)
        count = next((number for number in range(1, most) if page + number in self._kept), most)
        start = page * PAGE_BYTES
        self.requests += 1
        run = _Run(page, count, self._fetchers.submit(self._request, start, min(count * PAGE_BYTES, self.size - start)))
        for number in range(page, page + count):
            self._kept[number] = run
            self._kept.move_to_end(number)
        self._streams[page + count] = count
        while len(self._streams) > STREAMS:
            self._streams.popitem(last=False)
        while len(self._kept) > KEPT_PAGES:
            oldest = next(iter(self._kept.values()))  # as a whole: its pages share their bytes
            for number in range(oldest.first, oldest.first + oldest.count):
                if self._kept.get(number) is oldest:
                    del self._kept[number]

    def _request(self, start: int, length: int) -> bytes:
        data = self._ranges(start, length)
        with self._lock:
            self.bytes_read += len(data)
        if len(data) != length:
            raise RasterError(
                f"{self._name} ended early: {len(data)} of {length} bytes came from byte {start}",
                remedy="It may have been replaced while it was read: read it again",
            )
        return data

    def _take_head(self, head: bytes) -> None:
        """Keep what came with the first request."""
        self.requests += 1
        self.bytes_read += len(head)
        done: Future[bytes] = Future()
        done.set_result(head)
        self._kept[0] = _Run(0, 1, done)
        self._streams[1] = 1

    def _size_of_small_file(self, head: bytes | None) -> int:
        if head is None:
            head = self._ranges(0, HEAD_BYTES)
            if len(head) < HEAD_BYTES:
                self._take_head(head)
        if len(head) >= HEAD_BYTES:
            raise RasterError(
                f"The server does not say how large {self._name} is, so it can't be read in ranges",
                remedy="Export the file with ogc_export_job and open it locally",
            )
        return len(head)


class RangedFile:
    """The read-only file that GDAL sees. What fails is kept for the caller: an exception can't cross GDAL."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._position = 0

    def read(self, length: int = -1) -> bytes:
        """Bytes from the position on; none after a failure, which GDAL reports as a short read."""
        if self._pages.failure:
            return b""
        wanted = self._pages.size - self._position if length < 0 else length
        try:
            data = self._pages.read(self._position, wanted)
        except OgcError as error:
            self._pages.failure = error
            return b""
        except Exception as error:  # of the bridge: a closed loop, a cancelled call
            self._pages.failure = RasterError("Reading the raster was interrupted")
            self._pages.failure.__cause__ = error
            return b""
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, as `io` does: 0 from the start, 1 from here, 2 from the end."""
        self._position = offset + (0, self._position, self._pages.size)[whence]
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def close(self) -> None:
        """Nothing is held."""

    def __enter__(self) -> RangedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
