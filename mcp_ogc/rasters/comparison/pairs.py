"""The same window of two rasters of one grid, and which of its pixels can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.compared import Compared
from mcp_ogc.rasters.statistics.counting import BandReader, Grid
from mcp_ogc.rasters.statistics.damage import Damage, read_window

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.area import PixelArea
    from mcp_ogc.rasters.bands import Band
    from mcp_ogc.rasters.windows import Block

Two = tuple["DatasetReader", "DatasetReader"]
"""Handles of the raster before and of the raster after, as `alignment.aligned` gives them."""


@dataclass(frozen=True, slots=True)
class PairOfBlocks:
    """A window of both; arrays are of shape (rows, columns)."""

    before: NDArray[np.generic]
    after: NDArray[np.generic]
    valid: NDArray[np.bool_] | None
    """Which pixels are valid in both; None where all are."""
    masked: bool
    """Whether anything but nodata values says so."""
    compared: Compared


class PairReader:
    """Reads a band of each of two rasters. Without state: threads share it.

    Args:
        grid: Of the first.
        area: Of the first's pixels.
        before: A band of the first.
        after: A band of the second, as it is seen on the grid of the first.
        damages: Gather blocks of each that can't be decoded; without them they are an error.
    """

    def __init__(
        self,
        grid: Grid,
        area: PixelArea,
        before: Band,
        after: Band,
        damages: tuple[Damage | None, Damage | None] = (None, None),
    ) -> None:
        self.grid, self.area, self.before, self.after = grid, area, before, after
        self._damages = damages
        self._readers = tuple(BandReader([band], weighed=False) for band in (before, after))
        self.nodata = tuple(reader.pixels[0].nodata for reader in self._readers)

    def windows(self) -> tuple[Block, ...]:
        """Those of the first raster."""
        return self.grid.windows(sum(reader.bytes_per_pixel for reader in self._readers))

    def read(self, two: Two, at: Block) -> PairOfBlocks:
        """Stored values of both, and what can be compared."""
        blocks, valid, masked = [], [], False
        for reader, dataset, damage in zip(self._readers, two, self._damages, strict=True):
            block, mask, readable = read_window(reader, dataset, at, damage)
            own = readable if mask is None else mask[0] if readable is None else mask[0] & readable
            blocks.append(block[0])
            valid.append(reader.pixels[0].valid(block[0], own))
            masked |= own is not None or block.dtype.kind == "f"
        here, there = valid
        both = there if here is None else here if there is None else here & there
        return PairOfBlocks(blocks[0], blocks[1], both, masked, self._compared(at, here, there, both))

    def row_km2(self, at: Block) -> NDArray[np.float64] | None:
        """The area of a pixel in each row of a window, where rows differ."""
        return self.area.row_km2(at.row, at.rows) if self.area.row_km2 else None

    def _compared(
        self,
        at: Block,
        here: NDArray[np.bool_] | None,
        there: NDArray[np.bool_] | None,
        both: NDArray[np.bool_] | None,
    ) -> Compared:
        pixels = at.rows * at.columns
        count, first, second = (pixels if one is None else int(np.count_nonzero(one)) for one in (both, here, there))
        row_km2 = self.row_km2(at)
        if row_km2 is None:
            km2 = None if self.area.constant_km2 is None else count * self.area.constant_km2
        else:
            per_row = np.full(at.rows, at.columns) if both is None else np.count_nonzero(both, axis=1)
            km2 = float(per_row @ row_km2)
        return Compared(count, km2, first - count, second - count, pixels - first - second + count)


def compared_in_all(parts: list[Compared]) -> Compared:
    """The sums over windows."""
    areas = [part.km2 for part in parts if part.km2 is not None]
    return Compared(
        sum(part.count for part in parts),
        float(np.sum(areas)) if areas else None,
        sum(part.only_before for part in parts),
        sum(part.only_after for part in parts),
        sum(part.neither for part in parts),
    )
