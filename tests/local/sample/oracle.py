"""Water, vegetation and zones of the original scene by plain numpy: no code of the samples is used."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform, transform_bounds

ORIGINAL = Path(__file__).parents[2] / "data" / "L7_ETMs.tif"
GREEN, RED, NEAR_INFRARED = 2, 3, 4
ROWS = {"l7-recife-north": (0, 176), "l7-recife-south": (176, 352)}


def window(item: str, aoi: str) -> tuple[slice, slice]:
    """Rows and columns of the original that an item shows of an area: every pixel the area's box touches."""
    with rasterio.open(ORIGINAL) as scene:
        left, bottom, right, top = transform_bounds("EPSG:4326", scene.crs, *map(float, aoi.split(",")), densify_pts=21)
        west, north, size = scene.bounds.left, scene.bounds.top, scene.res[0]
        width = scene.width
    first_row, end_row = ROWS[item]
    rows = slice(
        max(first_row, int(np.floor((north - top) / size))), min(end_row, int(np.ceil((north - bottom) / size)))
    )
    columns = slice(max(0, int(np.floor((left - west) / size))), min(width, int(np.ceil((right - west) / size))))
    return rows, columns


def water(item: str, aoi: str) -> NDArray[np.bool_]:
    """Where the item shows water, pixel by pixel."""
    index = difference(GREEN, NEAR_INFRARED, window(item, aoi))
    return index > best_threshold(index.ravel())


def vegetation(item: str, aoi: str) -> NDArray[np.float32]:
    """The vegetation index (NDVI) of what the item shows of an area."""
    return difference(NEAR_INFRARED, RED, window(item, aoi))


def difference(first: int, second: int, part: tuple[slice, slice]) -> NDArray[np.float32]:
    """The normalised difference of two bands of a part of the scene."""
    with rasterio.open(ORIGINAL) as scene:
        a, b = (scene.read(band).astype("float32")[part] for band in (first, second))
    return (a - b) / (a + b)


def vegetation_in_zone(item: str, ring: list[list[float]]) -> NDArray[np.float32]:
    """The vegetation index of the item's pixels whose centres lie within a ring of longitudes and latitudes.

    By the even-odd rule: a ray from the centre to the east crosses the ring an odd number of times.
    """
    first, end = ROWS[item]
    with rasterio.open(ORIGINAL) as scene:
        xs, ys = transform("EPSG:4326", scene.crs, *zip(*ring, strict=True))
        columns, rows = np.meshgrid(np.arange(scene.width) + 0.5, np.arange(first, end) + 0.5)
        x = scene.transform.c + scene.transform.a * columns
        y = scene.transform.f + scene.transform.e * rows
    inside = np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in pairwise(zip(xs, ys, strict=True)):
        if y1 != y2:
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    return difference(NEAR_INFRARED, RED, (slice(first, end), slice(None)))[inside]


def best_threshold(values: NDArray[np.float32]) -> float:
    """Otsu by its definition: of all bin centres, the one with the least variance within the two classes."""
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    best, least = 0.0, np.inf
    for cut in range(1, len(centres)):
        within = 0.0
        for part in (slice(None, cut), slice(cut, None)):
            weight = counts[part].sum()
            if weight:
                mean = (counts[part] * centres[part]).sum() / weight
                within += (counts[part] * (centres[part] - mean) ** 2).sum()
        if within < least:
            best, least = float(centres[cut - 1]), within
    return best


def km2(mask: NDArray[np.bool_]) -> float:
    """The area of a mask: its pixels are 28.5 m wide."""
    with rasterio.open(ORIGINAL) as scene:
        return float(mask.sum()) * abs(scene.transform.determinant) / 1e6
