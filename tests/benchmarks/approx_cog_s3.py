"""Summary with preview of a COG on an S3 server, against rio-tiler's info, statistics and preview; both warm."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from mcp_ogc.opening import open_from_settings
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.reader import Asked, RasterReader
from mcp_ogc.rasters.worker.tasks import Wanted
from mcp_ogc.settings import LocalSettings, Settings, StorageSettings
from tests.benchmarks.cogs import make
from tests.benchmarks.measure import Measure, interleaved
from tests.benchmarks.s3 import BUCKET, KEYS, REGION

ROUNDS = 7
REPEATS = 5
"""Calls of ours in a round: the kernel counts a worker's time in hundredths of a second."""
MOST_BYTES = 1_100_000
RATIOS = {"b": 1 / 6, "c": 1 / 6, "e": 2 / 3}
PEER = Path(os.environ.get("PEERS_PYTHON", ".venv-peers/bin/python"))
SCRIPT = Path(__file__).with_name("rio_tiler_summary.py")


class Storage:
    """The S3 server, and what it counted."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.port = port

    def asked(self) -> dict[str, int]:
        """Requests and bytes since this was called last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return dict(json.loads(self._process.stdout.readline()))


def measure() -> tuple[Measure, ...]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("BENCH_RASTERS", name))
        files = [make(kind, folder) for kind in RATIOS]
        with storage(files) as server, our_seconds(server, Path(name)) as ours, peer_seconds(server) as theirs:
            return tuple(_measured(kind, server, ours, theirs) for kind in RATIOS)


def _measured(
    kind: str, server: Storage, ours: Callable[[str], float], theirs: Callable[[str], float] | None
) -> Measure:
    href, bar = f"s3://{BUCKET}/{kind}.tif", RATIOS[kind]
    ours(href)
    server.asked()
    ours(href)
    asked = {name: count / REPEATS for name, count in server.asked().items()}
    peer = peer_asked = None
    if theirs:
        theirs(href)
        peer_asked = server.asked()
        own, peer = interleaved(lambda: ours(href), lambda: theirs(href), ROUNDS)
    else:
        own = min(ours(href) for _ in range(ROUNDS))
    print(f"{kind}: ours {asked}, rio-tiler {peer_asked}", file=sys.stderr)
    short = asked["requests"] == 1 and asked["bytes"] <= MOST_BYTES
    ratio = own / peer if peer else None
    return Measure(
        f"approx-cog-s3-{kind}",
        round(own, 4),
        "CPU s",
        "rio-tiler",
        peer and round(peer, 4),
        ratio and round(ratio, 3),
        f"<= {bar:.3f}; 1 request, <= {MOST_BYTES / 1e6} MB",
        None if ratio is None else short and ratio <= bar,
    )


@contextmanager
def storage(files: list[Path]) -> Iterator[Storage]:
    command = [sys.executable, "-m", "tests.benchmarks.s3", *map(str, files)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield Storage(process, int(process.stdout.readline()))
        finally:
            process.kill()


@contextmanager
def our_seconds(server: Storage, folder: Path) -> Iterator[Callable[[str], float]]:
    """CPU seconds of a summary, the server's and its worker's."""
    section = StorageSettings(
        buckets=(BUCKET,),
        endpoint=f"http://127.0.0.1:{server.port}",
        region=REGION,
        access_key_id=KEYS["aws_access_key_id"],
        secret_access_key=KEYS["aws_secret_access_key"],
    )
    settings = Settings(data_folder=folder / "data", storage={"s": section}, local=LocalSettings(enabled=False))
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_from_settings(settings)) as work,
    ):
        yield lambda href: _seconds(portal, work.rasters, href)


def _seconds(portal: BlockingPortal, rasters: RasterReader, href: str) -> float:
    asked = Asked(href, Wanted(None, (), PreviewStyle()), method="approximate")
    begun = time.process_time() + worker_seconds(rasters)
    for _ in range(REPEATS):
        done = portal.call(rasters.summarize, asked)
        assert done.preview is not None
        assert not done.summary.exact
    return (time.process_time() + worker_seconds(rasters) - begun) / REPEATS


def worker_seconds(rasters: RasterReader) -> float:
    """CPU time of the idle workers, from /proc: they are not waited for yet."""
    ticks = 0
    for worker in rasters._workers._idle:
        fields = Path(f"/proc/{worker._process.pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def peer_seconds(server: Storage) -> Iterator[Callable[[str], float] | None]:
    """CPU seconds of rio-tiler, which reads through GDAL's own S3; None where it is not installed."""
    if not PEER.exists():
        yield None
        return
    environment: dict[str, Any] = {
        **os.environ,
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
        "AWS_REGION": REGION,
        "AWS_S3_ENDPOINT": f"127.0.0.1:{server.port}",
        "AWS_HTTPS": "NO",
        "AWS_VIRTUAL_HOSTING": "FALSE",
    }
    with subprocess.Popen(
        [PEER, SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:

        def seconds(href: str) -> float:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(f"{href}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        try:
            yield seconds
        finally:
            process.kill()
