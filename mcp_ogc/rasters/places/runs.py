"""A polygon as runs of pixels, row by row.

Runs are found once for a polygon, whatever the number of windows that ask for a part of it, and tell without looking
at pixels which windows are inside and which are outside. The rules are GDAL's (alg/llrasterize.cpp, all_touched off):
a pixel is inside where its centre is, and a centre on an edge is inside where the polygon is right of it or below.
An edge along the centres of a row counts as inside as well on the one side where GDAL has it so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import InvalidGeometry
from mcp_ogc.rasters.windows import Block

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mcp_ogc.rasters.windows import Tiling

MOST_CROSSINGS = 20_000_000


@dataclass(frozen=True, slots=True)
class Runs:
    """Where a polygon's edges cross the middles of rows: in each row inside and outside change at each of them."""

    rows: NDArray[np.int64]
    """Ascending."""
    columns: NDArray[np.int64]
    """The first pixel at the right of each crossing."""

    def touched(self, tiling: Tiling) -> Iterator[Block]:
        """The windows of a tiling that have any pixel inside, top to bottom."""
        for row in np.unique(self.rows // tiling.rows).tolist():
            first, last = np.searchsorted(self.rows, (row * tiling.rows, (row + 1) * tiling.rows))
            columns = np.clip(self.columns[first:last], 0, tiling.width)
            left, right = int(columns.min()), int(columns.max())
            candidates = tiling.covering(Block(row * tiling.rows, left, 1, right - left))
            yield from (at for at in candidates if self.touches(at))

    def touches(self, at: Block) -> bool:
        """Whether any pixel of a window is inside."""
        rows, columns = self._crossings(at)
        begun = np.bincount(rows[columns == 0], minlength=at.rows) % 2 == 1
        return bool(begun.any()) or bool(((columns > 0) & (columns < at.columns)).any())

    def within(self, at: Block) -> NDArray[np.bool_] | bool:
        """Which pixels of a window are inside, of shape (rows, columns); True or False where all or none are."""
        rows, columns = self._crossings(at)
        begun = np.bincount(rows[columns == 0], minlength=at.rows) % 2 == 1
        if not ((columns > 0) & (columns < at.columns)).any() and begun.all() == begun.any():
            return bool(begun.all())
        crossings = np.zeros((at.rows, at.columns + 1), dtype=np.uint8)
        np.add.at(crossings, (rows, columns), 1)
        changes = crossings[:, :-1] & 1
        return np.asarray(np.bitwise_xor.accumulate(changes, axis=1, out=changes)).view(np.bool_)

    def _crossings(self, at: Block) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows and columns within a window; what is left of it at column 0, what is right of it one beyond the last."""
        first, last = np.searchsorted(self.rows, (at.row, at.row + at.rows))
        return self.rows[first:last] - at.row, np.clip(self.columns[first:last] - at.column, 0, at.columns)


def runs_of(rings: Sequence[NDArray[np.float64]], height: int, *, mirrored: bool) -> tuple[Runs, ...]:
    """The runs of a polygon within a raster of `height` rows; a pixel is inside where it is in any of them.

    Args:
        rings: In pixel coordinates, each of shape (vertices, 2), column then row, closed.
        height: Rows.
        mirrored: Whether rows go against the CRS's second axis, as they do where north is up.

    Raises:
        InvalidGeometry: It takes too many.
    """
    starts = np.concatenate([ring[:-1] for ring in rings])
    ends = np.concatenate([ring[1:] for ring in rings])
    found = [_crossed(starts, ends, height), *(_level(ring, height, mirrored=mirrored) for ring in rings)]
    return tuple(runs for runs in found if runs.rows.size)


def _crossed(starts: NDArray[np.float64], ends: NDArray[np.float64], height: int) -> Runs:
    upward = starts[:, 1] > ends[:, 1]
    x1, y1 = np.where(upward[:, None], ends, starts).T
    x2, y2 = np.where(upward[:, None], starts, ends).T
    # Rows r with y1 <= r + 0.5 < y2.
    first = np.clip(np.ceil(y1 - 0.5), 0, height).astype(np.int64)
    last = np.clip(np.ceil(y2 - 0.5), 0, height).astype(np.int64)
    counts = last - first
    if counts.sum() > MOST_CROSSINGS:
        raise InvalidGeometry("The polygon's edges cross too many rows of pixels", remedy="Simplify it")
    edge = np.repeat(np.arange(counts.size), counts)
    rows = np.arange(edge.size) - np.repeat(np.cumsum(counts) - counts, counts) + first[edge]
    crossings = (rows + 0.5 - y1[edge]) * (x2[edge] - x1[edge]) / (y2[edge] - y1[edge]) + x1[edge]
    return _sorted(rows, crossings)


def _level(ring: NDArray[np.float64], height: int, *, mirrored: bool) -> Runs:
    """Edges along the centres of rows, which GDAL fills where its ring, turned counter-clockwise, runs to the left."""
    starts, ends = ring[:-1], ring[1:]
    rows = starts[:, 1] - 0.5
    level = (starts[:, 1] == ends[:, 1]) & (rows == np.floor(rows)) & (rows >= 0) & (rows < height)
    around = float((starts[:, 0] * ends[:, 1] - ends[:, 0] * starts[:, 1]).sum())
    steps = (ends[:, 0] - starts[:, 0]) * around
    level &= steps < 0 if mirrored else steps > 0
    return _sorted(np.repeat(rows[level].astype(np.int64), 2), np.stack([starts[level, 0], ends[level, 0]], 1).ravel())


def _sorted(rows: NDArray[np.int64], crossings: NDArray[np.float64]) -> Runs:
    columns = np.floor(np.clip(crossings, -1e15, 1e15) + 0.5).astype(np.int64)
    order = np.argsort(rows, kind="stable")
    return Runs(rows[order], columns[order])
