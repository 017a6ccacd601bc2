"""Statistics of one band in one pass over windows, in bounded memory.

Integers are counted value by value while their range is at most 65,536: minimum, maximum, mean, deviation, percentiles
and classes come out exact. Floats and wider integers have exact extremes and moments; their percentiles come from
counts of their leading 20 bits as float32, within 0.025 % of the value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

TABLE_SIZE = 2**16
SLICE = 2**16
KEY_SHIFT = 12
KEYS = 2 ** (32 - KEY_SHIFT)
SINGLE_MAX = float(np.finfo(np.float32).max)


@dataclass(slots=True)
class Moments:
    """Count, mean and sum of squared deviations, merged pairwise (Chan, Golub, LeVeque 1979)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def merge(self, count: int, mean: float, squares: float) -> None:
        """Take in another part."""
        total = self.count + count
        if not total:
            return
        delta = mean - self.mean
        self.squares += squares + delta * delta * (self.count * count / total)
        self.mean += delta * (count / total)
        self.count = total

    def add(self, values: NDArray[np.generic]) -> None:
        """Take in values, in slices that stay in the processor's cache."""
        for start in range(0, values.size, SLICE):
            part = values[start : start + SLICE].astype(np.float64)
            mean = float(part.mean())
            part -= mean
            # Not part @ part: BLAS would spread each slice over threads, for twice the CPU time.
            self.merge(part.size, mean, float(np.square(part, out=part).sum()))

    @property
    def deviation(self) -> float:
        """Population standard deviation."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan


class Table:
    """Exact counts of integers `low` … `low + len(counts) - 1`, and their km² where rows differ."""

    def __init__(self, low: int, size: int, *, weighed: bool) -> None:
        self.low = low
        self.counts = np.zeros(size, dtype=np.int64)
        self.km2 = np.zeros(size, dtype=np.float64) if weighed else None

    def add(self, values: NDArray[np.generic], km2: NDArray[np.float64] | None) -> None:
        """Count a flat array of integers within the table, each weighing its `km2`."""
        if values.dtype == np.uint8 and self.low == 0 and km2 is None:
            self.counts += _byte_counts(values)
            return
        places = _places(values, self.low)
        counts = np.bincount(places)
        self.counts[: counts.size] += counts
        if self.km2 is not None and km2 is not None:
            self.km2[: counts.size] += np.bincount(places, weights=km2)

    def grown(self, low: int, high: int) -> Table:
        """A table that reaches from `low` to `high` as well."""
        first = min(self.low, low)
        table = Table(first, max(self.low + self.counts.size - 1, high) - first + 1, weighed=self.km2 is not None)
        here = slice(self.low - first, self.low - first + self.counts.size)
        table.counts[here] = self.counts
        if table.km2 is not None and self.km2 is not None:
            table.km2[here] = self.km2
        return table

    def discard(self, value: int) -> None:
        """Forget one value, which may be outside of the table."""
        if 0 <= value - self.low < self.counts.size:
            self.counts[value - self.low] = 0

    def present(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The distinct values, ascending, and how often each is there."""
        places = np.flatnonzero(self.counts)
        return places + self.low, self.counts[places]

    def km2_of(self, value: int) -> float | None:
        """The area of one value where rows differ, else None."""
        return None if self.km2 is None else float(self.km2[value - self.low])


class Sketch:
    """Exact extremes and moments; counts of the leading 20 bits as float32 for percentiles and histogram."""

    def __init__(self) -> None:
        self.moments = Moments()
        self.low = math.inf
        self.high = -math.inf
        self._counts = np.zeros(KEYS, dtype=np.int64)

    def add(self, values: NDArray[np.generic]) -> None:
        """Take in a flat array of finite numbers."""
        if not values.size:
            return
        self.low = min(self.low, float(values.min()))
        self.high = max(self.high, float(values.max()))
        with np.errstate(over="ignore", invalid="ignore"):
            self.moments.add(values)
            keys = _keys(values)
        # Data covers few of a million keys: counting from the least one keeps the arrays small.
        first = int(keys.min())
        counts = np.bincount(keys - first)
        self._counts[first : first + counts.size] += counts

    def take(self, values: NDArray[np.int64], counts: NDArray[np.int64]) -> None:
        """Take in values that were counted exactly so far."""
        if not values.size:
            return
        self.low = min(self.low, float(values[0]))
        self.high = max(self.high, float(values[-1]))
        self.moments = _moments_of(values, counts)
        np.add.at(self._counts, _keys(values), counts)

    def present(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """The middle of each key, within the extremes, and how many values it holds."""
        keys = np.flatnonzero(self._counts)
        return np.clip(_middles(keys), self.low, self.high), self._counts[keys]

    @property
    def resolves(self) -> bool:
        """Whether the keys tell the values apart: beyond float32 they do not."""
        return max(abs(self.low), abs(self.high)) <= SINGLE_MAX


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
    """Distinct values, or the middles of keys, ascending."""
    counts: NDArray[np.int64]
    table: Table | None
    """The exact counts, None where the percentiles are within 0.025 % only."""

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


class Tally:
    """Takes in one band, window by window.

    Args:
        dtype: Of the stored values; real.
        nodata: The stored value that means "no data", None where there is none.
        weighed: Whether `add` is given the area of each row, because rows differ.
    """

    def __init__(self, dtype: np.dtype[np.generic], nodata: float | None, *, weighed: bool) -> None:
        self._dtype = dtype
        self._nodata = _stored(nodata, dtype)
        self._weighed = weighed
        self._narrow = dtype.kind in "iu" and dtype.itemsize <= 2
        self._table: Table | None = None
        self._sketch: Sketch | None = None
        self._valid_km2 = 0.0
        self._infinite = 0
        self._infinite_km2 = 0.0
        if dtype.kind == "f":
            self._sketch = Sketch()
        elif self._narrow:
            self._table = Table(int(np.iinfo(dtype).min), 2 ** (8 * dtype.itemsize), weighed=weighed)  # type: ignore[type-var]

    def valid(self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """Which pixels of a block count: unmasked, not nodata, finite. None where all do.

        Args:
            block: Stored values, any shape.
            mask: True where the file's own mask or alpha band says valid; None where it has neither.
        """
        valid = self._unmasked(block, mask)
        if self._dtype.kind == "f":
            finite = np.isfinite(block)
            if not finite.all():
                valid = finite if valid is None else valid & finite
        return None if valid is None or valid.all() else valid

    def add(
        self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None, row_km2: NDArray[np.float64] | None
    ) -> None:
        """Take in a window of shape (rows, columns).

        Args:
            block: Stored values.
            mask: As in `valid`.
            row_km2: The area of a pixel in each row, where rows differ.
        """
        if self._table is not None and self._narrow and mask is None and row_km2 is None:
            self._table.add(block.ravel(), None)  # nodata is taken out of the table at the end: no copy of the block
            return
        valid = self.valid(block, mask)
        km2 = None
        if row_km2 is not None:
            each = np.broadcast_to(row_km2[:, None], block.shape)
            km2 = each.ravel() if valid is None else each[valid]
            self._valid_km2 += float(km2.sum())
        if self._dtype.kind == "f" and valid is not None:
            self._add_infinite(block, mask, row_km2)
        self._count(block.ravel() if valid is None else block[valid], km2)

    def _unmasked(self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        if self._nodata is None:
            return mask
        data: NDArray[np.bool_] = np.not_equal(block, self._nodata)
        return data if mask is None else mask & data

    def _add_infinite(
        self, block: NDArray[np.generic], mask: NDArray[np.bool_] | None, row_km2: NDArray[np.float64] | None
    ) -> None:
        infinite = np.isinf(block)
        unmasked = self._unmasked(block, mask)
        if unmasked is not None:
            infinite &= unmasked
        self._infinite += int(np.count_nonzero(infinite))
        if row_km2 is not None:
            self._infinite_km2 += float(infinite.sum(axis=1) @ row_km2)

    def _count(self, values: NDArray[np.generic], km2: NDArray[np.float64] | None) -> None:
        if not values.size:
            return
        if self._sketch is None and not self._narrow:
            self._make_room(int(values.min()), int(values.max()))
        if self._sketch is not None:
            self._sketch.add(values)
        elif self._table is not None:
            self._table.add(values, km2)

    def _make_room(self, low: int, high: int) -> None:
        """Widen the table of a 32- or 64-bit integer band, or give it up for a sketch."""
        table = self._table or Table(low, 1, weighed=self._weighed)
        if max(table.low + table.counts.size - 1, high) - min(table.low, low) < TABLE_SIZE:
            self._table = table.grown(low, high)
            return
        self._sketch = Sketch()
        self._sketch.take(*table.present())
        self._table = None

    def distribution(self) -> Distribution:
        """What was taken in."""
        values: NDArray[np.generic]
        if self._sketch is None:
            table = self._table or Table(0, 1, weighed=self._weighed)
            if self._nodata is not None:
                table.discard(int(self._nodata))
            values, counts = table.present()
            moments = _moments_of(values, counts)
            low, high = (float(values[0]), float(values[-1])) if values.size else (None, None)
        else:
            table, moments = None, self._sketch.moments
            low, high = (self._sketch.low, self._sketch.high) if moments.count else (None, None)
            values, counts = self._sketch.present() if moments.count and self._sketch.resolves else _nothing()
        return Distribution(
            count=moments.count,
            km2=self._valid_km2 if self._weighed else None,
            infinite=self._infinite,
            infinite_km2=self._infinite_km2,
            low=low,
            high=high,
            mean=moments.mean if moments.count and math.isfinite(moments.mean) else None,
            deviation=moments.deviation if moments.count and math.isfinite(moments.squares) else None,
            values=values,
            counts=counts,
            table=table,
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A window of a raster, in pixels from its upper left corner."""

    row: int
    column: int
    rows: int
    columns: int


def windows(width: int, height: int, block: tuple[int, int], pixels: int) -> Iterator[Block]:
    """Windows that cover a raster, whole blocks (rows, columns) of about `pixels` each, top to bottom.

    A block far larger than that (a strip that is the whole image) is taken in slices: it is decoded once either way.
    """
    block_rows, block_columns = min(block[0], height), min(block[1], width)
    across = max(1, pixels // (block_rows * block_columns))
    columns = min(width, across * block_columns)
    rows = block_rows * max(1, pixels // (block_rows * columns))
    if rows * columns > 4 * pixels:
        rows = max(1, pixels // columns)
    for row in range(0, height, rows):
        for column in range(0, width, columns):
            yield Block(row, column, min(rows, height - row), min(columns, width - column))


def _byte_counts(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Counts of bytes by Pillow's histogram of an RGBA view: 0.5 ns a pixel where bincount takes 1.3."""
    quads = values.size // 4
    counts = np.bincount(values[quads * 4 :].astype(np.intp), minlength=256)
    if quads:
        picture = Image.frombuffer("RGBA", (quads, 1), np.ascontiguousarray(values[: quads * 4]), "raw", "RGBA", 0, 1)
        counts = counts + np.asarray(picture.histogram(), dtype=np.int64).reshape(4, 256).sum(axis=0)
    return counts


def _places(values: NDArray[np.generic], low: int) -> NDArray[np.intp]:
    """Distances from `low`. The subtraction wraps in the values' own width, and reads right as unsigned."""
    kind = values.dtype
    distances = values - kind.type(low) if low else values  # type: ignore[operator]
    return np.asarray(distances).view(f"u{kind.itemsize}").astype(np.intp)


def _keys(values: NDArray[np.generic]) -> NDArray[np.int32]:
    """Leading bits as float32, ascending with the value, from 0 to KEYS."""
    bits = values.astype(np.float32).view(np.int32)
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    return (ordered >> KEY_SHIFT) + np.int32(KEYS // 2)


def _middles(keys: NDArray[np.intp]) -> NDArray[np.float64]:
    """The value in the middle of each key: the reverse of `_keys`."""
    ordered = (((keys - KEYS // 2) << KEY_SHIFT) + (1 << (KEY_SHIFT - 1))).astype(np.int32)
    bits = ordered ^ ((ordered >> 31) & 0x7FFFFFFF)
    return np.asarray(bits.view(np.float32), dtype=np.float64)


def _moments_of(values: NDArray[np.int64], counts: NDArray[np.int64]) -> Moments:
    count = int(counts.sum())
    if not count:
        return Moments()
    mean = float(values.astype(np.float64) @ counts) / count
    return Moments(count, mean, float((values - mean) ** 2 @ counts))


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


def _nothing() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return np.zeros(0), np.zeros(0, dtype=np.int64)
