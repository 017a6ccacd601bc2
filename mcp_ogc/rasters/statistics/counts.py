"""How often each value occurs: exactly for integers within a narrow range, by leading bits for everything else."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

TABLE_SIZE = 2**16
SLICE = 2**16
KEY_SHIFT = 14
KEYS = 2 ** (32 - KEY_SHIFT)
KEY_ERROR = 2.0**-10
"""Relative, at most: values are rounded to 10 of the 24 bits of a float32's significand."""
SINGLE_MAX = float(np.finfo(np.float32).max)
SINGLE_LEAST = float(np.finfo(np.float32).tiny)
"""What is nearer to 0 has fewer bits of a float32 than keys keep."""
LEAST_ERROR = 2.0**-136
"""Half the distance of keys that near to 0."""


@dataclass(slots=True)
class Table:
    """Exact counts of the integers `low` … `low + len(counts) - 1`, and their km² where rows differ."""

    low: int
    counts: NDArray[np.int64]
    km2: NDArray[np.float64] | None = None

    @classmethod
    def empty(cls, low: int, size: int, *, weighed: bool) -> Table:
        """Nothing counted yet."""
        return cls(low, np.zeros(size, dtype=np.int64), np.zeros(size) if weighed else None)

    @property
    def high(self) -> int:
        """The last integer of the table."""
        return self.low + self.counts.size - 1

    def merge(self, other: Table) -> None:
        """Take in counts of integers within this table's reach."""
        here = slice(other.low - self.low, other.low - self.low + other.counts.size)
        self.counts[here] += other.counts
        if self.km2 is not None and other.km2 is not None:
            self.km2[here] += other.km2

    def grown(self, low: int, high: int) -> Table:
        """A table that reaches from `low` to `high` as well."""
        first = min(self.low, low)
        table = Table.empty(first, max(self.high, high) - first + 1, weighed=self.km2 is not None)
        table.merge(self)
        return table

    def discard(self, value: int) -> None:
        """Forget one value, which may be outside of the table."""
        if self.low <= value <= self.high:
            self.counts[value - self.low] = 0
            if self.km2 is not None:
                self.km2[value - self.low] = 0

    def present(self) -> tuple[NDArray[np.int64 | np.uint64], NDArray[np.int64]]:
        """The distinct values, ascending, and how often each is there."""
        places = np.flatnonzero(self.counts)
        kind = np.int64 if self.high < 2**63 else np.uint64
        return places.astype(kind) + kind(self.low), self.counts[places]

    def km2_of(self, value: int) -> float | None:
        """The area of one value where rows differ, else None."""
        return None if self.km2 is None else float(self.km2[value - self.low])


def table_of(values: NDArray[np.generic], low: int, km2: NDArray[np.float64] | None) -> Table:
    """Counts of a flat array of integers, none below `low`, each weighing its `km2`."""
    if values.dtype == np.uint8 and low == 0 and km2 is None:
        return Table(0, _byte_counts(values))
    places = _places(values, low)
    areas: NDArray[np.float64] | None = None if km2 is None else np.bincount(places, weights=km2)  # type: ignore[assignment]
    return Table(low, np.bincount(places), areas)


def _byte_counts(values: NDArray[np.generic]) -> NDArray[np.int64]:
    """Counts of bytes. Where classes are few, several pixels are counted at once, as the digits of one byte."""
    base = int(values.max()) + 1
    digits = int(8 / math.log2(max(base, 2)))
    length = values.size // digits // 4 * 4
    numbers, *more = values[: digits * length].view(np.uint8).reshape(digits, length)
    for digit_of_each in more:
        numbers = numbers * np.uint8(base) + digit_of_each
    counts = np.bincount(values[digits * length :], minlength=256)
    together = _histogram(numbers)[: base**digits].reshape((base,) * digits)
    for digit in range(digits):
        counts[:base] += np.moveaxis(together, digit, 0).reshape(base, -1).sum(axis=1)
    return counts


def _histogram(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Counts of whole quads of bytes by Pillow, of an RGBA view: 0.4 ns a byte where bincount takes 1.2."""
    if not values.size:
        return np.zeros(256, dtype=np.int64)
    picture = Image.frombuffer("RGBA", (values.size // 4, 1), values, "raw", "RGBA", 0, 1)
    counts: NDArray[np.int64] = np.asarray(picture.histogram(), dtype=np.int64).reshape(4, 256).sum(axis=0)
    return counts


def _places(values: NDArray[np.generic], low: int) -> NDArray[np.generic]:
    """Distances from `low`. The subtraction wraps in the values' own width, and reads right as unsigned."""
    kind = values.dtype
    distances = np.asarray(values - kind.type(low) if low else values)  # type: ignore[operator]
    unsigned = distances.view(f"u{kind.itemsize}")
    return unsigned if kind.itemsize <= 4 else unsigned.astype(np.intp)


@dataclass(frozen=True, slots=True)
class Keys:
    """Counts of values by their key: float32 rounded to its 18 leading bits. Exact for whole numbers up to 1024.

    Only keys that occur are held, ascending as unsigned integers, which is not the order of the values.
    """

    keys: NDArray[np.intp]
    counts: NDArray[np.int64]


def keys_of(values: NDArray[np.generic]) -> Keys:
    """Counts of a flat array of finite numbers, in slices that stay in the processor's cache."""
    counts = np.zeros(KEYS, dtype=np.int64)
    for start in range(0, values.size, SLICE):
        np.add.at(counts, _rounded(values[start : start + SLICE]), 1)
    return _present(counts)


def keys_of_counts(values: NDArray[np.int64 | np.uint64], counts: NDArray[np.int64]) -> Keys:
    """Counts by key of values that each occur `counts` times."""
    summed = np.zeros(KEYS, dtype=np.int64)
    np.add.at(summed, _rounded(values), counts)
    return _present(summed)


def _rounded(values: NDArray[np.generic]) -> NDArray[np.intp]:
    """The key of each."""
    bits = values.astype(np.float32, copy=False).view(np.uint32) + np.uint32(1 << (KEY_SHIFT - 1))
    return (bits >> np.uint32(KEY_SHIFT)).astype(np.intp)


def _present(counts: NDArray[np.int64]) -> Keys:
    keys = np.flatnonzero(counts != 0)  # of booleans it is four times as fast
    return Keys(keys, counts[keys])


def ascending(totals: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Values and counts, ascending by value, of counts by key (KEYS of them)."""
    keys = np.flatnonzero(totals)
    values = (keys << KEY_SHIFT).astype(np.uint32).view(np.float32).astype(np.float64)
    order = np.argsort(values, kind="stable")
    return values[order], totals[keys[order]]
