"""Mean and deviation of many parts, exact to the last few digits whatever their number."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SLICE = 2**16
"""Values that fit the processor's cache as float64."""
ROW = 2**13
"""Values whose product BLAS leaves to one thread: it spreads 10,000 over all, for twice the CPU time."""


@dataclass(slots=True)
class Moments:
    """Count, mean and sum of squared deviations, merged pairwise (Chan, Golub, LeVeque 1979)."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def merge(self, other: Moments) -> None:
        """Take in another part."""
        total = self.count + other.count
        if not other.count:
            return
        delta = other.mean - self.mean
        self.squares += other.squares + delta * delta * (self.count * other.count / total)
        self.mean += delta * (other.count / total)
        self.count = total

    @property
    def deviation(self) -> float:
        """Population standard deviation."""
        return math.sqrt(self.squares / self.count) if self.count else math.nan


def moments_of(values: NDArray[np.generic]) -> Moments:
    """Moments of a flat array of numbers, in slices that stay in the cache."""
    found = Moments()
    for start in range(0, values.size, SLICE):
        part = values[start : start + SLICE].astype(np.float64)
        mean = float(part.sum()) / part.size
        part -= mean
        found.merge(Moments(part.size, mean, _sum_of_squares(part)))
    return found


def _sum_of_squares(values: NDArray[np.float64]) -> float:
    whole = values.size // ROW * ROW
    rows, rest = values[:whole].reshape(-1, ROW), values[whole:]
    return float(np.vecdot(rows, rows).sum() + np.vecdot(rest, rest))


def moments_of_counts(values: NDArray[np.int64 | np.uint64], counts: NDArray[np.int64]) -> Moments:
    """Moments of ascending values, near each other, that each occur `counts` times."""
    count = int(counts.sum())
    if not count:
        return Moments()
    first = values[0]
    above = (values - first).astype(np.float64)  # exact, where float64 does not hold the values themselves
    mean = float(above @ counts) / count
    return Moments(count, int(first) + mean, float((above - mean) ** 2 @ counts))
