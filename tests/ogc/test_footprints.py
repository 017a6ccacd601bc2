"""Footprints: the polygons of items with few corners, and nothing a stranger writes breaks them."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.ogc.results.footprints import rings_of, simplified
from mcp_ogc.ogc.results.items import ItemDocument

BOX = [10.0, 40.0, 11.0, 41.0]
TILTED = [[10.2, 40.0], [11.0, 40.3], [10.8, 41.0], [10.0, 40.7], [10.2, 40.0]]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=12,
)
POSITION = st.tuples(st.floats(-180, 180), st.floats(-90, 90))


def item(bbox: Any, geometry: Any) -> ItemDocument:
    document = {"type": "Feature", "id": "one", "bbox": bbox, "geometry": geometry}
    return ItemDocument(document, "https://example.org/", lambda url, href: href)


def polygon(*rings: list[list[float]]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": list(rings)}


def area(ring: Any) -> float:
    return abs(math.fsum(x * ring[n - 1][1] - ring[n - 1][0] * y for n, (x, y) in enumerate(ring))) / 2


def circle(count: int) -> list[list[float]]:
    turns = [2 * math.pi * n / count for n in range(count)]
    return [[10.5 + math.cos(turn) / 2, 40.5 + math.sin(turn) / 2] for turn in turns]


def test_an_item_lies_where_its_polygon_does_not_its_box() -> None:
    assert rings_of(item(BOX, polygon(TILTED)), 48) == [[tuple(corner) for corner in TILTED[:-1]]]


def test_an_item_without_polygon_lies_where_its_box_does_and_one_without_either_nowhere() -> None:
    ring = [(10.0, 40.0), (11.0, 40.0), (11.0, 41.0), (10.0, 41.0)]
    for geometry in (None, {"type": "Point", "coordinates": [10, 40]}, polygon([[10, 40], [10, 40], [10, 40]])):
        assert rings_of(item(BOX, geometry), 48) == [ring]
    assert rings_of(item([10, 40, 0, 11, 41, 900], None), 48) == [ring]
    assert rings_of(item(None, None), 48) == []


def test_a_hole_is_a_ring_of_its_own() -> None:
    hole = [[10.3, 40.4], [10.5, 40.4], [10.5, 40.6], [10.3, 40.4]]
    outer, inner = rings_of(item(BOX, polygon(TILTED, hole)), 48)
    assert (len(outer), len(inner)) == (4, 3)


def test_an_item_across_the_antimeridian_is_one_place_whether_it_is_cut_there_or_jumps() -> None:
    bbox = [178.0, -17.0, -178.0, -16.0]
    jumping = [[178, -17], [-178, -17], [-178, -16], [178, -16]]
    ((first, *rest),) = rings_of(item(bbox, polygon(jumping)), 48)
    assert [first, *rest] == [(178, -17), (182, -17), (182, -16), (178, -16)]
    west = [[[178, -17], [180, -17], [180, -16], [178, -16]]]
    east = [[[-180, -17], [-178, -17], [-178, -16], [-180, -16]]]
    rings = rings_of(item(bbox, {"type": "MultiPolygon", "coordinates": [west, east]}), 48)
    assert sorted((min(x for x, _ in ring), max(x for x, _ in ring)) for ring in rings) == [(178, 180), (180, 182)]
    assert rings_of(item(bbox, None), 48) == [[(178, -17), (182, -17), (182, -16), (178, -16)]]


def test_what_is_as_wide_as_the_world_stays_so() -> None:
    world = [[-180, -90], [180, -90], [180, 90], [-180, 90]]
    assert rings_of(item([-180, -90, 180, 90], polygon(world)), 48) == [[tuple(corner) for corner in world]]


def test_a_shape_of_many_corners_keeps_its_area_with_few() -> None:
    (ring,) = rings_of(item(BOX, polygon(circle(3000))), 48)
    assert len(ring) == 48
    assert area(ring) > 0.98 * math.pi / 4


def test_of_many_islands_the_largest_are_drawn() -> None:
    islands = [[[[n, 0], [n + 0.1 + n / 1000, 0], [n + 0.1, 0.1]]] for n in range(100)]
    rings = rings_of(item(None, {"type": "MultiPolygon", "coordinates": islands}), 48)
    assert len(rings) == 12
    assert {math.floor(ring[0][0]) for ring in rings} == set(range(88, 100))


@given(st.lists(POSITION, min_size=5, max_size=40), st.integers(4, 12))
def test_a_simplified_ring_has_corners_of_the_ring_in_their_order(ring: list[tuple[float, float]], most: int) -> None:
    found = simplified(ring, most)
    assert len(found) == min(len(ring), most)
    left = iter(ring)
    assert all(corner in left for corner in found)


@given(JSON, JSON)
def test_whatever_a_bbox_and_coordinates_are_what_is_drawn_is_on_earth(bbox: Any, coordinates: Any) -> None:
    for geometry in (coordinates, polygon(coordinates), {"type": "GeometryCollection", "geometries": [coordinates]}):
        for ring in rings_of(item(bbox, geometry), 8):
            assert len(ring) >= 3
            assert all(math.isfinite(x) and abs(y) <= 90 for x, y in ring)
