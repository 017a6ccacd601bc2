"""GeoJSON, WKT and boxes, right and wrong."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import InvalidGeometry
from mcp_ogc.rasters.places.shapes import shapes_of

SQUARE = [[0, 0], [4, 0], [4, 4], [0, 4], [0, 0]]
HOLE = [[1, 1], [2, 1], [2, 2], [1, 1]]
json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["type", "coordinates", "geometry", "geometries", "features", "x"]), inner)
    ),
)
number = st.floats(-180, 180).map(lambda value: round(value, 6))
ring = st.lists(st.tuples(number, number), min_size=3, max_size=6).map(lambda corners: [*corners, corners[0]])


def rings(place: object) -> list[list[list[list[float]]]]:
    return [[one.tolist() for one in polygon.rings] for shape in shapes_of(place) for polygon in shape.polygons]


@pytest.mark.parametrize(
    "place",
    [
        {"type": "Polygon", "coordinates": [SQUARE, HOLE]},
        {"type": "Polygon", "coordinates": [[[*at, 99.0] for at in SQUARE], HOLE[:-1]]},
        {"type": "MultiPolygon", "coordinates": [[SQUARE, HOLE]]},
        {"type": "GeometryCollection", "geometries": [{"type": "Polygon", "coordinates": [SQUARE, HOLE]}]},
        {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [SQUARE, HOLE]}, "properties": None},
        "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 1))",
        "  polygon Z ( ( 0 0 9, 4 0 9, 4 4 9, 0 4 9, 0 0 9 ) ,\n( 1 1 9, 2 1 9, 2 2 9, 1 1 9 ) ) ",
        "SRID=4326;MULTIPOLYGON(((0 0,4 0,4 4,0 4,0 0),(1.0 1,2 1e0,2 2,1 1)))",
        "GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 1)))",
        "srid=4326; GeometryCollection Z ( Polygon Z((0 0 9,4 0 9,4 4 9,0 4 9,0 0 9),(1 1 9,2 1 9,2 2 9,1 1 9)) )",
    ],
)
def test_the_same_place_is_read_from_every_way_to_write_it(place: object) -> None:
    assert rings(place) == [[SQUARE, HOLE]]


def test_each_feature_is_a_shape_of_its_own_with_its_name() -> None:
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    features = [
        {"type": "Feature", "geometry": geometry, "properties": {"name": "lake"}},
        {"type": "Feature", "geometry": geometry, "properties": {}, "id": 7},
    ]
    assert [shape.name for shape in shapes_of({"type": "FeatureCollection", "features": features})] == ["lake", "7"]


def test_a_box_is_west_south_east_north_and_may_cross_the_antimeridian() -> None:
    assert rings([1, 2, 3, 4]) == [[[[1, 2], [3, 2], [3, 4], [1, 4], [1, 2]]]]
    assert rings([170, -5, -170, 5])[0][0][1] == [190, -5]


def test_the_heights_of_a_box_are_left_out() -> None:
    assert rings([1, 2, -50, 3, 4, 900]) == rings([1, 2, 3, 4])


def test_a_collection_in_wkt_is_all_of_its_polygons() -> None:
    square, other = "((0 0,4 0,4 4,0 4,0 0))", "((5 5,6 5,6 6,5 5))"
    expected = rings(f"MULTIPOLYGON({square},{other},{square})")
    assert rings(f"GEOMETRYCOLLECTION(POLYGON{square}, MULTIPOLYGON ({other},{square}))") == expected
    assert len(shapes_of(f"GEOMETRYCOLLECTION(POLYGON{square},POLYGON{other})")) == 1


@pytest.mark.parametrize(
    "place",
    [
        "POINT(1 2)",
        "POLYGON EMPTY",
        "POLYGON((0 0, 1 1, 0 0))",
        "POLYGON((a b, c d, e f))",
        "POLYGON((0 0, 1 0, 1 1, 0 0)); DROP",
        "SRID=32725;POLYGON((0 0,4 0,4 4,0 0))",
        "GEOMETRYCOLLECTION EMPTY",
        "GEOMETRYCOLLECTION()",
        "GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 0)), POINT(1 2))",
        "GEOMETRYCOLLECTION(LINESTRING(0 0,4 0), POLYGON((0 0,4 0,4 4,0 0)))",
        "GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POLYGON((0 0,4 0,4 4,0 0))))",
        "GEOMETRYCOLLECTION(SRID=32725;POLYGON((0 0,4 0,4 4,0 0)))",
        "GEOMETRYCOLLECTION" + " " * 1_000_000,
        "POLYGON" + " " * 1_000_000,
        " " * 1_000_000 + "POLYGON",
        "POLYGON(" + ") " * 1_000_000 + "x",
        "(" * 50_000,
        "POLYGON(" + "1" * 50_000 + "x)",
        [1, 2, 3],
        [1, 2, 3, 4, 5],
        [5, 6, 0, 7, 6, 9],
        [5, 6, 7, 6],
        [1, 2, float("nan"), 4],
        [1e308, 45.149, 15.002, 45.15],
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, float("inf")], [1, 1]]]},
        {"type": "Polygon", "coordinates": [SQUARE], "crs": {"properties": {"name": "EPSG:32725"}}},
        {"type": "FeatureCollection", "features": []},
        {"type": "Feature", "geometry": None},
        {"type": "Polygon", "coordinates": [[[x, x * x] for x in range(200_001)]]},
    ],
)
def test_what_is_no_polygon_is_refused_with_what_would_be_right(place: object) -> None:
    with pytest.raises(InvalidGeometry) as caught:
        shapes_of(place)
    assert caught.value.remedy


@given(st.lists(st.lists(ring, min_size=1, max_size=3), min_size=1, max_size=3))
def test_wkt_and_geojson_say_the_same(polygons: list[list[list[tuple[float, float]]]]) -> None:
    def text(one: list[list[tuple[float, float]]]) -> str:
        return "(" + ", ".join("(" + ", ".join(f"{x!r} {y!r}" for x, y in ring) + ")" for ring in one) + ")"

    wkt = "MULTIPOLYGON (" + ", ".join(text(one) for one in polygons) + ")"
    geojson = json.loads(json.dumps({"type": "MultiPolygon", "coordinates": polygons}))
    assert rings(wkt) == rings(geojson)


@given(json_values | st.text() | st.lists(st.floats()))
def test_anything_is_read_or_refused(place: object) -> None:
    try:
        shapes = shapes_of(place if isinstance(place, dict | list | str) else {})
    except InvalidGeometry:
        return
    assert all(np.isfinite(one).all() for shape in shapes for polygon in shape.polygons for one in polygon.rings)
