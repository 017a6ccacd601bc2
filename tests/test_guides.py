"""The commands of the guides, run as they are written there, against a server of the kind each is about."""

import os
import re
import shlex
import socket
import subprocess
import sys
from contextlib import AsyncExitStack
from importlib.metadata import version
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from mcp import Client
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from mcp_ogc.cli.config import server_command
from tests.server.test_transports import environment
from tests.server.test_transports import listening as answering
from tests.servers import browser
from tests.servers.loopback import Reply, Server, serve, server
from tests.servers.oidc import OidcProvider, provider
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.processes.quirk import Quirk

__all__ = ["provider", "serve", "server"]

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[1] / "docs"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COMMAND = re.compile(r"((?:[A-Z_]+=\S+ )*)mcp-ogc (.+)")
PERSON = f"{sys.executable} {browser.__file__} %s"


def blocks(guide: str, language: str) -> list[str]:
    """What stands in the fences of a language."""
    text = (DOCS / guide).read_text(encoding="utf-8")
    return [block for kind, block in FENCE.findall(text) if kind == language]


async def run(command: str, home: Path, places: dict[str, str]) -> str:
    """A command line of a guide, its placeholders filled; what it printed, once it ended well."""
    for placeholder, place in places.items():
        command = command.replace(placeholder, place)
    given = COMMAND.fullmatch(command)
    assert given is not None, command
    variables = dict(one.split("=", 1) for one in shlex.split(given[1]))
    own = {"XDG_CONFIG_HOME": str(home), "MCP_OGC_DATA_FOLDER": str(home / "data"), "MCP_OGC_LOCAL__ENABLED": "false"}
    ran = await anyio.to_thread.run_sync(
        lambda: subprocess.run(
            [*server_command(), *shlex.split(given[2])],
            env={**os.environ, **own, "BROWSER": PERSON, "PYTHONUTF8": "1", **variables},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )
    )
    assert ran.returncode == 0, f"{command}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


def configure(home: Path, settings: str, places: dict[str, str]) -> None:
    """The settings of a guide, as the user's own, its placeholders filled."""
    for placeholder, place in places.items():
        settings = settings.replace(placeholder, place)
    folder = home / "mcp-ogc"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(settings, encoding="utf-8")


def kinds_in(told: str) -> list[str]:
    """Which kinds of servers a check found."""
    return [kind.lower() for kind in re.findall(r"kind of server: (\w+)", told)]


async def test_eoepca_is_signed_in_to_and_checked(provider: OidcProvider, tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", quirks_on=[Quirk.Q42])
    endpoint.people = provider.people
    connect, storage = blocks("eoepca.md", "toml")
    login_and_check, check_with_variables = blocks("eoepca.md", "")
    async with served(endpoint) as url:
        places = {"https://zoo.example.org/acme/ogc-api": url, "https://iam.example.org/realms/eoepca": provider.url}
        configure(tmp_path, connect + storage, places)
        login, check = login_and_check.splitlines()
        assert "Signed in to eoepca as acme." in await run(login, tmp_path, places)
        told = await run(check, tmp_path, places)
        assert "✓ signed in as acme" in told
        assert kinds_in(told) == ["zoo"]
        endpoint.people = {"a-token": "acme"}
        told = await run(check_with_variables.strip(), tmp_path / "elsewhere", {**places, "…": "a-token"})
        assert kinds_in(told) == ["zoo"]


@pytest.mark.parametrize(
    ("guide", "kind", "address"),
    [
        ("weaver.md", "weaver", "https://hydro.example.org/weaver"),
        ("pygeoapi.md", "pygeoapi", "http://127.0.0.1:5000"),
    ],
)
async def test_a_server_that_needs_no_provider_is_checked(guide: str, kind: str, address: str, tmp_path: Path) -> None:
    async with served(TestEndpoint(kind)) as url:
        for settings in blocks(guide, "toml"):
            configure(tmp_path, settings, {address: url, "…": "a-ticket"})
            (command,) = blocks(guide, "")
            told = await run(command.strip(), tmp_path, {})
            assert kinds_in(told) == [kind]
            assert "✓ processes" in told


async def test_every_endpoint_and_storage_of_a_settings_file_is_checked(tmp_path: Path) -> None:
    (settings, *_) = blocks("endpoints.md", "toml")
    kinds = {
        "https://zoo.example.org/acme/ogc-api": "zoo",
        "https://hydro.example.org/weaver": "weaver",
        "http://127.0.0.1:5000": "pygeoapi",
        "https://api.maap.example.org/api/ogc": "maap",
    }
    async with AsyncExitStack() as servers:
        places = {
            address: await servers.enter_async_context(served(TestEndpoint(kind))) for address, kind in kinds.items()
        }
        storage = "".join(blocks("s3.md", "toml"))
        configure(tmp_path, settings + storage, {**places, "…": "a-token"})
        (command,) = blocks("s3.md", "")
        told = await run(command.strip(), tmp_path, {})
    assert kinds_in(told) == list(kinds.values())
    assert "storage: results, open, forwarded" in told
    assert "a-token" not in told


async def test_installing_is_checked_as_it_is_written(tmp_path: Path) -> None:
    check, check_one_endpoint = (block.strip() for block in blocks("install.md", "")[1:])
    (settings,) = blocks("install.md", "toml")
    in_sentences = re.findall(r"`(mcp-ogc check --[^`]+)`", (DOCS / "install.md").read_text(encoding="utf-8"))
    async with served(TestEndpoint("zoo")) as url:
        places = {"https://zoo.example.org/acme/ogc-api": url, "…": "a-token"}
        assert kinds_in(await run(check_one_endpoint, tmp_path / "empty", places)) == ["zoo"]
        configure(tmp_path, settings, places)
        told = await run(check, tmp_path, {})
    assert kinds_in(told) == ["zoo"]
    assert "storage: results" in told
    (run_too,) = in_sentences
    told = await run(f"MCP_OGC_LOCAL__ENABLED=true {run_too}", tmp_path / "empty", {})
    assert "successful" in told


async def test_a_collector_gets_the_spans_and_metrics_that_the_guide_promises(server: Server, tmp_path: Path) -> None:
    installed, started = (block.replace("\\\n", " ").strip() for block in blocks("http.md", "")[-1].split("\n", 1))
    packages = shlex.split(installed)[2:]
    assert installed.startswith("pip install ")
    assert [version(package) for package in packages]
    for path in ("/v1/traces", "/v1/metrics"):
        server.on(path, Reply(200, body=b""))
    words = shlex.split(started.replace("http://collector:4318", server.url))
    given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
    command = words[len(given) :]
    assert command[:2] == ["opentelemetry-instrument", "mcp-ogc"]
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    folder = Path(server_command()[0]).parent
    soon = {"OTEL_BSP_SCHEDULE_DELAY": "100", "OTEL_METRIC_EXPORT_INTERVAL": "100"}
    env = {**environment(tmp_path), **soon, **given, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}
    env["MCP_OGC_HTTP__PORT"] = str(port)
    process = await anyio.open_process([str(folder / command[0]), *command[1:]], env=env, stdout=None, stderr=None)
    try:
        await answering(port)
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            await client.call_tool("ogc_list_endpoints", {})
        with anyio.fail_after(30):
            while not collected(server) >= {"tools/call ogc_list_endpoints", "mcp.server.operation.duration"}:
                await anyio.sleep(0.05)
    finally:
        process.terminate()
        await process.wait()
    assert all(b"mcp-ogc" in one.body for one in server.seen), "the service has its name"
    assert {one.headers["content-type"] for one in server.seen} == {"application/x-protobuf"}


def collected(collector: Server) -> set[str]:
    """Names of the spans and metrics a collector was sent."""
    found: set[str] = set()
    for one in list(collector.seen):
        if one.path == "/v1/traces":
            spans = ExportTraceServiceRequest.FromString(one.body).resource_spans
            found |= {span.name for each in spans for scope in each.scope_spans for span in scope.spans}
        else:
            metrics = ExportMetricsServiceRequest.FromString(one.body).resource_metrics
            found |= {metric.name for each in metrics for scope in each.scope_metrics for metric in scope.metrics}
    return found
