"""What a raster worker may not, and that the operator is told where the system does not see to it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mcp_ogc.cli.config import server_command

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a network of its own")

CONFINED = """
import socket, sys
from mcp_ogc.rasters.worker.confinement import confine
server = socket.create_server(("127.0.0.1", 0))
socket.create_connection(server.getsockname(), 5).close()
confine()
try:
    socket.create_connection(server.getsockname(), 5)
except OSError:
    print("unreachable")
try:
    with open(sys.argv[1], "wb", buffering=0) as file:
        file.write(b"x")
except OSError:
    print("unwritable")
"""
IN_A_NAMESPACE = ("unshare", "--user", "--map-root-user", "sh", "-c")
WITHOUT_NAMESPACES = (*IN_A_NAMESPACE, 'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"', "sh")
"""As in a container that permits no unshare(2): the kernel refuses it to whatever runs after this."""


def output(*command: str, **variables: str) -> str:
    return subprocess.run(
        command, env={**os.environ, **variables}, capture_output=True, text=True, check=True, timeout=120
    ).stdout


def lets_us(*command: str) -> bool:
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def confined(tmp_path: Path, *before: str) -> list[str]:
    return output(*before, sys.executable, "-c", CONFINED, str(tmp_path / "f")).split()


def checked(tmp_path: Path, *before: str) -> str:
    """What `mcp-ogc check` says of raster workers."""
    told = output(*before, *server_command(), "check", MCP_OGC_DATA_FOLDER=str(tmp_path), PYTHONUTF8="1")
    (line,) = [line for line in told.splitlines() if "raster workers:" in line]
    return line


def test_a_confined_process_reaches_no_network_and_writes_no_file(tmp_path: Path) -> None:
    if not lets_us("unshare", "--user", "--net") and os.geteuid() != 0:
        pytest.skip("this kernel lets no user leave the network")
    assert confined(tmp_path) == ["unreachable", "unwritable"]


def test_check_says_of_raster_workers_whether_the_system_keeps_them_off_the_network(tmp_path: Path) -> None:
    is_off = "unreachable" in confined(tmp_path)
    assert ("not kept off the network" not in checked(tmp_path)) == is_off


def test_check_says_why_where_they_are_not(tmp_path: Path) -> None:
    if not lets_us(*WITHOUT_NAMESPACES):
        pytest.skip("this kernel lets no user bound namespaces")
    assert confined(tmp_path, *WITHOUT_NAMESPACES) == ["unwritable"], "the network is reached, a file is not"
    told = checked(tmp_path, *WITHOUT_NAMESPACES)
    assert "not kept off the network by the system: unshare(2) is refused" in told
    assert "max_net_namespaces" in told
    assert "no address and no credential" in told
