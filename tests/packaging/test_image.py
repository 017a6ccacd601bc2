"""The container image, as far as it can be tested without building it."""

import re
import runpy
import socket
import tomllib
from pathlib import Path

from tests.servers.loopback import Reply, Server

ROOT = Path(__file__).parents[2]


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_what_the_image_installs_is_what_was_tested() -> None:
    def pins(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([a-z0-9.-]+)==(\S+)", read(name), re.MULTILINE))

    assert pins("runtime.lock").items() <= pins("requirements.lock").items()
    project = tomllib.loads(read("pyproject.toml"))["project"]
    named = {re.split(r"[^A-Za-z0-9.-]", line)[0].lower() for line in project["dependencies"]}
    assert {name.replace(".", "-") for name in pins("runtime.lock")} >= {name.replace(".", "-") for name in named}
    assert "pytest" not in pins("runtime.lock")


def test_the_image_copies_what_is_there_and_is_not_kept_out() -> None:
    kept = [line.removeprefix("!") for line in read(".dockerignore").splitlines() if line.startswith("!")]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", read("Dockerfile"), re.MULTILINE)
    for path in " ".join(copied).split():
        assert (ROOT / path).exists(), path
        assert path in kept


def test_a_container_is_healthy_while_its_server_answers(server: Server) -> None:
    healthy = runpy.run_path(str(ROOT / "packaging" / "healthy.py"))["healthy"]
    server.on("/mcp", Reply(406))
    assert healthy(["/opt/mcp-ogc/bin/python", "mcp-ogc", "--http", str(server.port)])
    assert healthy(["mcp-ogc", "serve", f"--http=127.0.0.1:{server.port}"])
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    assert not healthy(["mcp-ogc", "--http", str(port)])
    assert healthy(["mcp-ogc"]), "over stdio the process is its own health"
