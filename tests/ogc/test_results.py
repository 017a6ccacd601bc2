"""Results in every shape become outputs, items and assets."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_ogc.errors import JobFailed, OgcError, UnknownName, Unreachable, UnreadableAnswer
from mcp_ogc.net.storage import StorageHint
from mcp_ogc.ogc.addresses import absolute
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.models import Link, ProcessDescription
from mcp_ogc.ogc.results.reading import Results, Surroundings, read_results
from mcp_ogc.ogc.results.stac import Fetch

pytestmark = pytest.mark.anyio

ZOO = json.loads((Path(__file__).parents[1] / "data" / "zoo-water-bodies-results.json").read_text(encoding="utf-8"))
JOB = "68046976-7dcb-11f0-90ac-2a20aea25780"
URL = "https://ogc.example/jobs/j1/results"
WATER_CLASS = {"value": 1, "name": "water"}
WATER = ProcessDescription.model_validate(
    {"id": "water-bodies", "inputs": {}, "outputs": {"stac_catalog": {"schema": {}}}}
)


def around(fetch: Fetch, max_pages: int) -> Surroundings:
    """No file of an answer is written, only named."""

    async def keep(name: str, body: bytes, media_type: str) -> str:
        return f"file:///kept/{name}/{len(body)}"

    return Surroundings(fetch, absolute, keep, max_pages, URL)


async def read(
    body: object,
    media_type: str = "application/json",
    *,
    description: ProcessDescription | None = None,
    documents: Mapping[str, object] | None = None,
    links: tuple[Link, ...] = (),
    max_pages: int = 20,
) -> Results:
    async def fetch(href: str, hint: StorageHint | None) -> bytes:
        if href not in (documents or {}):
            raise Unreachable(f"{href} can't be reached")
        return json.dumps((documents or {})[href]).encode()

    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status=200 if content else 204, media_type=media_type, body=content, links=links, url=URL)
    return await read_results(answer, description, around(fetch, max_pages))


@pytest.mark.parametrize("wrapped", [True, False], ids=["document", "Q3-bare"])
async def test_the_recorded_answer_of_zoo_project_dru_is_read(wrapped: bool) -> None:
    body = {"stac_catalog": {"value": ZOO}} if wrapped else ZOO
    (output,) = (await read(body, description=WATER)).outputs
    assert (output.id, output.kind) == ("stac_catalog", "stac")
    first, second = output.readable_items()
    assert first.id == "LC08_L2SP_044032_20231208_02_T1"
    assert first.when == "2023-12-08T18:45:23Z"
    assert first.bbox == pytest.approx((-121.39922829, 39.82340258, -120.73977187, 40.48293639))
    (asset,) = first.assets
    assert asset.href == f"s3://results/{JOB}/{JOB}/{first.id}/otsu.tif"
    assert asset.is_raster
    assert asset.storage == StorageHint(
        endpoint="http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566",
        region="us-east-1",
        platform="eoap",
        requester_pays=False,
    )
    assert second.collection == JOB


def item(item_id: str, href: str = "a.tif", **more: object) -> dict[str, object]:
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": item_id,
        "geometry": None,
        "properties": {"datetime": None, "start_datetime": "2020-01-01T00:00:00Z", "end_datetime": None},
        "links": [],
        "assets": {"data": {"href": href, "type": "image/tiff; application=geotiff", **more}},
    }


async def test_the_item_links_of_a_collection_are_followed_on_s3_too() -> None:
    collection = {
        "type": "Collection",
        "stac_version": "1.1.0",
        "id": "c",
        "links": [
            {"rel": "root", "href": "s3://eoepca/r/catalog.json"},
            {"rel": "item", "href": "s3://eoepca/r/a/a.json"},
            {"rel": "item", "href": "./b/b.json"},
            {"rel": "self", "href": "s3://eoepca/r/collection.json"},
        ],
    }
    documents = {"s3://eoepca/r/a/a.json": item("a"), "s3://eoepca/r/b/b.json": item("b", "../x.tif")}
    (output,) = (await read(collection, description=WATER, documents=documents)).outputs
    assert [one.read().assets[0].href for one in output.items] == ["s3://eoepca/r/a/a.tif", "s3://eoepca/r/x.tif"]
    assert output.items[0].read().when == "2020-01-01T00:00:00Z/.."


async def test_items_beyond_the_bound_are_counted_and_those_that_cannot_be_read_named() -> None:
    links = [{"rel": "item", "href": f"{n}.json"} for n in range(10)]
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": links}
    documents = {f"https://ogc.example/jobs/j1/{n}.json": item(str(n)) for n in range(2)}
    (output,) = (await read(catalogue, documents=documents, max_pages=4)).outputs
    assert [one.id for one in output.items] == ["0", "1"]
    assert output.items_left_out == 6
    assert len(output.unreadable) == 2


async def test_a_catalogue_that_links_itself_ends() -> None:
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": [{"rel": "child", "href": "c.json"}]}
    documents = {"https://ogc.example/jobs/j1/c.json": catalogue}
    (output,) = (await read(catalogue, documents=documents)).outputs
    assert output.kind == "empty"


async def test_one_broken_item_does_not_lose_the_others() -> None:
    broken = {**item("broken"), "assets": 5}
    (output,) = (await read({"type": "FeatureCollection", "features": [broken, item("good")]})).outputs
    assert [one.id for one in output.readable_items()] == ["good"]
    with pytest.raises(UnreadableAnswer, match="broken"):
        output.items[0].read()


async def test_stac_1_1_and_its_extensions_are_read() -> None:
    fields = {
        "file:size": 12,
        "file:checksum": "1220ab",
        "bands": [{"classification:classes": [{"value": 1, "name": "water", "color_hint": "0000FF"}]}],
        "storage:refs": ["s"],
    }
    document = item("a", "s3://b/a.tif", **fields)
    document["properties"] = {
        "datetime": "2020-01-01T00:00:00Z",
        "storage:schemes": {"s": {"platform": "https://s3.example.org", "region": "eu", "requester_pays": True}},
    }
    (output,) = (await read(document)).outputs
    (asset,) = output.items[0].read().assets
    assert (asset.size, asset.checksum) == (12, "1220ab")
    assert [(one.value, one.name, one.color) for one in asset.classes] == [(1, "water", "0000FF")]
    assert asset.storage == StorageHint("https://s3.example.org", "eu", "https://s3.example.org", True)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"classification:classes": [WATER_CLASS]}, [(None, "water")]),
        ({"classification:classes": [WATER_CLASS], "bands": [{}]}, [(1, "water")]),
        ({"classification:classes": [WATER_CLASS], "bands": [{}, {}]}, []),
        ({"bands": [{}, {"classification:classes": [WATER_CLASS]}]}, [(2, "water")]),
        ({"bands": [{}, {}], "raster:bands": [5, {"classification:classes": [WATER_CLASS]}]}, [(2, "water")]),
    ],
)
async def test_classes_are_of_the_band_they_are_given_for(
    fields: dict[str, object], expected: list[tuple[int | None, str]]
) -> None:
    (output,) = (await read(item("a", **fields))).outputs
    (asset,) = output.items[0].read().assets
    assert [(one.band, one.name) for one in asset.classes] == expected


async def test_six_numbers_of_a_bbox_have_heights_in_between() -> None:
    (output,) = (await read({**item("a"), "bbox": [1, 2, 0, 3, 4, 100]})).outputs
    assert output.items[0].read().bbox == (1, 2, 3, 4)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"a": 1, "b": {"value": [2], "mediaType": "application/json"}}, {"a": 1, "b": [2]}),
        ({"id": "echo", "value": "hi"}, {"echo": "hi"}),
        ({"outputs": [{"id": "echo", "value": "hi"}]}, {"echo": "hi"}),
        ([{"id": "x", "value": 1}, {"id": "y", "value": 2}], {"x": 1, "y": 2}),
        ("text", {"result": "text"}),
        ([1, 2], {"result": [1, 2]}),
        ({"box": {"bbox": [1, 2, 3, 4], "crs": "CRS84"}}, {"box": {"bbox": [1, 2, 3, 4], "crs": "CRS84"}}),
    ],
    ids=["document", "Q32-pygeoapi", "Q32-outputs", "Q32-list", "literal", "array", "bbox"],
)
async def test_values_are_found_under_their_outputs(body: object, expected: dict[str, object]) -> None:
    assert {output.id: output.value for output in (await read(body)).outputs} == expected


async def test_files_are_found_by_reference_in_links_and_in_parts() -> None:
    (output,) = (await read({"map": {"href": "../a.tif", "type": "image/tiff"}})).outputs
    assert (output.kind, output.href, output.is_raster) == ("file", "https://ogc.example/jobs/a.tif", True)
    links = (Link(href="https://x.example/a.tif", rel="map", type="image/tiff"),)
    (output,) = (await read(b"", "", links=links)).outputs
    assert (output.id, output.href) == ("map", "https://x.example/a.tif")
    multipart = (
        b"--B\r\nContent-ID: <a>\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
        b"--B\r\nContent-ID: <b>\r\nContent-Type: application/json\r\n\r\n[1]\r\n"
        b"--B\r\nContent-ID: <c>\r\nContent-Location: https://x.example/c.tif\r\n"
        b"Content-Type: image/tiff\r\n\r\n\r\n--B--\r\n"
    )
    outputs = (await read(multipart, "multipart/related; boundary=B")).outputs
    assert [(one.id, one.value or one.href) for one in outputs] == [
        ("a", "hello"),
        ("b", [1]),
        ("c", "https://x.example/c.tif"),
    ]


async def test_an_array_of_files_names_each() -> None:
    results = await read({"maps": [{"href": "a.tif", "type": "image/tiff"}, {"href": "b.tif", "type": "image/tiff"}]})
    assert results.asset("maps", "-", "1").href.endswith("/b.tif")
    with pytest.raises(UnknownName, match="Did you mean"):
        results.asset("maps", "-", "7")


async def test_a_name_that_is_not_there_names_those_that_are() -> None:
    results = await read({"stac_catalog": {"value": ZOO}})
    for handle in (
        ("stac", "x", "y"),
        ("stac_catalog", "LC08", "data"),
        ("stac_catalog", ZOO["features"][0]["id"], "dat"),
    ):
        with pytest.raises(UnknownName, match="Did you mean"):
            results.asset(*handle)


async def test_an_exception_with_status_200_is_a_failure() -> None:
    with pytest.raises(JobFailed):
        await read({"title": "InternalError", "type": "InternalError", "detail": "The service failed to execute."})


@pytest.mark.parametrize("body", [{}, {"stac_catalog": {"value": {}}}, {"type": "FeatureCollection", "features": []}])
async def test_a_success_that_made_nothing_is_empty_not_broken(body: object) -> None:
    outputs = (await read(body, description=WATER)).outputs
    assert all(output.kind == "empty" for output in outputs)


async def nowhere(href: str, hint: StorageHint | None) -> bytes:
    raise Unreachable(f"{href} can't be reached")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "features", "assets", "href", "value", "id", "links", "rel", "outputs", "bbox", "properties"]
            )
            | st.text(max_size=4),
            inner | st.sampled_from(["Feature", "FeatureCollection", "Collection", "item"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(json_values)
async def test_no_document_of_a_server_raises_anything_but_our_own_errors(body: object) -> None:
    try:
        results = await read(body)
    except OgcError:
        return
    assert all(output.id is not None for output in results.outputs)


@given(st.binary(max_size=200), st.sampled_from(["multipart/related; boundary=B", "multipart/mixed", "image/tiff", ""]))
async def test_no_bytes_of_a_server_raise_anything_but_our_own_errors(body: bytes, media_type: str) -> None:
    try:
        await read(b"--B\r\n" + body, media_type)
    except OgcError:
        return


async def test_a_body_that_is_a_file_is_one_where_it_was_answered() -> None:
    answer = Answer(200, "image/tiff; application=geotiff", b"", (), URL)
    (output,) = (await read_results(answer, WATER, around(nowhere, 1))).outputs
    assert (output.id, output.kind, output.href, output.is_raster) == ("stac_catalog", "file", URL, True)


async def test_the_recorded_assets_tell_their_crs_type_and_nodata() -> None:
    (output,) = (await read(ZOO)).outputs
    (asset,) = output.items[0].read().assets
    assert (asset.crs, asset.data_type, asset.nodata) == ("EPSG:32610", "uint8", 0)


async def test_stac_1_1_tells_crs_type_and_nodata_in_its_own_words() -> None:
    fields = {"proj:code": "EPSG:32725", "bands": [{"name": "b1", "data_type": "float32", "nodata": "nan"}]}
    (asset,) = (await read(item("a", **fields))).outputs[0].items[0].read().assets
    assert (asset.crs, asset.data_type) == ("EPSG:32725", "float32")
    assert asset.nodata is not None
    assert math.isnan(asset.nodata)


async def test_one_broken_asset_does_not_lose_its_item() -> None:
    broken = item("a")
    broken["assets"] = {"bad": {"href": 5}, "worse": "x", "worst": {"href": "http://[x"}, "good": {"href": "b.tif"}}
    (output,) = (await read(broken)).outputs
    assert [asset.key for asset in output.items[0].read().assets] == ["good"]
    assert len(output.items[0].read().unreadable) == 3


async def test_one_link_that_is_no_url_does_not_lose_the_others() -> None:
    links = [{"rel": "item", "href": "http://[x"}, {"rel": "item", "href": "a.json"}]
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "links": links}
    (output,) = (await read(catalogue, documents={"https://ogc.example/jobs/j1/a.json": item("a")})).outputs
    assert [one.id for one in output.items] == ["a"]
    assert "http://[x" in output.unreadable[0]
    first, second = (await read({"bad": {"href": "http://[x"}, "good": {"value": 1}})).outputs
    assert "not a URL" in first.unreadable[0]
    assert second.value == 1


async def test_a_catalogue_that_cannot_be_had_does_not_lose_the_other_outputs() -> None:
    first, second = (await read({"stac": {"href": "s3://gone/catalog.json"}, "km2": 3})).outputs
    assert (first.kind, first.href) == ("file", "s3://gone/catalog.json")
    assert "can't be reached" in first.unreadable[0]
    assert second.value == 3


async def test_outputs_may_be_called_as_the_members_of_an_exception() -> None:
    description = ProcessDescription.model_validate({"id": "p", "outputs": {"type": {}, "title": {}}})
    results = await read({"type": "x", "title": "t"}, description=description)
    assert [output.value for output in results.outputs] == ["x", "t"]


async def test_the_storage_a_collection_names_is_where_its_items_are_asked_for() -> None:
    asked: list[StorageHint | None] = []

    async def fetch(href: str, hint: StorageHint | None) -> bytes:
        asked.append(hint)
        return json.dumps(item("a")).encode()

    body = {
        "type": "Collection",
        "stac_version": "1.0.0",
        "id": "c",
        "storage:endpoint": "http://minio.svc:9000",
        "links": [{"rel": "item", "href": "s3://b/a.json"}],
    }
    answer = Answer(200, "application/json", json.dumps(body).encode(), (), URL)
    await read_results(answer, None, around(fetch, 2))
    assert asked == [StorageHint(endpoint="http://minio.svc:9000")]


@pytest.mark.parametrize("depth", [300, 900])
async def test_a_value_too_deep_to_be_read_is_refused_in_our_words(depth: int) -> None:
    with pytest.raises(UnreadableAnswer, match="nested too deep"):
        await read(b'{"a": ' + b"[" * depth + b"]" * depth + b"}")


async def test_half_of_a_surrogate_pair_is_no_text() -> None:
    (output,) = (await read(b'{"a": "\\ud800"}')).outputs
    assert output.value == "?"
