"""What a measure says, and how two things are measured side by side."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

T = TypeVar("T")


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


def in_turn(runs: Sequence[Callable[[], T]], rounds: int) -> list[list[T]]:
    """What each gave in every round, run in turn so that what else the machine does falls on all; one warm-up each."""
    for run in runs:
        run()
    every = [[run() for run in runs] for _ in range(rounds)]
    return [list(found) for found in zip(*every, strict=True)]


def interleaved(ours: Callable[[], float], theirs: Callable[[], float], rounds: int) -> tuple[float, float]:
    """The medians of both."""
    mine, others = in_turn([ours, theirs], rounds)
    return statistics.median(mine), statistics.median(others)
