"""What a measure says, and how two things are measured side by side."""

import json
import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Measure:
    """One line of `make bench`. A peer that is not there gives nulls, never true."""

    name: str
    value: float | None
    unit: str
    peer: str
    peer_value: float | None
    ratio: float | None
    bar: str
    holds: bool | None

    def line(self) -> str:
        return json.dumps(asdict(self))


def interleaved(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The medians of both, run in turn so that what else the machine does falls on both; one warm-up each."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(rounds)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)
