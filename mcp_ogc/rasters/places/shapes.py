"""Places as people write them: GeoJSON, WKT and bounding boxes, read into rings of x and y."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import InvalidGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_SHAPES = 1000
MOST_VERTICES = 200_000
MOST_DEPTH = 8
NAME_CHARACTERS = 80
FURTHEST = 1e12
"""In any unit: no CRS has such a coordinate, and what is computed with greater ones loses its digits."""
RING = re.compile(r"\(([^()]*)\)")
# No two runs of blanks meet: a text of many blanks is read in one pass.
SRID = re.compile(r"SRID=(\d+);\s*", re.IGNORECASE)
COLLECTION = re.compile(r"GEOMETRYCOLLECTION\s*(?:(?:ZM|Z|M)\s*)?\((.*)\)\Z", re.IGNORECASE | re.DOTALL)
MEMBERS = re.compile(r",(?=\s*(?:MULTI)?POLYGON)", re.IGNORECASE)
WKT = re.compile(r"(MULTIPOLYGON|POLYGON)\s*(?:(?:ZM|Z|M)\s*)?(\(.*\))\Z", re.IGNORECASE | re.DOTALL)
POLYGONS = re.compile(r"\)\s*\)\s*,\s*\(\s*\(")
WKT_BODY = re.compile(r"[\s(),\d.eE+-]*\Z")
AROUND_RINGS = " \t\r\n()"
EXPECTED = (
    'Give GeoJSON ({"type": "Polygon", "coordinates": [[[lon, lat], …]]}), WKT (POLYGON((lon lat, …))) '
    "or a bounding box [west, south, east, north]"
)


@dataclass(frozen=True, slots=True)
class Polygon:
    """An outer ring and its holes, each of shape (vertices, 2): x then y, longitude then latitude."""

    rings: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """A place made of polygons."""

    polygons: tuple[Polygon, ...]
    name: str | None = None
    """Of a GeoJSON feature: the text of whoever made it."""


def shapes_of(place: Mapping[str, object] | str | Sequence[float]) -> tuple[Shape, ...]:
    """The shapes of a GeoJSON object (one for each feature), a WKT text or a bounding box.

    Longitude comes first, and edges are straight in longitude and latitude (RFC 7946, 3.1.1); a GeoJSON `crs` member
    of the old kind is refused unless it says the same.

    Args:
        place: GeoJSON Polygon, MultiPolygon, GeometryCollection, Feature or FeatureCollection; WKT POLYGON,
            MULTIPOLYGON or a GEOMETRYCOLLECTION of them; or west, south, east, north, where west is greater than east
            across the antimeridian. Heights are left out, of a box of six numbers too (RFC 7946, 5).

    Raises:
        InvalidGeometry: Anything else; says what would be right.
    """
    if isinstance(place, str):
        shapes = [Shape(_wkt(place))]
    elif isinstance(place, Mapping):
        shapes = list(_features(place, 0))
    else:
        shapes = [Shape((_box(place),))]
    if not shapes or not all(shape.polygons for shape in shapes):
        raise InvalidGeometry("There is no polygon in it", remedy=EXPECTED)
    if len(shapes) > MOST_SHAPES:
        raise InvalidGeometry(f"{len(shapes):,} shapes are more than {MOST_SHAPES:,}", remedy="Ask for fewer at once")
    vertices = sum(len(ring) for shape in shapes for polygon in shape.polygons for ring in polygon.rings)
    if vertices > MOST_VERTICES:
        raise InvalidGeometry(f"{vertices:,} vertices are more than {MOST_VERTICES:,}", remedy="Simplify the polygons")
    return tuple(shapes)


def _features(found: Mapping[str, object], depth: int) -> Iterator[Shape]:
    if depth > MOST_DEPTH:
        raise InvalidGeometry("The GeoJSON is nested too deep", remedy=EXPECTED)
    _check_crs(found)
    match found.get("type"):
        case "FeatureCollection":
            for feature in _list(found, "features"):
                yield from _features(_object(feature), depth + 1)
        case "Feature":
            yield Shape(tuple(_polygons(_object(found.get("geometry")), depth + 1)), _name(found))
        case _:
            yield Shape(tuple(_polygons(found, depth + 1)))


def _polygons(geometry: Mapping[str, object], depth: int) -> Iterator[Polygon]:
    if depth > MOST_DEPTH:
        raise InvalidGeometry("The GeoJSON is nested too deep", remedy=EXPECTED)
    match geometry.get("type"):
        case "Polygon":
            yield _polygon(_list(geometry, "coordinates"))
        case "MultiPolygon":
            for rings in _list(geometry, "coordinates"):
                yield _polygon(rings)
        case "GeometryCollection":
            for one in _list(geometry, "geometries"):
                yield from _polygons(_object(one), depth + 1)
        case kind:
            raise InvalidGeometry(f"{str(kind)[:40]!r} is not a polygon", remedy=EXPECTED)


def _check_crs(found: Mapping[str, object]) -> None:
    crs = found.get("crs")
    if crs is not None and not re.search(r"CRS84|4326", str(crs)):
        raise InvalidGeometry(
            "The GeoJSON has a CRS of its own, which RFC 7946 no longer allows", remedy="Give longitude and latitude"
        )


def _name(feature: Mapping[str, object]) -> str | None:
    properties = feature.get("properties")
    named = properties.get("name") if isinstance(properties, Mapping) else None
    name = named if named is not None else feature.get("id")
    return None if name is None else str(name)[:NAME_CHARACTERS]


def _polygon(rings: object) -> Polygon:
    if not isinstance(rings, Sequence) or isinstance(rings, str) or not rings:
        raise InvalidGeometry("A polygon without rings", remedy=EXPECTED)
    return Polygon(tuple(_ring(ring) for ring in rings))


def _ring(positions: object) -> NDArray[np.float64]:
    """A closed ring of x and y; heights are left out."""
    try:
        pairs = [(float(position[0]), float(position[1])) for position in positions]  # type: ignore[attr-defined]
    except (TypeError, ValueError, IndexError, KeyError, OverflowError):
        raise InvalidGeometry("A ring is not a list of positions", remedy=EXPECTED) from None
    ring = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    if not (np.abs(ring) < FURTHEST).all():  # nor where it is NaN
        raise InvalidGeometry("A position is not finite, or on no map", remedy=EXPECTED)
    if len(ring) and (ring[0] != ring[-1]).any():
        ring = np.vstack([ring, ring[:1]])
    if len(ring) < 4:
        raise InvalidGeometry("A ring has fewer than three corners", remedy=EXPECTED)
    return ring


def flat(corners: Sequence[float]) -> Sequence[float]:
    """A bounding box without its heights."""
    return (*corners[:2], *corners[3:5]) if len(corners) == 6 else corners


def _box(corners: Sequence[float]) -> Polygon:
    try:
        west, south, east, north = (float(corner) for corner in flat(corners))
    except (TypeError, ValueError, OverflowError):
        raise InvalidGeometry(
            "A bounding box is four numbers, or six with heights as third and sixth", remedy=EXPECTED
        ) from None
    if not south < north or west == east:
        raise InvalidGeometry(
            f"[{west:g}, {south:g}, {east:g}, {north:g}] has no area", remedy="The order is west, south, east, north"
        )
    east = east + 360 if west > east else east
    return Polygon((_ring([(west, south), (east, south), (east, north), (west, north)]),))


def _wkt(text: str) -> tuple[Polygon, ...]:
    bare = text.strip()
    if srid := SRID.match(bare):
        if srid[1] != "4326":
            raise InvalidGeometry(f"SRID={srid[1][:20]} is not longitude and latitude", remedy="Give SRID=4326 or none")
        bare = bare[srid.end() :]
    collection = COLLECTION.match(bare)
    members = MEMBERS.split(collection[1]) if collection else [bare]
    return tuple(polygon for one in members for polygon in _wkt_polygons(one.strip()))


def _wkt_polygons(text: str) -> Iterator[Polygon]:
    found = WKT.match(text)
    if not found or not WKT_BODY.match(found[2]):
        raise InvalidGeometry("The text is no WKT polygon", remedy=EXPECTED)
    # One level of parentheses holds positions, the next the rings, and in a MULTIPOLYGON one more the polygons.
    is_multiple = found[1].upper() == "MULTIPOLYGON"
    for part in POLYGONS.split(found[2]) if is_multiple else [found[2]]:
        rings = RING.findall("(" + part.strip(AROUND_RINGS) + ")")
        yield Polygon(tuple(_ring(_wkt_ring(ring)) for ring in rings))


def _wkt_ring(text: str) -> list[list[str]]:
    return [position.split() for position in text.split(",")]


def _list(found: Mapping[str, object], member: str) -> Sequence[object]:
    value = found.get(member)
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise InvalidGeometry(f"{member!r} is not a list", remedy=EXPECTED)
    return value


def _object(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidGeometry("A geometry is missing", remedy=EXPECTED)
    return value
