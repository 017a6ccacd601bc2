"""Schemas of strangers: read as JSON Schema says, within bounds, and without asking anybody."""

from decimal import Decimal
from typing import Any

import pytest
import pytest_socket
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mcp_ogc.ogc.inputs.hints import input_hints
from mcp_ogc.ogc.inputs.schemas import NODES, Check, plain
from tests.ogc.processes import of, problems, process

scalars = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text("ab1", max_size=3)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
bounds = st.integers(0, 3)
TYPES = ["null", "boolean", "string"]


def objects(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    required = st.lists(st.sampled_from("abc"), max_size=2, unique=True)
    return st.fixed_dictionaries(
        {"type": st.just("object")},
        optional={"properties": properties, "required": required, "additionalProperties": st.booleans() | inner},
    )


sound_schemas = st.recursive(
    st.one_of(
        st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": bounds, "maxLength": bounds}),
        st.fixed_dictionaries(
            {"type": st.sampled_from(["integer", "number"])},
            optional={
                "minimum": st.integers(-3, 3),
                "exclusiveMaximum": st.integers(-3, 3),
                "multipleOf": st.sampled_from([1, 2, 0.5]),
            },
        ),
        st.fixed_dictionaries({"enum": st.lists(scalars, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"const": scalars}),
        st.fixed_dictionaries({"type": st.lists(st.sampled_from(TYPES), min_size=1, unique=True)}),
        st.just({}),
    ),
    lambda inner: st.one_of(
        objects(inner),
        st.fixed_dictionaries(
            {"type": st.just("array"), "items": inner},
            optional={"minItems": bounds, "maxItems": bounds, "uniqueItems": st.booleans()},
        ),
        st.fixed_dictionaries({"prefixItems": st.lists(inner, min_size=1, max_size=2)}),
        st.fixed_dictionaries({"anyOf": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"allOf": st.lists(inner, min_size=1, max_size=2)}),
    ),
    max_leaves=6,
)  # fmt: skip


@given(sound_schemas, values)
def test_a_sound_schema_decides_as_json_schema_says(schema: dict[str, Any], value: Any) -> None:
    assert Check().fits(plain(schema), value) == Draft202012Validator(schema).is_valid(value)


@given(sound_schemas, values)
def test_a_choice_of_one_takes_at_least_what_json_schema_takes(schema: dict[str, Any], value: Any) -> None:
    choice = {"oneOf": [schema, {"type": "string"}]}
    assert Check().fits(plain(choice), value) or not Draft202012Validator(choice).is_valid(value)


@given(sound_schemas, values)
def test_a_part_that_is_referred_to_is_read_in_its_place(schema: dict[str, Any], value: Any) -> None:
    referring = {"$defs": {"a/b": schema}, "type": "array", "items": {"$ref": "#/$defs/a~1b"}}
    assert Check().fits(plain(referring), [value]) == Draft202012Validator(referring).is_valid([value])


WORDS = [
    *("type", "enum", "const", "format", "items", "prefixItems", "properties", "required", "additionalProperties"),
    *("oneOf", "anyOf", "allOf", "not", "if", "$ref", "$defs", "minimum", "exclusiveMinimum", "multipleOf", "nullable"),
    *(
        "minItems",
        "maxLength",
        "pattern",
        "patternProperties",
        "uniqueItems",
        "default",
        "examples",
        "contentMediaType",
    ),
]
KNOWN = st.sampled_from(["string", "array", "object", "#", "#/$defs", "ogc-bbox", "^(a+)+$", "http://[x", -1, True])
broken_schemas = st.recursive(
    KNOWN | scalars,
    lambda inner: st.dictionaries(st.sampled_from(WORDS), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(broken_schemas, values)
@example({"type": ["string", "string"]}, None)
@example({"required": ["a", "a"]}, {})
def test_a_broken_schema_is_read_into_a_sound_one_and_breaks_nothing(schema: Any, value: Any) -> None:
    read = plain(schema)
    Draft202012Validator.check_schema(read)
    description = process(x={"schema": schema})
    problems(description, x=value)
    (hint,) = input_hints(description)
    assert hint.type
    assert problems(description, x=hint.example) == []


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}, "required": ["a"]}
    return schema


def doubling(depth: int) -> dict[str, Any]:
    """Each definition refers twice to the next: 2 to the power of `depth` schemas, told in a few lines."""
    defs: dict[str, Any] = {
        f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}, {"$ref": f"#/$defs/d{n + 1}"}]} for n in range(depth)
    }
    return {"$defs": {**defs, f"d{depth}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


def heavy(width: int) -> dict[str, Any]:
    """Many schemas for every element of an array."""
    return {"type": "array", "items": {"allOf": [{"minimum": n} for n in range(width)]}}


def count(schema: Any) -> int:
    several = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    return int(isinstance(schema, dict)) + sum(count(one) for one in several)


RECURSIVE = {
    "$defs": {"t": {"properties": {"child": {"$ref": "#/$defs/t"}, "n": {"type": "integer"}}}},
    "$ref": "#/$defs/t",
}
ITSELF = {"$ref": "#"}
WIDE = {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(20_000)}}
CHOICES = {"anyOf": [{"type": "object", "required": [f"r{n}"], "properties": WIDE["properties"]} for n in range(50)]}


@pytest.mark.parametrize(
    "schema", [nested(200), doubling(60), heavy(1000), RECURSIVE, ITSELF, WIDE, CHOICES], ids=range(7)
)
def test_a_schema_without_end_is_read_and_checked_within_bounds(schema: dict[str, Any]) -> None:
    read = plain(schema)
    assert count(read) <= count(schema) + 2 * NODES
    description = process(x=of(schema))
    for value in ({"a": {"a": {}}}, [*range(10_000)], {"child": {"n": "x"}}, "a" * 10_000, {"p1": 5}):
        assert sum(1 for _ in Check(steps=500).errors(read, value)) <= 500
        problems(description, x=value)
    assert input_hints(description)


def test_within_its_bounds_a_recursive_schema_decides() -> None:
    assert problems(process(x=of(RECURSIVE)), x={"n": "x"})
    assert problems(process(x=of(RECURSIVE)), x={"child": {"child": {"n": 1}}}) == []
    assert problems(process(x=of(nested(8))), x={"a": 1})


def test_a_stranger_s_regular_expression_is_never_run() -> None:
    # On this text it would take for years, and no time-out can interrupt it.
    text = "a" * 100 + "!"
    for schema in (
        {"type": "string", "pattern": "^(a+)+$"},
        {"type": "object", "patternProperties": {"^(a+)+$": {"type": "integer"}}, "additionalProperties": False},
        {"allOf": [{"oneOf": [{"pattern": "^(a+)+$"}]}]},
        {"type": "object", "properties": {text: {"pattern": "^(a+)+$"}}},
    ):
        assert (
            problems(process(x=of(schema)), x=text if "properties" not in str(schema).casefold() else {text: text})
            == []
        )


REFERENCES = {
    "bbox": ("https://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/bbox.yaml", {"bbox": [1, 2, 3, 4]}),  # noqa: E501
    "link": ("https://zoo-project.org/dl/link.json", {"href": "https://x.example/a"}),
    "features": (
        "https://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/featureCollectionGeoJSON.yaml",
        {"type": "FeatureCollection", "features": []},
    ),
    "geometry": (
        "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/geometryGeoJSON.yaml",
        {"type": "Point", "coordinates": [1, 2]},
    ),
    "geojson": ("https://geojson.org/schema/Feature.json", {"type": "Feature", "geometry": None, "properties": {}}),
    "item": ("https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json", {"type": "Feature", "id": "a"}),
    "collection": (
        "https://raw.githubusercontent.com/radiantearth/stac-api-spec/refs/heads/release/v1.0.0/stac-spec/"
        "collection-spec/json-schema/collection.json",
        {"type": "Collection", "id": "a"},
    ),
    "date": ("https://raw.githubusercontent.com/eoap/schemas/main/string_format.yaml#Date", "2026-06-01"),
    "datetime": (
        "https://raw.githubusercontent.com/eoap/schemas/refs/heads/main/string_format.yaml#DateTime",
        "2026-06-01T00:00:00Z",
    ),
    "uri": ("https://raw.githubusercontent.com/eoap/schemas/main/string_format.yaml#URI", "https://x.example"),
    "eoap bbox": ("https://raw.githubusercontent.com/eoap/schemas/main/ogc.yaml#BBox", {"bbox": [1, 2, 3, 4]}),
    "eoap point": (
        "https://raw.githubusercontent.com/eoap/schemas/main/geojson.yaml#Point",
        {"type": "Point", "coordinates": [1, 2]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFERENCES)
def test_a_well_known_schema_is_known_without_a_socket(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reference, value = REFERENCES[name]
    description = process(x=of({"$ref": reference}))
    pytest_socket.disable_socket()
    try:
        assert problems(description, x=value) == []
        assert problems(description, x="nonsense") != []
        assert problems(description, x=input_hints(description)[0].example) == []
    finally:
        pytest_socket.enable_socket()


def test_a_schema_nobody_knows_accepts_anything_and_is_not_fetched() -> None:
    pytest_socket.disable_socket()
    try:
        for reference in (
            "https://evil.example/item.json",
            "https://evil.example/bbox.yaml",
            "../a.yaml",
            "http://[",
            "#/x",
        ):
            description = process(x=of({"$ref": reference}))
            for value in ("text", 5, {"type": 7}, [1]):
                assert problems(description, x=value) == []
            assert input_hints(description)[0].type
    finally:
        pytest_socket.enable_socket()


@pytest.mark.parametrize(
    ("schema", "fits", "does_not"),
    [
        ({"type": "integer", "nullable": True}, [None, 1], ["x"]),
        ({"type": "string", "enum": ["a"], "nullable": True}, [None, "a"], ["b"]),
        ({"type": "object", "properties": {"a": {"type": "integer", "nullable": True}}}, [{"a": None}], [{"a": "x"}]),
        ({"minimum": 1, "exclusiveMinimum": True, "type": "number"}, [1.5], [1]),
        ({"type": "number", "maximum": 1, "exclusiveMaximum": False}, [1], [2]),
        ({"type": "array", "items": [{"type": "integer"}, {"type": "string"}]}, [[1, "a"]], [["a", 1]]),
        ({"format": "http://www.opengis.net/def/format/ogcapi-processes/0/ogc-bbox"}, [{"bbox": [1, 2, 3, 4]}], [5]),
        ({"oneOf": [{"type": "string"}], "anyOf": [{"minLength": 2}]}, ["ab"], ["a", 5]),
        ({"not": {"type": "string"}}, ["x", 5], []),
    ],
)
def test_words_of_openapi_and_of_older_drafts_are_read(
    schema: dict[str, Any], fits: list[Any], does_not: list[Any]
) -> None:
    read, check = plain(schema), Check()
    assert [value for value in fits if not check.fits(read, value)] == []
    assert [value for value in does_not if check.fits(read, value)] == []


@pytest.mark.parametrize(
    ("step", "values"), [(0.01, [0.07, 19.99, 1e300, 10**400]), (0.1, [0.3, -0.7]), (1e-7, [3e-7, 1])]
)
def test_decimals_are_multiples_as_they_are_written(step: float, values: list[float]) -> None:
    description = process(x=of({"type": "number", "multipleOf": step}))
    assert [value for value in values if problems(description, x=value)] == []


@pytest.mark.parametrize(("step", "value"), [(0.01, 0.075), (0.1, 0.30000000000000004), (0.25, 0.3), (2, 3)])
def test_what_is_no_multiple_is_told(step: float, value: float) -> None:
    (problem,) = problems(process(x=of({"type": "number", "multipleOf": step})), x=value)
    assert f"a multiple of {step}" in problem


@given(st.integers(-(10**9), 10**9), st.sampled_from(["0.1", "0.01", "0.001", "0.05", "2.5", "1e-6"]))
def test_a_multiple_of_a_decimal_step_is_one_whatever_floats_make_of_it(count: int, step: str) -> None:
    value = float(Decimal(count) * Decimal(step))
    assert Check().fits(plain({"multipleOf": float(step)}), value)


@pytest.mark.parametrize("bounds", [{"minimum": 0.25}, {"exclusiveMinimum": 0.3, "maximum": 0.5}, {"minimum": 2.96}])
def test_the_example_of_a_decimal_step_fits(bounds: dict[str, float]) -> None:
    description = process(x=of({"type": "number", "multipleOf": 0.1, **bounds}))
    (hint,) = input_hints(description)
    assert isinstance(hint.example, int | float)
    assert problems(description, x=hint.example) == []
