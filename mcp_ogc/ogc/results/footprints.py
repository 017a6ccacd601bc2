"""Where STAC items lie, for drawing: the rings of their polygons with few corners, or of their boxes.

Geometry is a stranger's: what can't be drawn is left out, and nothing is raised. Rings are [longitude, latitude] in
degrees, open (the first corner is not repeated), holes among them; across the antimeridian longitudes go on past 180.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING

from mcp_ogc.ogc.results.geojson import bbox_of, finite

if TYPE_CHECKING:
    from pydantic import JsonValue

    from mcp_ogc.ogc.results.items import ItemDocument

Position = tuple[float, float]
Ring = list[Position]

FEWEST_CORNERS = 4
"""A ring with more is never made of fewer."""
MOST_CORNERS_READ = 4000
"""Of one ring; of more, every n-th is looked at."""
MOST_RINGS_READ = 400
MOST_DEPTH = 4


def rings_of(item: ItemDocument, corners: int) -> list[Ring]:
    """The rings of one item: of its polygons, else of its box; none where it tells no place.

    Args:
        item: As it came.
        corners: How many its rings have in all, about: the largest rings are kept, those that matter least to their
            shape dropped.
    """
    box = bbox_of(item.document.get("bbox"))
    crosses = box is not None and box[0] > box[2]
    found = [_near(ring, box) if crosses else ring for ring in _rings(item.geometry, 0)]
    if not found:
        return _box_ring(box)
    found.sort(key=_area, reverse=True)
    kept = found[: max(1, corners // FEWEST_CORNERS)]
    return [simplified(ring, max(FEWEST_CORNERS, corners // len(kept))) for ring in kept]


def _box_ring(box: tuple[float, float, float, float] | None) -> list[Ring]:
    if box is None:
        return []
    west, south, east, north = box
    east = east + 360 if west > east else east
    ring = [(west, south), (east, south), (east, north), (west, north)]
    return [ring] if all(_is_drawable(*position) for position in ring) else []


def _rings(geometry: JsonValue, depth: int) -> Iterator[Ring]:
    """Rings of the polygons of a geometry, those that can be drawn."""
    if not isinstance(geometry, dict) or depth > MOST_DEPTH:
        return
    coordinates = _list(geometry.get("coordinates"))
    match geometry.get("type"):
        case "Polygon":
            polygons: Sequence[JsonValue] = [coordinates]
        case "MultiPolygon":
            polygons = coordinates
        case "GeometryCollection":
            for one in _list(geometry.get("geometries"))[:MOST_RINGS_READ]:
                yield from _rings(one, depth + 1)
            return
        case _:
            return
    for polygon in polygons[:MOST_RINGS_READ]:
        for told in _list(polygon)[:MOST_RINGS_READ]:
            if len(ring := _ring(_list(told))) > 2:
                yield ring


def _ring(told: list[JsonValue]) -> Ring:
    """The corners of a ring, empty where one of them is no place."""
    step = len(told) // MOST_CORNERS_READ + 1
    ring: Ring = []
    for one in told[::step]:
        x, y = (finite(one[0]), finite(one[1])) if isinstance(one, list) and len(one) > 1 else (None, None)
        if x is None or y is None or not _is_drawable(x, y):
            return []
        if not ring or ring[-1] != (x, y):
            ring.append((x, y))
    if len(ring) > 1 and ring[0] == ring[-1]:
        ring.pop()
    return ring


def _is_drawable(x: float, y: float) -> bool:
    return abs(x) <= 540 and abs(y) <= 90


def _near(ring: Ring, box: tuple[float, float, float, float] | None) -> Ring:
    """A ring of an item across the antimeridian, its longitudes those from the west of the item's box on.

    Polygons there are cut at 180 degrees (RFC 7946, 3.1.9), or jump from one side to the other.
    """
    if box is None:
        return ring
    width = box[2] + 360 - box[0]
    west = box[0] - (360 - width) / 2
    return [(x + 360 if x < west else x - 360 if x > west + 360 else x, y) for x, y in ring]


def _area(ring: Ring) -> float:
    """Twice the area within, in square degrees."""
    return math.fabs(math.fsum(x * ring[n - 1][1] - ring[n - 1][0] * y for n, (x, y) in enumerate(ring)))


def simplified(ring: Ring, corners: int) -> Ring:
    """A ring of so many corners at most, those dropped first that make the smallest triangles.

    Visvalingam and Whyatt 1993, Line generalisation by repeated elimination of points.
    """
    left = len(ring)
    if left <= corners:
        return ring
    before = [n - 1 for n in range(left)]
    after = [*range(1, left), 0]
    before[0] = left - 1

    def triangle(n: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = ring[before[n]], ring[n], ring[after[n]]
        return math.fabs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))

    areas: list[float | None] = [triangle(n) for n in range(left)]
    smallest = [(area, n) for n, area in enumerate(areas) if area is not None]
    heapify(smallest)
    while left > corners:
        area, n = heappop(smallest)
        if areas[n] != area:
            continue  # a neighbour went since, and with it this triangle
        areas[n] = None
        left -= 1
        after[before[n]], before[after[n]] = after[n], before[n]
        for neighbour in (before[n], after[n]):
            # Never smaller than what was dropped, else a neighbour of a detail goes before the detail would have.
            areas[neighbour] = grown = max(area, triangle(neighbour))
            heappush(smallest, (grown, neighbour))
    return [position for position, area in zip(ring, areas, strict=True) if area is not None]


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
