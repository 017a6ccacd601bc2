"""A server that is told to stop does, whatever clients have open: there is a moment for calls, then all is closed."""

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
from anyio.streams.text import TextReceiveStream
from mcp import Client
from mcp.shared.exceptions import MCPError

from mcp_ogc import http_server
from mcp_ogc.settings import EndpointSettings, Settings
from tests.server.talk import call
from tests.servers.listening import listening
from tests.servers.mcp_over_http import over_http
from tests.servers.oidc import OidcProvider
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.holding import Holding

pytestmark = pytest.mark.anyio

LONG = 3600
SOON = 30
PROGRAM = "import sys; from mcp_ogc.cli import main; sys.exit(main(sys.argv[1:]))"


async def test_who_listens_is_told_that_the_stream_ends(
    settings: Settings, provider: OidcProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "GRACE_SECONDS", LONG)
    async with over_http(settings, provider) as ours, ours.client() as client:
        await call(client, "ogc_list_processes")
        with anyio.fail_after(SOON):
            async with (
                client.listen(resource_subscriptions=["ogc://local/processes"]) as changes,
                anyio.create_task_group() as tasks,
            ):
                tasks.start_soon(ours.stop)
                async for _ in changes:
                    pass


async def test_what_does_not_end_by_itself_is_cancelled_and_leaves_no_half_a_file(
    settings: Settings, provider: OidcProvider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "GRACE_SECONDS", 0.1)
    endpoint = TestEndpoint(polls=None)
    holding = Holding(endpoint, "GET", r"\.tif", "midst")
    async with listening(holding.app) as url:
        settings = settings.model_copy(update={"endpoints": {"far": EndpointSettings(url=url)}})
        async with over_http(settings, provider) as ours, ours.client() as client:
            asked = {"process_id": "raster", "inputs": {}, "endpoint": "far", "wait_seconds": 0}
            job = (await call(client, "ogc_execute_process", **asked))["job_id"]
            endpoint.jobs.newest.end("successful")
            with anyio.fail_after(SOON):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(_unanswered, client, job)
                    await anyio.to_thread.run_sync(holding.reached.wait)
                    while not [*tmp_path.rglob("*.part")]:
                        await anyio.sleep(0.01)
                    await ours.stop()
                    assert not [*tmp_path.rglob("*.part")]
                    holding.release()


async def _unanswered(client: Client, job: str) -> None:
    with pytest.raises(MCPError):
        await client.call_tool("ogc_export_job", {"job_id": job, "endpoint": "far"})


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGTERM to answer")
async def test_the_command_stops_at_a_signal_while_someone_listens(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = tmp_path / "settings.toml"
    settings.write_text(f'data_folder = "{tmp_path.as_posix()}/data"\n', encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, "--config", str(settings), "--http", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        try:
            with anyio.fail_after(SOON):
                while not await _answers(port):
                    await anyio.sleep(0.05)
                async with Client(f"http://127.0.0.1:{port}/mcp") as client:
                    async with client.listen(resource_subscriptions=["ogc://local/processes"]) as changes:
                        server.send_signal(signal.SIGTERM)
                        async for _ in changes:
                            pass
                    await anyio.to_thread.run_sync(server.wait, abandon_on_cancel=True)
        finally:
            server.kill()
    assert server.returncode == -signal.SIGTERM


@pytest.mark.skipif(sys.platform == "win32", reason="an interrupt is another thing there")
async def test_one_interrupt_ends_the_command_over_stdio_while_its_input_is_open(tmp_path: Path) -> None:
    """In a terminal nobody closes the input: the SDK alone takes three."""
    settings = tmp_path / "settings.toml"
    settings.write_text(f'data_folder = "{tmp_path.as_posix()}/data"\n', encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, "--config", str(settings)]
    waiting = {"process_id": "pause", "inputs": {"seconds": 60}, "wait_seconds": 45}
    messages = [
        _request(
            1, "initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t", "version": "1"}
        ),
        _request(2, "tools/call", name="ogc_list_jobs", arguments={}),
        _request(3, "tools/call", name="ogc_execute_process", arguments=waiting),
    ]
    async with await anyio.open_process(command, stderr=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        answers = TextReceiveStream(server.stdout)
        try:
            with anyio.fail_after(SOON):
                for message in messages[:2]:
                    await server.stdin.send(f"{json.dumps(message)}\n".encode())
                    await answers.receive()
                await server.stdin.send(f"{json.dumps(messages[2])}\n".encode())
                while not [*(tmp_path / "data").rglob("spec.json")]:
                    await anyio.sleep(0.05)
                server.send_signal(signal.SIGINT)
                await server.wait()
        finally:
            if server.returncode is None:
                server.kill()
    assert server.returncode == 130


def _request(number: int, method: str, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


async def _answers(port: int) -> bool:
    try:
        async with await anyio.connect_tcp("127.0.0.1", port):
            return True
    except OSError:
        return False
