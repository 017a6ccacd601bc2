"""`mcp-ogc-otsu`: two classes, separated where Otsu's method puts the threshold (IEEE Trans. SMC 9, 62-66, 1979)."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mcp_ogc.local.sample.steps.classes import NODATA, MapClass, write_classes
from mcp_ogc.local.sample.steps.step import StepError, cog_profile, ends, load_rasterio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LAND, WATER = MapClass(0, "land", "ECE2C6"), MapClass(1, "water", "1F69B2")
BINS = 256


def main() -> int:
    """Write `otsu.tif`, uint8: 0 below the threshold, 1 above it, 255 no data."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-otsu", description=__doc__)
    parser.add_argument("raster", help="a raster of an index, NaN where it has no data")
    options = parser.parse_args()
    return ends(lambda: classify(options.raster))


def classify(path: str) -> None:
    """Write the classes of a raster."""
    rasterio = load_rasterio()
    import numpy as np

    with rasterio.open(path, driver="GTiff") as source:
        index = source.read(1)
        grid = cog_profile(source, dtype="uint8", nodata=NODATA, overview_resampling="nearest")
    valid = np.isfinite(index)
    if not valid.any():
        raise StepError(f"{path} has no valid pixel: the area has no data in this scene")
    if index[valid].min() == index[valid].max():
        raise StepError(f"{path} has one value everywhere: the area needs both water and land")
    classes = np.where(index > threshold(index[valid]), WATER.value, LAND.value).astype("uint8")
    classes[~valid] = NODATA
    with rasterio.open("otsu.tif", "w", **grid) as target:
        target.write(classes, 1)
        write_classes(target, (LAND, WATER))


def threshold(values: NDArray[np.float32]) -> float:
    """The value that separates two classes with the greatest variance between them: the centre of one of 256 bins."""
    import numpy as np

    counts, edges = np.histogram(values, bins=BINS)
    centres = (edges[:-1] + edges[1:]) / 2
    below, above = np.cumsum(counts), np.cumsum(counts[::-1])[::-1]
    sums = counts * centres
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_below = np.cumsum(sums) / below
        mean_above = np.cumsum(sums[::-1])[::-1] / above
        between = below[:-1] * above[1:] * (mean_below[:-1] - mean_above[1:]) ** 2
    return float(centres[:-1][np.nanargmax(between)])


if __name__ == "__main__":
    sys.exit(main())
