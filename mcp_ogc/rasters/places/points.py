"""Values of a raster at points, the points of one block read together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.measured import Point, PointValue
from mcp_ogc.rasters.statistics.counting import BandReader, Grid
from mcp_ogc.rasters.statistics.damage import Damage, read_window
from mcp_ogc.rasters.windows import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.bands import Band
    from mcp_ogc.rasters.places.placement import Placement


def values_at(
    dataset: DatasetReader,
    bands: Sequence[Band],
    places: Sequence[tuple[float, float]],
    placement: Placement,
    damage: Damage | None = None,
) -> tuple[Point, ...]:
    """The values at places, in their order: of the pixel each is in, nothing interpolated; blocking.

    Args:
        dataset: The raster.
        bands: Which.
        places: x then y (longitude then latitude) as `placement` takes them.
        placement: Where they are among the pixels.
        damage: Gathers blocks that can't be decoded; without it they are an error.
    """
    given = np.asarray(places, dtype=np.float64).reshape(-1, 2)
    grid = Grid.of(dataset)
    pixels = np.floor(placement.points(given))
    inside = np.isfinite(pixels).all(axis=1) & (pixels >= 0).all(axis=1)
    inside &= (pixels[:, 0] < grid.width) & (pixels[:, 1] < grid.height)
    reader = BandReader(bands, weighed=False)
    found: dict[int, tuple[int, int, tuple[PointValue, ...]]] = {}
    for window, members in _by_block(grid, pixels, np.flatnonzero(inside)):
        blocks, mask, readable = read_window(reader, dataset, window, damage)
        for member in members.tolist():
            column, row = int(pixels[member, 0]), int(pixels[member, 1])
            here = (
                slice(row - window.row, row - window.row + 1),
                slice(column - window.column, column - window.column + 1),
            )
            if readable is None or readable[here].all():
                values = tuple(
                    _value(reader, place, block[here], None if mask is None else mask[place][here])
                    for place, block in enumerate(blocks)
                )
            else:
                values = tuple(PointValue(band.number, None, "damaged") for band in reader.bands)
            found[member] = column, row, values
    return tuple(
        Point(float(x), float(y), *found.get(number, (None, None, ()))) for number, (x, y) in enumerate(given.tolist())
    )


def _by_block(
    grid: Grid, pixels: NDArray[np.float64], inside: NDArray[np.intp]
) -> list[tuple[Block, NDArray[np.intp]]]:
    """Windows that hold all points within a block each, and which points those are, in the order of the blocks."""
    columns, rows = pixels[inside].astype(np.int64).T
    blocks_across = -(-grid.width // grid.block[1])
    blocks = rows // grid.block[0] * blocks_across + columns // grid.block[1]
    order = np.argsort(blocks, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(blocks[order])) + 1) if order.size else []
    return [
        (
            Block(
                int(rows[group].min()),
                int(columns[group].min()),
                int(np.ptp(rows[group])) + 1,
                int(np.ptp(columns[group])) + 1,
            ),
            inside[group],
        )
        for group in groups
    ]


def _value(reader: BandReader, place: int, pixel: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> PointValue:
    """Of a pixel of shape (1, 1)."""
    band, pixels = reader.bands[place], reader.pixels[place]
    if pixels.valid(pixel, mask) is None:
        return PointValue(band.number, band.real(float(pixel[0, 0])), "valid")
    unmasked = pixels.unmasked(pixel, mask)
    infinite = bool(np.isinf(pixel).all()) and (unmasked is None or bool(unmasked.all()))
    return PointValue(band.number, None, "infinite" if infinite else "nodata")
