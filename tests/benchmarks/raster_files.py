"""The kinds of rasters that are measured, generated: their content repeats from one run to the next.

b: 10,980 × 10,980, uint16, 4 bands, a COG. c: 40,000 × 40,000, uint8 classes, a COG, LZW. e: 8,192 × 8,192, float32
with NaN, a COG. Made once in a folder and used by every measure of a run.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from rasterio.windows import Window

ROWS = 1024
Rows = Callable[[np.random.Generator, int, int], np.ndarray]


def make(kind: str, folder: Path) -> Path:
    """The file of a kind, made where it is not there yet."""
    path = folder / f"{kind}.tif"
    if not path.exists():
        KINDS[kind](path)
    return path


def _b(path: Path) -> None:
    """Reflectances: smooth, with noise in the lower bits, as of a Sentinel-2 tile."""

    def rows(rng: np.random.Generator, first: int, count: int) -> np.ndarray:
        y, x = np.ogrid[first : first + count, :10980]
        ground = 3000 + 1500 * np.sin(x / 700) * np.cos(y / 900)
        return np.stack([ground * (1 + band / 4) + rng.normal(0, 60, ground.shape) for band in range(4)])

    _cog(path, rows, 10980, 4, "uint16", compress="DEFLATE", level="1", predictor="NO")


def _c(path: Path) -> None:
    """Classes 0 to 10 in patches of about a hundred pixels a side; 0 is nodata."""
    patches = np.random.default_rng(3).integers(0, 11, (401, 401), dtype="uint8")

    def rows(rng: np.random.Generator, first: int, count: int) -> np.ndarray:
        y, x = np.ogrid[first : first + count, :40000]
        wobble = (10 * np.sin(x / 37)).astype(int)
        return patches[(y + wobble + 20) // 100, (x + 20) // 100][np.newaxis]

    _cog(path, rows, 40000, 1, "uint8", compress="LZW", nodata=0)


def _e(path: Path) -> None:
    """Differences from -1 to 1, a tenth of them NaN."""

    def rows(rng: np.random.Generator, first: int, count: int) -> np.ndarray:
        y, x = np.ogrid[first : first + count, :8192]
        index = (np.sin(x / 500) * np.cos(y / 400) + rng.normal(0, 0.05, (count, 8192))).astype("float32")
        index[(y // 64 + x // 64) % 10 == 0] = np.nan
        return index[np.newaxis]

    _cog(path, rows, 8192, 1, "float32", compress="DEFLATE", level="1", nodata=float("nan"))


KINDS: dict[str, Callable[[Path], None]] = {"b": _b, "c": _c, "e": _e}


def _cog(
    path: Path, rows: Rows, side: int, bands: int, dtype: str, nodata: float | None = None, **options: str
) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        plain, finished = Path(folder) / "plain.tif", Path(folder) / "finished.tif"
        _write(plain, rows, side, bands, dtype, nodata)
        with rasterio.Env(GDAL_NUM_THREADS="ALL_CPUS", GDAL_PAM_ENABLED="NO"):
            rasterio.shutil.copy(plain, finished, driver="COG", BIGTIFF="IF_SAFER", **options)
        finished.replace(path)


def _write(path: Path, rows: Rows, side: int, bands: int, dtype: str, nodata: float | None) -> None:
    profile = {"driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": dtype, "nodata": nodata}
    place = {"crs": "EPSG:32633", "transform": Affine(10, 0, 300000, 0, -10, 5000000)}
    tiles = {"tiled": True, "blockxsize": 512, "blockysize": 512, "BIGTIFF": "IF_SAFER"}
    rng = np.random.default_rng(2)
    with rasterio.open(path, "w", **profile, **place, **tiles) as file:
        for first, count in _strips(side):
            file.write(rows(rng, first, count).astype(dtype), window=Window(0, first, side, count))


def _strips(side: int) -> Iterator[tuple[int, int]]:
    for first in range(0, side, ROWS):
        yield first, min(ROWS, side - first)
