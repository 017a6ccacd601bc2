"""Every tool while everything that is upstream says nothing: endpoints, their identity provider, storage, packages."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from mcp import Client
from mcp_types import Tool

from mcp_ogc.authentication import ClientCredentialsAuthentication
from mcp_ogc.jobs.entries import KeptAnswer
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.server import build_server
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, Settings, StorageSettings
from tests.benchmarks.measure import Measure
from tests.server.talk import text_of
from tests.servers.silence import silent, unreachable

MOST_SECONDS = 50
KEPT_JOB = "sync-kept"
SHOWN = 5


@dataclass(frozen=True)
class Call:
    tool: str
    endpoint: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Took:
    call: Call
    seconds: float
    told: str


@contextmanager
def nothing_answers(folder: Path) -> Iterator[Settings]:
    """Settings whose every upstream is a server that says nothing."""
    with silent() as mute, unreachable() as closed, silent() as provider, silent() as files:
        signs_in = ClientCredentialsAuthentication(issuer=provider, client_id="c", client_secret="s")  # type: ignore[arg-type]
        yield Settings(
            endpoints={
                "mute": EndpointSettings(url=f"{mute}/ogc"),
                "closed": EndpointSettings(url=f"{closed}/ogc"),
                "signs-in": EndpointSettings(url=f"{provider}/ogc", authentication=signs_in),
                "kept": EndpointSettings(url=f"{files}/ogc"),
            },
            catalogues={"files": CatalogueSettings(url=files)},
            storage={"results": StorageSettings(buckets=("results",), endpoint=files, anonymous=True)},
            data_folder=folder / "data",
            download_folder=folder / "downloads",
        )


async def keep_results(settings: Settings) -> None:
    """A job of the endpoint `kept` whose results are in the journal, and their files where nobody answers."""
    files = settings.catalogues["files"].url
    item = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": "i",
        "geometry": None,
        "properties": {"datetime": "2026-01-01T00:00:00Z"},
        "links": [],
        "assets": {
            "a": {"href": f"{files}/a.tif", "type": "image/tiff"},
            "b": {"href": "s3://results/b.tif", "type": "image/tiff"},
        },
    }
    results = {"o": {"type": "FeatureCollection", "features": [item]}, "table": {"href": f"{files}/t.csv"}}
    journal = Journal(settings.journal_path)
    intent = await journal.intend("kept", "p", "1", {}, "digest", same_since=None)
    kept = KeptAnswer("application/json", json.dumps(results).encode(), ())
    await journal.keep_answer(intent.submission, KEPT_JOB, kept)


def calls_of(tool: Tool, settings: Settings) -> Iterator[Call]:
    """A call for each endpoint, of what the tool needs at least; packages are at a URL where it takes one."""
    properties = tool.input_schema["properties"]
    for name, endpoint in settings.endpoints.items():
        job_id = KEPT_JOB if name == "kept" else "j"
        needed: dict[str, Any] = {"process_id": "p", "inputs": {}, "job_id": job_id}
        needed["package"] = f"{endpoint.url}/p.cwl" if tool.name == "ogc_validate_package" else "water-bodies"
        rasters = iter(f"ogc://{name}/jobs/{job_id}/rasters/o/i/{asset}" for asset in "abab")
        arguments = {
            one: needed[one] if one in needed else next(rasters) for one in tool.input_schema.get("required", ())
        }
        if "endpoint" in properties:
            arguments["endpoint"] = name
        if "points" in properties:
            arguments["points"] = [[0, 0]]
        yield Call(tool.name, name, arguments)


async def hang() -> tuple[list[Took], int]:
    """How long each call took, the longest first, and how many tools there are."""
    took: list[Took] = []
    with tempfile.TemporaryDirectory() as name, nothing_answers(Path(name)) as settings:
        await keep_results(settings)
        async with Client(build_server(settings)) as client:
            tools = (await client.list_tools()).tools

            async def one(call: Call) -> None:
                begun = time.monotonic()
                answer = await client.call_tool(call.tool, call.arguments)
                took.append(Took(call, time.monotonic() - begun, text_of(answer)))

            async with anyio.create_task_group() as tasks:
                for tool in tools:
                    for call in calls_of(tool, settings):
                        tasks.start_soon(one, call)
    return sorted(took, key=lambda one: -one.seconds), len(tools)


def measure() -> Measure:
    took, tools = anyio.run(hang)
    for one in took[:SHOWN]:
        told = one.told.replace("\n", " ")[:160]
        print(f"{one.seconds:.1f} s: {one.call.tool} of {one.call.endpoint}: {told}", file=sys.stderr)
    longest = took[0].seconds
    return Measure(
        "hang",
        round(longest, 1),
        "s",
        "tools, each with 4 upstreams",
        tools,
        None,
        f"< {MOST_SECONDS}",
        longest < MOST_SECONDS,
    )
