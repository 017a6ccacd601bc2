"""T3: there is one way out. No library that we hand a stranger's document or address opens a connection of its own."""

import json
import socket
from typing import Any, NoReturn

import pytest

from mcp_ogc.errors import OgcError
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.results.items import read_item
from mcp_ogc.ogc.results.stac import Catalogue, read_stac
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.lint import lint
from mcp_ogc.settings import StorageSettings
from tests.test_layers import imports, modules, within

pytestmark = pytest.mark.anyio

HOST = "stranger.example"
FOREIGN = f"https://{HOST}/document"
# What connects, and which of our files may: the way out, the driver's reader (it lives without a server) and its
# deadline, the step of the bundled samples that reads an item; whoever listens; and a pair of sockets in this process.
CONNECTING = (
    *("socket", "ssl", "http", "urllib.request", "urllib3", "requests", "aiohttp", "ftplib", "smtplib"),
    *("httpcore", "asyncio", "websockets", "telnetlib", "xmlrpc", "fsspec", "s3fs", "botocore.httpsession"),
)
MAY_CONNECT = (
    *("net.hosts", "net.connections", "local.reader", "local.deadline", "local.sample.steps.item"),
    *("cli.local", "net.redirect", "http_server", "cli.interruption"),
)
# Names of these modules that connect nowhere.
HARMLESS = {"urllib.request.url2pathname", "http.HTTPStatus", "http.client.HTTPException"}
PACKAGE = f"""\
cwlVersion: v1.2
$namespaces: {{s: "https://schema.org/", x: "https://{HOST}/ns#"}}
$schemas: ["https://{HOST}/schema.rdf"]
$graph:
- class: Workflow
  id: main
  label: Main
  doc: Maps
  s:softwareVersion: 1.0.0
  inputs:
    scene: {{type: File, format: "x:tiff", default: {{class: File, location: "{FOREIGN}"}}}}
  outputs:
    map: {{type: Directory, outputSource: step/map}}
  steps:
    step: {{run: "#tool", in: {{scene: scene}}, out: [map]}}
- class: CommandLineTool
  id: tool
  hints: {{DockerRequirement: {{dockerPull: "{HOST}/image:1", dockerLoad: "{FOREIGN}"}}}}
  baseCommand: [map]
  inputs: {{scene: {{type: File, format: "{FOREIGN}#f"}}}}
  outputs: {{map: {{type: Directory, outputBinding: {{glob: .}}}}}}
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the network, which is not there."""
    found: list[str] = []

    def refuse(*arguments: Any, **_: Any) -> NoReturn:
        found.append(repr(arguments))
        raise OSError("there is no network in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse)
    return found


def test_without_the_test_s_guard_a_connection_would_be_seen(asked: list[str]) -> None:
    """Else the tests below would prove nothing."""
    import urllib.request

    with pytest.raises(OSError, match="no network"):
        urllib.request.urlopen(FOREIGN)
    assert HOST in asked[0]


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v1.2"])
def test_a_package_is_parsed_and_checked_without_looking_at_an_address(version: str, asked: list[str]) -> None:
    text = PACKAGE.replace("v1.2", version)
    loaded = load(text)
    lint(text)
    for process in loaded.processes:
        assert process.save()
    assert asked == []


@pytest.mark.parametrize(
    "line", [f"$import: {FOREIGN}", f"doc: {{$include: '{FOREIGN}'}}", f"run: {FOREIGN}", f"$mixin: {FOREIGN}"]
)
def test_a_directive_that_would_read_an_address_is_refused_without(line: str, asked: list[str]) -> None:
    text = (
        PACKAGE.replace('run: "#tool"', line)
        if line.startswith("run")
        else f"{PACKAGE}{line}\n".replace("\n$", "\n  $")
    )
    lint(text)
    with pytest.raises(OgcError):
        load(text)
    assert asked == []


def item(**members: object) -> dict[str, Any]:
    links = [{"rel": rel, "href": FOREIGN} for rel in ("root", "parent", "collection", "self", "derived_from", "next")]
    return {
        "type": "Feature",
        "stac_version": "0.9.0",
        "stac_extensions": [FOREIGN, "eo", "https://stac-extensions.github.io/projection/v1.0.0/schema.json"],
        "id": "scene",
        "collection": "c",
        "geometry": {"type": "Point", "coordinates": [0, 0]},
        "bbox": [0, 0, 0, 0],
        "properties": {"datetime": "2026-01-01T00:00:00Z", "eo:cloud_cover": 1},
        "links": links,
        "assets": {"a": {"href": FOREIGN, "type": "image/tiff"}},
        **members,
    }


@pytest.mark.parametrize("version", ["0.8.1", "0.9.0", "1.0.0", "1.1.0", "9.9.9"])
async def test_an_item_is_read_without_looking_at_what_it_links(version: str, asked: list[str]) -> None:
    read = read_item(item(stac_version=version), FOREIGN, lambda _, href: href)
    assert [asset.href for asset in read.assets] == [FOREIGN]
    assert asked == []


async def test_what_a_collection_links_is_asked_of_our_reader(asked: list[str]) -> None:
    fetched: list[str] = []

    async def fetch(href: str, _hint: object) -> bytes:
        fetched.append(href)
        return json.dumps(item()).encode()

    links = [{"rel": rel, "href": FOREIGN} for rel in ("item", "root", "parent", "license")]
    collection = {"type": "Collection", "id": "c", "stac_version": "1.0.0", "links": links}
    catalogue = Catalogue(fetch, lambda _, href: href, 5, FOREIGN)
    output = await read_stac("out", collection, catalogue, FOREIGN)
    assert [one.id for one in output.items] == ["scene"]
    assert set(fetched) == {FOREIGN}
    assert asked == []


async def test_boto3_signs_and_sends_nothing(asked: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")
    section = StorageSettings(
        buckets=("bucket",), endpoint=f"https://{HOST}", access_key_id="AKIA", secret_access_key="x", region="eu-west-1"
    )
    signed = await Storage({"s": section}).sign("s3://bucket/key", None, range_=(0, 9))
    assert signed.url == f"https://{HOST}/bucket/key"
    assert asked == []


@pytest.mark.parametrize(("name", "path"), [pytest.param(name, path, id=name) for name, path in modules()])
def test_only_the_way_out_imports_what_connects(name: str, path: Any) -> None:
    if within(name, MAY_CONNECT):
        return
    for target in imports(path):
        assert target in HARMLESS or not within(target, CONNECTING), f"{name} imports {target}: net/ is the way out"
