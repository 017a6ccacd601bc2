"""Faults of the corpus that are found where they are; findings in its sound packages make it fail."""

import sys

from tests.benchmarks.measure import Measure
from tests.packages.recall import recall


def measure() -> Measure:
    found = recall()
    total = len(found.located) + len(found.missed)
    print(f"missed: {found.missed or 'none'}; in sound packages: {found.noise or 'nothing'}", file=sys.stderr)
    holds = not found.missed and not found.noise
    bar = f"{total} of {total}, nothing in sound ones"
    return Measure("lint-recall", len(found.located), "faults located", "corpus", total, None, bar, holds)
