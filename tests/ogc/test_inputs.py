"""Inputs checked before anything is sent: every problem at once, and nothing refused that a server would take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import InvalidInputs
from mcp_ogc.ogc.inputs.checking import check, nearest
from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints
from mcp_ogc.ogc.models import ProcessDescription

ZOO = "https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json"


def process(**inputs: dict[str, object]) -> ProcessDescription:
    return ProcessDescription.model_validate({"id": "p", "inputs": inputs, "outputs": {}})


def problems(description: ProcessDescription, **inputs: object) -> list[str]:
    try:
        check(description, inputs)  # type: ignore[arg-type]
    except InvalidInputs as error:
        return [str(problem) for problem in error.problems]
    return []


STRING = {"schema": {"type": "string"}}
MANY = {"schema": {"type": "string"}, "minOccurs": 1, "maxOccurs": "unbounded"}
NUMBER = {"schema": {"type": "number", "minimum": 0}}
INT32 = {"schema": {"type": "integer", "format": "int32"}}
MEDIA = {"schema": {"oneOf": [{"type": "string", "contentMediaType": "text/xml"}, {"type": "object"}]}}
BBOX = {"schema": {"type": "object", "required": ["bbox"], "properties": {"bbox": {"type": "array"}}}}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (STRING, "x"),
        (STRING, {"value": "x", "mediaType": "text/plain"}),
        (STRING, {"href": "https://x.example/a", "type": "text/plain"}),
        (MANY, ["a", "b"]),
        (MANY, "a"),
        (NUMBER, 0),
        (BBOX, {"bbox": [1, 2, 3, 4], "crs": "CRS84"}),
        ({"schema": {"type": "integer", "nullable": True}}, None),
        ({"schema": {"oneOf": [{"type": "string", "format": "uri"}, {"$ref": ZOO}]}}, "https://x.example/item"),
        ({"schema": {"$ref": ZOO}}, {"type": "Feature"}),
        ({"schema": {"type": ["string", "null"]}}, None),
        ({"schema": {"type": 7}}, "a schema that can't be used decides nothing"),
        ({"schema": {}}, 1),
        ({"schema": {"type": "array", "items": {"type": "string"}}, "maxOccurs": 999}, ["a", "b"]),
        ({"schema": {"type": "string"}, "maxOccurs": 999}, ["a", {"href": "https://x.example/a"}]),
        ({"schema": {"type": "array", "items": {"type": "number"}}}, [{"href": "https://x.example/a"}]),
        (MEDIA, "<a/>"),
        (MEDIA, {"value": "<a/>", "mediaType": "text/xml; charset=utf-8"}),
        (MEDIA, {"value": {"a": 1}, "format": {"mediaType": "application/json"}}),
        (NUMBER, {"value": 5}),
        (INT32, 2**31 - 1),
        (INT32, 3.0),
        ({"schema": {"type": "integer", "format": "int64"}}, -(2**63)),
        ({"schema": {"anyOf": [INT32["schema"], {"type": "number"}]}}, 3e9),
        (STRING, {"process": "https://x.example/processes/p", "inputs": {"a": 1}}),
        (STRING, {"collection": "https://x.example/collections/c"}),
        ({"schema": {"type": "object", "properties": {"value": {"type": "string"}}}}, {"value": "a"}),
        ({"schema": {"type": "object", "required": ["value"]}}, {"value": {"value": 1}}),
        ({"schema": {"type": "string", "enum": ["a"], "nullable": True}, "maxOccurs": 2}, ["a", None]),
    ],
)
def test_what_a_server_would_take_is_let_pass(declared: dict[str, object], value: object) -> None:
    assert problems(process(x=declared), x=value) == []


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [
        (STRING, 5, 'x is 5; expected string; give "5"'),
        (NUMBER, -1, "number ≥ 0"),
        (MANY, ["a", 3], 'x[1] is 3; expected string; give "3"'),
        ({**MANY, "maxOccurs": 2}, ["a", "b", "c"], "at most 2"),
        ({**MANY, "minOccurs": 2}, ["a"], "at least 2"),
        (STRING, None, "is null"),
        (BBOX, {"bboxx": []}, "has no bbox"),
        ({"schema": {"enum": ["a", "b"]}}, "c", 'one of "a", "b"'),
        (MEDIA, {"value": "<a/>", "mediaType": "text/html"}, 'one of "text/xml"'),
        (MEDIA, {"value": 5, "mediaType": "text/xml"}, "x is 5"),
        (STRING, {"href": "scene.tif"}, "not a URL"),
        (STRING, {"process": "https://x.example/p", "inputs": 5}, "not an object"),
        (MANY, ["a", {"href": 5}], "x[1] has href 5"),
    ],
)
def test_what_is_wrong_is_told_with_what_would_be_right(declared: dict[str, object], value: object, told: str) -> None:
    (problem,) = problems(process(x=declared), x=value)
    assert told in problem


def test_missing_unknown_and_wrong_inputs_are_told_together() -> None:
    description = process(aoi=STRING, cloud=NUMBER, note={**STRING, "minOccurs": 0})
    told = problems(description, cluod=3, note=1)
    assert len(told) == 4
    assert "aoi is missing" in told[0]
    assert "perhaps cloud" in told[3]


def test_an_input_with_a_default_need_not_be_given() -> None:
    assert problems(process(x={"schema": {"type": "integer", "default": 0}})) == []


PROCESSES = ["water-bodies", "vegetation-index", "zonal-statistics", "echo", "x"]
INPUTS = ["aoi", "bands", "colour", "crs", "resolution", "stac_items", "otsu_threshold", "a"]


@pytest.mark.parametrize(
    ("name", "names", "meant"),
    [
        ("Water_Bodies", PROCESSES, "water-bodies"),
        ("water", PROCESSES, "water-bodies"),
        ("vegetation_idx", PROCESSES, "vegetation-index"),
        ("zonal-stats", PROCESSES, "zonal-statistics"),
        ("eco", PROCESSES, "echo"),
        ("color", INPUTS, "colour"),
        ("stac_item", INPUTS, "stac_items"),
        ("threshold", INPUTS, "otsu_threshold"),
        ("aoi_bbox", INPUTS, "aoi"),
    ],
)
def test_the_name_that_was_meant_comes_first(name: str, names: list[str], meant: str) -> None:
    assert nearest(name, names)[0] == meant


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("hello", PROCESSES),
        ("max-temperature", PROCESSES),
        ("ndvi", PROCESSES),
        ("buffer", INPUTS),
        ("count", INPUTS),
        ("bbox", INPUTS),
        ("satellite", INPUTS),
        ("", INPUTS),
    ],
)
def test_a_name_like_none_is_near_none(name: str, names: list[str]) -> None:
    assert nearest(name, names) == ()


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=10), max_size=10))
def test_nearest_names_are_names_there_are(name: str, names: list[str]) -> None:
    assert set(nearest(name, names)) <= set(names)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
schema_words = st.sampled_from(
    ["type", "enum", "format", "items", "properties", "oneOf", "$ref", "minimum", "nullable"]
)


@given(
    st.dictionaries(schema_words, json_values | st.sampled_from(["string", "array", "object", "number"])), json_values
)
def test_no_schema_of_a_server_breaks_the_check_or_the_hints(schema: dict[str, object], value: object) -> None:
    description = process(x={"schema": schema})
    problems(description, x=value)
    (hint,) = input_hints(description)
    assert hint.type
    assert set(example_inputs(input_hints(description))) <= {"x"}


@given(
    st.sampled_from(
        [
            STRING,
            NUMBER,
            MANY,
            BBOX,
            {"schema": {"type": "boolean"}},
            {"schema": {"type": "array", "items": {"type": "integer"}, "minItems": 3}},
            {"schema": {"type": "string", "format": "date-time"}},
            {"schema": {"type": "string", "enum": ["q"]}},
            {"schema": {"type": "string", "contentMediaType": "image/tiff", "contentEncoding": "base64"}},
            {"schema": {"format": "ogc-bbox", **BBOX["schema"]}},
        ]
    )
)
def test_the_example_fits_its_own_schema(declared: dict[str, object]) -> None:
    description = process(x=declared)
    assert problems(description, **example_inputs(input_hints(description))) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("aoi", "-35,-8.1,-34.8,-7.9"),
        ("epsg", "EPSG:4326"),
        ("stac_items", "https://example.org/collections/c/items/scene"),
    ],
)
def test_a_string_whose_name_says_what_it_is_gets_such_an_example(name: str, expected: str) -> None:
    assert example_inputs(input_hints(process(**{name: STRING}))) == {name: expected}


@pytest.mark.parametrize(
    ("declared", "value", "told"),
    [
        ({"schema": {"type": "string", "format": "date"}}, "1.6.2026", "not a date"),
        ({"schema": {"type": "string", "format": "date-time"}}, "yesterday", "not a date-time"),
        ({"schema": {"type": "string", "format": "uri"}}, "scene.tif", "not a uri"),
        ({**MANY, "minOccurs": 2}, "a", "at least 2"),
        (INT32, 2**31, "at least -2147483648, at most 2147483647 (int32)"),
        (INT32, -(2**31) - 1, "at least -2147483648"),
        (INT32, 3e9, "at most 2147483647"),
        (INT32, 3.5, "expected integer"),
        ({"schema": {"type": "integer", "format": "int64"}}, 2**63, "at most 9223372036854775807 (int64)"),
        ({"schema": {"type": "array", "items": INT32["schema"]}}, [1, 2**31], "x[1] is 2147483648; at least"),
    ],
)
def test_formats_and_numbers_are_checked(declared: dict[str, object], value: object, told: str) -> None:
    (problem,) = problems(process(x=declared), x=value)
    assert told in problem


def test_every_problem_of_one_input_is_told_and_many_are_counted() -> None:
    numbers = {"schema": {"type": "array", "items": {"type": "integer"}}}
    assert len(problems(process(x=numbers), x=["a", 1, "b"])) == 2
    assert [told.partition(" is")[0] for told in problems(process(x=MANY), x=["a", 1, 2])] == ["x[1]", "x[2]"]
    told = problems(process(x=numbers), x=["a"] * 50)
    assert len(told) == 6
    assert "45 more problems" in told[-1]
    box = {"schema": {"type": "object", "required": ["bbox", "crs"], "properties": {}}}
    assert ["x has no bbox, crs" in told for told in problems(process(x=box), x={})] == [True]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "object", "properties": {"nullable": {}, "pattern": {}}, "additionalProperties": False},
         {"nullable": True, "pattern": "x"}),
        ({"enum": [{"oneOf": 1}]}, {"oneOf": 1}),
        ({"const": {"pattern": "x"}}, {"pattern": "x"}),
        ({"type": "object", "patternProperties": {"^x": {}}, "additionalProperties": False}, {"x1": 1}),
    ],
)  # fmt: skip
def test_words_of_a_schema_that_are_names_or_values_are_left_as_they_are(
    schema: dict[str, object], value: object
) -> None:
    assert problems(process(x={"schema": schema}), x=value) == []


def test_a_stranger_s_regular_expression_is_never_run() -> None:
    # On this text it would take for years, and no time-out can interrupt it.
    assert problems(process(x={"schema": {"type": "string", "pattern": "^(a+)+$"}}), x="a" * 100 + "!") == []


def test_an_example_goes_by_the_id_before_the_text() -> None:
    description = process(
        epsg={"title": "EPSG code of the area of interest", **STRING},
        bands={"description": "bands of the STAC items", "schema": {"type": "array", "items": {"type": "string"}}},
        where={"title": "area of interest", **STRING},
    )
    assert example_inputs(input_hints(description)) == {
        "epsg": "EPSG:4326",
        "bands": ["green"],
        "where": "-35,-8.1,-34.8,-7.9",
    }


def test_the_word_none_that_zoo_writes_is_no_text() -> None:
    (hint,) = input_hints(process(x={"title": "None", "description": "None", **STRING}))
    assert hint.description is None
