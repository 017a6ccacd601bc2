"""Where a raster's bytes come from, and the one way to open them.

GDAL opens whatever it recognises, follows what a file points at, and fetches URLs. Here it gets one driver, chosen by
the file's first bytes, and either a permitted local path or a file-like object that asks its parent for byte ranges.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING

from mcp_ogc.errors import OgcError, RasterError

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from pathlib import Path

    from rasterio.io import DatasetReader

HEAD_BYTES = 2**20
"""The first read: the header, and the overviews where a COG keeps the smallest behind it."""
PAGE_BYTES = 2**20
LARGEST_READ_PAGES = 8
KEPT_PAGES = 32
STREAMS = 16
GDAL_CACHE_BYTES = 16 * 2**20
"""GDAL's own default, 5 % of memory, is what makes gdalinfo use a gigabyte; a streaming pass needs a few blocks."""

MAGIC = (
    (b"II*\0", "GTiff"),
    (b"MM\0*", "GTiff"),
    (b"II+\0", "GTiff"),
    (b"MM\0+", "GTiff"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JP2OpenJPEG"),
    (b"\xff\x4f\xff\x51", "JP2OpenJPEG"),
)
# What else arrives in a raster's place: only to say so.
LOOKS_LIKE = (
    (b"<VRTDataset", "a GDAL VRT, which can read other files"),
    (b"<", "XML or HTML"),
    (b"{", "JSON"),
    (b"\x89HDF", "HDF5 or netCDF-4"),
    (b"CDF", "netCDF"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "PDF"),
)
READABLE = "Readable are GeoTIFF and COG, PNG, JPEG and JPEG 2000"


@dataclass(frozen=True, slots=True)
class Source:
    """One raster file: a permitted local path, or byte ranges of something remote."""

    name: str
    """How it is called in answers: never with a query string, which may hold a signature."""
    size: int | None = None
    """Bytes, None where the server did not say."""
    etag: str | None = None
    path: Path | None = None
    ranges: Callable[[int, int], bytes] | None = None
    """`ranges(start, length)`: at most `length` bytes from `start`, fewer only at the end of the file."""


def driver_of(head: bytes, name: str) -> str:
    """The GDAL driver for a file that begins with `head`.

    Raises:
        RasterError: It is none of the four formats; says what it looks like.
    """
    for magic, driver in MAGIC:
        if head.startswith(magic):
            return driver
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = next((kind for magic, kind in LOOKS_LIKE if text.startswith(magic)), None)
    looks = f"it looks like {kind}" if kind else "it is empty" if not head else "its first bytes are of no known format"
    raise RasterError(f"{name} is not a raster that can be read here: {looks}", remedy=READABLE)


class Opened:
    """A dataset and what reading it took."""

    def __init__(self, dataset: DatasetReader, pages: Pages | None, driver: str) -> None:
        self.dataset = dataset
        self.driver = driver
        self._pages = pages

    @property
    def requests(self) -> int | None:
        """Ranged reads so far; None of a local file."""
        return self._pages.requests if self._pages else None

    @property
    def bytes_read(self) -> int | None:
        """Bytes those reads brought; None of a local file."""
        return self._pages.bytes_read if self._pages else None


@contextmanager
def open_raster(source: Source) -> Iterator[Opened]:
    """Open a raster with the driver named; blocking, for a worker thread.

    Neighbours of a local file (`.aux.xml`, `.msk`, `.ovr`, world files) are not looked at: they can be VRTs, and a
    raster is one file here as it is when it is remote.

    Raises:
        RasterError: Not one of the four formats, or damaged, or it points at other files.
        OgcError: What the byte ranges raised.
    """
    rasterio = _rasterio()
    pages = Pages(source) if source.path is None else None
    driver = driver_of(_local_head(source) if pages is None else pages.read(0, HEAD_BYTES), source.name)
    # The summary says that georeferencing is absent; stderr need not.
    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    options = {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        "GDAL_GEOREF_SOURCES": "INTERNAL",
        "GDAL_CACHEMAX": GDAL_CACHE_BYTES,
        "VSI_CACHE": False,
        # Without it the missing end of a JPEG is grey, and counted.
        "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
    }
    # A session is given so that none is made of AWS variables.
    with rasterio.Env(session=rasterio.session.DummySession(), **options):
        try:
            with _dataset(source, pages, driver) as dataset:
                _refuse_pointers(dataset, source.name)
                yield Opened(dataset, pages, driver)
            if pages and pages.failure:
                raise pages.failure  # GDAL went on without those bytes
        except (rasterio.errors.RasterioError, _gdal_error(), UnicodeDecodeError) as error:
            if pages and pages.failure:
                raise pages.failure from error
            raise RasterError(
                f"{source.name} begins as {driver} does, but can't be decoded",
                remedy="It may be cut short or damaged: compare its size and checksum with what the job wrote",
            ) from error


def _dataset(source: Source, pages: Pages | None, driver: str) -> DatasetReader:
    rasterio = _rasterio()
    if pages is None:
        return rasterio.open(str(source.path), driver=driver, sharing=False)
    # The name is ours and without extension: nothing of a URL reaches GDAL.
    return rasterio.open("remote/raster", opener=pages.open, driver=driver, sharing=False)


def _refuse_pointers(dataset: DatasetReader, name: str) -> None:
    """Refuse what makes GDAL open a second file with any driver.

    The metadata item OVERVIEW_FILE of a TIFF's or a JP2's own header names a file, or holds a whole VRT, that is read
    in place of overviews (GDAL 3.10, gcore/gdaldefaultoverviews.cpp).
    """
    if dataset.tags(ns="OVERVIEWS"):
        raise RasterError(
            f"{name} keeps its overviews in another file, which is not read",
            remedy="Write it again as a COG, with its overviews inside",
        )


def _local_head(source: Source) -> bytes:
    path = source.path
    if path is None or not path.is_absolute() or path.as_posix().startswith("/vsi"):
        raise RasterError(f"{source.name} is not an absolute path of this machine")
    try:
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise RasterError(f"{source.name} can't be read: {error.strerror}") from error


class Pages:
    """A remote file's bytes in pages of 1 MiB, the last 32 kept; reads that go on double up to 8 pages a request.

    Bands that are stored one after the other are read in turn: each such stream goes on by itself, and all together
    look ahead no further than half of what is kept.

    Used by one thread at a time.
    """

    def __init__(self, source: Source) -> None:
        if source.ranges is None:
            raise ValueError("a source has a path or ranges")
        self._ranges = source.ranges
        self._name = source.name
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._streams: OrderedDict[int, int] = OrderedDict()  # the page that would go on, and the pages read last
        self.requests = 0
        self.bytes_read = 0
        self.failure: OgcError | None = None
        self.size = source.size if source.size is not None else self._size_of_small_file()

    def open(self, _path: str, mode: str = "rb") -> RangedFile:
        """A file of its own position over these pages, as rasterio's `opener` wants it."""
        if "w" in mode or "+" in mode or "a" in mode:
            raise PermissionError("rasters are only read")
        return RangedFile(self)

    def read(self, start: int, length: int) -> bytes:
        """Bytes from `start`; fewer than `length` only at the end of the file.

        Raises:
            OgcError: The range could not be fetched.
        """
        end = min(start + length, self.size)
        if start >= end:
            return b""
        first, last = start // PAGE_BYTES, (end - 1) // PAGE_BYTES
        data = b"".join(self._page(page, last) for page in range(first, last + 1))
        offset = start - first * PAGE_BYTES
        return data[offset : offset + end - start]

    def _page(self, page: int, wanted_last: int) -> bytes:
        if page not in self._kept:
            self._fetch(page, wanted_last)
        self._kept.move_to_end(page)
        return self._kept[page]

    def _fetch(self, page: int, wanted_last: int) -> None:
        """Fetch `page` and, in the same request, those after it that are wanted or likely to be."""
        ahead = min(2 * self._streams.pop(page, 0), KEPT_PAGES // 2 // (len(self._streams) + 1))
        most = min(max(ahead, wanted_last - page + 1), LARGEST_READ_PAGES)
        count = next((number for number in range(1, most) if page + number in self._kept), most)
        start = page * PAGE_BYTES
        data = self._request(start, min(count * PAGE_BYTES, self.size - start))
        for number in range(-(-len(data) // PAGE_BYTES)):
            self._kept[page + number] = data[number * PAGE_BYTES : (number + 1) * PAGE_BYTES]
            self._kept.move_to_end(page + number)
        self._streams[page + count] = count
        while len(self._streams) > STREAMS:
            self._streams.popitem(last=False)
        while len(self._kept) > KEPT_PAGES:
            self._kept.popitem(last=False)

    def _request(self, start: int, length: int) -> bytes:
        self.requests += 1
        data = self._ranges(start, length)
        self.bytes_read += len(data)
        if len(data) != length:
            raise RasterError(
                f"{self._name} ended early: {len(data)} of {length} bytes came from byte {start}",
                remedy="It may have been replaced while it was read: read it again",
            )
        return data

    def _size_of_small_file(self) -> int:
        self.requests += 1
        head = self._ranges(0, HEAD_BYTES)
        self.bytes_read += len(head)
        if len(head) >= HEAD_BYTES:
            raise RasterError(
                f"The server does not say how large {self._name} is, so it can't be read in ranges",
                remedy="Export the file with ogc_export_job and open it locally",
            )
        self._kept[0] = head
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


def _rasterio() -> ModuleType:
    """`rasterio`, without boto3: it imports that where it is installed (0.2 s), to make GDAL fetch from S3 itself."""
    if "rasterio" in sys.modules:
        return importlib.import_module("rasterio")  # waits while another thread is importing it
    absent = _AbsentInThisThread("boto3")
    sys.meta_path.insert(0, absent)
    try:
        return importlib.import_module("rasterio")
    finally:
        sys.meta_path.remove(absent)


def _gdal_error() -> type[Exception]:
    """What rasterio lets through of GDAL's own errors; it has no public name (rasterio 1.4)."""
    error: type[Exception] = importlib.import_module("rasterio._err").CPLE_BaseError
    return error


class _AbsentInThisThread:
    """An import finder that says a module is absent, to the thread that made it only: others may be importing it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = threading.get_ident()

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Refuse that one module; of all others nothing is known here."""
        if fullname == self._name and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not wanted here", name=fullname)
        return None
