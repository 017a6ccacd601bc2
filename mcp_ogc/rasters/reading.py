"""The pass over a raster: every window once, statistics and preview samples from the same array."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.area import PixelArea, pixel_area
from mcp_ogc.rasters.bands import MOST_BANDS, Band, band_summary, bands_of, is_classified, notes_of
from mcp_ogc.rasters.georeference import georeference
from mcp_ogc.rasters.preview import (
    Preview,
    PreviewStyle,
    Samples,
    draw_classes,
    draw_colours,
    draw_continuous,
    draw_palette,
)
from mcp_ogc.rasters.source import Opened, Source, open_raster
from mcp_ogc.rasters.statistics import Distribution, Tally, windows
from mcp_ogc.rasters.summary import BandSummary, Provenance, RasterSummary, Resolution, Summarized

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.classes import ClassLabel

EXACT_PIXELS = 2 * 10**9
"""Pixels times bands that are counted one by one: about 10 s."""
WHOLE_IMAGE_PIXELS = 2**28
"""PNG, JPEG and JPEG 2000 may have to be decoded whole."""
BLOCK_BYTES = 2**29
"""One decoded block with all the bands it holds; a TIFF of a few hundred bytes can declare any size."""
WINDOW_PIXELS = 2**20
WINDOW_BYTES = 2**23
COMPRESSION = re.compile(r"[\w .+-]{1,30}\Z")
LEGEND_STEPS = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a raster."""

    bands: tuple[int, ...] | None
    """1-based; the first 16 without alpha where None."""
    classes: tuple[ClassLabel, ...]
    preview: PreviewStyle | None


def summarize_source(source: Source, wanted: Wanted, stopped: threading.Event) -> Summarized:
    """Count every pixel of a raster; blocking, for a worker thread.

    Args:
        source: The file.
        wanted: What is asked.
        stopped: Looked at before each window: whoever waits for the answer may be gone.

    Raises:
        RasterError: Not readable as a raster, or beyond the bounds.
        OgcError: What the byte ranges raised.
    """
    with open_raster(source) as opened:
        bands = bands_of(opened.dataset, wanted.bands)
        _check_bounds(opened, source.name, len(bands))
        area = pixel_area(opened.dataset.crs, opened.dataset.transform)
        shown = _shown(bands) if wanted.preview else ()
        samples = _samples(opened.dataset, shown, wanted.preview) if wanted.preview else None
        found = _count(opened.dataset, bands, area, shown, samples, stopped)
        summary = _summary(opened, source, bands, found, area, wanted.classes)
    preview = None
    if wanted.preview and samples:
        preview = _draw(samples, [(band, found[band.number]) for band in shown], summary.bands, wanted.preview)
    return Summarized(summary, preview)


def _check_bounds(opened: Opened, name: str, bands: int) -> None:
    """Refuse by what is declared, before anything is decoded."""
    dataset = opened.dataset
    size = f"{dataset.width:,} × {dataset.height:,} pixels"
    if dataset.width * dataset.height * bands > EXACT_PIXELS:
        raise RasterError(
            f"{name} has {size} in {bands} bands; at most {EXACT_PIXELS / 1e9:.0f} gigapixels are counted",
            remedy="Name fewer bands (bands=[1]), or have the process write a smaller or coarser output",
        )
    if opened.driver != "GTiff" and dataset.width * dataset.height > WHOLE_IMAGE_PIXELS:
        raise RasterError(
            f"{name} has {size}; no {opened.driver} above {WHOLE_IMAGE_PIXELS // 10**6} megapixels is decoded",
            remedy="Have the process write a COG, which can be read in parts",
        )
    rows, columns = dataset.block_shapes[0]
    interleaved = dataset.count if dataset.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "PIXEL" else 1
    if rows * columns * np.dtype(dataset.dtypes[0]).itemsize * interleaved > BLOCK_BYTES:
        raise RasterError(
            f"{name} is stored in blocks of {columns:,} × {rows:,} pixels, too large to decode one",
            remedy="Have the process write it tiled, as a COG is",
        )


def _count(
    dataset: DatasetReader,
    bands: Sequence[Band],
    area: PixelArea,
    shown: Sequence[Band],
    samples: Samples | None,
    stopped: threading.Event,
) -> dict[int, Distribution]:
    """The distribution of each band, by its number."""
    from rasterio.windows import Window

    dtype = np.result_type(*(band.dtype for band in bands))
    tallies = [Tally(dtype, band.nodata, weighed=area.row_km2 is not None) for band in bands]
    sampled = {band.number: place for place, band in enumerate(shown)}
    pixels = min(WINDOW_PIXELS, max(1, WINDOW_BYTES // (dtype.itemsize * len(bands))))
    for at in windows(dataset.width, dataset.height, dataset.block_shapes[0], pixels):
        if stopped.is_set():
            raise RasterError("Nobody waits for this summary any more")
        window = Window(at.column, at.row, at.columns, at.rows)
        blocks = dataset.read([band.number for band in bands], window=window)
        mask = _mask(dataset, bands, window)
        row_km2 = area.row_km2(at.row, at.rows) if area.row_km2 else None
        for band, tally, block in zip(bands, tallies, blocks, strict=True):
            band_mask = mask if band.masked else None
            tally.add(block, band_mask, row_km2)
            if samples and band.number in sampled:
                samples.add(sampled[band.number], at, block, band_mask, tally.valid)
    return {band.number: tally.distribution() for band, tally in zip(bands, tallies, strict=True)}


def _mask(dataset: DatasetReader, bands: Sequence[Band], window: object) -> NDArray[np.bool_] | None:
    """The file's own mask or alpha: one for all bands."""
    number = next((band.number for band in bands if band.masked), None)
    return None if number is None else np.not_equal(dataset.read_masks(number, window=window), 0)


def _summary(
    opened: Opened,
    source: Source,
    bands: Sequence[Band],
    found: dict[int, Distribution],
    area: PixelArea,
    labels: Sequence[ClassLabel],
) -> RasterSummary:
    dataset = opened.dataset
    place = georeference(dataset)
    km2 = area.total_km2(dataset.width, dataset.height)
    pixels = dataset.width * dataset.height
    summaries = [band_summary(band, found[band.number], pixels, km2, area, labels) for band in bands]
    left_out = [index for index in dataset.indexes if index not in found]
    notes = [note for summary in summaries for note in notes_of(summary)]
    if place.note:
        notes.append(place.note)
    if any(band.masked for band in bands):
        notes.append("The file's own mask or alpha band says which pixels are valid.")
    if len(bands) == MOST_BANDS and left_out:
        notes.append(f"{len(left_out)} more bands are left out: name them, at most {MOST_BANDS} at once.")
    compression = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION", "")
    return RasterSummary(
        driver=opened.driver,
        width=dataset.width,
        height=dataset.height,
        count=dataset.count,
        dtypes=tuple(dataset.dtypes),
        crs=place.crs,
        bounds_native=place.bounds,
        bounds_lonlat=place.lonlat,
        resolution=Resolution(x=place.resolution[0], y=place.resolution[1], unit=place.resolution[2])
        if place.resolution
        else None,
        area_method=area.method,
        km2=km2,
        compression=compression if COMPRESSION.match(compression) else None,
        tiled=dataset.block_shapes[0][1] != dataset.width,
        block_size=dataset.block_shapes[0],
        overviews=tuple(dataset.overviews(1)),
        exact=True,
        method="every pixel counted at full resolution",
        bands=tuple(summaries),
        notes=tuple(notes),
        provenance=Provenance(
            source=source.name,
            size=source.size,
            etag=source.etag,
            requests=opened.requests,
            bytes_read=opened.bytes_read,
            time=datetime.now(UTC),
        ),
    )


def _shown(bands: Sequence[Band]) -> Sequence[Band]:
    """The bands of the picture: red, green and blue where the file says so, three byte bands, else the first."""
    named = {band.interpretation: band for band in bands}
    if {"red", "green", "blue"} <= named.keys():
        return [named["red"], named["green"], named["blue"]]
    return bands[:3] if len(bands) >= 3 and all(band.dtype == "uint8" for band in bands[:3]) else bands[:1]


def _samples(dataset: DatasetReader, shown: Sequence[Band], style: PreviewStyle) -> Samples:
    return Samples(dataset.width, dataset.height, [np.dtype(band.dtype) for band in shown], style.longest_side)


def _draw(
    samples: Samples,
    shown: Sequence[tuple[Band, Distribution]],
    summaries: Sequence[BandSummary],
    style: PreviewStyle,
) -> Preview:
    band, found = shown[0]
    if len(shown) == 3:
        numbers = ", ".join(str(band.number) for band, _ in shown)
        if band.interpretation == "red" and band.dtype == "uint8":
            return draw_colours(samples, [(0, 255)] * 3, f"bands {numbers} as red, green and blue", style)
        doubt = "" if band.interpretation == "red" else "; the file does not say their colours, bands=[r, g, b] does"
        what = f"bands {numbers} as red, green and blue, each stretched from 2 to 98 %{doubt}"
        return draw_colours(samples, [_stretch(found) for _, found in shown], what, style)
    if is_classified(band, found):
        classes = next(summary.classes for summary in summaries if summary.band == band.number)
        labels = [f"{share.value} {share.name}" if share.name else str(share.value) for share in classes]
        return draw_classes(
            samples, [share.value for share in classes], [share.colour for share in classes], labels, style
        )
    if band.colour_table and band.dtype == "uint8":
        return draw_palette(samples, [band.colour_table[value][:3] for value in range(256)], style)
    low, high = _stretch(found)
    steps = [band.real(low + (high - low) * step / (LEGEND_STEPS - 1)) for step in range(LEGEND_STEPS)]
    return draw_continuous(samples, (low, high), [f"{value:.4g}" for value in steps], style)


def _stretch(found: Distribution) -> tuple[float, float]:
    """Stored values between which colours are spread: 2 to 98 % of the pixels, else what there is."""
    ends = found.percentiles((2, 98)) or (found.low or 0.0, found.high or 1.0)
    return (ends[0], ends[1]) if ends[0] < ends[1] else (found.low or 0.0, found.high or 1.0)
