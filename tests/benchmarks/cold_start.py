"""Spawn to the first tools/list answer over stdio, against a bare one-tool server on the same SDK."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mcp_ogc.cli.config import server_command
from tests.benchmarks.measure import Measure, interleaved

BAR = 1.2
BARE = """
from mcp.server import MCPServer

server = MCPServer("bare", version="1")


@server.tool()
def echo(text: str) -> str:
    return text


server.run("stdio")
"""


def request(method: str, number: int | None = None, **params: object) -> bytes:
    message: dict[str, object] = {"jsonrpc": "2.0", "method": method, "params": params}
    if number is not None:
        message["id"] = number
    return json.dumps(message).encode() + b"\n"


OPENING = (
    request(
        "initialize",
        1,
        protocolVersion="2025-11-25",
        capabilities={},
        clientInfo={"name": "bench", "version": "1"},
    )
    + request("notifications/initialized")
    + request("tools/list", 2)
)


def seconds_to_tools(command: list[str], environment: dict[str, str]) -> float:
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(OPENING)
        process.stdin.flush()
        for line in process.stdout:
            if json.loads(line).get("id") == 2:
                break
        taken = time.perf_counter() - begun
        process.stdin.close()
        process.kill()
    return taken


def measure() -> Measure:
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        environment = {**os.environ, "MCP_OGC_DATA_FOLDER": folder, "PYTHONDONTWRITEBYTECODE": ""}
        ours, theirs = interleaved(
            lambda: seconds_to_tools(server_command(), environment),
            lambda: seconds_to_tools([sys.executable, str(bare)], environment),
            rounds=9,
        )
    ratio = ours / theirs
    return Measure(
        "cold-start",
        round(ours, 3),
        "s",
        "bare mcp server",
        round(theirs, 3),
        round(ratio, 3),
        f"<= {BAR}",
        ratio <= BAR,
    )
