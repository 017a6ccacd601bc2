"""The same app over HTTP: files with ranges, and nobody but this machine."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import httpx
import pytest
import uvicorn

from mcp_ogc.local.app import open_app
from mcp_ogc.settings import LocalSettings
from tests.local.conftest import deploy, problem, submit, tool, until

pytestmark = pytest.mark.anyio

DIRECTORY_OUT = "{out: {type: Directory, outputSource: run-it/out}}"


@pytest.fixture
async def base(root: Path) -> AsyncIterator[str]:
    """The app behind uvicorn on loopback."""
    settings = LocalSettings(trusted_packages=("*",), container_engine="none")
    async with open_app(settings, root, asset_base="http") as app:
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        serving = asyncio.create_task(server.serve())
        with anyio.fail_after(30):
            while not server.started:
                await anyio.sleep(0.02)  # a poll, with a deadline
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        await serving


@pytest.fixture
async def served(base: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=base, trust_env=False) as http:
        yield http


async def test_files_are_served_with_ranges_and_nothing_beside_them(
    served: httpx.AsyncClient, base: str, root: Path
) -> None:
    await deploy(served, tool("made", "printf 0123456789 > a.tif; ln -s a.tif b", outputs=DIRECTORY_OUT))
    job_id = await submit(served, "made")
    assert (await until(served, job_id))["status"] == "successful"
    file, _ = (await served.get(f"/jobs/{job_id}/results")).json()["out"]
    assert file["href"] == f"{base}/files/{job_id}/out/a.tif"
    whole = await served.get(file["href"])
    assert whole.headers["content-type"] == file["type"] == "image/tiff; application=geotiff"
    for asked, status, content in (
        ("bytes=2-4", 206, b"234"),
        ("bytes=-3", 206, b"789"),
        ("bytes=8-", 206, b"89"),
        ("bytes=0-99", 206, b"0123456789"),
    ):
        part = await served.get(file["href"], headers={"Range": asked})
        assert (part.status_code, part.content) == (status, content), asked
        assert part.headers["content-range"].endswith("/10")
    assert (await served.get(file["href"], headers={"Range": "bytes=10-"})).status_code == 416
    head = await served.head(file["href"])
    assert (head.headers["content-length"], head.headers["accept-ranges"]) == ("10", "bytes")
    (root / "jobs" / job_id / "published" / "out" / "leads-out").symlink_to(root / "local.sqlite3")
    for path in ("../spec.json", "%2e%2e/spec.json", "out/../../spec.json", "/etc/passwd", "out/leads-out", "out", ""):
        assert (await served.get(f"/files/{job_id}/{path}")).status_code == 404, path
    assert (await served.get("/files/none/out/a.tif")).status_code == 404


async def test_the_same_store_answers_files_where_it_is_embedded(served: httpx.AsyncClient, root: Path) -> None:
    """References are stored relative: both ways of serving work on one folder."""
    from tests.local.conftest import opened

    await deploy(served, tool("made", "echo a > a.txt", outputs=DIRECTORY_OUT))
    job_id = await submit(served, "made")
    await until(served, job_id)
    async with opened(root) as embedded:
        (file,) = (await embedded.get(f"/jobs/{job_id}/results")).json()["out"]
    assert Path(httpx.URL(file["href"]).path).read_text(encoding="utf-8") == "a\n"
    assert "http:" not in (root / "jobs" / job_id / "results.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "", "[::"])
async def test_a_foreign_name_for_this_host_is_refused(served: httpx.AsyncClient, host: str) -> None:
    """A page whose name is rebound to loopback sends its own (T18)."""
    answer = await served.get("/processes", headers={"Host": host})
    assert answer.status_code in (400, 421)


async def test_a_page_of_another_site_is_refused(served: httpx.AsyncClient, base: str) -> None:
    body = {"inputs": {"string": "x"}}
    for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
        answer = await served.post("/processes/echo/execution", json=body, headers={"Origin": origin})
        assert answer.status_code == 403, origin
    form = {"Content-Type": "text/plain"}
    await problem(await served.post("/processes/echo/execution", content='{"inputs": {}}', headers=form), 415)
    answer = await served.post("/processes/echo/execution", json=body, headers={"Origin": base})
    assert answer.status_code == 200
    port = base.rsplit(":", 1)[1]
    assert (await served.get("/processes", headers={"Host": f"localhost:{port}"})).status_code == 200
