"""Every pixel of a raster file, counted."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import Band, bands_of
from mcp_ogc.rasters.pictures.illustration import picture_of, samples_for
from mcp_ogc.rasters.profile import Counted, summary_of
from mcp_ogc.rasters.scan import THREADS, Handles, unheard
from mcp_ogc.rasters.source import BLOCK_BYTES, Opened, Source, open_raster, side_by_side
from mcp_ogc.rasters.statistics.counting import Grid, count_bands
from mcp_ogc.rasters.statistics.damage import METHOD, Damage
from mcp_ogc.rasters.summary import Summarized

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.worker.tasks import Wanted

EXACT_PIXELS = 2 * 10**9
"""Pixels times bands that are counted one by one: about 10 s."""
WHOLE_IMAGE_PIXELS = 2**28
"""PNG, JPEG and JPEG 2000 may have to be decoded whole."""
PARALLEL_PIXELS = 2**22
"""Less is counted before a second handle is open."""
SHARED_BLOCK_PIXELS = 2**20
"""Larger blocks are taken in slices, and every handle would decode them all."""


def summarize_source(
    source: Source, wanted: Wanted, stopped: threading.Event, told: Callable[[float], None] = unheard
) -> Summarized:
    """Count every pixel of a raster; blocking, for a worker thread.

    Args:
        source: The file.
        wanted: What is asked.
        stopped: Looked at before each window: whoever waits for the answer may be gone.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: Not readable as a raster, or beyond the bounds.
        OgcError: What the byte ranges raised.
    """
    with open_raster(source) as opened:
        bands = bands_of(opened.dataset, wanted.bands)
        return count_every_pixel(opened, source, bands, wanted, stopped, told)


def count_every_pixel(
    opened: Opened,
    source: Source,
    bands: Sequence[Band],
    wanted: Wanted,
    stopped: threading.Event,
    told: Callable[[float], None],
) -> Summarized:
    """As `summarize_source`, of a raster that is open already, in these of its bands."""
    overview = ["take its overview (exact=false)"] if opened.dataset.overviews(1) else []
    check_bounds(opened, source.name, len(bands), *overview)
    grid = Grid.of(opened.dataset)
    area = pixel_area(opened.dataset.crs, opened.dataset.transform)
    samples = samples_for(bands, grid, wanted.preview)
    damage = Damage(opened, grid, source.name)
    handles = handles_of(source, opened)
    with side_by_side(max((grid.block_bytes(band) for band in bands if band.masked), default=0)):
        found = count_bands(handles, grid, bands, area, stopped, samples=samples, damage=damage, told=told)
    counted = Counted(grid.width, grid.height, area)
    if damage.notes:
        counted = replace(counted, method=METHOD, notes=damage.notes)
    summary = summary_of(opened, source, bands, found, counted, wanted.classes)
    return Summarized(summary, picture_of(samples, bands, found, summary.bands, wanted.preview))


def check_bounds(opened: Opened, name: str, bands: int, *ways: str) -> None:
    """Refuse by what is declared, before anything is decoded.

    Args:
        opened: The raster.
        name: Of the raster.
        bands: How many of its bands are to be counted.
        ways: What else would help whoever asked.

    Raises:
        RasterError: More pixels than are counted, or blocks that are too large.
    """
    dataset = opened.dataset
    pixels = dataset.width * dataset.height
    if pixels * bands > EXACT_PIXELS:
        several = f" in {bands} bands" if bands > 1 else ""
        fewer = ["name fewer bands (bands=[1])"] if bands > 1 and pixels <= EXACT_PIXELS else []
        others = "".join(f", {way}" for way in (*fewer, *ways))
        raise RasterError(
            f"{name} has {_size(dataset)}{several}; at most {EXACT_PIXELS / 1e9:.0f} gigapixels are counted",
            remedy="Measure parts of it by ogc_measure_raster (within=[west, south, east, north])"
            f"{others}, or have the process write a smaller or coarser output",
        )
    check_blocks(opened, dataset, name)


def check_blocks(opened: Opened, dataset: DatasetReader, name: str) -> None:
    """Refuse what can only be decoded in pieces that are too large, by what is declared.

    Args:
        opened: The raster.
        dataset: That, or one of its overviews, whose blocks are of a size of their own.
        name: Of the raster.

    Raises:
        RasterError: Of a format that is decoded whole, or with a block beyond the bounds.
    """
    whole = opened.dataset
    if opened.driver != "GTiff" and whole.width * whole.height > WHOLE_IMAGE_PIXELS:
        raise RasterError(
            f"{name} has {_size(whole)}; no {opened.driver} above {WHOLE_IMAGE_PIXELS // 10**6} megapixels is decoded",
            remedy="Have the process write a COG, which can be read in parts",
        )
    rows, columns = dataset.block_shapes[0]
    interleaved = whole.count if whole.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL" else 1
    if rows * columns * np.dtype(dataset.dtypes[0]).itemsize * interleaved > BLOCK_BYTES:
        what = "is" if dataset is whole else "keeps an overview"
        raise RasterError(
            f"{name} {what} stored in blocks of {columns:,} × {rows:,} pixels, too large to decode one",
            remedy="Have the process write it tiled, as a COG is",
        )


def _size(dataset: DatasetReader) -> str:
    return f"{dataset.width:,} × {dataset.height:,} pixels"


def handles_of(source: Source, opened: Opened) -> Handles[DatasetReader]:
    """How threads get at an open raster, and how many may.

    One only where bytes are fetched, where a second handle costs more than it gains, and where handles would decode
    the same block each: a strip that is the whole image, and formats without blocks.
    """
    grid = Grid.of(opened.dataset)
    alone = source.path is None or opened.driver != "GTiff" or grid.width * grid.height < PARALLEL_PIXELS
    if alone or grid.block[0] * grid.block[1] > SHARED_BLOCK_PIXELS:
        return Handles(lambda: nullcontext(opened.dataset), 1)
    return Handles(opened.handle, THREADS)
