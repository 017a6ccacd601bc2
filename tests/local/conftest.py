"""The local endpoint over ASGI, and packages made of a shell."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mcp_ogc.local.app import open_app
from mcp_ogc.settings import LocalSettings

BASE = "http://local.invalid"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "local"


@pytest.fixture
async def http(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = LocalSettings(trusted_packages=("*",), container_engine="none")
    async with (
        open_app(settings, root, readable_folders=[root.parent]) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client,
    ):
        yield client


def tool(process_id: str, command: str, *, inputs: str = "{}", outputs: str = "{}", more: str = "") -> str:
    """A package of one tool that runs a shell command; `$0` is the first input."""
    return (
        f"cwlVersion: v1.2\n$graph:\n- class: Workflow\n  id: {process_id}\n  label: L\n  doc: D\n"
        f"  inputs: {inputs}\n  outputs: {outputs}\n  steps:\n    run-it:\n      run: '#tool'\n      in: {{{more}}}\n"
        f"      out: [out]\n"
        f"- class: CommandLineTool\n  id: tool\n  baseCommand: [sh, -c, {command!r}]\n"
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
