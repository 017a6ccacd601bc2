"""A summary of a small file through the warm worker, against the same call in a thread of this process."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path

import anyio.to_thread
from anyio.from_thread import start_blocking_portal

from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.statistics.reading import summarize_source
from mcp_ogc.rasters.worker.fetching import Given
from mcp_ogc.rasters.worker.pool import Workers, open_workers
from mcp_ogc.rasters.worker.tasks import RasterFile, Summarize, Wanted
from tests.benchmarks.measure import Measure, interleaved

BAR_MS = 5.0
ROUNDS = 101
FILE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"
WANTED = Wanted(None, (), PreviewStyle())


def measure() -> Measure:
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(open_workers()) as workers:
        ours, theirs = interleaved(
            lambda: portal.call(worker_ms, workers), lambda: portal.call(thread_ms), rounds=ROUNDS
        )
    more = ours - theirs
    return Measure(
        "worker-overhead",
        round(ours, 2),
        "ms",
        "in process",
        round(theirs, 2),
        round(ours / theirs, 3),
        f"<= peer + {BAR_MS} ms",
        more <= BAR_MS,
    )


async def worker_ms(workers: Workers) -> float:
    given = Given(RasterFile(FILE.name, FILE.stat().st_size, None, FILE))
    begun = time.perf_counter()
    await workers.run(Summarize(WANTED, "exact"), [given], 60)
    return (time.perf_counter() - begun) * 1000


async def thread_ms() -> float:
    source = Source(FILE.name, FILE.stat().st_size, None, FILE)
    begun = time.perf_counter()
    await anyio.to_thread.run_sync(partial(summarize_source, source, WANTED, threading.Event()))
    return (time.perf_counter() - begun) * 1000
