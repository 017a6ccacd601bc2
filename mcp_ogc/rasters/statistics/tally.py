"""Statistics of one band in one pass over windows, in bounded memory.

Integers are counted value by value while their range is at most 65,536: minimum, maximum, mean, deviation, percentiles
and classes come out exact. Floats and wider integers have exact extremes and moments; their percentiles come from
counts of their 18 leading bits as float32, within 0.1 % of the value.

A window is counted by itself, by any thread (`Pixels.part`), and the parts are merged in the order of the windows:
the same file gives the same digits every time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.statistics.counts import (
    KEYS,
    SINGLE_LEAST,
    SINGLE_MAX,
    TABLE_SIZE,
    Keys,
    Table,
    ascending,
    keys_of,
    keys_of_counts,
    table_of,
)
from mcp_ogc.rasters.statistics.moments import Moments, moments_of, moments_of_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Distribution:
    """What one band holds, in stored values (before scale and offset)."""

    count: int
    """Valid, finite pixels."""
    km2: float | None
    """Their area where rows differ, else None."""
    infinite: int
    """Unmasked pixels that are ±infinity."""
    infinite_km2: float
    low: float | None
    high: float | None
    mean: float | None
    deviation: float | None
    values: NDArray[np.generic]
    """Distinct values, or what keys stand for, ascending."""
    counts: NDArray[np.int64]
    table: Table | None
    """The exact counts, None where the percentiles are within 0.1 % only."""

    def percentiles(self, ranks: Sequence[float]) -> tuple[float, ...] | None:
        """The least value at which `rank` per cent of the pixels are reached (inverse of the distribution function)."""
        if not self.counts.size:
            return None
        reached = np.cumsum(self.counts)
        needed = [max(1, math.ceil(rank * self.count / 100)) for rank in ranks]
        return tuple(float(self.values[place]) for place in np.searchsorted(reached, needed))

    def histogram(self, bins: int) -> tuple[tuple[float, ...], tuple[int, ...]] | None:
        """Edges and counts of equally wide bins between the extremes; None without values or with too wide a range."""
        if not self.counts.size or self.low is None or self.high is None or not math.isfinite(self.high - self.low):
            return None
        if self.low == self.high:
            return (self.low, self.high), (self.count,)
        counts, edges = np.histogram(
            self.values.astype(np.float64), bins=bins, range=(self.low, self.high), weights=self.counts
        )
        return tuple(edges.tolist()), tuple(int(count) for count in counts)


@dataclass(slots=True)
class Part:
    """What one window holds of one band: a table of integers near each other, else extremes, moments and keys."""

    table: Table | None = None
    keys: Keys | None = None
    moments: Moments | None = None
    low: float = math.inf
    high: float = -math.inf
    km2: float = 0.0
    infinite: int = 0
    infinite_km2: float = 0.0


class Pixels:
    """Which pixels of a band count, and how they are counted. Without state: threads share it.

    Args:
        dtype: Of the stored values; real.
        nodata: The stored value that means "no data", None where there is none.
        weighed: Whether areas are counted, because they differ from row to row.
    """

    def __init__(self, dtype: np.dtype[np.generic], nodata: float | None, *, weighed: bool) -> None:
        self.dtype = dtype
        self.nodata = _stored(nodata, dtype)
        self._around = _around(self.nodata)
        self.weighed = weighed
        self.narrow = dtype.kind in "iu" and dtype.itemsize <= 2
        self.first = int(np.iinfo(dtype).min) if self.narrow else 0  # type: ignore[type-var]

    def valid(self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """Which pixels of a block count: unmasked, not nodata, finite. None where all do.

        Args:
            block: Stored values, any shape.
            mask: True where the file's own mask or alpha band says valid; None where it has neither.
        """
        return _both(self.unmasked(block, mask), self._finite(block))

    def part(
        self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None, row_km2: NDArray[np.float64] | None
    ) -> Part:
        """Count a window of shape (rows, columns).

        Args:
            block: Stored values.
            mask: As in `valid`.
            row_km2: The area of a pixel in each row, where rows differ.
        """
        if self.narrow and mask is None and row_km2 is None:
            return Part(
                table_of(block.ravel(), self.first, None)
            )  # nodata is forgotten at the end: no copy of the block
        unmasked, finite = self.unmasked(block, mask), self._finite(block)
        valid = _both(unmasked, finite)
        # Valid pixels lie side by side: taking them by a mask is three times as fast as by their places (np.compress).
        values = block.ravel() if valid is None else block[valid]
        if row_km2 is None:
            part = self._counted(values, None)
        else:
            per_row = np.full(len(block), block.shape[1]) if valid is None else np.count_nonzero(valid, axis=1)
            part = self._counted(values, None if self.dtype.kind == "f" else np.repeat(row_km2, per_row))
            part.km2 = float((per_row * row_km2).sum())
        if finite is not None:
            infinite = np.isinf(block)
            if unmasked is not None:
                infinite &= unmasked
            part.infinite = int(np.count_nonzero(infinite))
            if row_km2 is not None:
                part.infinite_km2 = float(np.count_nonzero(infinite, axis=1) @ row_km2)
        return part

    def unmasked(self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """Which pixels are neither masked nor nodata; None where nothing says so. As in `valid`."""
        if self.nodata is None:
            return mask
        data: NDArray[np.bool_]
        if self._around is None:
            data = np.not_equal(block, self.nodata)
        else:
            data = np.less_equal(block, self._around[0]) | np.greater_equal(block, self._around[1])
        return data if mask is None else mask & data

    def _finite(self, block: NDArray[np.generic]) -> NDArray[np.bool_] | None:
        """Which pixels are numbers; None where all are."""
        if self.dtype.kind != "f":
            return None
        finite: NDArray[np.bool_] = np.isfinite(block)
        return None if finite.all() else finite

    def _counted(self, values: NDArray[np.generic], km2: NDArray[np.float64] | None) -> Part:
        if not values.size:
            return Part()
        if self.narrow:
            return Part(table_of(values, self.first, km2))
        least, most = values.min(), values.max()
        if self.dtype.kind in "iu" and int(most) - int(least) < TABLE_SIZE:
            return Part(table_of(values, int(least), km2))
        with np.errstate(over="ignore", invalid="ignore"):
            return Part(None, keys_of(values), moments_of(values), float(least), float(most))


def _both(unmasked: NDArray[np.bool_] | None, finite: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    """Which pixels are both; None where all are."""
    both = finite if unmasked is None else unmasked if finite is None else unmasked & finite
    return None if both is None or both.all() else both


class Tally:
    """Takes in one band, part by part."""

    def __init__(self, pixels: Pixels) -> None:
        self._pixels = pixels
        self._table: Table | None = None
        self._keys: NDArray[np.int64] | None = None
        self._moments = Moments()
        self._low = math.inf
        self._high = -math.inf
        self._km2 = 0.0
        self._infinite = 0
        self._infinite_km2 = 0.0
        if pixels.narrow:
            self._table = Table.empty(pixels.first, 2 ** (8 * pixels.dtype.itemsize), weighed=pixels.weighed)
        elif pixels.dtype.kind == "f":
            self._keys = np.zeros(KEYS, dtype=np.int64)

    def merge(self, part: Part) -> None:
        """Take in what a window holds."""
        self._km2 += part.km2
        self._infinite += part.infinite
        self._infinite_km2 += part.infinite_km2
        if part.table is not None:
            self._merge_table(part.table)
        elif part.keys is not None and part.moments is not None:
            self._merge_keys(part.keys, part.moments, part.low, part.high)

    def _merge_table(self, other: Table) -> None:
        """Widen the table of a 32- or 64-bit integer band, or give it up for keys."""
        if self._keys is None:
            reach = self._table or other
            low, high = min(reach.low, other.low), max(reach.high, other.high)
            if high - low < TABLE_SIZE:
                if self._table is None:
                    self._table = Table.empty(low, high - low + 1, weighed=self._pixels.weighed)
                elif (low, high) != (reach.low, reach.high):
                    self._table = self._table.grown(low, high)
                self._table.merge(other)
                return
        values, counts = other.present()
        if values.size:
            self._merge_keys(
                keys_of_counts(values, counts), moments_of_counts(values, counts), float(values[0]), float(values[-1])
            )

    def _merge_keys(self, keys: Keys, moments: Moments, low: float, high: float) -> None:
        if self._keys is None:
            table, self._table = self._table, None
            self._keys = np.zeros(KEYS, dtype=np.int64)
            if table is not None:
                self._merge_table(table)
        self._keys[keys.keys] += keys.counts
        self._moments.merge(moments)
        self._low, self._high = min(self._low, low), max(self._high, high)

    def distribution(self) -> Distribution:
        """What was taken in."""
        return self._by_table() if self._keys is None else self._by_keys(self._keys)

    def _by_table(self) -> Distribution:
        table = self._table or Table.empty(0, 1, weighed=self._pixels.weighed)
        km2 = self._km2
        if self._pixels.nodata is not None:
            table.discard(int(self._pixels.nodata))
        values, counts = table.present()
        moments = moments_of_counts(values, counts)
        low, high = (float(values[0]), float(values[-1])) if values.size else (None, None)
        return self._distribution(moments, km2, (low, high), values, counts, table)

    def _by_keys(self, keys: NDArray[np.int64]) -> Distribution:
        some = self._moments.count > 0
        # Beyond float32, at either end, the keys do not tell values apart.
        furthest = max(abs(self._low), abs(self._high))
        resolved = some and (not furthest or SINGLE_LEAST <= furthest <= SINGLE_MAX)
        values, counts = ascending(keys) if resolved else (np.zeros(0), np.zeros(0, dtype=np.int64))
        extremes = (self._low, self._high) if some else (None, None)
        return self._distribution(
            self._moments, self._km2, extremes, np.clip(values, self._low, self._high), counts, None
        )

    def _distribution(
        self,
        moments: Moments,
        km2: float,
        extremes: tuple[float | None, float | None],
        values: NDArray[np.generic],
        counts: NDArray[np.int64],
        table: Table | None,
    ) -> Distribution:
        return Distribution(
            count=moments.count,
            km2=km2 if self._pixels.weighed else None,
            infinite=self._infinite,
            infinite_km2=self._infinite_km2,
            low=extremes[0],
            high=extremes[1],
            mean=moments.mean if moments.count and math.isfinite(moments.mean) else None,
            deviation=moments.deviation if moments.count and math.isfinite(moments.squares) else None,
            values=values,
            counts=counts,
            table=table,
        )


def _stored(nodata: float | None, dtype: np.dtype[np.generic]) -> np.generic | None:
    """Nodata as the band stores it; None where no pixel can hold it. NaN is never data, named or not."""
    if nodata is None or math.isnan(nodata):
        return None
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(nodata)
    limits = np.iinfo(dtype)  # type: ignore[type-var]
    if not float(nodata).is_integer() or not limits.min <= int(nodata) <= limits.max:
        return None
    return dtype.type(int(nodata))


def _around(nodata: np.generic | None) -> tuple[np.generic, np.generic] | None:
    """Between which numbers a float is nodata too; None where only the value itself is.

    Writers round: a header's -3.40282306e38 is the pixels' -3.4028235e38. GDAL takes floats for equal, of either size,
    that are apart by less than twice float32's epsilon of their sum (ARE_REAL_EQUAL, gcore/gdal_priv_templates.hpp).
    """
    if nodata is None or nodata.dtype.kind != "f" or not nodata or not np.isfinite(nodata):
        return None
    share = 2 * float(np.finfo(np.float32).eps)
    ratio = (1 + share) / (1 - share)
    with np.errstate(over="ignore"):
        nearer, further = nodata.dtype.type(float(nodata) / ratio), nodata.dtype.type(float(nodata) * ratio)
    return (nearer, further) if float(nodata) > 0 else (further, nearer)
