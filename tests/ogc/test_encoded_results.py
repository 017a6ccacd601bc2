"""Files written as text inside a document (base64) are files, whoever says that they are: the value, its format, or the
description of its output."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import OgcError
from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.ogc.results.stac import Output
from tests.ogc.test_results import item, read

pytestmark = pytest.mark.anyio

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
TEXT = base64.b64encode(PNG).decode()
BINARY = {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/png"}
XML = {"type": "string", "contentMediaType": "text/xml"}
CHOICE = {"oneOf": [BINARY, XML]}
QUALIFIED = {"value": TEXT, "mediaType": "image/png", "encoding": "base64"}


def makes(schema: dict[str, Any]) -> ProcessDescription:
    return ProcessDescription.model_validate({"id": "p", "outputs": {"map": {"schema": schema}}})


async def output(body: object, schema: dict[str, Any] | None = None) -> Output:
    (found,) = (await read(body, description=makes(schema) if schema is not None else None)).outputs
    return found


@pytest.mark.parametrize("schema", [None, {}, BINARY, CHOICE])
@pytest.mark.parametrize(
    "value",
    [
        QUALIFIED,
        {"value": TEXT, "format": {"mediaType": "image/png", "encoding": "base64"}},
        {"value": TEXT, "mediaType": "image/png", "format": {"encoding": "BASE64"}},
        {"value": "\r\n".join([TEXT[:40], TEXT[40:], ""]), "mediaType": "image/png", "encoding": "base64"},
    ],
)
async def test_a_value_that_says_so_itself(value: dict[str, Any], schema: dict[str, Any] | None) -> None:
    found = await output({"map": value}, schema)
    assert (found.kind, found.media_type, found.size) == ("file", "image/png", len(PNG))


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        (BINARY, {"map": TEXT}),
        (BINARY, {"map": {"value": TEXT}}),
        (BINARY, {"map": {"value": TEXT, "mediaType": "image/png"}}),
        (BINARY, {"outputs": [{"id": "map", "value": TEXT}]}),
        (BINARY, TEXT),
        ({"allOf": [BINARY]}, {"map": TEXT}),
        ({"oneOf": [BINARY, {"type": "object"}]}, {"map": TEXT}),
        (CHOICE, {"map": {"value": TEXT, "mediaType": "image/png"}}),
    ],
)
async def test_a_value_whose_description_says_so(schema: dict[str, Any], body: object) -> None:
    found = await output(body, schema)
    assert (found.id, found.kind, found.media_type, found.size) == ("map", "file", "image/png", len(PNG))


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (CHOICE, {"value": "abcd", "mediaType": "text/xml"}),
        (CHOICE, "abcd"),
        (XML, "abcd"),
        (BINARY, {"value": "abcd", "format": {"mediaType": "text/plain", "encoding": "UTF-8"}}),
        (BINARY, "https://x.example/map.png"),
        (BINARY, "no map: too many clouds"),
        (BINARY, ""),
    ],
)
async def test_what_is_text_stays_text(schema: dict[str, Any], value: Any) -> None:
    found = await output({"map": value}, schema)
    assert (found.kind, found.value) == ("value", value["value"] if isinstance(value, dict) else value)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (None, [QUALIFIED, {**QUALIFIED, "value": base64.b64encode(PNG + b"2").decode()}]),
        (None, {"value": [QUALIFIED, QUALIFIED]}),
        (None, [QUALIFIED, {"href": "./b.png"}]),
        ({"type": "array", "items": BINARY}, [TEXT, TEXT]),
        ({"type": "array", "items": BINARY}, [{"value": TEXT, "mediaType": "image/png"}, TEXT]),
        ({"type": "array", "items": {"oneOf": [BINARY]}}, {"value": [TEXT, TEXT]}),
        (BINARY, [TEXT, TEXT]),  # maxOccurs beside the schema of one
    ],
)
async def test_each_of_several_is_a_file(schema: dict[str, Any] | None, value: Any) -> None:
    found = await output({"map": value}, schema)
    assert (found.kind, [one.kind for one in found.members]) == ("array", ["file", "file"])
    assert found.members[0].media_type == "image/png"
    results = await read({"map": value}, description=makes(schema) if schema else None)
    assert results.asset("map", "-", "1").href


async def test_an_array_at_the_root_is_the_one_of_the_only_output() -> None:
    found = await output([TEXT, TEXT], {"type": "array", "items": BINARY})
    assert (found.id, found.kind, len(found.members)) == ("map", "array", 2)


async def test_qualified_members_that_are_no_files_are_the_values_they_hold() -> None:
    told = [{"value": {"a": 1}, "mediaType": "application/json"}, {"value": "x", "mediaType": "text/plain"}]
    assert (await output({"map": told})).value == [{"a": 1}, "x"]
    rows = {"type": "array", "items": {**BINARY, "contentMediaType": "text/csv"}}
    assert (await output({"map": [base64.b64encode(b"a,b").decode()]}, rows)).value == ["a,b"]


async def test_qualified_items_are_stac_and_so_are_references_to_it() -> None:
    told = [{"value": item("a"), "mediaType": "application/geo+json"}, {"value": item("b"), "mediaType": "x/y"}]
    found = await output({"map": told})
    assert (found.kind, [one.id for one in found.items]) == ("stac", ["a", "b"])
    href = "https://ogc.example/items.json"
    reference = {"href": href, "type": "application/geo+json"}
    (found,) = (await read({"map": [reference]}, documents={href: item("a")})).outputs
    assert (found.kind, [one.kind for one in found.members]) == ("array", ["stac"])


@pytest.mark.parametrize("value", [[{"value": 1}, {"value": 2}], [{"type": "a", "value": 1}], ["abcd"], [TEXT, 5]])
async def test_objects_of_a_process_s_own_and_texts_are_left_as_they_are(value: Any) -> None:
    found = await output({"map": value}, {"type": "array"})
    assert (found.kind, found.value) == ("value", value)


json_values = st.recursive(
    st.none() | st.integers() | st.sampled_from([TEXT, "base64", "é", "QQ==", "a=b"]) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["value", "mediaType", "encoding", "format", "href", "type"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip


@given(json_values, st.sampled_from([BINARY, CHOICE, {"type": "array", "items": BINARY}]) | json_values)
async def test_no_value_and_no_description_raise_anything_but_our_own_errors(value: Any, schema: Any) -> None:
    try:
        await read({"map": value}, description=makes(schema if isinstance(schema, dict) else {}))
    except OgcError:
        return
