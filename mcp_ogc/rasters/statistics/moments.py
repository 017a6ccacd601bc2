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
        # Not part @ part: BLAS would spread each slice over threads, for twice the CPU time.
        found.merge(Moments(part.size, mean, float(np.square(part, out=part).sum())))
    return found


def moments_of_counts(values: NDArray[np.int64], counts: NDArray[np.int64]) -> Moments:
    """Moments of values that each occur `counts` times."""
    count = int(counts.sum())
    if not count:
        return Moments()
    mean = float(values.astype(np.float64) @ counts) / count
    return Moments(count, mean, float((values - mean) ** 2 @ counts))
