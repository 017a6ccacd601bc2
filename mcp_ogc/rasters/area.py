"""How many km² a pixel covers: one number where the CRS is a plane, one for each row where rows are latitudes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.rasters.georeference import is_placed
from mcp_ogc.rasters.projection import Cylinder, cylinder_of, projected, unprojected

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from affine import Affine
    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

LINEAR_UNITS = ("metre", "meter", "m", "kilometre", "foot", "US survey foot", "Clarke's foot", "Indian foot")
"""That are named in sentences of ours: any other name is the file's own text."""
LEAST_DISTORTION = 0.01
"""Of areas, that is told."""
WGS84 = (6378137.0, 298.257223563)
ELLIPSOID = re.compile(
    r'ELLIPSOID\["(?:[^"]|"")*",([-+.\deE]+),([-+.\deE]+)(?:,LENGTHUNIT\["(?:[^"]|"")*",([-+.\deE]+))?'
)


@dataclass(frozen=True, slots=True)
class PixelArea:
    """The area of pixels, in km².

    Exactly one of `constant_km2` and `row_km2` is given where the area is known, neither where it is not.
    """

    method: str
    """How it is computed, or why it is not."""
    constant_km2: float | None = None
    row_km2: Callable[[int, int], NDArray[np.float64]] | None = None
    """`row_km2(first, count)`: the area of one pixel in each of `count` rows."""

    @property
    def known(self) -> bool:
        """Whether areas can be given."""
        return self.constant_km2 is not None or self.row_km2 is not None

    def total_km2(self, width: int, height: int) -> float | None:
        """The area of a whole raster."""
        if self.row_km2 is None:
            return None if self.constant_km2 is None else self.constant_km2 * width * height
        chunk = 2**16
        starts = range(0, height, chunk)
        return width * math.fsum(float(self.row_km2(row, min(chunk, height - row)).sum()) for row in starts)


def pixel_area(crs: CRS | None, transform: Affine) -> PixelArea:
    """The area of a raster's pixels.

    Where rows are parallels, as in longitudes and latitudes and in every cylindrical projection (Mercator's plane is
    too large by 1/cos²(latitude)): the zone between two parallels of the ellipsoid. Else |det| of the transform times
    the square of the unit, right for rotated rasters too.
    """
    if not crs:
        return PixelArea("unknown: the file has no CRS")
    if not is_placed(transform):
        return PixelArea("unknown: the file has no geotransform")
    if not crs.is_geographic and not crs.is_projected:
        return PixelArea("unknown: the CRS is neither projected nor geographic")
    if cylinder := cylinder_of(crs):
        rotated = not math.isclose(transform.b, 0, abs_tol=1e-12) or not math.isclose(transform.d, 0, abs_tol=1e-12)
        if rotated:
            return PixelArea(
                "unknown: rows of the rotated transform are not parallels; written north up (gdalwarp) it has areas"
            )
        return _along_parallels(crs, transform, cylinder)
    unit, metres = crs.linear_units_factor
    unit = unit if unit in LINEAR_UNITS else "its unit"
    return PixelArea(
        f"plane: |det| of the transform × {unit}², distortion of the projection not corrected",
        constant_km2=abs(transform.determinant) * metres**2 / 1e6,
    )


def area_method(dataset: DatasetReader) -> str:
    """How areas in a raster are computed, and how far off those of a plane are, where that is 1 % or more."""
    import numpy as np

    area = pixel_area(dataset.crs, dataset.transform)
    if area.constant_km2 is None:
        return area.method
    across, down = np.meshgrid(*(np.linspace(0.5, size - 0.5, 3) for size in (dataset.width, dataset.height)))
    middles = np.column_stack([across.ravel(), down.ravel()])
    # From one side of a pixel to the other, on the ellipsoid in space: longitudes end nowhere, and poles are places.
    along, beside = (
        _in_space(dataset, middles + half) - _in_space(dataset, middles - half) for half in ([0.5, 0.0], [0.0, 0.5])
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        factors = area.constant_km2 * 1e6 / np.linalg.norm(np.cross(along, beside), axis=1)
    factors = factors[np.isfinite(factors)]
    if not factors.size or np.abs(factors - 1).max() < LEAST_DISTORTION:
        return area.method
    low, high = factors.min(), factors.max()
    told = f"{high:.3g}" if high - low < LEAST_DISTORTION else f"{low:.3g} to {high:.3g}"
    return f"{area.method}: areas here are {told} times the Earth's"


def _in_space(dataset: DatasetReader, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Metres from the Earth's centre, of shape (n, 3), of columns and rows."""
    import numpy as np

    places = np.column_stack(dataset.transform @ tuple(pixels.T))
    longitudes, latitudes = np.radians(unprojected(dataset.crs, places)).T
    axis, inverse_flattening = WGS84
    left = (1 - 1 / inverse_flattening) ** 2
    normal = axis / np.sqrt(1 - (1 - left) * np.sin(latitudes) ** 2)
    flat = normal * np.cos(latitudes)
    return np.column_stack([flat * np.cos(longitudes), flat * np.sin(longitudes), left * normal * np.sin(latitudes)])


def _along_parallels(crs: CRS, transform: Affine, cylinder: Cylinder) -> PixelArea:
    import numpy as np

    axis, inverse_flattening = _ellipsoid(crs)
    width = abs(transform.a) * 2 * math.pi / cylinder.turn

    def row_km2(first: int, count: int) -> NDArray[np.float64]:
        edges = transform.f + transform.e * np.arange(first, first + count + 1, dtype=np.float64)
        latitudes = edges * crs.units_factor[1] if crs.is_geographic else _latitudes(crs, edges)
        zones = _zone(np.clip(latitudes, -math.pi / 2, math.pi / 2), axis, inverse_flattening)
        return width * np.abs(np.diff(zones)) / 1e6

    return PixelArea("geodesic: zones between parallels of the ellipsoid, row by row", row_km2=row_km2)


def _latitudes(crs: CRS, ys: NDArray[np.float64]) -> NDArray[np.float64]:
    """In radians, of second coordinates in a cylindrical projection: that of a pole for what is beyond it."""
    import numpy as np

    (x, equator), (_, north) = projected(crs, np.array([[0.0, 0.0], [0.0, 45.0]]))
    latitudes = np.radians(unprojected(crs, np.column_stack([np.full(ys.size, x), ys]))[:, 1])
    poles = np.copysign(math.pi / 2, (ys - equator) * (north - equator))
    return np.where(np.isfinite(latitudes), latitudes, poles)


def _zone(latitudes: NDArray[np.float64], axis: float, inverse_flattening: float) -> NDArray[np.float64]:
    """Area in m² from the equator to each latitude (radians, signed), per radian of longitude.

    Authalic-latitude integral of the ellipsoid (Snyder 1987, Map Projections: A Working Manual, eq. 3-12):
    b²/2 · (sin φ / (1 − e² sin² φ) + artanh(e sin φ) / e).
    """
    import numpy as np

    flattening = 1 / inverse_flattening if inverse_flattening else 0.0
    squared = flattening * (2 - flattening)
    sine = np.sin(latitudes)
    if not squared:
        return np.asarray(axis**2 * sine)
    eccentricity = math.sqrt(squared)
    zone = sine / (1 - squared * sine**2) + np.arctanh(eccentricity * sine) / eccentricity
    return np.asarray(axis**2 * (1 - squared) / 2 * zone)


def _ellipsoid(crs: CRS) -> tuple[float, float]:
    """Semi-major axis in metres and inverse flattening (0 of a sphere).

    Of WKT 2: with heights above the ellipsoid, or another pole, a CRS has no WKT 1.
    """
    found = ELLIPSOID.search(crs.to_wkt(version="WKT2_2019"))
    return (float(found[1]) * float(found[3] or 1), float(found[2])) if found else WGS84


def box_km2(west: float, south: float, east: float, north: float) -> float:
    """The area of a box of longitudes and latitudes in degrees on the WGS84 ellipsoid, east of west."""
    import numpy as np

    zone = _zone(np.radians([south, north]), *WGS84)
    width = math.radians((east - west) % 360 or (360 if east != west else 0))
    return float(width * (zone[1] - zone[0]) / 1e6)
