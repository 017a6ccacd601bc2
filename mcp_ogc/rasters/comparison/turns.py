"""A raster that goes around the Earth, told so that longitudes of any count find it."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.georeference import georeference
from mcp_ogc.rasters.projection import Cylinder, cylinder_of, projected, seam_between

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

HAIR = 1e-8
"""Degrees, 1 mm: the end of the world is laid so far west of a raster, which then has all of its edge. PROJ takes a
tenth of it for none."""
SLACK = 1e-6
"""Degrees, 10 cm, in which no pixel has its centre."""
PRIME_MERIDIAN = re.compile(r'PRIMEM\["[^"]*",([-+.\deE]+)(?:,AUTHORITY\["[^"]*","[^"]*"\])?\]')
OWN_CODE = re.compile(r',AUTHORITY\["[^"]*","[^"]*"\]\]\Z')
PROJ_STRING = re.compile(r',EXTENSION\["PROJ4","[^"]*"\]')
Span = tuple[float, float]
"""The least and the greatest first coordinate."""
SHIFTED = 0.1
"""Degrees, more than one datum is beside another."""


def met_by(onto: DatasetReader, dataset: DatasetReader) -> tuple[CRS, Affine]:
    """The CRS and the transform by which a raster is to be told, so that every pixel of another finds it.

    Longitudes come out of a projection from -180 to 180: of a raster from 0 to 360 only half is found. It is told in
    longitudes that begin at its own middle, whose end is at its edges or outside of it. Across an edge nothing is
    interpolated, also where the other edge is next to it.

    Args:
        onto: The raster whose pixels look for places in the other.
        dataset: The other.

    Raises:
        RasterError: It goes on where its projection ends.
    """
    cylinder = cylinder_of(dataset.crs)
    if cylinder is None or not _is_missed(onto, dataset, cylinder):
        return dataset.crs, dataset.transform
    west, east = _extent(dataset)
    middle = (west + east) / 2 - HAIR
    crs = _counted_from(dataset.crs, middle)
    if crs is None:
        if not _is_met_beyond(onto, dataset, cylinder):
            return dataset.crs, dataset.transform
        raise RasterError(
            "The rasters are not of one grid, and the second is to be found beyond the end of its projection's world, "
            "across which it can't be resampled",
            remedy="Have the process write it in longitude and latitude (EPSG:4326), or both on one grid",
        )
    return crs, type(dataset.transform).translation(-middle, 0) @ dataset.transform


def _is_missed(onto: DatasetReader, dataset: DatasetReader, cylinder: Cylinder) -> bool:
    """Whether the raster has places that the other may look for a turn or more beside it."""
    slack = SLACK * cylinder.turn / 360
    if onto.crs == dataset.crs:  # coordinates are what they are
        return _is_beside(_extent(onto), _extent(dataset), cylinder.turn, slack)
    if dataset.crs.is_geographic and onto.crs.is_geographic:
        # PROJ may see nothing to do, and leave longitudes as they are.
        half = math.pi / float(onto.crs.units_factor[1])
        if _leaves(_extent(onto), (-half, half), slack):
            return True
    start = _start(dataset.crs, cylinder)
    return _leaves(_extent(dataset), (start, start + cylinder.turn), slack)


def _is_met_beyond(onto: DatasetReader, dataset: DatasetReader, cylinder: Cylinder) -> bool:
    """Whether what may be missed is: the raster has it beyond an end of its world, or where that is is not known."""
    if onto.crs == dataset.crs:
        return True
    turn, extent = cylinder.turn, _extent(dataset)
    slack = SLACK * turn / 360
    if dataset.crs.is_geographic and onto.crs.is_geographic:
        unit = float(onto.crs.units_factor[1] / dataset.crs.units_factor[1])
        first, last = _extent(onto)
        if _is_beside((first * unit, last * unit), extent, turn, slack):  # left as they are
            return True
    place = georeference(onto).lonlat
    if place is None:
        return True
    west, _, east, _ = place
    first, further = projected(dataset.crs, np.array([[west, 0.0], [west, 40.0]]))[:, 0].tolist()
    if not math.isfinite(further - first) or abs(math.remainder(further - first, turn)) > SHIFTED * turn / 360:
        return True  # its pole is another
    span = first, first + turn * ((east - west) % 360 or 360) / 360
    start = _start(dataset.crs, cylinder)
    return any(_turns_in(part, span, turn, slack) for part in _outside(extent, (start, start + turn)))


def _is_beside(span: Span, other: Span, turn: float, slack: float) -> bool:
    """Whether what a span has outside of another is in that at some other turn."""
    return any(_turns_in(part, other, turn, slack) for part in _outside(span, other))


def _outside(span: Span, other: Span) -> tuple[Span, Span]:
    """What a span has before and after another; of what has nothing there the end is before the beginning."""
    return (span[0], min(span[1], other[0])), (max(span[0], other[1]), span[1])


def _turns_in(part: Span, span: Span, turn: float, slack: float) -> bool:
    """Whether a span lies in a part, at whichever turn."""
    least = math.floor((part[0] + slack - span[1]) / turn) + 1
    return part[1] - part[0] > slack and least * turn < part[1] - slack - span[0]


def _leaves(span: Span, world: Span, slack: float) -> bool:
    """Whether some of it lies outside; of what holds all of the world, that is in it a second time."""
    outside = span[0] < world[0] - slack or span[1] > world[1] + slack
    return outside and not (span[0] <= world[0] + slack and span[1] >= world[1] - slack)


def _extent(dataset: DatasetReader) -> Span:
    """The least and the greatest first coordinate."""
    corners = ((0, 0), (dataset.width, 0), (0, dataset.height), (dataset.width, dataset.height))
    xs = [float((dataset.transform @ corner)[0]) for corner in corners]
    return min(xs), max(xs)


def _start(crs: CRS, cylinder: Cylinder) -> float:
    """The least first coordinate that a projection gives."""
    seam = None if crs.is_geographic else seam_between(crs, -190.0, 190.0, 0.0)
    if seam is None:
        return -cylinder.turn / 2
    return float(projected(crs, np.array([[seam + HAIR, 0.0]]))[0, 0])


def _counted_from(crs: CRS, middle: float) -> CRS | None:
    """A CRS of longitudes that is 0 at `middle`, which is in degrees of `crs`; None of what is not of longitudes."""
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    if not crs.is_geographic or not math.isclose(crs.units_factor[1], math.radians(1)):
        return None
    try:
        wkt = PROJ_STRING.sub("", crs.to_wkt(version="WKT1_GDAL"))
        told = PRIME_MERIDIAN.search(wkt)
        if told is None:
            return None
        origin = float(told[1])
        # Without its code, by which it would be looked up as it was. Its datum stays, and so do shifts between datums.
        turned = (origin + middle + 180) % 360 - 180
        wkt = OWN_CODE.sub("]", PRIME_MERIDIAN.sub(f'PRIMEM["turned",{turned!r}]', wkt, count=1))
        found = CRS.from_wkt(wkt)
        at = projected(found, np.array([[origin + middle, 0.0]]))[0, 0]
    except (CRSError, ValueError):
        return None
    return found if abs(at) < SHIFTED else None
