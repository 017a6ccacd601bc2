"""From longitude and latitude to the pixels of a raster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import InvalidGeometry, RasterError
from mcp_ogc.rasters.georeference import georeference, is_placed
from mcp_ogc.rasters.projection import Cylinder, cylinder_of, projected, seam_between

if TYPE_CHECKING:
    from affine import Affine
    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

TOLERANCE = 0.05
"""Pixels by which a straight edge in longitude and latitude may miss its place in the raster's CRS."""
WORLD = (-180.0, -90.0, 180.0, 90.0)
MARGIN = 1.0
"""Degrees around a raster."""
MOST_DEGREES = 350.0
BESIDE = 1e-9
"""Degrees beside a seam, for sure on one side of it: 0.1 mm."""
EDGE = 1e-12
"""Of a turn, by which a place may miss an edge: 40 µm."""
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
        self._cylinder = _cylinder(dataset, native=native)
        self._start, self._onwards, self._wide = _columns(dataset)
        self._near = () if native else _near(dataset, self._cylinder)

    def near(self, rings: Sequence[NDArray[np.float64]]) -> list[list[NDArray[np.float64]]]:
        """A polygon as far as it is near the raster; none where it is not.

        A projection holds good around the places it is made for: of a polygon as large as the world, what is far away
        would come out anywhere. Where the projection is cut open it comes in two pieces.

        Args:
            rings: Closed rings of shape (n, 2) as they were given, the outer one first.
        """
        if not self._near:
            return [list(rings)]
        pieces = []
        # Around a cylinder longitudes go on: a polygon is found by its `turns`.
        for turn in (0.0,) if self._cylinder else (-360.0, 0.0, 360.0):
            for box in self._near:
                outer, *holes = (_clipped(ring + np.array([turn, 0.0]), box) for ring in rings)
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
        """Pixels by which a ring is to be moved, along the columns, to be where the raster sees it."""
        if not self._cylinder or self._to_pixels.d or self._to_pixels.b:
            return [0.0]
        turn = self._cylinder.turn * abs(self._to_pixels.a)
        left, right = float(ring[:, 0].min()), float(ring[:, 0].max())
        return [k * turn for k in (-1, 0, 1) if right + k * turn > 0 and left + k * turn < width]

    def _projected(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Coordinates in the raster's CRS; not finite where it has none."""
        if self._crs is None:
            return places
        found = np.full(places.shape, np.nan)
        named = np.isfinite(places).all(axis=1) & (np.abs(places[:, 1]) <= 90)
        found[named] = projected(self._crs, places[named])
        if self._cylinder:
            found[:, 0] = self._cylinder.unrolled(places[:, 0], found[:, 0])
        return found

    def _wrapped(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        """Places around a cylinder less than a turn from where the raster's columns start, in their direction."""
        if not self._cylinder:
            return places
        turn, turned = self._cylinder.turn, places.copy()
        told = (places[:, 0] - self._start) * self._onwards
        beyond = np.mod(told, turn)
        # What was rounded to the wrong side of the edge is on it: it is the first column's, at the end of the last.
        beyond[beyond >= turn * (1 - EDGE)] = 0.0
        # A raster that is wider than a turn has what is in it.
        turned[:, 0] = self._start + self._onwards * np.where((told >= turn) & (told < self._wide), told, beyond)
        return turned

    def _pixels(self, places: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b, c, d, e, f = tuple(self._to_pixels)[:6]
        xs, ys = places[:, 0], places[:, 1]
        return np.column_stack([a * xs + b * ys + c, d * xs + e * ys + f])


Box = tuple[float, float, float, float]
"""West, south, east, north."""


def _cylinder(dataset: DatasetReader, *, native: bool) -> Cylinder | None:
    """That of a raster whose places may be turns apart; coordinates of a projection are what they are."""
    if not dataset.crs or (native and not dataset.crs.is_geographic):
        return None
    rotated = bool(dataset.transform.b or dataset.transform.d)
    return None if rotated and not dataset.crs.is_geographic else cylinder_of(dataset.crs)


def _columns(dataset: DatasetReader) -> tuple[float, float, float]:
    """The first coordinate of the first column's edge, the direction in which columns go on, and how far they go.

    Of a rotated raster from its least to its greatest.
    """
    transform = dataset.transform
    if not (transform.b or transform.d):
        return transform.c, float(np.sign(transform.a)), abs(transform.a) * dataset.width
    corners = ((0, 0), (dataset.width, 0), (0, dataset.height), (dataset.width, dataset.height))
    xs = [float((transform @ corner)[0]) for corner in corners]
    return min(xs), 1.0, max(xs) - min(xs)


def _near(dataset: DatasetReader, cylinder: Cylinder | None) -> tuple[Box, ...]:
    """The surroundings of a raster, in pieces in which its projection is whole; none where that is all the Earth."""
    lonlat = georeference(dataset).lonlat
    if dataset.crs.is_geographic or (lonlat is None and cylinder):
        return ()
    west, south, east, north = lonlat or WORLD
    east += 360 if east < west else 0
    margin = max(MARGIN, (east - west) / 10, (north - south) / 10)
    if cylinder:
        # Half of the way to a pole at most: many have no place for it.
        return ((-np.inf, south - min(margin, (90 + south) / 2), np.inf, north + min(margin, (90 - north) / 2)),)
    if east - west + 2 * margin >= MOST_DEGREES:
        seam = seam_between(dataset.crs, -190.0, 190.0, (south + north) / 2)
        return () if seam is None else ((seam + BESIDE, -90.0, seam + 360 - BESIDE, 90.0),)
    west, east, south, north = west - margin, east + margin, max(-90.0, south - margin), min(90.0, north + margin)
    seam = seam_between(dataset.crs, west, east, (south + north) / 2)
    if seam is None:
        return ((west, south, east, north),)
    return (west, south, seam - BESIDE, north), (seam + BESIDE, south, east, north)


def _clipped(ring: NDArray[np.float64], box: Box) -> NDArray[np.float64]:
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
