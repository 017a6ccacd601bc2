"""20,000 tool calls over HTTP with 32 clients of 8 users: whether the server's memory grows, whether any call fails.

The server is `mcp-ogc serve --http` in a process of its own, with an issuer of tokens; its endpoint and the issuer are
in this process. After the first calls, and at the end, all clients wait for each other, and the memory is read.
"""

from __future__ import annotations

import itertools
import json
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import anyio
import httpx2
import numpy as np
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult
from rasterio.io import MemoryFile
from rasterio.transform import from_origin

from mcp_ogc.cli.config import server_command
from tests.benchmarks.measure import Measure
from tests.servers.listening import listening
from tests.servers.mcp_over_http import EVERYTHING
from tests.servers.oidc import OidcProvider
from tests.servers.processes.catalogue import ECHO, Process, Product
from tests.servers.processes.endpoint import TestEndpoint, served

CALLS, FIRST = 20_000, 2_000
CLIENTS, USERS = 32, 8
GROWTH = 0.10
START_SECONDS = 60
MANY = 10**9


@cache
def raster() -> bytes:
    """Four classes on 128 by 128 pixels."""
    pixels = np.arange(128 * 128, dtype="uint8").reshape(128, 128) // 64
    profile = {"driver": "GTiff", "width": 128, "height": 128, "count": 1, "dtype": "uint8", "compress": "deflate"}
    with MemoryFile() as memory:
        with memory.open(**profile, crs="EPSG:32610", transform=from_origin(500_000, 4_500_000, 30, 30)) as file:
            file.write(pixels, 1)
        return bytes(memory.read())


MAP = Process(
    id="map",
    title="Map",
    inputs={"text": ECHO.inputs["text"]},
    outputs={"map": {"title": "Map", "schema": {"type": "string", "contentMediaType": "image/tiff"}}},
    makes=lambda _: {"map": Product(body=raster(), media_type="image/tiff", name="map.tif")},
)


@dataclass
class Soak:
    """What the clients do, and what came of it."""

    token: Callable[[str], str]
    url: str
    endpoint: TestEndpoint
    pid: int
    calls: Iterator[int] = field(default_factory=lambda: iter(range(CALLS)))
    tools: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    async def run(self, count: int) -> None:
        """The next calls, by all clients; returns when each has its answer."""
        calls = itertools.islice(self.calls, count)
        async with anyio.create_task_group() as tasks:
            for number in range(CLIENTS):
                tasks.start_soon(self._client, number, calls)

    async def _client(self, number: int, calls: Iterator[int]) -> None:
        headers = {"Authorization": f"Bearer {self.token(f'person-{number % USERS}')}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=120) as http,
            Client(
                streamable_http_client(self.url, http_client=http), mode="legacy" if number % 2 else "auto"
            ) as client,
        ):
            await self._talk(client, calls)

    async def _talk(self, client: Client, calls: Iterator[int]) -> None:
        """Conversations: what there is, an execution, what came of it."""
        for conversation in self._conversations():
            answer: CallToolResult | None = None
            with suppress(StopIteration):
                while True:
                    tool, arguments = conversation.send(answer)
                    if (number := next(calls, None)) is None:
                        return
                    self.tools[tool] += 1
                    answer = await client.call_tool(tool, arguments(number) if callable(arguments) else arguments)
                    if answer.is_error:
                        self.errors.append(f"{tool}: {answer.content}"[:400])
                        break
            self.endpoint.requests.clear()

    def _conversations(self) -> Iterator[Any]:
        while True:
            yield self._of_a_package()
            for _ in range(4):
                yield self._of_a_text()
                yield self._of_a_map()

    def _of_a_text(self) -> Iterator[Any]:
        yield "ogc_list_endpoints", {}
        yield "ogc_list_processes", {"endpoint": "local"}
        yield "ogc_list_processes", {"endpoint": "far", "query": "echo"}
        yield "ogc_describe_process", {"process_id": "echo", "endpoint": "far"}
        job_id = yield from self._executed("echo")
        yield "ogc_get_job", {"job_id": job_id}
        yield "ogc_get_results", {"job_id": job_id}
        yield "ogc_get_results", {"job_id": job_id, "output": "text"}
        yield "ogc_list_jobs", {"limit": 20}

    def _of_a_package(self) -> Iterator[Any]:
        yield "ogc_validate_package", {"package": "vegetation-index"}

    def _of_a_map(self) -> Iterator[Any]:
        job_id = yield from self._executed("map")
        results = yield "ogc_get_results", {"job_id": job_id}
        handle = results.structured_content["outputs"][0]["files"][0]["raster"]
        yield "ogc_summarize_raster", {"raster": handle}
        yield "ogc_measure_raster", {"raster": handle, "points": [[-123.0, 40.64]]}
        preview = yield "ogc_dismiss_job", {"job_id": job_id}
        yield "ogc_dismiss_job", {"job_id": job_id, "confirm": preview.structured_content["confirm"]}

    def _executed(self, process_id: str) -> Any:
        asked = {"process_id": process_id, "endpoint": "far", "wait_seconds": 20}
        answer = yield "ogc_execute_process", lambda number: {**asked, "inputs": {"text": f"call {number}"}}
        return answer.structured_content["job_id"]

    def megabytes(self) -> float:
        """Of memory the server's process holds (POSIX `ps`)."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.pid)], capture_output=True, text=True, check=True)
        return int(told.stdout) / 1024


@contextmanager
def serving(folder: Path, settings: str, port: int) -> Iterator[int]:
    """`mcp-ogc serve --http`, until its end; gives its process id."""
    config = folder / "config.toml"
    config.write_text(settings, encoding="utf-8")
    command = [*server_command(), "serve", "--config", str(config), "--http", str(port)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + START_SECONDS
            while True:
                with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((folder / "log").read_text(encoding="utf-8"))
                time.sleep(0.05)
            yield process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(30)


@asynccontextmanager
async def soaking() -> AsyncIterator[Soak]:
    endpoint, provider = TestEndpoint(processes={"echo": ECHO, "map": MAP}, polls=1), OidcProvider(lifetime=86_400)
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
        found.close()
        url = f"http://127.0.0.1:{port}/mcp"
        async with served(endpoint) as far, listening(provider.app) as issuer:
            provider.url = issuer
            settings = (
                f"data_folder = {json.dumps(f'{name}/data')}\ndownload_folder = {json.dumps(f'{name}/downloads')}\n"
                f'default_endpoint = "far"\n[endpoints.far]\nurl = "{far}"\n'
                f"[quotas]\nrunning_jobs = {MANY}\nsubmissions_per_hour = {MANY}\nbytes_per_hour = {MANY * 1000}\n"
                f'[http]\nurl = "{url}"\nissuer = "{issuer}"\n'
            )
            with serving(Path(name), settings, port) as pid:
                yield Soak(lambda person: provider.access_token(person, EVERYTHING, aud=url), url, endpoint, pid)
                print((Path(name) / "log").read_text(encoding="utf-8")[-2000:], file=sys.stderr)


async def soaked() -> tuple[Soak, list[float], float]:
    async with soaking() as soak:
        begun, memory = time.monotonic(), []
        for count in (FIRST, *[(CALLS - FIRST) // 6] * 6):
            await soak.run(count)
            memory.append(soak.megabytes())
            print(f"{sum(soak.tools.values()):,} calls: {memory[-1]:.1f} MB", file=sys.stderr, flush=True)
        return soak, memory, time.monotonic() - begun


def measure() -> tuple[Measure, ...]:
    soak, memory, took = anyio.run(soaked)
    print(f"{took:.0f} s; {dict(soak.tools)}", file=sys.stderr)
    for error in soak.errors[:10]:
        print(error, file=sys.stderr)
    first, last = memory[0], memory[-1]
    calls = sum(soak.tools.values())
    return (
        Measure(
            "soak",
            round(last, 1),
            f"MB after {calls:,} calls over HTTP",
            f"after {FIRST:,}",
            round(first, 1),
            round(last / first, 3),
            f"<= {1 + GROWTH:g} of peer",
            last <= first * (1 + GROWTH),
        ),
        Measure(
            "soak-errors",
            float(len(soak.errors)),
            f"calls of {CLIENTS} clients that failed",
            "",
            None,
            None,
            "0",
            not soak.errors and calls == CALLS,
        ),
    )
