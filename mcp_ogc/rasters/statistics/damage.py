"""What of a damaged GeoTIFF can still be read: its blocks stand alone, so those that are whole are counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.source import decoding_errors
from mcp_ogc.rasters.windows import Block, windows

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.source import Opened
    from mcp_ogc.rasters.statistics.counting import BandReader, Grid

METHOD = "every pixel that can be decoded counted at full resolution"


class Damage:
    """The blocks that were skipped, gathered while a raster is read; several threads may read."""

    def __init__(self, opened: Opened, grid: Grid, name: str) -> None:
        self._opened = opened
        self._grid = grid
        self._name = name
        self._lock = threading.Lock()
        self._skipped: list[Block] = []

    def read(
        self, reader: BandReader, dataset: DatasetReader, at: Block
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
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
        mask = np.ones((at.rows, at.columns), dtype=np.bool_)
        readable = np.zeros((at.rows, at.columns), dtype=np.bool_)
        for part in windows(at.columns, at.rows, self._grid.block, self._grid.block[0] * self._grid.block[1]):
            here = np.s_[part.row : part.row + part.rows, part.column : part.column + part.columns]
            block = Block(at.row + part.row, at.column + part.column, part.rows, part.columns)
            try:
                blocks[:, *here], found = reader.read(dataset, block)
            except decoding_errors():
                if self._opened.unfetched:
                    raise
                with self._lock:
                    self._skipped.append(block)
                continue
            readable[here] = True
            if found is not None:
                mask[here] = found
        return blocks, mask, readable

    @property
    def note(self) -> str | None:
        """What was skipped, None where nothing was.

        Raises:
            RasterError: Everything was.
        """
        if not self._skipped:
            return None
        pixels = sum(block.rows * block.columns for block in self._skipped)
        share = pixels / (self._grid.width * self._grid.height)
        if share == 1:
            raise RasterError(
                f"{self._name} begins as a GeoTIFF does, but none of it can be decoded",
                remedy="It may be cut short or damaged: compare its size and checksum with what the job wrote",
            )
        rows = min(block.row for block in self._skipped), max(block.row + block.rows for block in self._skipped) - 1
        columns = (
            min(block.column for block in self._skipped),
            max(block.column + block.columns for block in self._skipped) - 1,
        )
        return (
            f"Damaged or cut short: {len(self._skipped):,} blocks can't be decoded, {100 * share:.3g} % of the pixels, "
            f"within rows {rows[0]:,} to {rows[1]:,} and columns {columns[0]:,} to {columns[1]:,}. They are counted as "
            "nodata; all other pixels are right. Compare the file's size and checksum with what the job wrote."
        )
