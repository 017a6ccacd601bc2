"""By how much the values of two rasters of one grid differ."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.bands import Band, band_summary
from mcp_ogc.rasters.compared import Compared, ValueChange
from mcp_ogc.rasters.comparison.pairs import PairOfBlocks, PairReader, Two, compared_in_all
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.pictures.preview import Samples, draw_difference
from mcp_ogc.rasters.scan import Handles, scan, unheard
from mcp_ogc.rasters.statistics.tally import Distribution, Part, Pixels, Tally
from mcp_ogc.rasters.summary import BandSummary

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from mcp_ogc.rasters.windows import Block


@dataclass(frozen=True, slots=True)
class _Window:
    compared: Compared
    part: Part
    increased: int
    decreased: int


def compare_values(
    handles: Handles[Two],
    reader: PairReader,
    stopped: threading.Event,
    *,
    style: PreviewStyle | None = None,
    told: Callable[[float], None] = unheard,
) -> ValueChange:
    """Subtract one raster from another, in one pass over both; blocking.

    Args:
        handles: Of both rasters.
        reader: Of what is compared in them.
        stopped: Ends the pass before the next window.
        style: The picture that is wanted, None for none.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: `stopped` was set.
        OgcError: What the handles raised.
    """
    grid, before, after = reader.grid, reader.before, reader.after
    pixels = Pixels(np.dtype(np.float64), None, weighed=reader.area.row_km2 is not None)
    every = reader.windows()
    kinds = {1: np.dtype(np.float64)}
    samples = Samples(grid, kinds, style.longest_side) if style else None

    def visit(two: Two, at: Block) -> _Window:
        pair = reader.read(two, at)
        found = _differences(pair, before, after)
        if samples:
            samples.add(1, at, found, pair.valid, pixels.valid)
        part = pixels.part(found, pair.valid, reader.row_km2(at))
        counted = found if pair.valid is None else np.compress(pair.valid.ravel(), found.ravel())
        return _Window(pair.compared, part, int(np.count_nonzero(counted > 0)), int(np.count_nonzero(counted < 0)))

    tally = Tally(pixels)
    found: list[_Window] = []
    for done, one in enumerate(scan(handles, every, visit, stopped), start=1):
        tally.merge(one.part)
        found.append(dataclasses.replace(one, part=Part()))
        told(done / len(every))
    distribution = tally.distribution()
    total = compared_in_all([one.compared for one in found])
    return ValueChange(
        compared=total,
        difference=_summary(distribution, reader),
        root_mean_square=_root_mean_square(distribution),
        increased_percent=100 * sum(one.increased for one in found) / total.count if total.count else None,
        decreased_percent=100 * sum(one.decreased for one in found) / total.count if total.count else None,
        picture=draw_difference(samples, _most(distribution), style) if samples and style else None,
    )


def _differences(pair: PairOfBlocks, before: Band, after: Band) -> NDArray[np.float64]:
    """Of shape (rows, columns); of no meaning where the pair is not valid."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = _real(pair.after, after) - _real(pair.before, before)
    return np.asarray(found)


def _real(block: NDArray[np.generic], band: Band) -> NDArray[np.float64]:
    values = block.astype(np.float64)
    return values * band.scale + band.offset if band.scaled else values


def _summary(found: Distribution, reader: PairReader) -> BandSummary:
    before, after, grid, area = reader.before, reader.after, reader.grid, reader.area
    difference = dataclasses.replace(
        after,
        dtype="float64",
        nodata=None,
        scale=1.0,
        offset=0.0,
        unit=after.unit if after.unit == before.unit else None,
        description=None,
        interpretation="undefined",
        colour_table=None,
    )
    return band_summary(difference, found, grid.width * grid.height, area.total_km2(grid.width, grid.height), area, ())


def _root_mean_square(found: Distribution) -> float | None:
    if found.mean is None or found.deviation is None:
        return None
    return math.hypot(found.mean, found.deviation)


def _most(found: Distribution) -> float:
    """The difference at both ends of the colours: 2 and 98 % of the pixels are within."""
    ends = found.percentiles((2, 98)) or (found.low or 0.0, found.high or 0.0)
    return max(abs(ends[0]), abs(ends[1])) or max(abs(found.low or 0.0), abs(found.high or 0.0)) or 1.0
