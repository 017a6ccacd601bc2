"""The bands of a raster, counted: every window once, statistics and picture samples from the same array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.georeference import Turning, turning
from mcp_ogc.rasters.scan import scan, unheard
from mcp_ogc.rasters.statistics.damage import Damage, read_window
from mcp_ogc.rasters.statistics.tally import Distribution, Part, Pixels, Tally
from mcp_ogc.rasters.windows import Block, Tiling, tiling

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader
    from rasterio.windows import Window

    from mcp_ogc.rasters.area import PixelArea
    from mcp_ogc.rasters.bands import Band
    from mcp_ogc.rasters.pictures.preview import Samples
    from mcp_ogc.rasters.scan import Handles

WINDOW_BYTES = 2**23
SLICED_PIXELS = 2**20
"""Larger blocks are taken in slices."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The pixels of a raster, and the blocks they are stored in."""

    width: int
    height: int
    block: tuple[int, int]
    """Rows, columns."""
    planar: bool = False
    """Whether each band has blocks of its own."""
    turning: Turning = (False, False)
    """Of a picture of it."""

    @classmethod
    def of(cls, dataset: DatasetReader) -> Grid:
        """That of an open raster."""
        planar = dataset.tags(ns="IMAGE_STRUCTURE").get("INTERLEAVE") == "BAND" and dataset.count > 1
        return cls(
            dataset.width, dataset.height, dataset.block_shapes[0], planar, turning(dataset.crs, dataset.transform)
        )

    def tiling(self, bytes_per_pixel: int, pixels: int = WINDOW_BYTES) -> Tiling:
        """Windows of whole blocks of about 8 MiB each, and no more than about so many pixels."""
        most = max(1, WINDOW_BYTES // bytes_per_pixel)
        return tiling(self.width, self.height, self.block, min(pixels, most))

    def windows(self, bytes_per_pixel: int) -> tuple[Block, ...]:
        """Those of the tiling, which cover it all."""
        return tuple(self.tiling(bytes_per_pixel).all())

    def block_bytes(self, band: Band) -> int:
        """Of the blocks that slices of a band are read from, with what masks it; 0 where windows hold whole blocks."""
        pixels = self.block[0] * self.block[1]
        if pixels <= SLICED_PIXELS:
            return 0
        alike = 1 if band.alpha is None else 2
        return pixels * (alike * np.dtype(band.dtype).itemsize + (band.mask is not None))

    def readers(self, bands: Sequence[Band], *, weighed: bool) -> tuple[BandReader, ...]:
        """One for all bands; one for each where slices of a block would have it decoded again for each slice.

        Of blocks that are too large for GDAL's cache it keeps the last one only.
        """
        alone = self.planar and self.block[0] * self.block[1] > SLICED_PIXELS
        return tuple(BandReader(some, weighed=weighed) for some in ([[band] for band in bands] if alone else [bands]))


class BandReader:
    """Reads bands with what says which of their pixels count. Without state: threads share it."""

    def __init__(self, bands: Sequence[Band], *, weighed: bool) -> None:
        dtype = np.result_type(*(band.dtype for band in bands))
        self.bands = tuple(bands)
        self.pixels = tuple(Pixels(dtype, band.nodata, weighed=weighed) for band in bands)
        # Bytes are counted where they are; for everything else numpy makes 64-bit indices of a band first.
        plain = dtype == np.uint8 and not weighed and not any(band.masked for band in bands)
        self.bytes_per_pixel = max(dtype.itemsize * len(bands), 2 if plain else 8)
        """What a window takes while it is counted."""
        self._numbers = [band.number for band in bands]
        self._masks = tuple((band.mask, band.alpha) for band in bands)

    def read(self, dataset: DatasetReader, at: Block) -> tuple[NDArray[np.generic], NDArray[np.bool_] | None]:
        """Stored values, and what the file's own mask or alpha says is valid; both of shape (bands, rows, columns)."""
        from rasterio.windows import Window

        window = Window(at.column, at.row, at.columns, at.rows)
        blocks = dataset.read(self._numbers, window=window)
        read = {masks: _mask(dataset, *masks, window) for masks in dict.fromkeys(self._masks)}
        if not any(mask is not None for mask in read.values()):
            return blocks, None
        everywhere = np.broadcast_to(np.True_, blocks.shape[1:])
        masks = [everywhere if found is None else found for found in (read[own] for own in self._masks)]
        # One that all bands share is not copied.
        return blocks, np.broadcast_to(masks[0], blocks.shape) if len(read) == 1 else np.stack(masks)

    def count(
        self,
        at: Block,
        blocks: NDArray[np.generic],
        mask: NDArray[np.bool_] | None,
        row_km2: NDArray[np.float64] | None,
        *,
        inside: NDArray[np.bool_] | None = None,
        samples: Samples | None = None,
    ) -> list[Part]:
        """What a window holds, band by band.

        Args:
            at: The window.
            blocks: As `read` gives them.
            mask: As `read` gives it.
            row_km2: The area of a pixel in each row, where rows differ.
            inside: The pixels that are asked for, of shape (rows, columns); None for all.
            samples: Filled on the way, of the bands it is of.
        """
        parts = []
        for place, (band, pixels, block) in enumerate(zip(self.bands, self.pixels, blocks, strict=True)):
            valid = None if mask is None else mask[place]
            if inside is not None:
                valid = inside if valid is None else valid & inside
            if samples:
                samples.add(band.number, at, block, valid, pixels.valid)
            parts.append(pixels.part(block, valid, row_km2))
        return parts


def _mask(dataset: DatasetReader, mask: int | None, alpha: int | None, window: Window) -> NDArray[np.bool_] | None:
    """Where a mask and an alpha band, by their numbers, say valid; None where there is neither."""
    opaque = None if alpha is None else np.not_equal(dataset.read(alpha, window=window), 0)
    if mask is None:
        return opaque
    unmasked: NDArray[np.bool_] = np.not_equal(dataset.read_masks(mask, window=window), 0)
    return unmasked if opaque is None else unmasked & opaque


def count_bands(
    handles: Handles[DatasetReader],
    grid: Grid,
    bands: Sequence[Band],
    area: PixelArea,
    stopped: threading.Event,
    *,
    samples: Samples | None = None,
    damage: Damage | None = None,
    told: Callable[[float], None] = unheard,
) -> tuple[Distribution, ...]:
    """The distribution of each band; blocking.

    Args:
        handles: Of the raster.
        grid: Of that raster.
        bands: Which.
        area: Of its pixels.
        stopped: Ends the pass before the next window.
        samples: Filled on the way, of the bands it is of.
        damage: Gathers blocks that can't be decoded; without it they are an error.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: `stopped` was set.
        OgcError: What the handles raised.
    """
    readers = grid.readers(bands, weighed=area.row_km2 is not None)
    tallies = {reader: [Tally(pixels) for pixels in reader.pixels] for reader in readers}
    every = [(reader, at) for reader in readers for at in grid.windows(reader.bytes_per_pixel)]

    def visit(dataset: DatasetReader, what: tuple[BandReader, Block]) -> list[Part]:
        reader, at = what
        row_km2 = area.row_km2(at.row, at.rows) if area.row_km2 else None
        blocks, mask, readable = read_window(reader, dataset, at, damage)
        return reader.count(at, blocks, mask, row_km2, inside=readable, samples=samples)

    found = zip(every, scan(handles, every, visit, stopped), strict=True)
    for done, ((reader, _), parts) in enumerate(found, start=1):
        for tally, part in zip(tallies[reader], parts, strict=True):
            tally.merge(part)
        told(done / len(every))
    return tuple(tally.distribution() for reader in readers for tally in tallies[reader])


def count_overview(
    overview: DatasetReader, bands: Sequence[Band], area: PixelArea, samples: Samples | None = None
) -> tuple[Distribution, ...]:
    """The distribution of each band in an overview, which is small: it is read at once.

    Args:
        overview: As a dataset of its own.
        bands: Which.
        area: Of the overview's pixels.
        samples: Of the overview's size; filled on the way, of the bands it is of.
    """
    reader = BandReader(bands, weighed=area.row_km2 is not None)
    whole = Block(0, 0, overview.height, overview.width)
    row_km2 = area.row_km2(0, overview.height) if area.row_km2 else None
    parts = reader.count(whole, *reader.read(overview, whole), row_km2, samples=samples)
    tallies = [Tally(pixels) for pixels in reader.pixels]
    for tally, part in zip(tallies, parts, strict=True):
        tally.merge(part)
    return tuple(tally.distribution() for tally in tallies)
