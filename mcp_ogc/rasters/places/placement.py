"""From longitude and latitude to the pixels of a raster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import InvalidGeometry, RasterError
from mcp_ogc.rasters.georeference import georeference, is_placed

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

TOLERANCE = 0.05
"""Pixels by which a straight edge in longitude and latitude may miss its place in the raster's CRS."""
MARGIN = 1.0
"""Degrees around a raster."""
MOST_DEGREES = 350.0
MOST_HALVINGS = 12
MOST_VERTICES = 2_000_000


class Placement:
    """Where places are among a raster's pixels.

    Pixel coordinates are column then row, 0, 0 the upper left corner of the first pixel; centres end in .5.

    Args:
        dataset: The raster.
        native: Whether places are given in the raster's own CRS (x then y), else in longitude and latitude (WGS 84).

    Raises:
        RasterError: The raster does not say where it is.
    """

    def __init__(self, dataset: DatasetReader, *, native: bool) -> None:
        if not is_placed(dataset.transform) or (not dataset.crs and not native):
            raise RasterError(
                "The raster does not say where on Earth it is",
                remedy="Its values can only be asked for as a whole: ogc_summarize_raster",
            )
        self._to_pixels: Affine = ~dataset.transform
        self.mirrored = dataset.transform.determinant < 0
        """Whether rows go against the CRS's second axis, as they do where north is up."""
        self._crs: CRS | None = None if native else dataset.crs
        self._wraps = bool(dataset.crs) and dataset.crs.is_geographic
        self._middle = float((dataset.transform @ (dataset.width / 2, dataset.height / 2))[0])
        self._turn = 2 * np.pi / dataset.crs.units_factor[1] if self._wraps else 0.0

        self._near = None if native or self._wraps else _near(dataset)

    def near(self, rings: Sequence[NDArray[np.float64]]) -> list[list[NDArray[np.float64]]]:
        """A polygon as far as it is near the raster; none where it is not.

        A projection holds good around the places it is made for: of a polygon as large as the world, what is far away
        would come out anywhere. Across the antimeridian it may come in two pieces.

        Args:
            rings: Closed rings of shape (n, 2) as they were given, the outer one first.
        """
        if self._near is None:
            return [list(rings)]
        pieces = []
        for turn in (-360.0, 0.0, 360.0):
            outer, *holes = (_clipped(ring + np.array([turn, 0.0]), self._near) for ring in rings)
            if len(outer):
                pieces.append([outer, *(hole for hole in holes if len(hole))])
        return pieces

    def points(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel coordinates of places, both of shape (n, 2); not finite where the CRS has no such place."""
        return self._pixels(self._wrapped(self._projected(places)))

    def ring(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixel coordinates of a closed ring of shape (n, 2), with vertices added where edges bend.

        Raises:
            InvalidGeometry: The raster's CRS has no such place, or it takes too many vertices.
        """
        if self._crs is None:
            return self._pixels(places)
        pixels = self._pixels(self._projected(places))
        for _ in range(MOST_HALVINGS):
            middles = (places[1:] + places[:-1]) / 2
            placed = self._pixels(self._projected(middles))
            missed = np.abs(placed - (pixels[1:] + pixels[:-1]) / 2).max(axis=1)
            # Not ≤, so that what is not finite is looked at more closely.
            bent = np.flatnonzero(~(missed < TOLERANCE))
            if not bent.size:
                break
            places = np.insert(places, bent + 1, middles[bent], axis=0)
            pixels = np.insert(pixels, bent + 1, placed[bent], axis=0)
            if len(places) > MOST_VERTICES:
                raise InvalidGeometry("The polygon is too large for the raster's CRS", remedy="Give a smaller one")
        if not np.isfinite(pixels).all():
            raise InvalidGeometry(
                "The polygon reaches where the raster's CRS has no coordinates",
                remedy="Give one near the raster: its bounds are in ogc_summarize_raster's bounds_lonlat",
            )
        return pixels

    def turns(self, ring: NDArray[np.float64], width: int) -> list[float]:
        """Pixels by which a ring is to be moved, along the columns, to be where a geographic raster sees it."""
        if not self._wraps or self._to_pixels.d or self._to_pixels.b:
            return [0.0]
        turn = self._turn * abs(self._to_pixels.a)
        left, right = float(ring[:, 0].min()), float(ring[:, 0].max())
        return [k * turn for k in (-1, 0, 1) if right + k * turn > 0 and left + k * turn < width]

    def _projected(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates in the raster's CRS; not finite where it has none."""
        if self._crs is None:
            return places
        found = np.full(places.shape, np.nan)
        named = np.isfinite(places).all(axis=1) & (np.abs(places[:, 1]) <= 90)
        found[named] = _projected(self._crs, places[named])
        return found

    def _wrapped(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Longitudes within half a turn of the raster's middle."""
        if not self._wraps:
            return places
        turned = places.copy()
        turned[:, 0] -= self._turn * np.round((places[:, 0] - self._middle) / self._turn)
        return turned

    def _pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b, c, d, e, f = tuple(self._to_pixels)[:6]
        xs, ys = places[:, 0], places[:, 1]
        return np.column_stack([a * xs + b * ys + c, d * xs + e * ys + f])


def _near(dataset: DatasetReader) -> tuple[float, float, float, float] | None:
    """West, south, east, north of the surroundings of a raster; None where they go around the Earth."""
    lonlat = georeference(dataset).lonlat
    if lonlat is None:
        return None
    west, south, east, north = lonlat
    east += 360 if east < west else 0
    margin = max(MARGIN, (east - west) / 10, (north - south) / 10)
    if east - west + 2 * margin >= MOST_DEGREES:
        return None
    return west - margin, max(-90.0, south - margin), east + margin, min(90.0, north + margin)


def _clipped(ring: NDArray[np.float64], box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """A closed ring within a box, closed; empty where it is outside.

    One side of the box after the other (Sutherland and Hodgman 1974, Reentrant polygon clipping). Pieces of a ring
    stay joined along the box, which is outside of the raster.
    """
    west, south, east, north = box
    for axis, limit, sign in ((0, west, 1.0), (0, east, -1.0), (1, south, 1.0), (1, north, -1.0)):
        if not len(ring):
            break
        depth = sign * (ring[:, axis] - limit)
        inside = depth >= 0
        if inside.all():
            continue
        first, second = ring[:-1], ring[1:]
        crosses = inside[:-1] != inside[1:]
        share = np.divide(depth[:-1], depth[:-1] - depth[1:], out=np.zeros(len(first)), where=crosses)
        cuts = first + share[:, None] * (second - first)
        # After each corner that is inside comes the cut of its edge, where there is one.
        both = np.stack([first, cuts], axis=1).reshape(-1, 2)
        kept = both[np.stack([inside[:-1], crosses], axis=1).ravel()]
        ring = np.vstack([kept, kept[:1]]) if len(kept) >= 3 else np.empty((0, 2))
    return ring


def _projected(crs: CRS, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    from rasterio._err import CPLE_BaseError  # it has no public name (rasterio 1.4)
    from rasterio.warp import transform

    try:
        xs, ys = transform("OGC:CRS84", crs, lonlat[:, 0].tolist(), lonlat[:, 1].tolist())
    except CPLE_BaseError:  # one that is nowhere fails all
        if len(lonlat) < 2:
            return np.full(lonlat.shape, np.nan)
        half = len(lonlat) // 2
        return np.concatenate([_projected(crs, lonlat[:half]), _projected(crs, lonlat[half:])])
    return np.column_stack([np.asarray(xs, dtype=np.float64), np.asarray(ys, dtype=np.float64)])
