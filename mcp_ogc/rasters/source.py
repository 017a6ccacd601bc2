"""Where a raster's bytes come from, and the one way to open them.

GDAL opens whatever it recognises, follows what a file points at, and fetches URLs. Here it gets one driver, chosen by
the file's first bytes, and either a permitted local path or a file-like object that asks its parent for byte ranges.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from mcp_ogc.errors import OgcError, RasterError
from mcp_ogc.rasters.pages import HEAD_BYTES, PAGE_BYTES, Pages

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from pathlib import Path

    from rasterio.io import DatasetReader

GDAL_CACHE_BYTES = 16 * 2**20
"""GDAL's own default, 5 % of memory, is what makes gdalinfo use a gigabyte; a streaming pass needs a few blocks."""
BLOCK_BYTES = 2**29
"""One decoded block with all the bands it holds; a TIFF of a few hundred bytes can declare any size."""

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
# Formats of one file that points at no other, for who permits them in the settings.
MORE_MAGIC = ((b"GIF8", "GIF"), (b"RIFF", "WEBP"), (b"BM", "BMP"), (b"GRIB", "GRIB"))
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
MOST_BLOCKS = 1000
"""Of an overview, looked up one by one."""
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
    """`ranges(start, length)`: bytes from `start`, fewer only at the end of the file; called by several threads."""
    head: bytes | None = None
    """The first MiB of something remote, where it is there already."""
    drivers: tuple[str, ...] = ()
    """GDAL drivers that the operator permits beside the usual ones."""


def driver_of(head: bytes, name: str, permitted: Sequence[str] = ()) -> str:
    """The GDAL driver for a file that begins with `head`.

    Args:
        head: 16 bytes or more, of a file that has as many.
        name: Of the file, for the error.
        permitted: Drivers of `MORE_MAGIC` that the operator allows.

    Raises:
        RasterError: It is none of the formats that are read; says what it looks like.
    """
    for magic, driver in MAGIC:
        if head.startswith(magic):
            return driver
    for magic, driver in MORE_MAGIC:
        if head.startswith(magic):
            if driver in permitted:
                return driver
            raise RasterError(
                f"{name} is not a raster that can be read here: it looks like {driver}",
                remedy=f'{READABLE}; rasters.drivers = ["{driver}"] in the settings adds this one',
            )
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = next((kind for magic, kind in LOOKS_LIKE if text.startswith(magic)), None)
    looks = f"it looks like {kind}" if kind else "it is empty" if not head else "its first bytes are of no known format"
    raise RasterError(f"{name} is not a raster that can be read here: {looks}", remedy=READABLE)


class Opened:
    """A dataset, what reading it took, and more handles of it."""

    def __init__(self, dataset: DatasetReader, source: Source, pages: Pages | None, driver: str) -> None:
        self.dataset = dataset
        self.driver = driver
        self._source = source
        self._pages = pages

    @property
    def requests(self) -> int | None:
        """Ranged reads so far; None of a local file."""
        return self._pages.requests if self._pages else None

    @property
    def bytes_read(self) -> int | None:
        """Bytes those reads brought; None of a local file."""
        return self._pages.bytes_read if self._pages else None

    @property
    def unfetched(self) -> OgcError | None:
        """Why bytes could not be had: what is missing then is no damage."""
        return self._pages.failure if self._pages else None

    @contextmanager
    def handle(self) -> Iterator[DatasetReader]:
        """One more handle of the same dataset over the same bytes, for the thread that enters and leaves this.

        Raises:
            RasterError: Damaged.
            OgcError: What the byte ranges raised.
        """
        with (
            _reading(self._source, self._pages, self.driver),
            _dataset(self._source, self._pages, self.driver) as dataset,
        ):
            yield dataset

    @contextmanager
    def overview(self, level: int) -> Iterator[DatasetReader]:
        """One of the overviews, 0 the largest, as a dataset of its own size and blocks."""
        with _dataset(self._source, self._pages, self.driver, overview_level=level) as dataset:
            yield dataset

    def expect(self, dataset: DatasetReader) -> None:
        """Fetch an overview that is about to be read: whole, in as few requests as can be."""
        if self._pages:
            for start, length in block_spans(dataset):
                self._pages.expect(start, length)


def block_spans(dataset: DatasetReader) -> list[tuple[int, int]]:
    """Where the blocks of a small GeoTIFF, or of an overview, are in the file, as few (start, length).

    None where it does not say.
    """
    if dataset.driver != "GTiff":
        return []
    rows, columns = dataset.block_shapes[0]
    down, across = -(-dataset.height // rows), -(-dataset.width // columns)
    if down * across * dataset.count > MOST_BLOCKS:
        return []
    spans: list[tuple[int, int]] = []
    for band in dataset.indexes:
        for row in range(down):
            for column in range(across):
                offset, size = (
                    dataset.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=band)
                    for what in ("OFFSET", "SIZE")
                )
                if offset and size:
                    spans.append((int(offset), int(offset) + int(size)))
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= PAGE_BYTES:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return [(start, end - start) for start, end in merged]


@contextmanager
def open_raster(source: Source) -> Iterator[Opened]:
    """Open a raster with the driver named; blocking.

    Neighbours of a local file (`.aux.xml`, `.msk`, `.ovr`, world files) are not looked at: they can be VRTs, and a
    raster is one file here as it is when it is remote.

    Raises:
        RasterError: Not one of the four formats, or damaged, or it points at other files.
        OgcError: What the byte ranges raised.
    """
    pages = Pages(source) if source.path is None else None
    try:
        driver = _driver(source, pages)
        with _reading(source, pages, driver), _dataset(source, pages, driver) as dataset:
            _refuse_pointers(dataset, source.name)
            yield Opened(dataset, source, pages, driver)
    finally:
        if pages:
            pages.close()


@contextmanager
def _reading(source: Source, pages: Pages | None, driver: str) -> Iterator[None]:
    """GDAL's options, which are a thread's own, and its errors as ours."""
    rasterio = import_rasterio()
    # The summary says that georeferencing is absent; stderr need not.
    warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
    options = {
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
        "GDAL_PAM_ENABLED": "NO",
        # With the first alone a JPEG 2000 without a place has memory nobody wrote to for a geotransform (GDAL 3.10 and
        # 3.12); the second is switched off above.
        "GDAL_GEOREF_SOURCES": "INTERNAL,PAM",
        "GDAL_CACHEMAX": GDAL_CACHE_BYTES,
        "VSI_CACHE": False,
        # Without it the missing end of a JPEG is grey, and counted.
        "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
        # With it a PNG that ends too early and is read whole comes back as memory nobody wrote to, and without an error
        # (GDAL 3.10 and 3.12).
        "GDAL_PNG_WHOLE_IMAGE_OPTIM": "NO",
    }
    # A session is given so that none is made of AWS variables.
    with rasterio.Env(session=rasterio.session.DummySession(), **options):
        try:
            yield
        except decoding_errors() as error:
            if pages and pages.failure:
                raise pages.failure from error
            raise RasterError(
                f"{source.name} begins as {driver} does, but can't be decoded",
                remedy="It may be cut short or damaged: compare its size and checksum with what the job wrote",
            ) from error
        if pages and pages.failure:
            raise pages.failure  # GDAL went on without those bytes


@contextmanager
def side_by_side(block_bytes: int) -> Iterator[None]:
    """Have GDAL keep several blocks that slices are taken from by turns: each would be decoded again for each slice.

    Args:
        block_bytes: Of all of them, decoded; what is more than a single block may have is left as it is.
    """
    rasterio = import_rasterio()
    if not 0 < block_bytes <= BLOCK_BYTES:
        yield
        return
    with rasterio.Env(session=rasterio.session.DummySession(), GDAL_CACHEMAX=GDAL_CACHE_BYTES + block_bytes):
        yield


def _driver(source: Source, pages: Pages | None) -> str:
    head = _local_head(source) if pages is None else pages.read(0, HEAD_BYTES)
    return driver_of(head, source.name, source.drivers)


def _dataset(source: Source, pages: Pages | None, driver: str, **options: int) -> DatasetReader:
    rasterio = import_rasterio()
    if pages is None:
        return rasterio.open(str(source.path), driver=driver, sharing=False, **options)
    # The name is ours and without extension: nothing of a URL reaches GDAL. It is one for each file, because rasterio
    # registers an opener by its folder.
    name = f"remote-{id(pages):x}/raster"
    return rasterio.open(name, opener=pages.open, driver=driver, sharing=False, **options)


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


def import_rasterio() -> ModuleType:
    """`rasterio`, without boto3: it imports that where it is installed (0.2 s), to make GDAL fetch from S3 itself."""
    if "rasterio" in sys.modules:
        return importlib.import_module("rasterio")  # waits while another thread is importing it
    absent = _AbsentInThisThread("boto3")
    sys.meta_path.insert(0, absent)
    try:
        return importlib.import_module("rasterio")
    finally:
        sys.meta_path.remove(absent)


def decoding_errors() -> tuple[type[Exception], ...]:
    """What rasterio raises of a damaged file; GDAL's own errors, some of which it lets through, have no public name."""
    errors = import_rasterio().errors
    return errors.RasterioError, importlib.import_module("rasterio._err").CPLE_BaseError, UnicodeDecodeError


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
