"""The server as clients start it: over stdio as a subprocess, and over HTTP."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters

from mcp_ogc.cli.config import CLIENTS, client_configuration, server_command
from tests.server.talk import call
from tests.servers.mcp_over_http import McpOverHttp
from tests.servers.oidc import OidcProvider

pytestmark = pytest.mark.anyio


def environment(folder: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCP_OGC_")}
    return {**kept, "MCP_OGC_DATA_FOLDER": str(folder / "data"), "MCP_OGC_DOWNLOAD_FOLDER": str(folder / "downloads")}


@pytest.fixture(params=["auto", "legacy"])
def era(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_the_configuration_for_claude_desktop_starts_a_server_that_answers(tmp_path: Path, era: str) -> None:
    printed = json.loads(json.dumps(client_configuration(CLIENTS["claude-desktop"], None)))
    (entry,) = printed["mcpServers"].values()
    assert Path(entry["command"]).is_absolute()
    server = StdioServerParameters(command=entry["command"], args=entry["args"], env=environment(tmp_path))
    async with Client(server, mode=era) as client:
        assert client.server_info.name == "mcp-ogc"
        assert client.server_info.version
        job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=30)
        assert job["status"] == "successful"


async def test_stdout_carries_the_protocol_and_nothing_else(tmp_path: Path) -> None:
    """T20: whatever is printed by our process goes to stderr, up to the last byte before the end."""
    program = (
        "import atexit, mcp_ogc.tools.processes as p\n"
        "before = p.endpoint_rows\n"
        "async def printing(work):\n    print('stray'); return await before(work)\n"
        "p.endpoint_rows = printing\n"
        "atexit.register(lambda: print('at exit'))\n"
        "from mcp_ogc.cli import main\nmain(['serve'])\n"
    )
    lines = [
        {"method": "initialize", "id": 1, "params": {"protocolVersion": "2025-11-25", "capabilities": {},
                                                      "clientInfo": {"name": "t", "version": "1"}}},
        {"method": "notifications/initialized"},
        {"method": "tools/call", "id": 2, "params": {"name": "ogc_list_endpoints", "arguments": {}}},
    ]  # fmt: skip
    sent = "".join(json.dumps({"jsonrpc": "2.0", **line}) + "\n" for line in lines)
    env = {name: value for name, value in environment(tmp_path).items() if name != "PYTHONUNBUFFERED"}
    process = await anyio.open_process([sys.executable, "-c", program], env=env)
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    await process.stdin.send(sent.encode())
    seen = b""
    while b'"id":2' not in seen:
        seen += await process.stdout.receive()
    await process.stdin.aclose()
    seen += b"".join([chunk async for chunk in process.stdout])
    errors = b"".join([chunk async for chunk in process.stderr])
    await process.wait()
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in seen.decode().splitlines())
    assert b"stray" in errors
    assert b"at exit" in errors


async def test_the_same_conversation_holds_over_http(tmp_path: Path, era: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*server_command(), "serve", "--http", str(port)]
    url = f"http://127.0.0.1:{port}/mcp"
    process = subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        await listening(port)
        async with Client(url, mode=era) as client:
            job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=30)
            assert job["status"] == "successful"
        async with httpx.AsyncClient() as http:  # T18: a page in a browser is not a client of ours
            told = await http.post(url, json={}, headers={"Origin": "https://evil.example", "Host": "evil.example"})
            assert told.status_code in (403, 421)
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def listening(port: int) -> None:
    with anyio.fail_after(30):
        while True:
            try:
                stream = await anyio.connect_tcp("127.0.0.1", port)
            except OSError:
                await anyio.lowlevel.checkpoint()
            else:
                await stream.aclose()
                return


async def test_http_is_served_to_others_with_an_issuer(tmp_path: Path, provider: OidcProvider, era: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    config = tmp_path / "config.toml"
    config.write_text(
        f"[http]\nhost = '0.0.0.0'\nport = {port}\nurl = '{url}'\nissuer = '{provider.url}'\n", encoding="utf-8"
    )
    command = [*server_command(), "serve", "--config", str(config), "--http"]
    process = subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        await listening(port)
        async with McpOverHttp(url, provider).client("ada", era) as client:
            job = await call(client, "ogc_execute_process", process_id="echo", inputs={"string": "x"}, wait_seconds=30)
            assert job["status"] == "successful"
        async with httpx.AsyncClient() as http:
            assert (await http.post(url, json={})).status_code == 401
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "192.0.2.1:80", "[::]:80", "example.org:80"])
def test_http_is_not_served_to_others_without_authentication(address: str, tmp_path: Path) -> None:
    refused = subprocess.run(
        [*server_command(), "serve", "--http", address],
        env=environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode == 1
    assert "without authentication" in refused.stderr
