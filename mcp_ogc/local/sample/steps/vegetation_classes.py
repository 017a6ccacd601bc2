"""`mcp-ogc-vegetation-classes`: five classes of a vegetation index, from water to dense vegetation."""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise

from mcp_ogc.local.sample.steps.classes import NODATA, MapClass, write_classes
from mcp_ogc.local.sample.steps.step import StepError, cog_profile, ends, load_rasterio

CLASSES = (
    MapClass(0, "water or shadow", "3B6FA0"),
    MapClass(1, "bare or built-up", "C8B08C"),
    MapClass(2, "sparse vegetation", "E3E39A"),
    MapClass(3, "moderate vegetation", "8FC15F"),
    MapClass(4, "dense vegetation", "2F7D32"),
)


def main() -> int:
    """Write `vegetation-classes.tif`, uint8: the number of breaks that the index reaches, 255 no data."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-vegetation-classes", description=__doc__)
    parser.add_argument("raster", help="a raster of an index, NaN where it has no data")
    parser.add_argument(
        "--break", dest="breaks", type=float, action="append", required=True, help="where a class begins; four, rising"
    )
    options = parser.parse_args()
    return ends(lambda: classify(options.raster, options.breaks))


def classify(path: str, breaks: list[float]) -> None:
    """Write the classes of a raster."""
    if len(breaks) != len(CLASSES) - 1 or not all(lower < upper for lower, upper in pairwise(breaks)):
        raise StepError(f"The breaks {breaks} are not four rising numbers: five classes have four between them")
    rasterio = load_rasterio()
    import numpy as np

    with rasterio.open(path, driver="GTiff") as source:
        index = source.read(1)
        grid = cog_profile(source, dtype="uint8", nodata=NODATA, overview_resampling="nearest")
    # Compared as float32, which the index is: else 0.1 would lie above the pixels that are 0.1.
    classes = np.digitize(index, np.array(breaks, index.dtype)).astype("uint8")
    classes[~np.isfinite(index)] = NODATA
    with rasterio.open("vegetation-classes.tif", "w", **grid) as target:
        target.write(classes, 1)
        write_classes(target, CLASSES)


if __name__ == "__main__":
    sys.exit(main())
