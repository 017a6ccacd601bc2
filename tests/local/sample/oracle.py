"""The water bodies of the original scene by plain numpy: no code of the sample is used."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.warp import transform_bounds

ORIGINAL = Path(__file__).parents[2] / "data" / "L7_ETMs.tif"
GREEN, NEAR_INFRARED = 2, 4
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
    with rasterio.open(ORIGINAL) as scene:
        green, infrared = (scene.read(band).astype("float32")[window(item, aoi)] for band in (GREEN, NEAR_INFRARED))
    index = (green - infrared) / (green + infrared)
    return index > best_threshold(index.ravel())


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
