"""Statistics within polygons of b, against exactextract; and that they are those of rasterio.mask.

`python -m tests.benchmarks.zonal within|differences PATH` does one of them.
"""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.mask import mask

from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.places.placement import Placement
from mcp_ogc.rasters.places.shapes import shapes_of
from mcp_ogc.rasters.places.zones import zone_of, zone_statistics
from mcp_ogc.rasters.source import Source, open_raster
from mcp_ogc.rasters.statistics.counting import Grid
from mcp_ogc.rasters.statistics.reading import handles_of
from tests.benchmarks.measure import Measure, in_turn
from tests.benchmarks.work import Work, in_process, tell

BAR = 0.6
ROUNDS = 5
PEER = Path(os.environ.get("PEERS_PYTHON", ".venv-peers/bin/python"))
SCRIPT = Path(__file__).parent / "exactextract_zones.py"
OPERATIONS = ("count", "min", "max", "mean", "stdev")
CENTRES = ((2500, 2500, 1400), (7000, 3500, 1800), (3500, 8000, 1500), (8200, 8300, 1100))
"""Column, row, radius."""


def zones() -> dict[str, Any]:
    """Stars of two hundred corners, as GeoJSON in the raster's CRS."""

    def corner(column: int, row: int, radius: int, step: int) -> list[float]:
        angle = 2 * math.pi * step / 200
        reach = radius * (1 + 0.25 * math.sin(7 * angle))
        return [288000 + 10 * (column + reach * math.cos(angle)), 9120000 - 10 * (row + reach * math.sin(angle))]

    features = [
        {
            "type": "Feature",
            "id": str(number),
            "properties": {},
            "geometry": {"type": "Polygon", "coordinates": [[corner(*at, step % 200) for step in range(201)]]},
        }
        for number, at in enumerate(CENTRES)
    ]
    return {"type": "FeatureCollection", "features": features}


def measure() -> Measure:
    with tempfile.TemporaryDirectory() as folder:
        path, places = Path(folder) / "b.tif", Path(folder) / "zones.json"
        subprocess.run([sys.executable, "-m", "tests.benchmarks.generated", "b", path], check=True)
        places.write_text(json.dumps(zones()), encoding="utf-8")
        ours, *others = in_turn(
            [
                lambda: in_process("tests.benchmarks.zonal", "within", str(path)),
                *([lambda: peer(path, places)] if PEER.exists() else []),
            ],
            ROUNDS,
        )
        wrong = in_process("tests.benchmarks.zonal", "differences", str(path)).answer
    own = statistics.median(work.cpu for work in ours)
    theirs = statistics.median(work.cpu for work in others[0]) if others else None
    ratio = own / theirs if theirs else None
    print(
        f"{ours[0].megabytes:.0f} MB; {wrong} statistics of {4 * len(CENTRES) * 5} differ from rasterio.mask",
        file=sys.stderr,
    )
    holds = None if ratio is None and not wrong else ratio is not None and ratio <= BAR and not wrong
    return Measure(
        "zonal",
        round(own, 3),
        "CPU s",
        "exactextract",
        theirs and round(theirs, 3),
        ratio and round(ratio, 2),
        f"<= {BAR}, every statistic as rasterio.mask",
        holds,
    )


def peer(path: Path, places: Path) -> Work:
    command = [PEER, SCRIPT, path, places, *OPERATIONS]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")
    return Work(**json.loads(done.stdout))


def differences(path: Path) -> int:
    """How many statistics are not those of numpy under rasterio's mask, to nine digits."""
    wrong = 0
    with rasterio.open(path) as dataset:
        for feature, found in zip(zones()["features"], within(path), strict=True):
            data, _ = mask(dataset, [feature["geometry"]], crop=True, filled=False)
            for band, own in zip(data, found, strict=True):
                values = band.compressed().astype(np.float64)
                expected = [values.size, values.min(), values.max(), values.mean(), values.std()]
                wrong += int((~np.isclose(own, expected, rtol=1e-9, atol=0)).sum())
    return wrong


def within(path: Path) -> list[list[list[float | None]]]:
    source = Source(path.name, path.stat().st_size, None, path)
    with open_raster(source) as opened:
        dataset = opened.dataset
        grid, placement = Grid.of(dataset), Placement(dataset, native=True)
        found = zone_statistics(
            handles_of(source, opened),
            grid,
            bands_of(dataset, None),
            pixel_area(dataset.crs, dataset.transform),
            [zone_of(shape, placement, grid) for shape in shapes_of(zones())],
            threading.Event(),
        )
    return [
        [[band.valid_count, band.minimum, band.maximum, band.mean, band.std] for band in one.bands] for one in found
    ]


if __name__ == "__main__":
    tell(lambda: {"within": within, "differences": differences}[sys.argv[1]](Path(sys.argv[2])))
