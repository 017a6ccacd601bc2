"""What endpoints answer: read by the client as the tools use it, through the guarded transport."""

from __future__ import annotations

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import OgcError
from mcp_ogc.jobs.logs import read_logs, read_problem_of_results
from mcp_ogc.net.auth import Credentials
from mcp_ogc.net.connections import Connections
from mcp_ogc.net.hosts import Hosts, check_form
from mcp_ogc.net.http import GuardedTransport
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.realms import realms_of
from mcp_ogc.net.storage import Storage
from mcp_ogc.net.workspaces import Workspaces
from mcp_ogc.ogc.answers import reference
from mcp_ogc.ogc.capabilities import capabilities_of
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.recognition import DIALECTS
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.ogc.inputs.hints import example_inputs, input_hints, output_type
from mcp_ogc.ogc.models import Execute, JobStatus, ProcessDescription, StatusInfo
from mcp_ogc.ogc.results.item_collections import collection_of
from mcp_ogc.ogc.results.reading import Surroundings, read_results
from mcp_ogc.settings import EndpointSettings, Settings, StorageSettings
from tests.parsers.message import Message
from tests.parsers.parser import Parser, answered

if TYPE_CHECKING:
    from mcp_ogc.workspace import Endpoint

BASE = "https://ogc.example/ogc-api"
DATA = Path(__file__).parents[1] / "data"
DONE = Message.of('{"jobID": "j1", "processID": "echo", "status": "successful"}')
LANDING = Message.of('{"links": []}')
PACKAGE = (Path(__file__).parents[2] / "mcp_ogc" / "local" / "sample" / "water-bodies.cwl").read_text(encoding="utf-8")
ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "a",
    "geometry": {"type": "Point", "coordinates": [1, 2]},
    "bbox": [1, 2, 3, 4],
    "properties": {"datetime": "2026-01-01T00:00:00Z", "proj:epsg": 32610, "eo:cloud_cover": 3.5},
    "assets": {
        "map": {
            "href": "a.tif",
            "type": "image/tiff; application=geotiff; profile=cloud-optimized",
            "roles": ["data"],
            "file:size": 5,
            "raster:bands": [{"data_type": "uint8", "nodata": 0, "unit": "1"}],
            "classification:classes": [{"value": 1, "name": "water", "color_hint": "0000ff"}],
        }
    },
    "links": [{"rel": "self", "href": "a.json"}, {"rel": "collection", "href": "c.json"}],
}
CATALOGUE = {
    "type": "Catalog",
    "stac_version": "1.0.0",
    "id": "c",
    "description": "",
    "links": [{"rel": "item", "href": "a.json"}, {"rel": "child", "href": "more.json"}, {"rel": "next", "href": "?2"}],
}
SCHEMAS = {
    "id": "p",
    "version": "1",
    "outputs": {"out": {"schema": {"oneOf": [{"type": "string", "contentMediaType": "image/tiff"}, {"$ref": "#/x"}]}}},
    "inputs": {
        "aoi": {
            "title": "Area",
            "schema": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
        },
        "when": {"schema": {"type": "string", "format": "date-time"}, "minOccurs": 0, "maxOccurs": "unbounded"},
        "mode": {"schema": {"type": "string", "enum": ["a", "b"], "default": "a", "pattern": "^[ab]$"}},
        "scene": {
            "schema": {
                "$ref": "http://schemas.opengis.net/ogcapi/features/part1/1.0/openapi/schemas/featureGeoJSON.yaml"
            }
        },
        "any": {"schema": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}, {"not": {"const": 3}}]}},
        "whole": {
            "schema": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "required": ["n"],
                "additionalProperties": False,
            }
        },
    },
}


class OneServer(Connections):
    """Reaches one server, whatever is asked for."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        super().__init__(Hosts((BASE,)), {})
        self._server = httpx.MockTransport(answer)

    async def transport(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        check_form(url)
        return self._server


@cache
def settings() -> Settings:
    authentication = BearerAuthentication(token="t0ken")  # type: ignore[arg-type]
    return Settings(endpoints={"e": EndpointSettings(url=BASE, authentication=authentication)})


@cache
def credentials() -> Credentials:
    return Credentials(realms_of(settings(), httpx.AsyncClient(), lambda _: None))


def reached(data: bytes, well: Mapping[str, Message]) -> httpx.AsyncClient:
    """A client of a server that answers with `data`, and well where a path ends as named."""
    message = Message.read(data)

    def answer(request: httpx.Request) -> httpx.Response:
        return next((told for end, told in well.items() if request.url.path.endswith(end)), message).response()

    transport = GuardedTransport(credentials(), OneServer(answer), settings().limits)
    return httpx.AsyncClient(transport=transport, timeout=30, follow_redirects=False, trust_env=False)


def client(data: bytes, well: Mapping[str, Message]) -> ProcessesClient:
    """Of an endpoint of any kind, or of one whose kind has to be found out."""
    dialect = (None, *DIALECTS)[zlib.crc32(data) % (len(DIALECTS) + 1)]
    return ProcessesClient(reached(data, well), BASE, limits=settings().limits, dialect=dialect)


def asking(
    name: str,
    ask: Callable[[ProcessesClient], Awaitable[object]],
    *seeds: Callable[[], Iterable[bytes]],
    well: Mapping[str, Message] = {"/ogc-api/": LANDING},
    share: float = 1,
) -> Parser:
    """What the client makes of an answer."""

    async def read(data: bytes) -> object:
        return await ask(client(data, well))

    return Parser(name, read, lambda: [seed for some in seeds for seed in some()], share)


def _messages(*documents: object) -> Callable[[], list[bytes]]:
    return lambda: [Message.of(json.dumps(document)).wire for document in documents]


async def _described(endpoint: ProcessesClient) -> object:
    description = await endpoint.describe("echo")
    hints = input_hints(description)
    for output in description.outputs.values():
        output_type(output)
    check(description, example_inputs(hints))
    return description


async def _executed(endpoint: ProcessesClient) -> object:
    return await endpoint.execute("echo", Execute(inputs={"a": 1}), description=_description())


@cache
def _description() -> ProcessDescription:
    return ProcessDescription.model_validate({"id": "echo", "outputs": {"echo": {"schema": {"type": "string"}}}})


async def _results(endpoint: ProcessesClient) -> object:
    answer = await endpoint.results("j1")
    assert answer.is_document in (True, False)

    async def fetch(href: str, hint: object) -> bytes:
        return answer.body if "json" in href else json.dumps(ITEM).encode()

    async def keep(name: str, body: bytes, media_type: str) -> str:
        return f"file:///kept/{len(body)}"

    around = Surroundings(fetch, endpoint.locate, keep, 20, BASE)
    found = await read_results(answer, _description(), around)
    for output in found.outputs:
        collection_of(output.items)
        for item in output.items[:50]:
            try:
                item.read()
            except OgcError:
                continue
        output.as_asset()
    return found


def _result_shapes() -> list[bytes]:
    raw = Message.of(b"II*\x00" + bytes(40), "image/tiff; application=geotiff").wire
    parts = (
        '--B\r\nContent-Type: application/json\r\nContent-ID: <echo>\r\n\r\n{"a": 1}\r\n'
        "--B\r\nContent-ID: <map>\r\nContent-Location: a.tif\r\n\r\n\r\n"
        "--B\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=\r\n--B--\r\n"
    )
    documents: list[object] = [
        ITEM,
        CATALOGUE,
        {"echo": {"value": ITEM}, "map": {"href": "a.tif", "type": "image/tiff", "file:size": 3}},
        {"type": "FeatureCollection", "features": [ITEM, {"type": "Feature", "assets": ITEM["assets"]}]},
        {"type": "FeatureCollection", "features": [ITEM, ITEM], "links": CATALOGUE["links"]},
        {"echo": [{"href": "a.tif"}, {"href": "b.json", "type": "application/geo+json"}], "n": 3, "nothing": None},
        {"out": {"value": "aGk=", "encoding": "base64", "mediaType": "image/png"}},
        {"out": [{"value": "aGk=", "format": {"mediaType": "image/png", "encoding": "base64"}}, {"href": "a.tif"}]},
        {"outputs": [{"id": "echo", "value": 1}, {"id": "b", "href": "x"}]},
        {"id": "echo", "links": [{"href": "s3://b/k"}, {"href": "https://x.example/"}]},
        [1, 2, "three"],
    ]
    zoo = (DATA / "zoo-water-bodies-results.json").read_bytes()
    gzipped = zlib.compress(zoo, wbits=31)
    return [
        *_messages(*documents)(),
        raw,
        Message.of(parts, "multipart/related; boundary=B").wire,
        Message.of(zoo).wire,
        Message.of(gzipped, content_encoding="gzip").wire,
        Message.of("", status=204, Link='<a.tif>; rel="echo"; type="image/tiff", <b>; rel="maps.0"').wire,
        Message.of('{"a": "50%s"} trailing', status=200).wire,
        *answered("05", "08", "26"),
    ]


async def _logs(endpoint: ProcessesClient) -> object:
    links = [{"rel": rel, "href": "log.txt", "title": "Tool log a.log"} for rel in ("related", "log")]
    info = StatusInfo.model_validate(
        {"jobID": "j1", "status": "failed", "links": links, "metadata": {"log": [["t", "x"]]}}
    )
    around = cast("Endpoint", _Around(endpoint))
    return await read_logs(around, info), await read_problem_of_results(around, info)


class _Around:
    """As much of an endpoint as its logs need."""

    def __init__(self, endpoint: ProcessesClient) -> None:
        self.client = endpoint


async def _packaged(endpoint: ProcessesClient) -> object:
    found = await endpoint.package("p")
    return found, reference(found.text)


async def _deployed(endpoint: ProcessesClient) -> object:
    return await endpoint.deploy(PACKAGE, href="https://x.example/a.cwl", known_as="water-bodies")


def _log_shapes() -> list[bytes]:
    entries = ["2026-01-01 ERROR x", {"Code": "a", "Text": "b"}, ["t", "x"]]
    return [
        *_messages(entries, {"logs": entries}, {"exceptions": [{"Text": "no"}], "traceback": "a\nb", "cause": "c"})(),
        Message.of("line\nline\n", "text/plain").wire,
        *answered("08c", "08d", "08e2"),
    ]


async def _object(data: bytes) -> object:
    """The first bytes of a file, a range of it, all of it, and what is known of it."""
    http = reached(data, {})
    objects = Objects(
        http, Storage({"s": StorageSettings(buckets=("b",), endpoint=BASE, anonymous=True)}), [], settings().limits
    )
    found: list[object] = []
    for href in ("https://ogc.example/ogc-api/a.tif", "s3://b/a.tif"):
        for ask in (
            partial(objects.info, href),
            partial(objects.head, href, length=100),
            partial(objects.read, href, start=5, length=10, unchanged='"1"'),
            partial(objects.read, href),
        ):
            try:
                found.append(await ask())
            except OgcError as error:
                found.append(error)
    return found


def _objects() -> list[bytes]:
    s3 = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>m</Message></Error>"
    dated = {"Last_Modified": "Wed, 21 Oct 2026 07:28:00 GMT", "ETag": '"1"', "Content_Range": "bytes 5-14/90"}
    return [
        Message.of(b"II*\x00" + bytes(86), "image/tiff", 206, **dated).wire,
        Message.of(b"II*\x00" + bytes(86), "image/tiff", 200, **dated).wire,
        Message.of(b"", "image/tiff", 416, Content_Range="bytes */90").wire,
        *(Message.of(s3 % code, "application/xml", 404).wire for code in (b"NoSuchKey", b"NoSuchBucket")),
        Message.of(s3 % b"AccessDenied", "application/xml", 403).wire,
        Message.of(b"", "text/html", 301, x_amz_bucket_region="eu-west-1").wire,
        Message.of(b"", "text/html", 503, Retry_After="2").wire,
        Message.of(b"<input type='password'>", "text/html", 302, Location="/login?next=x").wire,
    ]


async def _workspace(data: bytes) -> object:
    section = StorageSettings(workspace_url=f"{BASE}/workspaces/ws", workspace_endpoint="e")
    return await Workspaces(reached(data, {}), lambda _: None).completed(section)


WORKSPACE = {
    "storage": {
        "credentials": {
            "endpoint": "https://s3.example",
            "access": "a",
            "secret": "b",
            "bucketname": "ws",
            "region": "r",
        }
    }
}


def _errors() -> list[bytes]:
    ows = (
        '<ows:ExceptionReport><ows:Exception exceptionCode="NotSupported">'
        "<ows:ExceptionText>no</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
    )
    page = "<html><head><title>502</title><script>x</script></head><body>Bad &amp; gone</body></html>"
    return [
        *answered("04c", "05e", "05f", "05l", "05c", "11", "13", "22", "24a", "30", "31"),
        Message.of(ows, "application/xml", 406).wire,
        Message.of(page, "text/html", 502).wire,
        Message.of("", "text/plain", 429, Retry_After="Wed, 21 Oct 2026 07:28:00 GMT").wire,
        Message.of('{"code": "x", "description": "d", "exceptions": [{"code": "y", "text": "z"}]}', status=500).wire,
    ]


ENDPOINT = (
    asking("landing page", lambda c: c.landing_page(), lambda: answered("01"), well={}),
    asking("dialect", lambda c: c.dialect(), lambda: answered("01", "02"), well={}),
    asking("conformance", lambda c: c.conformance(), lambda: answered("02"), _errors),
    asking(
        "API definition", lambda c: c.api_definition(), _messages({"openapi": "3.0.0", "paths": {"/jobs": {"get": {}}}})
    ),
    asking("capabilities", capabilities_of, lambda: answered("01", "02", "03", "10"), well={}, share=0.5),
    asking("list of processes", lambda c: c.processes(), lambda: answered("03"), _errors),
    asking("process description", _described, lambda: answered("04", "21"), _messages(SCHEMAS), share=0.6),
    asking("execution", _executed, lambda: answered("05", "06", "26"), _errors, well={}),
    asking("job", lambda c: c.job("j1"), lambda: answered("07", "24-", "44f"), _errors, well={}),
    asking(
        "list of jobs", lambda c: c.jobs(status=JobStatus.RUNNING, process_id="echo"), lambda: answered("10"), _errors
    ),
    asking("results", _results, _result_shapes, well={"/ogc-api/": LANDING, "/j1": DONE}, share=2),
    asking("dismissal", lambda c: c.dismiss("j1"), lambda: answered("09"), _errors),
    asking("deployment", _deployed, lambda: answered("20", "22", "28", "30", "44-"), _errors, share=0.5),
    asking("replacement", lambda c: c.replace("p", PACKAGE), lambda: answered("29"), _errors, share=0.5),
    asking("undeployment", lambda c: c.undeploy("p"), lambda: answered("31"), _errors, share=0.5),
    asking("package of a process", _packaged, lambda: answered("27"), _errors),
    asking("logs", _logs, _log_shapes, _errors),
    Parser("object", _object, _objects, 0.5),
    Parser("workspace", _workspace, _messages(WORKSPACE)),
)
