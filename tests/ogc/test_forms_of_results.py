"""Whatever form a server gives its results, what it made is there, under one name and in one piece."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.ogc.models import ProcessDescription
from tests.ogc.test_results import item, read

pytestmark = pytest.mark.anyio

POINT: dict[str, Any] = {"type": "Point", "coordinates": [1, 2]}
FEATURE: dict[str, Any] = {"type": "Feature", "geometry": POINT, "properties": {"a": 1}}
FEATURES: dict[str, Any] = {"type": "FeatureCollection", "features": [FEATURE]}
COVERAGE: dict[str, Any] = {"type": "Coverage", "domain": {"type": "Domain", "axes": {}}, "ranges": {}}
KNOWN_FOR_WHAT_THEY_ARE = [FEATURES, FEATURE, POINT, COVERAGE]


def makes(*outputs: str) -> ProcessDescription:
    return ProcessDescription.model_validate({"id": "p", "outputs": {name: {} for name in outputs}})


async def values(body: object, *outputs: str) -> dict[str, object]:
    """The values by output, of a process that is described to make these."""
    found = await read(body, description=makes(*outputs) if outputs else None)
    return {output.id: output.value for output in found.outputs}


@pytest.mark.parametrize("body", KNOWN_FOR_WHAT_THEY_ARE, ids=lambda body: str(body["type"]))
async def test_geojson_and_coverages_are_one_value_however_many_outputs_are_described(body: dict[str, Any]) -> None:
    assert await values(body, "buffer") == {"buffer": body}
    assert await values(body, "buffer", "report") == {"result": body}
    assert await values(body) == {"result": body}


@pytest.mark.parametrize("body", KNOWN_FOR_WHAT_THEY_ARE, ids=lambda body: str(body["type"]))
async def test_a_document_that_is_keyed_by_output_is_one_also_where_its_values_are_geojson(
    body: dict[str, Any],
) -> None:
    for document in ({"buffer": body}, {"buffer": {"value": body, "mediaType": "application/geo+json"}}):
        assert await values(document, "buffer") == {"buffer": body}
        assert await values(document, "buffer", "report") == {"buffer": body}


@pytest.mark.parametrize(
    "body",
    [
        {"count": 3, "mean": 2.5},
        {"mean": {"value": 5, "uom": "m"}, "sd": {"value": 1, "uom": "m"}},
        [{"id": "s1", "mean": 1}, {"id": "s2", "mean": 2}],
        [{"id": "s1", "value": 1}, {"id": "s2", "value": 2}],
        {"id": "s1", "mean": 1},
    ],
)
async def test_the_raw_value_of_the_only_output_is_in_one_piece(body: object) -> None:
    assert await values(body, "stats") == {"stats": body}


async def test_where_more_outputs_are_described_a_document_is_keyed_by_output() -> None:
    assert await values({"count": 3, "mean": 2.5}, "count", "mean") == {"count": 3, "mean": 2.5}
    assert await values({"Count": 3, "Mean": 2.5}, "count", "mean") == {"Count": 3, "Mean": 2.5}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Stats": {"value": 3}}, {"Stats": 3}),
        ({"value": 3, "mediaType": "application/json"}, {"stats": 3}),
        ({"outputs": {"stats": {"value": 3}}, "links": []}, {"stats": 3}),
        ({"outputs": [{"id": "stats", "value": 3}]}, {"stats": 3}),
        ([{"id": "stats", "value": 3}], {"stats": 3}),
        ({"stats": {"value": 3}, "links": [{"rel": "self", "href": "https://x.example/"}]}, {"stats": 3}),
    ],
)
async def test_what_is_wrapped_is_unwrapped_whatever_it_is_keyed_by(body: object, expected: dict[str, object]) -> None:
    assert await values(body, "stats") == expected


async def test_a_reference_is_the_file_of_the_only_output() -> None:
    (output,) = (await read({"href": "../a.tif", "type": "image/tiff"}, description=makes("map"))).outputs
    assert (output.id, output.kind, output.href) == ("map", "file", "https://ogc.example/jobs/a.tif")


@given(st.dictionaries(st.text(max_size=5), st.integers() | st.lists(st.text(max_size=3)), min_size=1, max_size=4))
async def test_no_member_of_a_raw_value_is_lost(body: dict[str, Any]) -> None:
    found = await read(body, description=makes("only one"))
    whole = {"only one": body}
    assert {output.id: output.value for output in found.outputs} in (whole, {k: v or None for k, v in body.items()})


@pytest.mark.parametrize("form", ["root", "value", "list", "value list", "text"])
async def test_an_item_without_assets_does_not_lose_the_others(form: str) -> None:
    items = [item("a"), {name: told for name, told in item("b").items() if name != "assets"}, item("c", "c.tif")]
    collection = {"type": "FeatureCollection", "features": items}
    body = {
        "root": collection,
        "value": {"stac": {"value": collection}},
        "list": items,
        "value list": {"stac": items},
        "text": {"stac": json.dumps(collection)},
    }[form]
    found = await read(body, description=makes("stac"))
    (output,) = found.outputs
    assert (output.id, output.kind) == ("stac", "stac")
    assert [(one.id, len(one.assets)) for one in output.readable_items()] == [("a", 1), ("b", 0), ("c", 1)]
    assert found.asset("stac", "c", "data").href == "https://ogc.example/jobs/j1/c.tif"


async def test_collections_in_a_list_are_read_as_if_each_came_alone() -> None:
    links = [{"rel": "item", "href": "b.json"}]
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": links}
    body = {"stac": {"value": [item("a"), catalogue]}}
    documents = {"https://ogc.example/jobs/j1/b.json": item("b")}
    (output,) = (await read(body, description=makes("stac"), documents=documents)).outputs
    assert [one.id for one in output.items] == ["a", "b"]


async def test_a_list_with_anything_else_in_it_is_a_value() -> None:
    body = [item("a"), {"id": "b"}, 3]
    assert await values({"stac": body}, "stac") == {"stac": body}


async def test_the_files_of_a_collection_are_those_of_an_item_with_its_extent() -> None:
    body = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": "c",
        "links": [],
        "extent": {
            "spatial": {"bbox": [[1, 2, 3, 4], [1, 2, 2, 3]]},
            "temporal": {"interval": [["2026-01-01T00:00:00+02:00", None]]},
        },
        "assets": {"mosaic": {"href": "m.tif", "type": "image/tiff"}},
    }
    (output,) = (await read(body, description=makes("stac"))).outputs
    (one,) = output.readable_items()
    assert (one.id, one.bbox, one.when) == ("c", (1, 2, 3, 4), "2025-12-31T22:00:00Z/..")
    assert [asset.href for asset in one.assets] == ["https://ogc.example/jobs/j1/m.tif"]


@pytest.mark.parametrize(
    "oddity",
    [
        {"properties": None},
        {"properties": {"datetime": None}},
        {"properties": {"datetime": "yesterday"}},
        {"stac_version": None},
        {"stac_version": 1.0},
        {"stac_extensions": "none"},
        {"geometry": 5},
        {"bbox": ["west"]},
        {"bbox": [10**400, 2, 3, 4]},
        {"links": 5},
        {"collection": {"id": "c"}},
    ],
    ids=str,
)
async def test_what_is_odd_about_an_item_does_not_lose_its_files(oddity: dict[str, Any]) -> None:
    await reads_its_files({**item("a"), **oddity})


@pytest.mark.parametrize("member", ["properties", "stac_version", "geometry", "links"])
async def test_what_an_item_lacks_does_not_lose_its_files(member: str) -> None:
    await reads_its_files({name: told for name, told in item("a").items() if name != member})


async def reads_its_files(document: dict[str, Any]) -> None:
    (output,) = (await read(document, description=makes("stac"))).outputs
    (one,) = output.readable_items()
    assert [asset.key for asset in one.assets] == ["data"]
    assert (one.id, one.bbox) == ("a", None)


async def test_numbers_name_items_and_roles_and_titles_that_are_none_are_left_out() -> None:
    document = {**item("a", roles="data", title={"en": "x"}), "id": 5}
    results = await read(document, description=makes("stac"))
    asset = results.asset("stac", "5", "data")
    assert (asset.roles, asset.title) == ((), None)
