"""Exact statistics of every pixel, against decoding alone and against `gdalinfo -stats -hist`; the cache warm.

`python -m tests.benchmarks.exact decode|count PATH` does one of them.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import rasterio
from rasterio.windows import Window

from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.source import Source, open_raster
from mcp_ogc.rasters.statistics.counting import Grid, count_bands
from mcp_ogc.rasters.statistics.reading import handles_of
from tests.benchmarks.measure import Measure, in_turn
from tests.benchmarks.work import Work, in_process, of_command, tell

ROUNDS = 3
WINDOW_PIXELS = 2**20
"""In which decoding alone reads: larger ones are no faster."""
MOST_MEGABYTES = 160


@dataclass(frozen=True)
class Bars:
    decoding: float
    """CPU, times decoding alone."""
    gdalinfo: float
    """CPU, times gdalinfo's."""
    wall: float | None = None
    """Times gdalinfo's."""


BARS = {
    "b": Bars(1.4, 0.7),
    "c": Bars(1.6, 0.5, 1 / 3),
    "c2": Bars(2.2, 0.5, 1 / 3),
    "d": Bars(1.4, 0.7),
    "e": Bars(1.4, 0.7),
}


def measure(kind: str) -> Measure:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{kind}.tif"
        subprocess.run([sys.executable, "-m", "tests.benchmarks.generated", kind, path], check=True)
        rounds = in_turn(
            [
                lambda: in_process("tests.benchmarks.exact", "decode", str(path)),
                lambda: in_process("tests.benchmarks.exact", "count", str(path)),
                *([lambda: gdalinfo(path)] if shutil.which("gdalinfo") else []),
            ],
            ROUNDS,
        )
    return judged(kind, *(median(works) for works in rounds))


def median(works: list[Work]) -> Work:
    return Work(
        statistics.median(work.cpu for work in works),
        statistics.median(work.wall for work in works),
        max(work.megabytes for work in works),
    )


def gdalinfo(path: Path) -> Work:
    work = of_command("gdalinfo", "-stats", "-hist", str(path))
    path.with_name(f"{path.name}.aux.xml").unlink()  # what it found, for the next time
    return work


def judged(kind: str, decoding: Work, ours: Work, peer: Work | None = None) -> Measure:
    bars = BARS[kind]
    ratio = ours.cpu / decoding.cpu
    parts = [
        f"CPU {ours.cpu:.2f} s, wall {ours.wall:.2f} s, {ours.megabytes:.0f} MB; "
        f"decoding alone: CPU {decoding.cpu:.2f} s, wall {decoding.wall:.2f} s, {decoding.megabytes:.0f} MB"
    ]
    holds: bool | None = ratio <= bars.decoding and ours.megabytes <= MOST_MEGABYTES
    bar = f"<= {bars.decoding} x decoding alone, <= {bars.gdalinfo} x gdalinfo's CPU, <= {MOST_MEGABYTES} MB"
    if bars.wall:
        bar += ", wall <= 1/3 of gdalinfo's"
    if peer:
        holds = holds and ours.cpu <= bars.gdalinfo * peer.cpu
        holds = holds and (bars.wall is None or ours.wall <= bars.wall * peer.wall)
        parts.append(
            f"gdalinfo: CPU {peer.cpu:.2f} s, wall {peer.wall:.2f} s, {peer.megabytes:.0f} MB; "
            f"CPU ratio {ours.cpu / peer.cpu:.2f}, wall ratio {ours.wall / peer.wall:.2f}"
        )
    elif holds:
        holds = None
        parts.append("gdalinfo is not installed")
    print("; ".join(parts), file=sys.stderr)
    return Measure(
        f"exact-{kind}",
        round(ours.cpu, 2),
        "CPU s",
        "decoding alone",
        round(decoding.cpu, 2),
        round(ratio, 2),
        bar,
        holds,
    )


def decode(path: Path) -> None:
    with rasterio.Env(GDAL_CACHEMAX=16 * 2**20), rasterio.open(path, sharing=False) as dataset:
        grid = Grid.of(dataset)
        bytes_per_pixel = dataset.count * {"uint8": 1, "uint16": 2, "float32": 4}[dataset.dtypes[0]]
        for at in grid.tiling(bytes_per_pixel, WINDOW_PIXELS).all():
            dataset.read(window=Window(at.column, at.row, at.columns, at.rows))


def count(path: Path) -> list[float | None]:
    source = Source(path.name, path.stat().st_size, None, path)
    with open_raster(source) as opened:
        dataset = opened.dataset
        area = pixel_area(dataset.crs, dataset.transform)
        found = count_bands(
            handles_of(source, opened), Grid.of(dataset), bands_of(dataset, None), area, threading.Event()
        )
    return [band.mean for band in found]


if __name__ == "__main__":
    tell(lambda: {"decode": decode, "count": count}[sys.argv[1]](Path(sys.argv[2])))
