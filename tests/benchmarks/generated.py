"""`python -m tests.benchmarks.generated KIND PATH`: rasters of the kinds that are measured, made and not kept.

- `b`: a Sentinel-2 tile, four bands of 10980² uint16, deflate, tiled, pixel by pixel; 780 MB.
- `c`: a land cover of 40000² bytes, LZW, tiled, nodata 0.
- `c2`: the same, deflate.
- `d`: b in strips of one row.
- `e`: an index, 8192² float32 with NaN, deflate, tiled.

Overviews are left out: what reads every pixel never looks at them.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

PERIOD = 2048
ROWS = 512
NOISE_ROWS = 1100
TILED = {"tiled": True, "blockxsize": 512, "blockysize": 512}


class Landscape:
    """Smooth hills with an even distribution, repeated and shifted, and noise that never repeats within a row."""

    def __init__(self) -> None:
        rng = np.random.default_rng(1)
        hills = rng.standard_normal((PERIOD, PERIOD))
        for _ in range(3):
            for axis in (0, 1):
                hills = sum(np.roll(hills, shift, axis) for shift in range(-6, 7))
        self.hills = (hills - hills.mean()) / hills.std()
        self.classes = np.searchsorted([-1.5, -0.8, -0.2, 0.4, 1.1], self.hills).astype(np.uint8)
        self.noise = rng.integers(-700, 700, (4, NOISE_ROWS, 10980)).astype(np.int16)

    @staticmethod
    def strip(field: np.ndarray, row: int, rows: int, width: int) -> np.ndarray:
        shifted = np.roll(field, row // ROWS * 397, axis=1)[row % PERIOD : row % PERIOD + rows]
        return np.tile(shifted, (1, width // PERIOD + 1))[:, :width]

    def land_cover(self, row: int, rows: int, width: int) -> np.ndarray:
        return self.strip(self.classes, row, rows, width)[np.newaxis]

    def reflectance(self, row: int, rows: int, width: int) -> np.ndarray:
        start = row // ROWS * 37 % ROWS
        hills = self.strip(self.hills * 400 + 3000, row, rows, width)
        bands = [hills + self.noise[band, start : start + rows] + 300 * band for band in range(4)]
        data = np.clip(bands, 1, 65535).astype(np.uint16)
        data[..., :300] = 0
        return data

    def index(self, row: int, rows: int, width: int) -> np.ndarray:
        start = row // ROWS * 37 % ROWS
        hills = self.strip(self.hills, row, rows, width) * 0.2
        data = (hills + self.noise[0, start : start + rows, :width] * 1e-4).astype(np.float32)
        data[:, : width // 10] = np.nan
        return data[np.newaxis]


def write(path: Path, kind: str) -> None:
    land = Landscape()
    content: Callable[[int, int, int], np.ndarray]
    match kind:
        case "b" | "d":
            size, content = 10980, land.reflectance
            profile = {"count": 4, "dtype": "uint16", "nodata": 0, "compress": "deflate", "interleave": "pixel"}
        case "c" | "c2":
            size, content = 40000, land.land_cover
            profile = {"count": 1, "dtype": "uint8", "nodata": 0, "compress": "lzw" if kind == "c" else "deflate"}
        case _:
            size, content = 8192, land.index
            profile = {"count": 1, "dtype": "float32", "nodata": np.nan, "compress": "deflate", "predictor": 3}
    place = {"crs": "EPSG:32725", "transform": Affine(10, 0, 288000, 0, -10, 9120000)}
    layout = {} if kind == "d" else TILED
    with rasterio.open(
        path, "w", driver="GTiff", width=size, height=size, BIGTIFF="YES", NUM_THREADS=2, **place, **profile, **layout
    ) as file:
        for row in range(0, size, ROWS):
            rows = min(ROWS, size - row)
            file.write(content(row, rows, size), window=Window(0, row, size, rows))


if __name__ == "__main__":
    write(Path(sys.argv[2]), sys.argv[1])
