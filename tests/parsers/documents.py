"""Files, logs, packages and places: what is read from bytes or text, whoever sent them."""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import anyio

from mcp_ogc.jobs.diagnosis import diagnose
from mcp_ogc.jobs.logs import Log
from mcp_ogc.local.deployment import read_deployment
from mcp_ogc.local.execution import _execute_request
from mcp_ogc.local.filters import matching, page_of
from mcp_ogc.local.problems import Problem
from mcp_ogc.local.staged_items import StageInError, bring_items
from mcp_ogc.ogc.answers import link_headers
from mcp_ogc.ogc.dialects.zoo import ZOO
from mcp_ogc.ogc.inputs.extents import read_extent
from mcp_ogc.ogc.models import ProcessDescription, StatusInfo
from mcp_ogc.ogc.results.multipart import read_parts
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.defaults import with_package_defaults
from mcp_ogc.packages.description import describe
from mcp_ogc.packages.lint import lint
from mcp_ogc.rasters.places.shapes import shapes_of
from mcp_ogc.rasters.source import Source, driver_of
from mcp_ogc.rasters.worker.fetching import Given
from mcp_ogc.rasters.worker.frames import LENGTHS
from mcp_ogc.rasters.worker.process import Worker
from mcp_ogc.rasters.worker.tasks import SUMMARIZED, Order, RasterFile, Summarize, Wanted, perform
from mcp_ogc.stdio import answer_to
from mcp_ogc.tables import content_of_bytes, content_of_value
from tests.parsers.endpoint import CATALOGUE, DATA, ITEM
from tests.parsers.message import Message
from tests.parsers.parser import Parser

if TYPE_CHECKING:
    from anyio.abc import Process

    from mcp_ogc.local.reader import Reader

PACKAGES = Path(__file__).parents[2] / "mcp_ogc" / "local" / "sample"
PUBLISHED = Path(__file__).parents[1] / "packages" / "corpus" / "sound"
DESCRIPTION = ProcessDescription.model_validate({"id": "water-bodies", "inputs": {"n": {"schema": {}}}})
POLYGON = {"type": "Polygon", "coordinates": [[[1, 2], [3, 2], [3, 4], [1, 2]]]}
FEATURE = {"type": "Feature", "properties": {"name": "a"}, "geometry": POLYGON, "bbox": [1, 2, 3, 4]}


def of_bytes(
    name: str, read: Callable[[bytes], object], usual: Callable[[], Iterable[bytes]], share: float = 1
) -> Parser:
    """A parser that waits for nothing."""

    async def called(data: bytes) -> object:
        return read(data)

    return Parser(name, called, usual, share)


def of_text(name: str, read: Callable[[str], object], *texts: str, share: float = 1) -> Parser:
    return of_bytes(
        name, lambda data: read(data.decode("utf-8", errors="replace")), lambda: [t.encode() for t in texts], share
    )


def of_json(name: str, read: Callable[[Any], object], *documents: object, share: float = 1) -> Parser:
    """A parser of values; what is no JSON it is given as text."""

    def value(data: bytes) -> object:
        try:
            told = json.loads(data)
        except (ValueError, RecursionError):
            told = data.decode("utf-8", errors="replace")
        return read(told)

    return of_bytes(name, value, lambda: [json.dumps(one).encode() for one in documents], share)


# --- packages


@cache
def packages() -> tuple[bytes, ...]:
    samples = [path.read_bytes() for path in sorted(PACKAGES.glob("*.cwl"))]
    published = [path for path in sorted(PUBLISHED.glob("*")) if path.stat().st_size < 6000]
    return (*samples, *(path.read_bytes() for path in published[:20]))


def of_package(name: str, read: Callable[[str], object]) -> Parser:
    return of_bytes(name, lambda data: read(data.decode("utf-8", errors="replace")), packages, share=0.15)


# --- rasters


@cache
def answer_of_a_worker() -> object:
    """What a worker's `Done` is followed by."""
    source = Source("scene.tif", path=DATA / "L7_ETMs.tif")
    task = Summarize(Wanted((1,), (), None), "approximate")
    import threading

    return json.loads(SUMMARIZED.dump_json(cast("Any", perform(task, [source], threading.Event(), lambda _: None))))


def _pipes() -> list[bytes]:
    done = [{"kind": "done"}, answer_of_a_worker()]
    read = [{"kind": "read", "number": 1, "file": 0, "start": 0, "length": 10}, None]
    share = [{"kind": "progress", "share": 0.5}, None]
    failed = [{"kind": "failed", "error": "RasterError", "message": "m", "remedy": "r", "unknown": ["", "", []]}, None]
    unknown = [{"kind": "failed", "error": "UnknownName", "message": "m", "unknown": ["band", "9", ["1", "2"]]}, None]
    return [json.dumps(said).encode() for said in ([read, share, done], [share, failed], [unknown], [done])]


def _framed(data: bytes) -> bytes:
    """Messages and bodies as frames; what is no list of such is what the pipe holds."""
    try:
        pairs = [tuple(b"" if p is None else json.dumps(p).encode() for p in (m, b)) for m, b in json.loads(data)]
    except (ValueError, TypeError, RecursionError):
        return data
    return b"".join(LENGTHS.pack(len(message), len(body)) + message + body for message, body in pairs)


@dataclass
class _Pipe:
    """A worker's process, as far as it is heard and told."""

    left: bytes
    returncode: int | None = None
    pid: int = 0
    heard: list[bytes] = field(default_factory=list)

    async def receive(self, most: int = 65536) -> bytes:
        taken, self.left = self.left[:most], self.left[most:]
        if not taken:
            raise anyio.EndOfStream
        return taken

    async def send(self, data: bytes) -> None:
        self.heard.append(data)

    async def wait(self) -> int:
        self.returncode = 1
        return 1

    def kill(self) -> None:
        self.returncode = -9

    async def aclose(self) -> None:
        self.returncode = self.returncode or 0

    @property
    def stdin(self) -> _Pipe:
        return self

    @property
    def stdout(self) -> _Pipe:
        return self


async def _worker(data: bytes) -> object:
    async def ranges(start: int, length: int) -> bytes:
        return bytes(min(length, 100))

    file = RasterFile("a.tif", 1000, '"1"')
    order = Order(Summarize(Wanted((1,), (), None), "exact"), (file,), 1)
    worker = Worker(cast("Process", _Pipe(_framed(data))))
    return await worker.do(order, [Given(file, bytes(16), ranges)], 10_000, lambda _: None)


# --- tables, logs


def _content(data: bytes) -> object:
    message = Message.read(data)
    kind = dict(message.fields).get("content-type", "")
    return content_of_bytes(message.body, kind, dict(message.fields).get("name", ""), whole=message.status == 200)


def _contents() -> list[bytes]:
    rows = "place;count;when;share\nA;1;2026-01-01;1,5\nB;-2;2026-02-01T00:00:00Z;2,25\n"
    lines = '{"a": 1, "b": "x"}\n{"a": 2.5}\n'
    sequence = "\x1e" + lines.replace("\n", "\n\x1e")
    collection = {"type": "FeatureCollection", "features": [FEATURE, FEATURE]}
    shapes: tuple[tuple[str, str], ...] = (
        (rows, "text/csv"),
        (rows.replace(";", "\t"), "text/tab-separated-values"),
        ('a,b\n"x ""y""\nz",2\n', "text/csv"),
        (json.dumps(collection), "application/geo+json"),
        (json.dumps([{"a": 1, "b": None}, {"a": "x"}]), "application/json"),
        (json.dumps({"a": [1, 2], "b": {"c": 1}}), "application/json"),
        (lines, "application/x-ndjson"),
        (sequence, "application/geo+json-seq"),
        ("<html><p>text &amp; more</p></html>", "text/html"),
        ("one line\nanother", "text/plain; charset=latin-1"),
    )
    return [Message.of(text, kind, status).wire for text, kind in shapes for status in (200, 206)]


def _diagnosed(told: Any) -> object:
    failure = told if isinstance(told, dict) else {"message": str(told)}
    info = StatusInfo.model_validate(
        {"jobID": "j", "status": "failed", "message": failure.get("message"), "exception": failure.get("exception")}
    )
    listed = failure.get("logs")
    logs = [
        Log(str(one.get("title", "")), str(one.get("text", "")))
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict)
    ]
    given = failure.get("inputs")
    return diagnose(
        info, logs, problem=str(failure.get("problem", "")), inputs=given if isinstance(given, dict) else {}
    )


@cache
def failures() -> tuple[object, ...]:
    found = [tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((DATA / "failures").glob("*.toml"))]
    return tuple(failure for document in found for failure in document["failure"])


# --- the local endpoint: what is sent to it, and what it stages in


class _Documents:
    """A reader that finds the same document everywhere."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def document(self, href: str, folder: Path) -> dict[str, Any]:
        if not isinstance(self._document, dict):
            raise StageInError(f"{href} is not a JSON object")
        return self._document

    def path(self, href: str) -> Path | None:
        return None

    def save(self, href: str, path: Path) -> None:
        path.write_bytes(b"")


def _staged(document: Any) -> object:
    reader = cast("Reader", _Documents(document))
    with tempfile.TemporaryDirectory() as folder:
        try:
            bring_items("https://x.example/a.json", Path(folder) / "in", reader)
        except StageInError as error:
            return error
    return None


def _local(
    name: str, read: Callable[[bytes, str], object], usual: Callable[[], Iterable[bytes]], share: float
) -> Parser:
    def called(data: bytes) -> object:
        message = Message.read(data)
        try:
            return read(message.body, dict(message.fields).get("content-type", ""))
        except Problem as problem:  # what it answers with
            return problem

    return of_bytes(name, called, usual, share)


def _query(told: Any) -> object:
    query = {str(name): str(value) for name, value in told.items()} if isinstance(told, dict) else {"limit": str(told)}
    try:
        return page_of(query), matching([], query)
    except Problem as problem:
        return problem


def _deployments() -> list[bytes]:
    text = packages()[0].decode()
    unit = {"id": "p", "title": "T", "executionUnit": {"value": text, "mediaType": "application/cwl+yaml"}}
    return [
        Message.of(text, "application/cwl+yaml").wire,
        Message.of(json.dumps(unit), "application/ogcapppkg+json").wire,
        Message.of(json.dumps({"executionUnit": [{"unit": {"cwlVersion": "v1.2"}}]}), "application/json").wire,
    ]


REQUEST = {
    "inputs": {"a": 1, "b": [{"href": "x"}]},
    "outputs": {"out": {"transmissionMode": "value"}},
    "response": "document",
}
WKT = "MULTIPOLYGON(((1 2, 3 2, 3 4, 1 2)),((5 6, 7 6, 7 8, 5 6),(5.1 6.1, 5.2 6.1, 5.2 6.2, 5.1 6.1)))"
MULTIPART = (
    "--B\r\nContent-Type: image/tiff\r\nContent-ID: <a@x>\r\n\r\nII*\r\n"
    "--B\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--\r\n--B--\r\n"
)

DOCUMENTS = (
    of_package("application package", lambda text: lint(text, dialect=ZOO)),
    of_package("process of a package", lambda text: describe(load(text))),
    of_package("defaults of a package", lambda text: with_package_defaults(DESCRIPTION, text)),
    of_bytes("table", _content, _contents, 1.5),
    of_json(
        "value of a result",
        content_of_value,
        {"a": [1, {"b": "c"}]},
        FEATURE,
        [[1, 2], [3, 4]],
        ["a", "b"],
        "a,b\n1,2\n",
    ),
    Parser("failed job", of_json("", _diagnosed).read, lambda: [json.dumps(one).encode() for one in failures()], 1.5),
    Parser("raster worker", _worker, _pipes, 0.7),
    of_bytes(
        "head of a raster",
        lambda data: driver_of(data, "x"),
        lambda: [(DATA / "L7_ETMs.tif").read_bytes()[:64], b"\x89PNG\r\n\x1a\n" + bytes(8)],
    ),
    of_json(
        "place",
        shapes_of,
        POLYGON,
        FEATURE,
        {"type": "FeatureCollection", "features": [FEATURE]},
        [1, 2, 3, 4],
        WKT,
        "POLYGON((1 2, 3 2, 3 4, 1 2))",
    ),
    of_json(
        "extent",
        read_extent,
        FEATURE,
        POLYGON,
        [1, 2, 3, 4],
        {"bbox": [1, 2, 3, 4], "crs": "EPSG:4326"},
        {"west": 1, "south": 2, "east": 3, "north": 4},
        "1,2,3,4",
        "SRID=4326;POLYGON((1 2, 3 2, 3 4, 1 2))",
        '{"bbox": [1, 2, 3, 4]}',
        {"lowerLeft": [1, 2], "upperRight": [3, 4]},
    ),
    of_bytes(
        "multipart",
        lambda data: read_parts(dict(Message.read(data).fields).get("content-type", ""), Message.read(data).body),
        lambda: [Message.of(MULTIPART, 'multipart/mixed; boundary="B"').wire],
    ),
    of_text(
        "Link header",
        lambda text: link_headers([text], "https://x.example/a/"),
        '<b>; rel="next"; type="application/json", </c>; rel=self; title="a, b"',
    ),
    of_json("staged-in items", _staged, ITEM, CATALOGUE, {"type": "FeatureCollection", "features": [ITEM]}, share=0.3),
    of_text(
        "line over stdio",
        answer_to,
        '{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "a", "arguments": {"b": "\\ud800"}}}',
    ),
    _local("execute request", _execute_request, lambda: [Message.of(json.dumps(REQUEST)).wire], 0.7),
    _local("deploy request", lambda body, kind: read_deployment(body, kind, None), _deployments, 0.2),
    of_json(
        "query of jobs",
        _query,
        {
            "limit": "5",
            "offset": "0",
            "status": "running,failed",
            "datetime": "2026-01-01T00:00:00Z/..",
            "minDuration": "3",
            "processID": "a",
        },
    ),
)
