"""A raster judged by its smallest suitable overview: one short read, and an answer that says what may be off.

What overviews do to statistics depends on how they were made, which no file records. Picked pixels (nearest) are a
sample of the raster. Averages lose extremes and are no classes; majorities (mode) let large classes grow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import NoOverview, RasterError
from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import Band, bands_of
from mcp_ogc.rasters.pictures.illustration import picture_of, samples_for
from mcp_ogc.rasters.profile import Counted, summary_of
from mcp_ogc.rasters.scan import unheard
from mcp_ogc.rasters.source import Opened, Source, decoding_errors, open_raster
from mcp_ogc.rasters.statistics.counting import Grid, count_overview
from mcp_ogc.rasters.statistics.reading import EXACT_PIXELS, check_blocks, check_bounds, count_every_pixel
from mcp_ogc.rasters.summary import BandSummary, RasterSummary, Summarized

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.worker.tasks import Wanted

LEAST_SIDE = 256
"""An overview's longer side, in pixels. GDAL's COGs end with one of 256 to 512, right behind the header."""
MOST_BYTES = 2**25
"""Of an overview, decoded, in all the bands that are asked for."""
SMALL_PIXELS = 2**22
"""A raster without overviews is counted up to this many, in all bands: as quick."""
QUICK_PIXELS = 2**28
"""In all bands: counted in about two seconds."""
QUICK_BYTES = 2**25
"""Fetched for that."""
STANDARD_ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Overview:
    """One of a raster's overviews."""

    level: int
    """0-based, the largest first."""
    factor: int
    """How many pixels of the raster each of its pixels stands for, along a side."""


def suitable_overview(dataset: DatasetReader, bands: Sequence[Band]) -> Overview | None:
    """The smallest overview of at least 256 pixels along its longer side; None without one that is small enough."""
    factors = dataset.overviews(bands[0].number)
    for level, factor in sorted(enumerate(factors), key=lambda one: -one[1]):
        # As GDAL makes them: a last pixel may stand for fewer.
        width, height = -(-dataset.width // factor), -(-dataset.height // factor)
        if max(width, height) < LEAST_SIDE:
            continue
        return Overview(level, factor) if _bytes(width, height, bands) <= MOST_BYTES else None
    return None


def summarize_quickly(
    source: Source, wanted: Wanted, stopped: threading.Event, told: Callable[[float], None] = unheard
) -> Summarized:
    """As `reading.summarize_source` where that is quick, else by an overview.

    Raises:
        NoOverview: Counting would take long, and it has none that is suitable.
    """
    with open_raster(source) as opened:
        bands = bands_of(opened.dataset, wanted.bands)
        pixels = opened.dataset.width * opened.dataset.height * len(bands)
        if pixels <= QUICK_PIXELS and (source.path is not None or (source.size or 0) <= QUICK_BYTES):
            return count_every_pixel(opened, source, bands, wanted, stopped, told)
        return _approximated(opened, source, bands, wanted, stopped, told)


def approximate_source(
    source: Source, wanted: Wanted, stopped: threading.Event, told: Callable[[float], None] = unheard
) -> Summarized:
    """As `reading.summarize_source`, by an overview; a small raster without one is counted.

    Raises:
        NoOverview: It has none that is suitable.
    """
    with open_raster(source) as opened:
        bands = bands_of(opened.dataset, wanted.bands)
        return _approximated(opened, source, bands, wanted, stopped, told)


def _approximated(
    opened: Opened,
    source: Source,
    bands: Sequence[Band],
    wanted: Wanted,
    stopped: threading.Event,
    told: Callable[[float], None],
) -> Summarized:
    overview = suitable_overview(opened.dataset, bands)
    if overview:
        done = _by_overview(opened, source, bands, overview, wanted)
        told(1.0)
        return done
    if opened.dataset.width * opened.dataset.height * len(bands) > SMALL_PIXELS:
        check_bounds(opened, source.name, len(bands))
        raise NoOverview(
            f"{source.name} has no overview of {LEAST_SIDE} pixels or a little more to judge it by",
            remedy="Count it exactly (exact=true), or have the process write a COG, which has overviews",
        )
    return count_every_pixel(opened, source, bands, wanted, stopped, told)


def _by_overview(
    opened: Opened, source: Source, bands: Sequence[Band], overview: Overview, wanted: Wanted
) -> Summarized:
    dataset = opened.dataset
    with opened.overview(overview.level) as reduced:
        _check_overview(opened, reduced, source.name, bands)
        grid, area = Grid.of(reduced), pixel_area(dataset.crs, reduced.transform)
        samples = samples_for(bands, grid, wanted.preview)
        opened.expect(reduced)
        try:
            found = count_overview(reduced, bands, area, samples)
        except decoding_errors() as error:
            if opened.unfetched:
                raise
            raise NoOverview(
                f"{source.name} has an overview that can't be decoded",
                remedy="Count it exactly (exact=true), which tells what of the file is readable",
            ) from error
    pixels = grid.width * grid.height
    share = 100 * pixels / (dataset.width * dataset.height)
    countable = dataset.width * dataset.height * len(bands) <= EXACT_PIXELS
    counted = Counted(
        grid.width,
        grid.height,
        area,
        exact=False,
        overview=overview.factor,
        countable=countable,
        method=f"overview 1:{overview.factor} ({grid.width} × {grid.height} pixels, {share:.2g} % of all), scaled up",
        notes=(
            f"Approximate. If the overview was made by picking pixels, shares are within ±{share_error(pixels):.1f} "
            "points and extremes may be missed; if by averaging or majority, which no file records, extremes shrink "
            "and shares of classes can be off by more. Exact areas take every pixel"
            f"{'.' if countable else ', and it has too many to be counted.'}",
        ),
    )
    summary = summary_of(opened, source, bands, found, counted, wanted.classes)
    scaled = _scaled(summary, dataset.width * dataset.height / pixels)
    return Summarized(scaled, picture_of(samples, bands, found, summary.bands, wanted.preview))


def _check_overview(opened: Opened, reduced: DatasetReader, name: str, bands: Sequence[Band]) -> None:
    """Refuse an overview that is not what its factor says: a file may declare one of any size, in blocks of any.

    Raises:
        RasterError: It is too large to be read at once.
    """
    if _bytes(reduced.width, reduced.height, bands) > MOST_BYTES:
        raise RasterError(
            f"{name} has an overview of {reduced.width:,} × {reduced.height:,} pixels, too large for what it reduces",
            remedy="Have the process write it again as a COG",
        )
    check_blocks(opened, reduced, name)


def _bytes(width: int, height: int, bands: Sequence[Band]) -> int:
    """Of so many pixels, decoded."""
    return width * height * sum(np.dtype(band.dtype).itemsize for band in bands)


def share_error(pixels: int) -> float:
    """By how many percentage points a share among so many picked pixels may be off: three standard errors, at most."""
    return 100 * STANDARD_ERRORS * math.sqrt(0.25 / pixels)


def _scaled(summary: RasterSummary, factor: float) -> RasterSummary:
    """Counts of an overview's pixels, as counts of the raster's."""

    def scaled(band: BandSummary) -> BandSummary:
        histogram = band.histogram and band.histogram.model_copy(
            update={"counts": tuple(round(count * factor) for count in band.histogram.counts)}
        )
        classes = tuple(one.model_copy(update={"count": round(one.count * factor)}) for one in band.classes)
        counts = {
            name: round(getattr(band, name) * factor) for name in ("valid_count", "nodata_count", "infinite_count")
        }
        return band.model_copy(
            update={
                **counts,
                "histogram": histogram,
                "classes": classes,
                "percentiles_exact": False,
                "percentiles_error": None,
            }
        )

    return summary.model_copy(update={"bands": tuple(scaled(band) for band in summary.bands)})
