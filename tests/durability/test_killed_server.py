"""kill -9 of the server, over stdio and HTTP, at each moment of a call: no job is lost, and none is sent twice."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx2
import psutil
import pytest
from mcp import Client, stdio_client
from mcp.client.stdio import StdioServerParameters
from mcp.shared.exceptions import MCPError

from mcp_ogc.cli.config import server_command
from mcp_ogc.jobs.entries import SubmissionState
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.local.sample.samples import scene_folder
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.local.conftest import ends
from tests.server.talk import call, refused
from tests.server.test_transports import listening as accepts
from tests.servers.listening import listening
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.processes.holding import Holding

pytestmark = pytest.mark.anyio

HELLO: dict[str, Any] = {"process_id": "hello", "inputs": {"name": "Ada"}, "wait_seconds": 0}
TELLS_ITS_NUMBER = ["sh", "-c", 'echo $$ > "$1.new" && mv "$1.new" "$1" && shift && exec "$@"', "sh"]
over_each_transport = pytest.mark.parametrize("transport", ["stdio", "http"])


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint(polls=None)


def settings_of(url: str, folder: Path) -> Settings:
    """Those of the server that comes after the one that was killed."""
    return Settings(
        endpoints={"far": EndpointSettings(url=url)},
        data_folder=folder / "data",
        download_folder=folder / "downloads",
        local=LocalSettings(enabled=False),
    )


def environment(url: str, folder: Path) -> dict[str, str]:
    told = {
        "DATA_FOLDER": str(folder / "data"),
        "DOWNLOAD_FOLDER": str(folder / "downloads"),
        "ENDPOINTS__FAR__URL": url,
        "LOCAL__CONTAINER_ENGINE": "none",
    }
    (folder / "tmp").mkdir(exist_ok=True)
    return {**os.environ, "TMPDIR": str(folder / "tmp"), **{f"MCP_OGC_{name}": value for name, value in told.items()}}


@asynccontextmanager
async def started(transport: str, url: str, folder: Path) -> AsyncIterator[tuple[Client, psutil.Process]]:
    """A client of a server in a process of its own, and that process."""
    number = folder / "pid"
    variables, tells = environment(url, folder), [*TELLS_ITS_NUMBER, str(number), *server_command()]
    if transport == "stdio":
        server = StdioServerParameters(command=tells[0], args=tells[1:], env=variables)
        async with Client(stdio_client(server)) as client:
            yield client, psutil.Process(int(number.read_text()))
        return
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with running([*tells, "serve", "--http", str(port)], variables) as process:
        await accepts(port)
        async with Client(f"http://127.0.0.1:{port}/mcp") as client:
            yield client, psutil.Process(process.pid)


@contextmanager
def running(command: Sequence[str], variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


Asking = Callable[[Client], Awaitable[object]]


async def killed(
    transport: str, url: str, folder: Path, reached: threading.Event, ask: Asking, workers: int = 0
) -> None:
    """Ask a server, and kill it when the endpoint has been reached; nothing of it lives on."""

    async def asking(client: Client) -> None:
        with suppress(MCPError):
            await ask(client)

    try:
        with anyio.CancelScope() as scope:
            async with started(transport, url, folder) as (client, server), anyio.create_task_group() as tasks:
                tasks.start_soon(asking, client)
                await ends(lambda: not reached.is_set())
                family = [server, *server.children(recursive=True)]
                assert len(family) >= 1 + workers
                os.kill(server.pid, signal.SIGKILL)
                await ends(lambda: any(is_alive(one) for one in family))
                scope.cancel()
    except* (MCPError, httpx2.TransportError):
        pass  # what its client says of it
    assert reached.is_set()


def executing(**more: Any) -> Asking:
    return lambda client: client.call_tool("ogc_execute_process", {**HELLO, **more})


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def sent(endpoint: TestEndpoint) -> int:
    return len(endpoint.asked("POST", "/execution"))


@over_each_transport
async def test_before_the_intent_is_written_nothing_was_sent_and_nothing_is_remembered(
    transport: str, endpoint: TestEndpoint, tmp_path: Path
) -> None:
    holding = Holding(endpoint, "GET", "/processes/hello", "before")
    async with listening(holding.app) as url:
        await killed(transport, url, tmp_path, holding.reached, executing())
        assert sent(endpoint) == 0
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            assert (await call(client, "ogc_list_jobs"))["jobs"] == []
            assert (await call(client, "ogc_execute_process", **HELLO))["job_id"] == endpoint.jobs.newest.id
    assert sent(endpoint) == 1


@over_each_transport
async def test_a_submission_on_its_way_is_shown_and_not_sent_again_but_on_purpose(
    transport: str, endpoint: TestEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It did not take effect; nobody here can know."""
    monkeypatch.setattr("mcp_ogc.jobs.submission.ANSWER_SECONDS", 0)
    holding = Holding(endpoint, "POST", "/execution", "before")
    async with listening(holding.app) as url:
        await killed(transport, url, tmp_path, holding.reached, executing())
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
            assert (row["status"], row.get("job_id")) == ("intended submission", None)
            assert "new_run=true" in await refused(client, "ogc_execute_process", **HELLO)
            assert sent(endpoint) == 0, "the one that was held did not get through"
            job = await call(client, "ogc_execute_process", **HELLO, new_run=True)
    assert job["job_id"] == endpoint.jobs.newest.id
    assert sent(endpoint) == 1


@over_each_transport
async def test_a_submission_that_took_effect_is_found_and_not_sent_again(
    transport: str, endpoint: TestEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the two minutes were over within which a server that lives may still be waiting for the answer."""
    monkeypatch.setattr("mcp_ogc.jobs.reconciliation.UNDER_WAY", timedelta())
    monkeypatch.setattr("mcp_ogc.jobs.submission.ANSWER_SECONDS", 0)
    holding = Holding(endpoint, "POST", "/execution", "after")
    async with listening(holding.app) as url:
        await killed(transport, url, tmp_path, holding.reached, executing())
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            again = await call(client, "ogc_execute_process", **HELLO)
            (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
    assert again["job_id"] == row["job_id"] == endpoint.jobs.newest.id
    assert sent(endpoint) == 1


@pytest.mark.parametrize("took_effect", [True, False])
async def test_a_submission_that_a_server_left_is_settled_as_another_begins(
    endpoint: TestEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, took_effect: bool
) -> None:
    """As if the two minutes were over; nobody asks for the jobs."""
    monkeypatch.setattr("mcp_ogc.jobs.reconciliation.UNDER_WAY", timedelta())
    holding = Holding(endpoint, "POST", "/execution", "after" if took_effect else "before")
    async with listening(holding.app) as url:
        await killed("stdio", url, tmp_path, holding.reached, executing())
        journal = Journal(tmp_path / "data" / "journal.sqlite3")
        assert [entry.state for entry in await journal.newest(9)] == [SubmissionState.INTENDED]
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            await call(client, "ogc_list_processes", endpoint="far")
            with anyio.fail_after(30):
                while not endpoint.asked("GET", "/jobs") or (await journal.unanswered("far") and took_effect):
                    await anyio.sleep(0.02)
        (entry,) = await journal.newest(9)
    if took_effect:
        assert (entry.state, entry.job_id) == (SubmissionState.CONFIRMED, endpoint.jobs.newest.id)
    else:
        assert (entry.state, entry.job_id) == (SubmissionState.UNCONFIRMED, None)
    assert sent(endpoint) == took_effect


async def test_a_submission_that_a_server_left_is_settled_as_jobs_are_listed(
    endpoint: TestEndpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a server that began while the other one might still have been answered."""
    holding = Holding(endpoint, "POST", "/execution", "before")
    async with listening(holding.app) as url:
        await killed("stdio", url, tmp_path, holding.reached, executing())
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
            assert row["status"] == "intended submission"
            monkeypatch.setattr("mcp_ogc.jobs.reconciliation.UNDER_WAY", timedelta())
            (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
            assert row["status"] == "unconfirmed submission"
            told = await refused(client, "ogc_execute_process", **HELLO)
            assert "ended before an answer came" in told
            assert "new_run=true" in told
    assert sent(endpoint) == 0


@over_each_transport
async def test_a_job_that_was_answered_goes_on_and_is_followed_by_the_next_server(
    transport: str, endpoint: TestEndpoint, tmp_path: Path
) -> None:
    holding = Holding(endpoint, "GET", "/jobs/[^/]+", "before")
    async with listening(holding.app) as url:
        await killed(transport, url, tmp_path, holding.reached, executing(wait_seconds=40))
        endpoint.jobs.newest.end("successful")
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            (row,) = (await call(client, "ogc_list_jobs"))["jobs"]
            assert (row["job_id"], row["status"]) == (endpoint.jobs.newest.id, "successful")
            assert "greeting" in str(await call(client, "ogc_get_results", job_id=row["job_id"]))
    assert sent(endpoint) == 1


@over_each_transport
async def test_a_dismissal_that_took_effect_is_a_job_that_is_gone(
    transport: str, endpoint: TestEndpoint, tmp_path: Path
) -> None:
    async with served(endpoint) as url, Client(build_server(settings_of(url, tmp_path))) as client:
        job = (await call(client, "ogc_execute_process", **HELLO))["job_id"]
    holding = Holding(endpoint, "DELETE", job, "after")
    async with listening(holding.app) as url:

        async def dismiss(client: Client) -> None:
            token = (await call(client, "ogc_dismiss_job", job_id=job, endpoint="far"))["confirm"]
            await client.call_tool("ogc_dismiss_job", {"job_id": job, "endpoint": "far", "confirm": token})

        await killed(transport, url, tmp_path, holding.reached, dismiss)
        async with Client(build_server(settings_of(url, tmp_path))) as client:
            told = await client.call_tool("ogc_get_job", {"job_id": job, "endpoint": "far"})
            assert "dismissed" in str(told)
    assert sent(endpoint) == 1


async def test_an_export_that_was_cut_off_is_brought_whole_by_the_next_server(
    endpoint: TestEndpoint, tmp_path: Path
) -> None:
    holding = Holding(endpoint, "GET", r"\.tif", "midst")
    async with listening(holding.app) as url:
        settings = settings_of(url, tmp_path)
        async with Client(build_server(settings)) as client:
            job = (await call(client, "ogc_execute_process", process_id="raster", inputs={}, wait_seconds=0))["job_id"]
            endpoint.jobs.newest.end("successful")
        await killed(
            "stdio", url, tmp_path, holding.reached, lambda client: client.call_tool("ogc_export_job", {"job_id": job})
        )
        left = [path for path in (tmp_path / "downloads").rglob("*") if path.is_file()]
        assert not [path for path in left if path.suffix == ".tif"], "what has its name is whole"
        async with Client(build_server(settings)) as client:
            exported = await call(client, "ogc_export_job", job_id=job)
    assert [file.get("problem") for file in exported["files"]] == [None] * len(exported["files"])
    assert not list((tmp_path / "downloads").rglob("*.part"))


async def test_temporary_files_of_a_killed_server_go_as_another_begins(endpoint: TestEndpoint, tmp_path: Path) -> None:
    listed = threading.Event()

    async def lists(client: Client) -> None:
        await call(client, "ogc_list_jobs")
        listed.set()
        await anyio.sleep_forever()

    async with served(endpoint) as url:
        await killed("stdio", url, tmp_path, listed, lists)
        (left,) = (tmp_path / "tmp").glob("mcp-ogc-*")
        async with started("stdio", url, tmp_path) as (client, _):
            await call(client, "ogc_list_jobs")
            await ends(left.exists)
            assert len(list((tmp_path / "tmp").glob("mcp-ogc-*"))) == 1, "its own"
    assert list((tmp_path / "tmp").glob("mcp-ogc-*")) == []


async def test_the_worker_that_reads_a_raster_ends_with_its_server(endpoint: TestEndpoint, tmp_path: Path) -> None:
    scene = next(scene_folder().rglob("*.tif")).as_uri()
    read = threading.Event()

    async def summarize(client: Client) -> None:
        await call(client, "ogc_summarize_raster", raster=scene)
        read.set()
        await anyio.sleep_forever()

    async with served(endpoint) as url:
        await killed("stdio", url, tmp_path, read, summarize, workers=1)
