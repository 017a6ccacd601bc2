"""Two rasters side by side: of one grid, or the second resampled onto the grid of the first and said to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.bands import alpha_of
from mcp_ogc.rasters.comparison.turns import met_by
from mcp_ogc.rasters.georeference import crs_code, is_placed

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.compared import Resampling

TOLERANCE = 0.01
"""Pixels by which corners of one grid may differ."""
WARP_MEGABYTES = 16


def difference_of_grids(first: DatasetReader, second: DatasetReader) -> str | None:
    """How two grids differ, None where they are one."""
    if (first.crs or None) != (second.crs or None):
        names = (crs_code(one.crs) if one.crs else "none" for one in (first, second))
        return "the CRS is {} and {}".format(*names)
    if (first.width, first.height) != (second.width, second.height):
        return f"the size is {first.width} × {first.height} and {second.width} × {second.height} pixels"
    placed = [is_placed(one.transform) for one in (first, second)]
    if not all(placed):
        return "only one of them has a geotransform" if any(placed) else None
    corners = np.array([(0, 0), (first.width, 0), (0, first.height)], dtype=float)
    here = np.array([~first.transform @ (second.transform @ tuple(corner)) for corner in corners.tolist()])
    missed = float(np.abs(here - corners).max())
    return f"pixels are {missed:.3g} apart" if not missed < TOLERANCE else None


@contextmanager
def aligned(
    first: Callable[[], AbstractContextManager[DatasetReader]],
    second: Callable[[], AbstractContextManager[DatasetReader]],
    resampling: Resampling | None,
) -> Iterator[tuple[DatasetReader, DatasetReader]]:
    """Handles of both rasters, the second seen on the grid of the first.

    Args:
        first: Opens the one whose grid it is.
        second: Opens the other.
        resampling: How the second may be resampled; None where it may not.

    Raises:
        RasterError: The grids differ, and resampling was not allowed or can't be done.
    """
    with first() as one, second() as other:
        reason = difference_of_grids(one, other)
        if reason is None:
            yield one, other
            return
        if resampling is None:
            raise RasterError(
                f"The rasters are not of one grid: {reason}",
                remedy="Call again with resample=true, or have the process write both on one grid",
            )
        if not all(dataset.crs and is_placed(dataset.transform) for dataset in (one, other)):
            raise RasterError(
                f"The rasters are not of one grid, and one of them does not say where it is: {reason}",
                remedy="Only rasters with a CRS and a geotransform can be resampled",
            )
        with _resampled(other, one, resampling) as seen:
            yield one, seen


def _resampled(
    dataset: DatasetReader, onto: DatasetReader, resampling: Resampling
) -> AbstractContextManager[DatasetReader]:
    from rasterio.enums import Resampling as Methods
    from rasterio.vrt import WarpedVRT

    # Where a file has no nodata and no alpha band, one that is added tells what lies outside of it.
    alpha = dataset.nodata is None and alpha_of(dataset) is None
    crs, transform = met_by(onto, dataset)
    return WarpedVRT(  # type: ignore[no-any-return]
        dataset,
        src_crs=crs,
        src_transform=transform,
        crs=onto.crs,
        transform=onto.transform,
        width=onto.width,
        height=onto.height,
        resampling=Methods[resampling],
        add_alpha=alpha,
        # Nodata is a band's own, also beside an alpha band: else it is data, and made another value to be told apart.
        UNIFIED_SRC_NODATA="NO",
        warp_mem_limit=WARP_MEGABYTES,
    )
