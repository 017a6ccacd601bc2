"""Results without a document: bytes, links, parts; what a server says they are and what they are."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import OgcError, TooLarge, UnreadableAnswer
from mcp_ogc.ogc.answers import Answer, read_unless_file, result_links, text_or_none
from mcp_ogc.ogc.models import Link, ProcessDescription
from mcp_ogc.ogc.results.reading import Results, read_results
from tests.ogc.test_results import URL, around, nowhere, read

pytestmark = pytest.mark.anyio

MAPS = ProcessDescription.model_validate({"id": "p", "outputs": {"maps": {}, "report": {}}})
TIFF = b"II*\x00\xff\xfe"


async def read_answer(answer: Answer, description: ProcessDescription | None = None) -> Results:
    return await read_results(answer, description, around(nowhere, 1))


def link(rel: str | None, href: str = "https://x.example/a.tif") -> Link:
    return Link(href=href, rel=rel, type="image/tiff")


async def linked(*links: Link, description: ProcessDescription | None = None) -> dict[str, int]:
    """How many files each output has."""
    found = await read_answer(Answer(204, "", b"", links, URL), description)
    return {output.id: len(output.members) or 1 for output in found.outputs}


async def test_links_that_are_numbered_are_one_array() -> None:
    links = [link("maps.0"), link("maps.1", "https://x.example/b.tif"), link("report")]
    assert await linked(*links) == {"maps": 2, "report": 1}
    found = await read_answer(Answer(204, "", b"", tuple(links), URL), MAPS)
    assert found.asset("maps", "-", "1").href.endswith("/b.tif")


async def test_an_output_whose_name_ends_in_a_number_is_no_array() -> None:
    description = ProcessDescription.model_validate({"id": "p", "outputs": {"v1.0": {}}})
    assert await linked(link("v1.0"), description=description) == {"v1.0": 1}


async def test_links_about_the_results_are_no_outputs() -> None:
    others = [link("self"), link("up"), link("describedby")]
    assert await linked(*others, link("report")) == {"report": 1}
    assert await linked(link("http://www.opengis.net/def/rel/x"), link("report"), description=MAPS) == {"report": 1}


async def test_one_link_without_a_relation_is_the_only_output() -> None:
    description = ProcessDescription.model_validate({"id": "p", "outputs": {"map": {}}})
    assert await linked(link(None), description=description) == {"map": 1}


async def test_where_there_is_no_content_content_location_is_where_it_is() -> None:
    headers = {"content-location": "./map.tif", "content-type": "image/tiff"}
    request = httpx.Request("GET", URL)
    assert result_links(httpx.Response(204, headers=headers, request=request)) == (
        Link(href="https://ogc.example/jobs/j1/map.tif", type="image/tiff"),
    )
    assert result_links(httpx.Response(200, headers=headers, request=request)) == ()
    both = {**headers, "link": '<https://ogc.example/jobs/j1/map.tif>; rel="map"'}
    (only,) = result_links(httpx.Response(204, headers=both, request=request))
    assert only.rel == "map"
    assert result_links(httpx.Response(204, headers={"content-location": "http://[x"}, request=request)) == ()


async def test_a_file_written_as_text_inside_a_document_is_a_file() -> None:
    value = {"value": base64.b64encode(TIFF).decode(), "mediaType": "image/tiff", "encoding": "base64"}
    (output,) = (await read({"map": value})).outputs
    assert (output.kind, output.href, output.size) == ("file", f"file:///kept/map/{len(TIFF)}", len(TIFF))
    (output,) = (await read({"map": {**value, "value": "not base64 é"}})).outputs
    assert output.value == "not base64 é"


@pytest.mark.parametrize(
    ("body", "media_type", "kind"),
    [
        (TIFF, "image/tiff", "file"),
        (b"a,b\n1,2\n", "application/octet-stream", "value"),
        ("é".encode("latin-1"), "text/csv; charset=iso-8859-1", "value"),
        (b'{"a": 1}', "application/octet-stream", "value"),
        (TIFF, "application/octet-stream", "file"),
    ],
)
async def test_bytes_are_a_value_where_they_are_text_and_else_a_file(body: bytes, media_type: str, kind: str) -> None:
    (output,) = (await read(body, media_type)).outputs
    assert output.kind == kind


async def test_q44_a_damaged_document_is_mended_as_far_as_it_goes_and_else_said_to_be_none() -> None:
    (output,) = (await read(b'{"share": {"value": "50 \\% of it"}}{"second": "answer"}')).outputs
    assert (output.id, output.value) == ("share", "50 \\% of it")
    with pytest.raises(UnreadableAnswer, match="say they are JSON") as caught:
        await read(b'{"share": {"value": ')
    assert '{"share"' in caught.value.detail
    (output,) = (await read(b"[draft] Vinte lagos", "text/plain")).outputs
    assert output.value == "[draft] Vinte lagos"


async def test_a_reference_has_the_size_and_checksum_it_tells() -> None:
    told = {"href": "./a.nc", "type": "application/netcdf", "file:size": 12, "file:checksum": "1220ab"}
    (output,) = (await read({"asset": {"value": told}})).outputs
    assert (output.href, output.media_type) == ("https://ogc.example/jobs/j1/a.nc", "application/netcdf")
    assert (output.as_asset().size, output.as_asset().checksum) == (12, "1220ab")


async def test_geojson_that_is_no_stac_stays_a_file_that_can_be_read() -> None:
    href = "https://ogc.example/lakes.geojson"
    lakes = {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": None, "properties": {}}]}
    body = {"lakes": {"href": href, "type": "application/geo+json"}}
    (output,) = (await read(body, documents={href: lakes})).outputs
    assert (output.kind, output.href) == ("file", href)


async def unless_file(body: bytes, headers: Mapping[str, str], limit: int = 1000) -> bytes:
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, content=body))
    ) as http:
        request = http.build_request("GET", URL)
        return await read_unless_file(await http.send(request, stream=True), limit)


async def test_a_document_that_is_said_to_be_just_bytes_is_read_and_a_file_left_where_it_is() -> None:
    generic = {"content-type": "application/octet-stream"}
    assert await unless_file(b' {"a": 1}', generic) == b' {"a": 1}'
    assert await unless_file(b"II*\x00" + bytes(500), generic) == b""
    assert await unless_file(bytes(500), {"content-type": "image/tiff"}) == b""
    with pytest.raises(TooLarge):
        await unless_file(b"[" + bytes(2000), generic)


@given(
    st.binary(max_size=60), st.sampled_from(["", "text/csv", "text/plain; charset=utf-7", "a/b; charset=windows-1252"])
)
def test_bytes_are_text_or_none_and_never_an_error(body: bytes, media_type: str) -> None:
    text = text_or_none(body, media_type)
    assert text is None or "\x00" not in text


relations = st.none() | st.sampled_from(["maps", "maps.0", "maps.1", "self", ".1", "1."]) | st.text(max_size=5)
hrefs = st.sampled_from(["a.tif", "s3://b/k", "http://[x", "./catalog.json", "file:///etc/passwd"]) | st.text(
    max_size=9
)
bodies = st.sampled_from([b"", b"{", b"[1]", b"null", TIFF, b"--B\r\n\r\nx\r\n--B--"]) | st.binary(max_size=60)
media_types = st.sampled_from(
    ["", "application/octet-stream", "image/tiff", "text/csv", "multipart/mixed; boundary=B", "application/json"]
)


@given(
    st.sampled_from([200, 204]),
    media_types,
    bodies,
    st.lists(st.builds(Link, href=hrefs, rel=relations), max_size=4),
    st.sampled_from([None, MAPS]),
)
async def test_no_answer_of_a_server_raises_anything_but_our_own_errors(
    status: int, media_type: str, body: bytes, links: list[Link], description: ProcessDescription | None
) -> None:
    try:
        found = await read_answer(Answer(status, media_type, body, tuple(links), URL), description)
    except OgcError:
        return
    assert all(output.kind != "file" or output.href for output in found.outputs)
