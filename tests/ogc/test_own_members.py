"""Objects with members called as those of a reference (`href`, `process`, `collection`) are taken as objects."""

from typing import Any

import pytest

from mcp_ogc.errors import NotPermitted
from mcp_ogc.ogc.rules import Rules
from tests.ogc.processes import of, problems, process

TEXT = {"type": "string"}
SEARCH = {
    "type": "object",
    "properties": {"collection": TEXT, "datetime": TEXT, "limit": {"type": "integer"}},
    "required": ["collection"],
}
LINK = "https://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/link.yaml"
OWN = [
    (SEARCH, {"collection": "sentinel-2-l2a", "datetime": "2024-01-01/2024-02-01"}),
    ({"type": "object"}, {"collection": "sentinel-2-l2a", "bbox": [1, 2, 3, 4]}),
    ({"type": "object", "properties": {"process": TEXT}}, {"process": "ndvi"}),
    ({"properties": {"process": TEXT}}, {"process": "ndvi", "inputs": {"a": 1}}),
    ({"type": ["object", "null"]}, {"process": "ndvi"}),
    ({"type": "object", "properties": {"href": TEXT, "title": TEXT}}, {"href": "./a.tif", "title": "x"}),
    ({"oneOf": [TEXT, SEARCH]}, {"collection": "sentinel-2-l2a"}),
    ({"$ref": LINK}, {"href": "./a.tif"}),
]


@pytest.mark.parametrize(("schema", "value"), OWN)
def test_an_object_whose_own_member_is_called_so_is_let_pass(schema: dict[str, Any], value: Any) -> None:
    assert problems(process(x=of(schema)), x=value) == []
    assert problems(process(x=of(schema, maxOccurs=9)), x=[value, value]) == []
    assert problems(process(x=of({"type": "array", "items": schema})), x=[value]) == []


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"collection": "sentinel-2-l2a", "limit": "many"}, "x.limit is"),
        ({"collection": 5}, "x.collection is 5"),
    ],
)
def test_what_is_wrong_with_it_is_told_of_its_members(value: Any, told: str) -> None:
    (problem,) = problems(process(x=of(SEARCH)), x=value)
    assert problem.startswith(told)


def test_where_no_such_object_is_taken_it_is_a_reference_and_has_to_be_a_url() -> None:
    item = "https://schemas.stacspec.org/v1.0.0/item-spec/json-schema/item.json"
    for schema in (TEXT, {"type": "number"}, {"oneOf": [{**TEXT, "format": "uri"}, {"$ref": item}]}, {}):
        for value in ({"href": "scene.tif"}, {"process": "ndvi"}, {"collection": "sentinel-2-l2a"}):
            (problem,) = problems(process(x=of(schema)), x=value)
            assert "which is not a URL" in problem


def test_by_reference_it_is_let_pass_too() -> None:
    for value in ({"collection": "https://x.example/collections/c"}, {"href": "https://x.example/search.json"}):
        assert problems(process(x=of(SEARCH)), x=value) == []
        assert problems(process(x=of({"type": "object", "required": ["a"]})), x=value) == []


@pytest.mark.parametrize("value", [{"process": "secret"}, {"a": [{"process": "https://x.example/processes/secret"}]}])
def test_the_rules_on_nested_processes_hold_for_own_members_too(value: Any) -> None:
    description = process(x=of({"type": "object", "properties": {"process": TEXT}}))
    assert problems(description, x=value) == []
    with pytest.raises(NotPermitted):
        Rules(denied_processes=("secret",)).check_inputs({"x": value})


@pytest.mark.parametrize("value", [{"href": "https://x.example/hook"}, {"collection": "https://x.example/hook"}])
def test_the_rules_on_callbacks_hold_for_own_members_too(value: Any) -> None:
    description = process(subscriber=of({"type": "object", "properties": {"href": TEXT, "collection": TEXT}}))
    assert problems(description, subscriber=value) == []
    with pytest.raises(NotPermitted):
        Rules().check_inputs({"subscriber": value})
