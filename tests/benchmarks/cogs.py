"""The generated kinds b, c and e as COGs: as GDAL makes them, with the smallest overview right behind the header."""

from __future__ import annotations

import tempfile
from pathlib import Path

import rasterio
import rasterio.shutil

from tests.benchmarks.generated import write

OPTIONS = {
    "b": {"compress": "DEFLATE", "level": "1"},
    "c": {"compress": "LZW", "overview_resampling": "MODE"},
    "e": {"compress": "DEFLATE", "level": "1"},
}


def make(kind: str, folder: Path) -> Path:
    """The file of a kind, made where it is not there yet."""
    path = folder / f"{kind}.tif"
    if path.exists():
        return path
    with tempfile.TemporaryDirectory(dir=folder) as name:
        plain, finished = Path(name) / "plain.tif", Path(name) / "finished.tif"
        write(plain, kind)
        with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"):
            rasterio.shutil.copy(plain, finished, driver="COG", BIGTIFF="IF_SAFER", **OPTIONS[kind])
        finished.replace(path)
    return path
