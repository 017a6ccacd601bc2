"""The local endpoint over ASGI, and packages made of a shell."""

import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
import psutil
import pytest

from mcp_ogc.local.app import open_app
from mcp_ogc.local.reader import Reader
from mcp_ogc.local.stage_in import StageIn
from mcp_ogc.settings import LocalSettings

BASE = "http://local.invalid"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "local"


@asynccontextmanager
async def opened(
    root: Path,
    running_jobs: int = 2,
    trusted: tuple[str, ...] = ("*",),
    engine: Literal["docker", "none"] = "none",
    **options: Any,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the app on a folder."""
    settings = LocalSettings(trusted_packages=trusted, container_engine=engine, running_jobs=running_jobs)
    async with (
        open_app(settings, root, **options) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client,
    ):
        yield client


@pytest.fixture
async def http(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with opened(root, readable_folders=[root.parent]) as client:
        yield client


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The base URL of a web server on a folder."""
    handler = partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""


def tool(process_id: str, command: str, *, inputs: str = "{}", outputs: str = "{}", more: str = "") -> str:
    """A package of one tool that runs a shell command; `$0` is the first input."""
    return (
        f"cwlVersion: v1.2\n$graph:\n- class: Workflow\n  id: {process_id}\n  label: L\n  doc: D\n"
        f"  inputs: {inputs}\n  outputs: {outputs}\n  steps:\n    run-it:\n      run: '#tool'\n      in: {{{more}}}\n"
        f"      out: [out]\n"
        f"- class: CommandLineTool\n  id: tool\n  baseCommand: [sh, -c, {json.dumps(command)}]\n"
        f"  inputs: {inputs}\n  outputs:\n    out: {{type: Directory, outputBinding: {{glob: .}}}}\n"
    )


async def deploy(http: httpx.AsyncClient, package: str) -> None:
    answer = await http.post("/processes", content=package, headers={"Content-Type": "application/cwl"})
    assert answer.status_code == 201, answer.text


async def submit(http: httpx.AsyncClient, process_id: str, **inputs: Any) -> str:
    answer = await http.post(
        f"/processes/{process_id}/execution",
        json={"inputs": inputs, "response": "document"},
        headers={"Prefer": "respond-async"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["jobID"])


async def status(http: httpx.AsyncClient, job_id: str) -> dict[str, Any]:
    answer = await http.get(f"/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def until(http: httpx.AsyncClient, job_id: str, *wanted: str) -> dict[str, Any]:
    """A job once it has one of these statuses; any end, where none is named."""
    with anyio.fail_after(90):
        while True:
            info = await status(http, job_id)
            if info["status"] in (wanted or ("successful", "failed")):
                return info
            await anyio.sleep(0.02)  # a poll, with a deadline


async def problem(answer: httpx.Response, status_code: int, kind: str = "") -> dict[str, Any]:
    """The problem an answer is, of a type URI that ends so; every one says what would be right."""
    assert answer.status_code == status_code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["status"] == status_code
    assert document["title"]
    assert document["detail"], "what would be right"
    assert document["type"].endswith(kind)
    return document


async def ends(held: Callable[[], bool]) -> None:
    """Poll until something is no more, with a deadline."""
    with anyio.fail_after(30):
        while held():
            await anyio.sleep(0.02)


async def appears(path: Path) -> None:
    """Poll until a file is there, with a deadline."""
    await ends(lambda: not path.exists())


def processes_of(group: int) -> list[psutil.Process]:
    """The processes of a group that live."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


def brought(value: Any, kind: Any, folder: Path, reader: Reader, **declared: Any) -> Any:
    """A value as it is staged in."""
    return StageIn(reader).bring(value, {"type": kind, **declared}, folder)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """Of the test's folder, and of no host."""
    return Reader([tmp_path], [])
