"""From longitude and latitude to a CRS, and what of the Earth's roundness is left in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.crs import CRS

TOLERANCE = 1e-7
"""Of a turn, by which what is as wide everywhere may differ: a datum's shift is more."""
STEPS = (400, 1000, 1000, 1000)
"""Into how many parts longitudes are cut to find a seam, ever closer around it: from all of them to 1e-9 degrees."""
LEAP = 10.0
"""How many usual steps make one that leads across a seam."""
SEEN_FROM = (-60.0, 0.0, 40.0)
"""Latitudes at which a projection is tried."""


@dataclass(frozen=True, slots=True)
class Cylinder:
    """A CRS whose first axis is longitude alone, evenly, and so goes on and on around the Earth; its second is latitude
    alone."""

    origin: float
    """Where longitude 0 is, give or take turns."""
    turn: float
    """How far it is once around, in units of the CRS."""

    def unrolled(self, longitudes: NDArray[np.float64], xs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates that go on where longitudes do, beyond ±180 too, as the projection's own do not."""
        expected = self.origin + self.turn * longitudes / 360
        with np.errstate(invalid="ignore"):  # poles may be nowhere
            unrolled: NDArray[np.float64] = xs + self.turn * np.round((expected - xs) / self.turn)
        return unrolled


def cylinder_of(crs: CRS) -> Cylinder | None:
    """The cylinder a CRS is on, as Mercator's is, and of longitudes and latitudes themselves; None where there is none.

    What the CRS is called is not asked: four longitudes are tried, at three latitudes.
    """
    if crs.is_geographic:
        return Cylinder(0.0, 2 * np.pi / crs.units_factor[1])
    longitudes = np.array([-135.0, -45.0, 45.0, 135.0])
    places = [projected(crs, np.column_stack([longitudes, np.full(4, latitude)])) for latitude in SEEN_FROM]
    if not np.isfinite(places).all():
        return None
    tried, heights = [place[:, 0] for place in places], [place[:, 1] for place in places]
    turn = 4 * float(np.diff(tried[0]).max())  # the world's end is between two of them at most
    if turn <= 0:
        return None
    cylinder = Cylinder(float(tried[0][1]) + turn / 8, turn)
    missed = [cylinder.unrolled(longitudes, xs) - cylinder.origin - turn * longitudes / 360 for xs in tried]
    bent = np.ptp(heights, axis=1)
    return cylinder if max(np.abs(missed).max(), bent.max()) < TOLERANCE * turn else None


def seam_between(crs: CRS, west: float, east: float, latitude: float) -> float | None:
    """The longitude at which a projection is cut open, to 1e-9 degrees; None where the Earth stays whole there.

    Neighbours on a parallel are looked at ever more closely: only at a seam they stay apart.
    """
    apart_at_first = 0.0
    for steps in STEPS:
        longitudes = np.linspace(west, east, steps + 1)
        places = projected(crs, np.column_stack([longitudes, np.full(longitudes.size, latitude)]))
        with np.errstate(invalid="ignore"):
            apart = np.hypot(*np.diff(places, axis=0).T)
        apart[~np.isfinite(apart)] = 0.0
        at = int(apart.argmax())
        apart_at_first = apart_at_first or float(apart[at])
        if apart[at] < apart_at_first / 2 or apart[at] <= LEAP * np.median(apart):
            return None
        west, east = float(longitudes[at]), float(longitudes[at + 1])
    return (west + east) / 2


def projected(crs: CRS, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coordinates in a CRS of longitudes and latitudes, both of shape (n, 2); not finite where it has none."""
    return _transformed("OGC:CRS84", crs, lonlat)


def unprojected(crs: CRS, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitudes and latitudes of coordinates in a CRS, both of shape (n, 2); not finite where there are none."""
    return _transformed(crs, "OGC:CRS84", places)


def _transformed(source: CRS | str, target: CRS | str, places: NDArray[np.float64]) -> NDArray[np.float64]:
    from rasterio._err import CPLE_BaseError  # it has no public name (rasterio 1.4)
    from rasterio.warp import transform

    try:
        xs, ys = transform(source, target, places[:, 0].tolist(), places[:, 1].tolist())
    except CPLE_BaseError:  # one that is nowhere fails all
        if len(places) < 2:
            return np.full(places.shape, np.nan)
        half = len(places) // 2
        return np.concatenate(
            [_transformed(source, target, places[:half]), _transformed(source, target, places[half:])]
        )
    return np.column_stack([np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)])
