"""Results in every form the standard has: document and raw, by value and by reference, one and several."""

import base64
import email
import email.policy
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcp_ogc.local.answers import LARGEST_INLINE
from tests.local.conftest import deploy, problem, until

pytestmark = pytest.mark.anyio

CATALOG = {"type": "Catalog", "stac_version": "1.0.0", "id": "c", "description": "d"}
ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "i",
    "geometry": None,
    "properties": {"datetime": "2020-01-01T00:00:00Z"},
    "links": [],
    "assets": {},
}
LINKED = {**CATALOG, "links": [{"rel": "item", "href": "./i.json"}]}
COMMAND = f"""mkdir stac && echo '{json.dumps(LINKED)}' > stac/catalog.json && echo '{json.dumps(ITEM)}' > stac/i.json
printf '{{"a": 1}}' > made.json; printf 'ü' > made.txt; printf '\\001\\377' > made.bin
head -c {LARGEST_INLINE + 1} /dev/zero > large.bin"""
PACKAGE = f"""\
cwlVersion: v1.2
$graph:
- class: Workflow
  id: made
  label: L
  doc: D
  inputs: {{number: int}}
  outputs:
    json: {{type: File, outputSource: step/json}}
    text: {{type: File, outputSource: step/text}}
    bytes: {{type: File, outputSource: step/bytes}}
    large: {{type: File, outputSource: step/large}}
    stac: {{type: Directory, outputSource: step/stac}}
    number: {{type: int, outputSource: number}}
  steps:
    step: {{run: "#tool", in: {{}}, out: [json, text, bytes, large, stac]}}
- class: CommandLineTool
  id: tool
  baseCommand: [sh, -c, {json.dumps(COMMAND)}]
  inputs: {{}}
  outputs:
    json: {{type: File, outputBinding: {{glob: made.json}}}}
    text: {{type: File, outputBinding: {{glob: made.txt}}}}
    bytes: {{type: File, outputBinding: {{glob: made.bin}}}}
    large: {{type: File, outputBinding: {{glob: large.bin}}}}
    stac: {{type: Directory, outputBinding: {{glob: stac}}}}
"""


async def results(
    http: httpx.AsyncClient, outputs: dict[str, str | None] | None, response: str | None, **headers: str
) -> httpx.Response:
    """The results of a new job, outputs with their transmission modes."""
    body: dict[str, Any] = {"inputs": {"number": 5}}
    if outputs is not None:
        body["outputs"] = {name: {"transmissionMode": mode} if mode else {} for name, mode in outputs.items()}
    if response is not None:
        body["response"] = response
    prefer = {"Prefer": "respond-async", **headers}
    answer = await http.post("/processes/made/execution", json=body, headers=prefer)
    assert answer.status_code == 201, answer.text
    info = await until(http, answer.json()["jobID"])
    assert info["status"] == "successful", info["message"]
    return await http.get(f"/jobs/{info['jobID']}/results")


@pytest.fixture
async def made(http: httpx.AsyncClient) -> httpx.AsyncClient:
    await deploy(http, PACKAGE)
    return http


def read(href: str) -> bytes:
    return Path(httpx.URL(href).path).read_bytes()


async def test_a_document_refers_to_files_where_nothing_else_is_asked(made: httpx.AsyncClient) -> None:
    document = (await results(made, None, "document")).json()
    assert document["number"] == 5
    assert document["json"]["type"] == "application/json"
    assert json.loads(read(document["json"]["href"])) == {"a": 1}
    assert document["stac"]["value"]["type"] == "FeatureCollection"
    assert set(document) == {"json", "text", "bytes", "large", "stac", "number"}


async def test_a_document_by_value(made: httpx.AsyncClient) -> None:
    names = ("json", "text", "bytes", "large", "stac", "number")
    document = (await results(made, dict.fromkeys(names, "value"), "document")).json()
    assert document["json"] == {"value": {"a": 1}, "mediaType": "application/json"}
    assert document["text"] == {"value": "ü", "mediaType": "text/plain"}
    assert base64.b64decode(document["bytes"]["value"]) == b"\x01\xff"
    assert document["bytes"]["encoding"] == "base64"
    assert set(document["large"]) == {"href", "type", "file:size", "file:checksum"}, "too large to be a value"
    assert document["number"] == 5


async def test_a_document_by_reference(made: httpx.AsyncClient) -> None:
    document = (await results(made, {"stac": "reference", "number": "reference"}, "document")).json()
    collection = json.loads(read(document["stac"]["href"]))
    assert collection["type"] == "Collection"
    assert document["number"] == 5, "a number has no reference"


async def test_raw_one_file_is_its_bytes(made: httpx.AsyncClient) -> None:
    answer = await results(made, {"bytes": None}, None)
    assert (answer.status_code, answer.content) == (200, b"\x01\xff")
    assert answer.headers["content-type"] == "application/octet-stream"


async def test_raw_references_are_links(made: httpx.AsyncClient) -> None:
    answer = await results(made, {"bytes": "reference", "text": "reference"}, "raw")
    assert (answer.status_code, answer.content) == (204, b"")
    links = {link["rel"]: link for link in answer.links.values()}
    assert read(links["bytes"]["url"]) == b"\x01\xff"
    assert links["text"]["type"] == "text/plain"


async def test_raw_several_are_multipart_that_the_standard_library_reads(made: httpx.AsyncClient) -> None:
    asked = {"json": "value", "text": None, "bytes": "value", "large": "value", "stac": "reference", "number": None}
    answer = await results(made, asked, "raw")
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.content, policy=email.policy.default)
    parts = {str(part["content-id"]).strip("<>"): part for part in message.iter_parts()}
    assert set(parts) == set(asked)
    assert json.loads(parts["json"].get_payload(decode=True)) == {"a": 1}
    assert parts["text"].get_payload(decode=True).decode() == "ü"
    assert parts["bytes"].get_payload(decode=True) == b"\x01\xff"
    assert json.loads(parts["number"].get_payload(decode=True)) == 5
    for name in ("large", "stac"):
        assert read(parts[name]["content-location"])
        assert not parts[name].get_payload(decode=True).strip()


async def test_prefer_representation_asks_for_a_document(made: httpx.AsyncClient) -> None:
    """As ZOO-Project reads it, and the clients that are made for it write it (Q1, Q3)."""
    answer = await results(made, {"number": None}, None, Prefer="respond-async;return=representation")
    assert answer.json() == {"number": 5}
    answer = await results(made, {"number": None}, "raw", Prefer="respond-async, return=representation")
    assert answer.json() == 5, "the body outweighs the header"


async def test_one_output_is_asked_for_by_its_id(made: httpx.AsyncClient) -> None:
    answer = await results(made, None, "document")
    job = str(answer.url).removesuffix("/results")
    assert (await made.get(f"{job}/results/text")).text == "ü"
    part = await made.get(f"{job}/results/large", headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)
    assert (await made.get(f"{job}/results/stac")).json()["type"] == "FeatureCollection"
    told = await problem(await made.get(f"{job}/results/none"), 404, "no-such-output")
    assert "bytes, json" in told["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"outputs": {"number": {"transmissionMode": "carrier pigeon"}}},
        {"outputs": ["number"]},
        {"outputs": {"number": 5}},
        {"response": "html"},
        {"subscriber": {"successUri": "https://evil.example/"}},
    ],
)
async def test_a_request_that_is_none_says_what_is_right(http: httpx.AsyncClient, body: dict[str, Any]) -> None:
    await problem(await http.post("/processes/echo/execution", json=body), 400, "invalid-parameter-value")


@pytest.mark.parametrize(
    "value",
    [
        {"value": "AAAA", "mediaType": "text/html\r\nSet-Cookie: a=b"},
        {"value": "AAAA", "mediaType": "x"},
        {"value": "not base64!", "encoding": "base64"},
        {"value": 5, "encoding": "base64"},
        {"href": 'https://x.example/a>; rel="evil"\r\nSet-Cookie: a=b', "type": "a/b\r\nSet-Cookie: a=b"},
    ],
)
async def test_what_an_input_says_of_itself_makes_no_header(http: httpx.AsyncClient, value: dict[str, Any]) -> None:
    for inputs in ({"image": value}, {"image": value, "string": "x"}):
        answer = await http.post("/processes/echo/execution", json={"inputs": inputs})
        assert answer.status_code in (200, 204, 400), answer.text
        assert "set-cookie" not in answer.headers
        assert "\nSet-Cookie" not in answer.text
        assert len(answer.links) <= 1


async def test_a_base64_value_is_its_bytes_where_it_is_raw(http: httpx.AsyncClient) -> None:
    image = {"value": base64.b64encode(b"\x00pixels").decode(), "encoding": "base64", "mediaType": "image/tiff"}
    answer = await http.post("/processes/echo/execution", json={"inputs": {"image": image}})
    assert (answer.content, answer.headers["content-type"]) == (b"\x00pixels", "image/tiff")


async def test_a_reference_comes_back_as_one(http: httpx.AsyncClient) -> None:
    image = {"href": "https://x.example/a.tif?b=c", "type": "image/tiff"}
    answer = await http.post("/processes/echo/execution", json={"inputs": {"image": image}})
    assert answer.status_code == 204
    assert answer.links["image"] == {"url": image["href"], "rel": "image", "type": "image/tiff"}
