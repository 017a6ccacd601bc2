"""A value that does not fit comes back as the value that was meant, and that one fits."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import InvalidInputs
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.ogc.inputs.repairs import repair
from mcp_ogc.ogc.inputs.schemas import Check, plain
from tests.ogc.processes import given_back, of, problems, process

STRING = {"type": "string"}
TEXT_BOX = of(STRING, description="Bounding box minx,miny,maxx,maxy")
DEFAULT_BOX = of({"type": "string", "default": "10,45,11,46"}, title="Region")
OBJECT_BOX = of({"allOf": [{"format": "ogc-bbox"}, {"$ref": "https://schemas.opengis.net/ogcapi/x/bbox.yaml"}]})
OWN_BOX = of({"type": "object", "required": ["bbox"], "properties": {"bbox": {"type": "array"}}})
NUMBERS = of({"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}, title="bbox")
BOX = {"bbox": [-35, -8.1, -34.8, -7.9], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
WKT = "POLYGON ((-35 -8.1, -34.8 -8.1, -34.8 -7.9, -35 -7.9, -35 -8.1))"
POLYGON = {"type": "Polygon", "coordinates": [[[-35, -8.1], [-34.8, -8.1], [-34.8, -7.9], [-35, -7.9], [-35, -8.1]]]}
ZONES = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": POLYGON}]}
RECORD = of(
    {
        "type": "object",
        "required": ["level", "name"],
        "properties": {"level": {"type": "integer"}, "name": STRING, "on": {"type": "boolean"}},
    }
)
ITEM = "https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json"


@pytest.mark.parametrize(
    ("declared", "given", "right"),
    [
        # of another type
        (of({"type": "boolean"}), "true", True),
        (of({"type": "boolean"}), "False", False),
        (of({"type": "boolean"}), 1, True),
        (of({"type": "number"}), "0.5", 0.5),
        (of({"type": "number"}), "0,5", 0.5),
        (of({"type": "integer"}), "12", 12),
        (of({"type": "number", "maximum": 100}), "20 %", 20),
        (of({"type": "integer", "minimum": 10}), "12", 12),
        (of(STRING), 4326, "4326"),
        (of(STRING), True, "true"),
        # of another number of values
        (of({"type": "array", "items": STRING}), "green", ["green"]),
        (of({"type": "array", "items": STRING}), "green, nir08", ["green", "nir08"]),
        (of({"type": "array", "items": {"type": "number"}}), "1,2", [1, 2]),
        (of({"type": "array", "items": {"type": "integer"}}), "3", [3]),
        (of({"type": "array", "items": {"type": "integer"}}), '["3", 4]', [3, 4]),
        (of(STRING), ["green"], "green"),
        (of({"type": "number"}), [1.5], 1.5),
        # JSON in a text, and the other way round
        (of({"type": "object", "required": ["a"]}), '{"a": 1}', {"a": 1}),
        (of(STRING), {"a": [1]}, '{"a": [1]}'),
        (of(STRING, title="Zones, GeoJSON"), ZONES, json.dumps(ZONES)),
        # one of a list
        (of({"type": "string", "enum": ["Blue", "green"]}), "blue", "Blue"),
        (of({"type": "string", "enum": ["bilinear", "nearest"]}), "biliner", "bilinear"),
        (of({"type": "number", "enum": [5.5, 42.0]}), "42.0", 42.0),
        (of({"type": "string", "enum": ["5", "7"]}), 7, "7"),
        (of({"type": "array", "items": {"enum": ["green", "nir08"]}}), "Green", ["green"]),
        # times
        (of({"type": "string", "format": "date"}), "2026/6/1", "2026-06-01"),
        (of({"type": "string", "format": "date"}), "2026-06-01T00:00:00Z", "2026-06-01"),
        (of({"type": "string", "format": "date-time"}), "2026/06/01", "2026-06-01T00:00:00Z"),
        # references
        (of({"$ref": ITEM}), "https://x.example/item", {"href": "https://x.example/item"}),
        (of({"type": "string", "format": "uri"}), {"class": "File", "path": "https://x.example/a"}, "https://x.example/a"),
        (of(STRING), {"class": "Directory", "location": "https://x.example/a"}, "https://x.example/a"),
        # records
        (of({"oneOf": [RECORD["schema"]]}), {"level": "3", "name": 5}, {"level": 3, "name": "5"}),
        (RECORD, {"Level": 3, "name": "x"}, {"level": 3, "name": "x"}),
        # bounding boxes in another form
        (TEXT_BOX, BOX, "-35,-8.1,-34.8,-7.9"),
        (DEFAULT_BOX, BOX, "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, [-35, -8.1, -34.8, -7.9], "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, "-35 -8.1 -34.8 -7.9", "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, "[-35, -8.1, -34.8, -7.9]", "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, WKT, "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, "ENVELOPE(-35, -34.8, -7.9, -8.1)", "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, POLYGON, "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, {"type": "Feature", "properties": {}, "geometry": POLYGON}, "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, json.dumps(POLYGON), "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, {"west": -35, "south": -8.1, "east": -34.8, "north": -7.9}, "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, "-35,-8.1,0,-34.8,-7.9,100", "-35,-8.1,-34.8,-7.9"),
        (OBJECT_BOX, "-35,-8.1,-34.8,-7.9", BOX),
        (OBJECT_BOX, [-35, -8.1, -34.8, -7.9], BOX),
        (OBJECT_BOX, WKT, BOX),
        (OWN_BOX, "-35,-8.1,-34.8,-7.9", BOX),
        (NUMBERS, "-35,-8.1,-34.8,-7.9", [-35, -8.1, -34.8, -7.9]),
        (NUMBERS, BOX, [-35, -8.1, -34.8, -7.9]),
        # ... and with numbers that can't be
        (TEXT_BOX, "39.834,-121.399,40.472,-120.74", "-121.399,39.834,-120.74,40.472"),
        (OBJECT_BOX, {"bbox": [39.8, -121.4, 40.5, -120.7]}, {**BOX, "bbox": [-121.4, 39.8, -120.7, 40.5]}),
        (TEXT_BOX, "-34.8,-7.9,-35,-8.1", "-35,-8.1,-34.8,-7.9"),
        (TEXT_BOX, "11,45,10,46", "10,45,11,46"),
        (OBJECT_BOX, {"bbox": [11, 46, 10, 45]}, {**BOX, "bbox": [10, 45, 11, 46]}),
        (TEXT_BOX, {"bbox": [39.8, -121.4, 40.5, -120.7]}, "-121.4,39.8,-120.7,40.5"),
    ],
)  # fmt: skip
def test_what_was_meant_is_given_back_and_fits(declared: dict[str, Any], given: Any, right: Any) -> None:
    description = process(x=declared)
    (problem,) = problems(description, x=given)
    assert given_back(problem) == right
    assert problems(description, x=right) == []


@pytest.mark.parametrize(
    ("declared", "given", "told"),
    [
        (of(STRING, description="minx,miny,maxx,maxy in degrees"), "500000,5000000,510000,5010000", "not in degrees"),
        (OBJECT_BOX, {"bbox": [500000, 5000000, 510000, 5010000]}, "not in degrees"),
        (TEXT_BOX, "Recife", "no bounding box"),
        (TEXT_BOX, "1,2,3", "no bounding box"),
        (TEXT_BOX, 5, "no bounding box"),
        (of({"type": "integer"}), 1.5, "expected integer"),
        (of({"enum": ["a", "b"]}), "zzz", 'one of "a", "b"'),
    ],
)
def test_where_nobody_can_tell_what_was_meant_it_is_said_what_is_wanted(
    declared: dict[str, Any], given: Any, told: str
) -> None:
    (problem,) = problems(process(x=declared), x=given)
    assert told in problem
    assert "; give " not in problem


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400"])
def test_a_number_that_json_has_none_for_is_not_given_back(text: str) -> None:
    numbers = of({"type": "array", "items": {"type": "number"}})
    for declared, value in [(of({"type": "number"}), text), (of({"type": "number"}), f"{text} m"), (numbers, [text])]:
        (problem,) = problems(process(x=declared), x=value)
        assert "; give " not in problem
        assert "expected " in problem


def test_numbers_of_a_plane_are_right_where_the_crs_is_one() -> None:
    aoi = "500000,5000000,510000,5010000"
    description = process(aoi=TEXT_BOX, epsg=of({"type": "string", "default": "EPSG:4326"}))
    assert "not in degrees" in problems(description, aoi=aoi)[0]
    assert problems(description, aoi=aoi, epsg="EPSG:32633") == []
    assert problems(process(x=OBJECT_BOX), x={"bbox": [5e5, 5e6, 6e5, 6e6], "crs": "EPSG:32633"}) == []
    assert "minimum greater" in problems(description, aoi="510000,5000000,500000,5010000", epsg="EPSG:32633")[0]
    two = process(aoi=TEXT_BOX, epsg=of(STRING), output_crs=of({"type": "string", "default": "EPSG:4326"}))
    assert problems(two, aoi=aoi, epsg="EPSG:32633") == []


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (TEXT_BOX, "-35, -8.1, -34.8, -7.9"),
        (TEXT_BOX, "https://x.example/aoi.geojson"),
        (TEXT_BOX, {"href": "https://x.example/aoi.geojson"}),
        (TEXT_BOX, "179,-17,-179,-16"),
        (TEXT_BOX, "500000,5000000,510000,5010000"),
        (of({"type": "string", "default": "4,3,2,1"}, title="Bands"), "1,2,3"),
        (of(STRING, description="minx,miny,maxx,maxy or WKT"), WKT),
        (of(STRING, title="aoi"), WKT),
        (of(STRING, title="aoi"), "Recife"),
        (of(STRING, title="bbox", description="south,west,north,east"), "-10,120,10,150"),
        (of(STRING, title="bbox", description="lat_min, lon_min, lat_max, lon_max in degrees"), "-10,120,10,150"),
        (of(STRING, title="bbox", description="minx miny maxx maxy separated by spaces"), "10 40 12 42"),
        (OBJECT_BOX, {"bbox": [-35, -8.1, 0, -34.8, -7.9, 100]}),
        # Latitude first, as EPSG has it: some heed it, so nothing can be said of it.
        (OBJECT_BOX, {"bbox": [39.8, -121.4, 40.5, -120.7], "crs": "http://www.opengis.net/def/crs/EPSG/0/4326"}),
    ],
)
def test_a_box_that_may_be_meant_is_let_pass(declared: dict[str, Any], value: Any) -> None:
    assert problems(process(x=declared), x=value) == []


def test_where_it_is_wrong_is_said_with_what_would_be_right_there() -> None:
    nested = {"type": "array", "items": {"type": "object", "properties": {"bands": {"type": "array", "items": STRING}}}}
    (problem,) = problems(process(x=of(nested)), x=[{"bands": ["a"]}, {"bands": ["b", 7]}])
    assert problem == 'x[1].bands[1] is 7; expected string; give "7" (a text, in quotes)'


def test_inputs_wrapped_in_inputs_are_unwrapped() -> None:
    (missing, wrapped) = problems(process(x=of(STRING)), inputs={"x": "a"})
    assert missing.startswith("x is missing")
    assert 'give inputs={"x": "a"}' in wrapped


def test_a_misspelt_name_is_given_back_with_its_value_where_that_fits() -> None:
    description = process(stac_items=of({"type": "array", "items": STRING}), cloud=of({"type": "number"}))
    told = problems(description, stac_item=["a"], clouds="x")
    assert '"stac_items": ["a"]' in told[2]
    assert told[3].endswith("expected perhaps cloud")


def test_a_value_too_long_to_copy_is_described() -> None:
    (problem,) = problems(process(x=of({"type": "object", "required": ["a"]})), x=json.dumps({"a": "b" * 500}))
    assert problem.endswith("give JSON itself, not in a text")
    assert len(problem) < 300


def test_null_is_left_out_of_what_need_not_be_given() -> None:
    (problem,) = problems(process(x=of({"type": "integer"}, minOccurs=0)), x=None)
    assert problem.endswith("leave it out")


@pytest.mark.parametrize("url", ["file:///data/a.tif", {"href": "file:///data/a.tif"}, ["file:///data/a.tif"]])
def test_a_file_of_this_machine_is_refused_where_it_can_t_be_read(url: Any) -> None:
    description = process(x=of({}))
    check(description, {"x": url}, reads_files=True)
    with pytest.raises(InvalidInputs, match="http\\(s\\) or s3 URL"):
        check(description, {"x": url}, reads_files=False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.sampled_from([TEXT_BOX, OBJECT_BOX, NUMBERS, RECORD, of({"enum": ["a", "b"]}), of({"type": "integer"})]),
    json_values,
)
def test_whatever_is_given_what_is_given_back_fits(declared: dict[str, Any], value: Any) -> None:
    schema, check = plain(declared["schema"]), Check()
    mended = repair(check, schema, value)
    assert mended is None or check.fits(schema, mended.value)
    assert mended is None or json.dumps(mended.value, allow_nan=False)
    problems(process(x=declared), x=value)
