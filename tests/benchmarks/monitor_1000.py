"""A thousand running jobs of one endpoint, followed at once: requests a second, memory, how late a change is seen."""

import resource
import sys
import time
from itertools import pairwise

import anyio

from mcp_ogc.jobs.monitor import FEW, GAP
from mcp_ogc.ogc.models import StatusInfo
from mcp_ogc.opening import open_from_settings
from tests.benchmarks.beside import Beside, upstream
from tests.benchmarks.measure import Measure

JOBS = 1000
MOST_REQUESTS, MOST_MEGABYTES = 2.0, 150
WINDOW = 5
"""Seconds over which requests are averaged."""
TOLD_WITHIN = FEW * GAP + 0.1
"""Seconds from an answer of the endpoint until who waits knows: a change that is made just after the list was read is
in the next reading, one interval later, and known once that has been answered and written; of the last few jobs their
own documents are read too, at the same pace."""


async def follow(beside: Beside) -> dict[str, float]:
    """When each job was seen to have ended."""
    seen: dict[str, float] = {}

    async with open_from_settings(beside.settings) as work:
        monitor = work.endpoint("far").monitor

        async def until_end(job_id: str) -> None:
            info = StatusInfo(job_id=job_id, status="running")  # type: ignore[arg-type]
            while not info.status.ended:
                info = await monitor.wait(job_id, 45)
            seen[job_id] = time.time()

        async with anyio.create_task_group() as tasks:
            for number in range(JOBS):
                tasks.start_soon(until_end, f"job-{number:04}")
    return seen


def measure() -> Measure:
    with upstream("jobs", JOBS) as beside:
        seen = anyio.run(follow, beside)
        report = beside.report()
    late = sorted(seen[job_id] - ended for job_id, ended in report["ends"].items())
    told = max(seen[job_id] - served for job_id, served in report["served"].items())
    interval = max(later - earlier for earlier, later in pairwise(report["readings"]))
    counts = dict(map(tuple, report["requests"]))
    first, last = min(counts), max(counts)
    rate = max(
        sum(counts.get(start + second, 0) for second in range(WINDOW)) / WINDOW
        for start in range(first, max(first, last - WINDOW + 1) + 1)
    )
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(seen)} jobs; {rate:.2f} requests a second at most (over {WINDOW} s), {sum(counts.values())} in all; "
        f"{megabytes:.0f} MB; seen {late[len(late) // 2]:.1f} s late in the median, {late[-1]:.1f} s at most; "
        f"the list is read every {interval:.1f} s at most, and what it says is told within {told:.2f} s",
        file=sys.stderr,
    )
    in_time = told <= TOLD_WITHIN and late[-1] <= interval + told
    holds = len(seen) == JOBS and rate <= MOST_REQUESTS and megabytes < MOST_MEGABYTES and in_time
    bar = f"<= {MOST_REQUESTS:g} requests/s, < {MOST_MEGABYTES} MB, seen within one interval and {TOLD_WITHIN:.1f} s"
    return Measure("monitor-1000", round(rate, 2), "requests/s", "memory, MB", round(megabytes), None, bar, holds)
