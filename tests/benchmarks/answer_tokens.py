"""What an assistant reads: the median of all answers of all trajectories, and the whole of the water-bodies run."""

from __future__ import annotations

import statistics
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import anyio

from tests.benchmarks.measure import Measure
from tests.servers.pygeoapi import pygeoapi
from tests.tokenizer import open_tokenizer
from tests.trajectories.contract import STRUCTURED
from tests.trajectories.conversation import Trajectory, trajectories
from tests.trajectories.follower import Follower, Told
from tests.trajectories.worlds import opened

MEDIAN = 350
WORKFLOW, CALLS = 3000, 7
WHOLE = "workflow"


async def answers(trajectory: Trajectory, folder: Path, pygeoapi_url: str) -> list[Told]:
    async with opened(trajectory.world, folder, lambda: pygeoapi_url) as client:
        follower = Follower(client, trajectory)
        await follower.go()
        return follower.answers


def measure() -> tuple[Measure, ...]:
    with ExitStack() as stack:
        tokenizer = stack.enter_context(open_tokenizer())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        (folder / "pygeoapi").mkdir()
        url = stack.enter_context(pygeoapi(folder / "pygeoapi"))
        told = {name: anyio.run(answers, one, folder / name, url) for name, one in trajectories().items()}
        if tokenizer is None:
            names = {"answer-tokens": MEDIAN, "structured-tokens": STRUCTURED, "workflow-tokens": WORKFLOW}
            return tuple(_measure(name, None, bar) for name, bar in names.items())
        structured = tokenizer.count([one.structured for each in told.values() for one in each if one.structured])
        counts = {name: tokenizer.count([one.text for one in each]) for name, each in told.items()}
    every = [count for each in counts.values() for count in each]
    calls = len(counts[WHOLE])
    print(f"{len(counts)} trajectories, {len(every)} answers; {WHOLE}: {calls} calls, bar {CALLS}", file=sys.stderr)
    print(f"structured content: median {statistics.median(structured):g} tokens", file=sys.stderr)
    whole = _measure("workflow-tokens", sum(counts[WHOLE]), WORKFLOW)
    if calls > CALLS:
        whole = replace(whole, holds=False)
    most = _measure("structured-tokens", max(structured), STRUCTURED)
    return (_measure("answer-tokens", statistics.median(every), MEDIAN), most, whole)


def _measure(name: str, value: float | None, bar: int) -> Measure:
    return Measure(name, value, "tokens", "bar alone", None, None, f"<= {bar}", None if value is None else value <= bar)
