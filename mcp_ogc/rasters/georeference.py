"""Where a raster is: its CRS by name, its bounds in that and in longitude and latitude, the size of its pixels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.rasters.projection import cylinder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from affine import Affine
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

NAME = re.compile(r'\A\w+\["((?:[^"]|"")*)"')
NAME_CHARACTERS = 80
"""Of a CRS, as many as an answer shows, from which it is copied."""
LEAST_TURN = 1e6
"""Metres: no projection's world is less wide."""

Bounds = tuple[float, float, float, float]
Corner = tuple[float, float]
"""Longitude, latitude."""
Corners = tuple[Corner, Corner, Corner, Corner]
"""Upper left, upper right, lower left and lower right of a picture of the grid, which is turned as `turning` says."""

Turning = tuple[bool, bool]
"""Whether a picture has the rows, and whether it has the columns, of a grid in the opposite order."""


@dataclass(frozen=True, slots=True)
class Georeference:
    """All of it is None where the file has no CRS: without one a transform says nothing about the Earth."""

    crs: str | None = None
    bounds: Bounds | None = None
    """minx, miny, maxx, maxy: of the corners, where the raster is rotated."""
    lonlat: Bounds | None = None
    """west, south, east, north in WGS 84, longitudes from -180 to 180: west is greater across the antimeridian."""
    corners: Corners | None = None
    """In WGS 84, longitudes from -180 to 180; None too where rows run along parallels: bounds say it all."""
    centre: Corner | None = None
    """Of the pixel in the middle, in WGS 84: the middle of bounds may be far from a raster near a pole."""
    resolution: tuple[float, float, str] | None = None
    """Along rows, along columns, unit."""
    note: str | None = None
    """What is missing, or reads as a mistake."""


def georeference(dataset: DatasetReader) -> Georeference:
    """Where an open raster is."""
    crs, transform = dataset.crs, dataset.transform
    if not crs:
        points = dataset.gcps[0]
        reason = "only ground control points, no grid" if points else "no CRS"
        return Georeference(note=f"The file has {reason}: it has no bounds and no areas.")
    if not is_placed(transform):
        reason = "The file has a CRS but no geotransform: no bounds."
        return Georeference(crs_name(crs), note=reason)
    bounds = _bounds(transform, dataset.width, dataset.height)
    resolution = math.hypot(transform.a, transform.d), math.hypot(transform.b, transform.e), crs.units_factor[0]
    if crs.is_geographic and _beyond_the_earth(bounds, resolution):
        reason = (
            "Its georeference can't be right: degrees from west to east are at most 360, latitudes from -90 to 90. It "
            "has no bounds in longitude and latitude, and what is said of its area is wrong."
        )
        return Georeference(crs_name(crs), bounds, resolution=resolution, note=reason)
    lonlat = _lonlat(crs, bounds)
    corners = _corners(crs, transform, dataset.width, dataset.height)
    middle = _places(crs, transform, [(dataset.width // 2 + 0.5, dataset.height // 2 + 0.5)])
    centre = middle[0] if middle else None
    return Georeference(crs_name(crs), bounds, lonlat, corners, centre, resolution, _note(lonlat))


def is_placed(transform: Affine) -> bool:
    """Whether a transform says where pixels are: GDAL's identity stands for none, a damaged one holds NaN or zeros."""
    return all(map(math.isfinite, transform)) and not (transform.is_identity or transform.is_degenerate)


def turning(crs: CRS | None, transform: Affine) -> Turning:
    """How a picture of a raster is turned, for the CRS's second axis to go up in it and its first to the right.

    Of a rotated raster, as far as they do then; it is never seen in a mirror. Without a CRS it stays as it is stored.
    """
    if not crs or not is_placed(transform):
        return False, False
    mirrored = transform.determinant > 0
    rightwards = transform.a + (transform.e if mirrored else -transform.e)
    # Axes of which are to the west and to the south (EPSG method 9808), as maps of southern Africa have them.
    if "South_Orientated" in crs.to_wkt():
        rightwards = -rightwards
    turned = rightwards < 0
    return mirrored != turned, turned


def crs_name(crs: CRS) -> str:
    """`EPSG:32725` where the CRS is registered, else the name it gives itself, shortened."""
    authority = crs.to_authority()
    if authority:
        return ":".join(authority)
    name = NAME.match(crs.to_wkt())
    return name[1].replace('""', '"')[:NAME_CHARACTERS].strip() if name else "unnamed"


def crs_code(crs: CRS) -> str:
    """`EPSG:32725`, or that it has none: for sentences of ours, which no name of a file's belongs into."""
    authority = crs.to_authority()
    return ":".join(authority) if authority else "one without a code"


def _bounds(transform: Affine, width: int, height: int) -> Bounds:
    a, b, c, d, e, f = tuple(transform)[:6]
    corners = ((0, 0), (width, 0), (0, height), (width, height))
    xs, ys = [a * x + b * y + c for x, y in corners], [d * x + e * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _beyond_the_earth(bounds: Bounds, resolution: tuple[float, float, str]) -> bool:
    """Whether a geographic raster has more degrees than there are, by more than the pixel that global grids add."""
    wide, tall, unit = resolution
    if unit != "degree":
        return False
    return bounds[2] - bounds[0] > 360 + wide or bounds[1] < -90 - tall or bounds[3] > 90 + tall


def _lonlat(crs: CRS, bounds: Bounds) -> Bounds | None:
    from rasterio._err import CPLE_BaseError  # it has no public name (rasterio 1.4)
    from rasterio.errors import RasterioError
    from rasterio.warp import transform_bounds

    try:
        west, south, east, north = transform_bounds(crs, "OGC:CRS84", *bounds)
    except (RasterioError, CPLE_BaseError):  # one of an engineer's is nowhere on Earth
        return None
    if not all(math.isfinite(value) for value in (west, south, east, north)):
        return None
    # Pixels whose centres are the poles reach beyond them.
    south, north = max(-90.0, south), min(90.0, north)
    # Of what goes around the Earth and a little further, west and east are that little apart.
    cylinder = cylinder_of(crs) if (bounds[2] - bounds[0]) * crs.units_factor[1] > LEAST_TURN else None
    if cylinder and bounds[2] - bounds[0] >= cylinder.turn:
        return -180.0, float(south), 180.0, float(north)
    west, east = _longitudes(float(west), float(east))
    return west, float(south), east, float(north)


def _corners(crs: CRS, transform: Affine, width: int, height: int) -> Corners | None:
    if crs.is_geographic and not transform.b and not transform.d:
        return None
    rows, columns = turning(crs, transform)
    top, bottom = (height, 0) if rows else (0, height)
    left, right = (width, 0) if columns else (0, width)
    found = _places(crs, transform, [(left, top), (right, top), (left, bottom), (right, bottom)])
    return (found[0], found[1], found[2], found[3]) if found else None


def _places(crs: CRS, transform: Affine, pixels: Sequence[tuple[float, float]]) -> list[Corner] | None:
    """Longitudes and latitudes of pixel coordinates, column then row; None where one of them is nowhere."""
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError
    from rasterio.warp import transform as transformed

    xs, ys = zip(*(transform @ pixel for pixel in pixels), strict=True)
    try:
        longitudes, latitudes = transformed(crs, "OGC:CRS84", xs, ys)
    except (RasterioError, CPLE_BaseError):
        return None
    if not all(map(math.isfinite, (*longitudes, *latitudes))):
        return None
    return [(_longitudes(x, x)[0], y) for x, y in zip(longitudes, latitudes, strict=True)]


def _note(lonlat: Bounds | None) -> str | None:
    if lonlat is None:
        return "The bounds can't be expressed in longitude and latitude."
    if lonlat[0] > lonlat[2]:
        return "It lies across the antimeridian: west of its lon/lat bounds is greater than east."
    return None


def _longitudes(west: float, east: float) -> tuple[float, float]:
    """From -180 to 180: a geographic grid may count from 0 to 360, or on past 180."""
    if east - west >= 360:
        return -180.0, 180.0
    if west >= -180 and east <= 180:
        return west, east
    return (west + 180) % 360 - 180, (east - 180) % -360 + 180
