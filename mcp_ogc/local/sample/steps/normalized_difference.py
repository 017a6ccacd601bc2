"""`mcp-ogc-normalized-difference`: (a - b) / (a + b) of two rasters on one grid."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

from mcp_ogc.local.sample.steps.step import StepError, cog_profile, ends, load_rasterio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def main() -> int:
    """Write `normalized-difference.tif`, float32 from -1 to 1, NaN where either band has no data or both are 0."""
    parser = argparse.ArgumentParser(prog="mcp-ogc-normalized-difference", description=__doc__)
    parser.add_argument("rasters", nargs=2, help="a and b, such as green and near infrared")
    options = parser.parse_args()
    return ends(lambda: normalized_difference(*options.rasters))


def normalized_difference(first: str, second: str) -> None:
    """Compare two rasters, pixel by pixel."""
    rasterio = load_rasterio()
    import numpy as np

    with rasterio.open(first, driver="GTiff") as a, rasterio.open(second, driver="GTiff") as b:
        if (a.shape, a.transform, a.crs) != (b.shape, b.transform, b.crs):
            raise StepError(f"{first} and {second} are not on one grid")
        values = [measured(a), measured(b)]
        grid = cog_profile(a, dtype="float32", nodata=float("nan"), predictor=3)
    total = values[0] + values[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        index = np.where(total == 0, np.nan, (values[0] - values[1]) / total).astype("float32")
    with rasterio.open("normalized-difference.tif", "w", **grid) as target:
        target.write(index, 1)


def measured(band: Any) -> NDArray[np.float32]:
    """What a band measured: stored values with its scale and offset, NaN where it has no data.

    Numbers with an offset, as Landsat's Collection 2 reflectances are stored, have another normalised difference than
    what they stand for. Reflectances below 0, which dark water has after correction, count as 0: else the difference
    would leave -1 to 1.
    """
    import numpy as np

    stored: NDArray[np.float32] = np.ma.filled(band.read(1, masked=True).astype("float32"), np.nan)
    (scale,), (offset,) = band.scales, band.offsets
    if scale == 1 and offset == 0:
        return stored
    values: NDArray[np.float32] = np.maximum(stored * np.float32(scale) + np.float32(offset), np.float32(0))
    return values


if __name__ == "__main__":
    sys.exit(main())
