"""The programs of docs/clients.md, as they stand there: each client lists, reads and calls, over stdio and HTTP.

`make clients` makes the environments and runs this; it is no part of `make test`.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from mcp_ogc.cli.config import server_command
from mcp_ogc.tools.catalogue import TOOLS
from tests.npm import install, node
from tests.server.test_transports import environment, listening

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")
PROGRAMS = dict(re.findall(r"<!-- client: ([\w-]+) -->\n```\w+\n(.*?)```", GUIDE, re.DOTALL))
PYTHON_CLIENTS = {"openai-agents": "mcp2", "pydantic-ai": "mcp2", "langchain": "mcp1", "mcp-use": "mcp1"}
TYPESCRIPT = Path(__file__).parent / "typescript"


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server over HTTP, of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [*server_command(), "serve", "--http", str(port)]
    with subprocess.Popen(command, env=environment(tmp_path), stderr=subprocess.DEVNULL) as process:
        try:
            anyio.run(listening, port)
            yield f"http://127.0.0.1:{port}/mcp"
        finally:
            process.terminate()


def told(command: list[str], folder: Path) -> str:
    """What a program prints. Clients hand a bare environment on: a home of the test's own, and where `mcp-ogc` is."""
    path = os.pathsep.join([str(Path(server_command()[0]).parent), os.environ["PATH"]])
    clean = {"PATH": path, "HOME": str(folder), "USERPROFILE": str(folder), "MCP_USE_ANONYMIZED_TELEMETRY": "false"}
    ran = subprocess.run(
        command,
        cwd=folder,
        env={**environment(folder), **clean},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=150,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def assert_listed_read_and_called_twice(output: str) -> None:
    for tool in TOOLS:
        assert output.count(f"'{tool.name}'") == 2, tool.name
    assert len(re.findall(r'"name": ?"local"', output)) == 2
    assert output.count("successful") == 2


def test_the_guide_has_a_program_for_every_client() -> None:
    assert set(PROGRAMS) == {*PYTHON_CLIENTS, "typescript", "typescript-v1"}


@pytest.mark.parametrize("client", PYTHON_CLIENTS)
def test_python_clients(client: str, url: str, tmp_path: Path) -> None:
    scripts = Path(sys.executable).parent.name
    python = ROOT / f".venv-clients-{PYTHON_CLIENTS[client]}" / scripts / "python"
    program = PROGRAMS[client].replace("http://127.0.0.1:8000/mcp", url)
    assert_listed_read_and_called_twice(told([str(python), "-c", program], tmp_path))


@pytest.mark.parametrize("client", ["typescript", "typescript-v1"])
def test_typescript_clients(client: str, url: str, tmp_path: Path) -> None:
    if not install(TYPESCRIPT):
        pytest.skip("npm is not installed here")
    program = tmp_path / "guide.mjs"
    program.write_text(PROGRAMS[client].replace("http://127.0.0.1:8000/mcp", url), encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(TYPESCRIPT / "node_modules")
    assert_listed_read_and_called_twice(told([node(TYPESCRIPT), str(program)], tmp_path))
