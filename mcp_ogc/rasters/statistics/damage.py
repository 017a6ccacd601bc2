"""What of a damaged GeoTIFF can still be read: its blocks stand alone, so those that are whole are counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.source import decoding_errors
from mcp_ogc.rasters.windows import split

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.source import Opened
    from mcp_ogc.rasters.statistics.counting import BandReader, Grid
    from mcp_ogc.rasters.windows import Block

Window = tuple["NDArray[np.generic]", "NDArray[np.bool_] | None", "NDArray[np.bool_] | None"]
"""Stored values of shape (bands, rows, columns), and of that shape the file's own mask or alpha; of shape (rows,
columns) which pixels could be decoded, None for all."""
METHOD = "every pixel that can be decoded counted at full resolution"


class Damage:
    """The blocks that were skipped, gathered while a raster is read; several threads may read.

    Args:
        opened: The raster.
        grid: Of what is read of it: its own, or another that it is seen on.
        name: How it is called in the error.
    """

    def __init__(self, opened: Opened, grid: Grid, name: str) -> None:
        self._opened = opened
        self._grid = grid
        self._name = name
        self._lock = threading.Lock()
        self._skipped: set[tuple[int, int]] = set()

    def read(self, reader: BandReader, dataset: DatasetReader, at: Block) -> Window:
        """A window as the reader gives it, and which of its pixels could be decoded, None for all.

        Raises:
            rasterio's errors: It is no GeoTIFF, whose end is needed for nothing but itself, or bytes could not be had.
        """
        try:
            return (*reader.read(dataset, at), None)
        except decoding_errors():
            # JPEG and PNG are one stream: what follows the damage is guessed. Bytes not fetched are no damage.
            if self._opened.driver != "GTiff" or self._opened.unfetched:
                raise
        return self._salvaged(reader, dataset, at)

    def _salvaged(
        self, reader: BandReader, dataset: DatasetReader, at: Block
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_], NDArray[np.bool_]]:
        dtype = np.result_type(*(band.dtype for band in reader.bands))
        blocks = np.zeros((len(reader.bands), at.rows, at.columns), dtype=dtype)
        mask = np.ones(blocks.shape, dtype=np.bool_)
        readable = np.zeros((at.rows, at.columns), dtype=np.bool_)
        for part in split(at, self._grid.block):
            row, column = part.row - at.row, part.column - at.column
            here = np.s_[row : row + part.rows, column : column + part.columns]
            try:
                blocks[:, *here], found = reader.read(dataset, part)
            except decoding_errors():
                if self._opened.unfetched:
                    raise
                with self._lock:
                    self._skipped.add((part.row // self._grid.block[0], part.column // self._grid.block[1]))
                continue
            readable[here] = True
            if found is not None:
                mask[:, *here] = found
        return blocks, mask, readable

    @property
    def note(self) -> str | None:
        """What was skipped of all that was read, None where nothing was.

        Raises:
            RasterError: The whole raster was.
        """
        if not self._skipped:
            return None
        (height, width), grid = self._grid.block, self._grid
        tops, lefts = zip(*((row * height, column * width) for row, column in self._skipped), strict=True)
        bottoms = [min(top + height, grid.height) for top in tops]
        rights = [min(left + width, grid.width) for left in lefts]
        pixels = sum((b - t) * (r - f) for t, b, f, r in zip(tops, bottoms, lefts, rights, strict=True))
        share = pixels / (grid.width * grid.height)
        if share == 1:
            raise RasterError(
                f"{self._name} begins as a GeoTIFF does, but none of it can be decoded",
                remedy="It may be cut short or damaged: compare its size and checksum with what the job wrote",
            )
        count = f"{len(tops):,} block{'s' * (len(tops) != 1)}"
        return (
            f"Damaged or cut short: {count} can't be decoded, {100 * share:.3g} % of the raster's pixels, "
            f"within rows {min(tops):,} to {max(bottoms) - 1:,} and columns {min(lefts):,} to {max(rights) - 1:,}. "
            "They are counted as nodata; all other pixels that were read are right. Compare the file's size and "
            "checksum with what the job wrote."
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """`note`, where there is one."""
        return (self.note,) if self.note else ()


def read_window(reader: BandReader, dataset: DatasetReader, at: Block, damage: Damage | None) -> Window:
    """A window as `Damage.read` gives it; without someone to gather damage, it is an error."""
    return damage.read(reader, dataset, at) if damage else (*reader.read(dataset, at), None)
