"""T20: whatever GDAL, a library or a worker prints, stdout carries JSON-RPC only."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest

from mcp_ogc.cli.config import server_command
from tests.benchmarks.cold_start import request

SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"
NOISY = """
import os, sys
import mcp_ogc.rasters.worker.tasks as tasks
from mcp_ogc.rasters.worker import child

perform = tasks.perform

def noisy(*arguments):
    print("NOISE from Python")
    os.write(1, b"NOISE from C\\n")
    sys.stdout.flush()
    return perform(*arguments)

tasks.perform = noisy
child.main()
"""


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    """Of which libtiff has something to say."""
    path = tmp_path / "damaged.tif"
    path.write_bytes(SCENE.read_bytes()[:200_000])
    return path


def test_a_conversation_about_damaged_rasters_over_stdio_is_json_only(damaged: Path, tmp_path: Path) -> None:
    settings = {
        "MCP_OGC_DATA_FOLDER": str(tmp_path / "data"),
        "MCP_OGC_PERMITTED_FOLDERS": json.dumps([str(tmp_path), str(SCENE.parent)]),
    }
    asked: list[dict[str, Any]] = [
        {"raster": str(damaged)},
        {"raster": str(SCENE), "exact": True},
        {"raster": str(tmp_path / "gone.tif")},
    ]
    calls = [
        request("tools/call", number, name="ogc_summarize_raster", arguments=arguments)
        for number, arguments in enumerate(asked, start=10)
    ]
    opening = request(
        "initialize", 1, protocolVersion="2025-11-25", capabilities={}, clientInfo={"name": "t", "version": "1"}
    ) + request("notifications/initialized")
    with subprocess.Popen(
        server_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **settings}
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(opening + b"".join(calls))
        process.stdin.flush()
        answers: dict[int, Any] = {}
        while len(answers) < 1 + len(calls):
            message = json.loads(process.stdout.readline())
            assert message["jsonrpc"] == "2.0"
            if "id" in message:
                answers[message["id"]] = message["result"]
        process.stdin.close()
        assert process.stdout.read() == b""
        process.wait(30)
    assert "can't be decoded" in answers[10]["content"][0]["text"]
    assert answers[11]["structuredContent"]["source"]["exact"]
    assert answers[12]["isError"]


PRINTS = """\
cwlVersion: v1.2
class: CommandLineTool
id: prints
label: Prints
doc: Prints
baseCommand: [sh, -c, "echo NOISE; echo NOISE >&2"]
inputs: {}
outputs: {}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="cwltool is POSIX only")
def test_what_a_package_prints_while_it_runs_is_not_in_the_conversation(tmp_path: Path) -> None:
    settings = {
        "MCP_OGC_DATA_FOLDER": str(tmp_path / "data"),
        "MCP_OGC_LOCAL__TRUSTED_PACKAGES": '["*"]',
        "MCP_OGC_LOCAL__CONTAINER_ENGINE": "none",
        "MCP_OGC_LOG_LEVEL": "debug",
    }
    with Conversation(settings) as conversation:
        conversation.call("ogc_deploy_process", package=PRINTS)
        job = conversation.call("ogc_execute_process", process_id="prints", inputs={}, wait_seconds=45)
        while job["structuredContent"]["status"] in ("accepted", "running"):
            job = conversation.call("ogc_get_job", job_id=job["structuredContent"]["job_id"], wait_seconds=45)
        assert job["structuredContent"]["status"] == "successful", job


class Conversation:
    """With a server over stdio; each line of its stdout is a message of the protocol, or the test fails."""

    def __init__(self, settings: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            server_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, **settings}
        )
        self._number = 1

    def __enter__(self) -> Self:
        capabilities: dict[str, Any] = {}
        client = {"name": "t", "version": "1"}
        self._ask("initialize", protocolVersion="2025-11-25", capabilities=capabilities, clientInfo=client)
        self._send(request("notifications/initialized"))
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        rest = self._process.stdout.read()
        self._process.wait(30)
        self._process.stdout.close()
        assert rest == b""

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        answer = self._ask("tools/call", name=tool, arguments=arguments)
        assert not answer.get("isError"), answer
        return answer

    def _ask(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        self._send(request(method, self._number, **params))
        assert self._process.stdout is not None
        while True:
            message = json.loads(self._process.stdout.readline())
            assert message["jsonrpc"] == "2.0"
            if message.get("id") == self._number:
                result: dict[str, Any] = message["result"]
                return result

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line)
        self._process.stdin.flush()


@pytest.mark.anyio
async def test_what_a_worker_prints_is_nowhere_and_its_answers_stay_whole(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from mcp_ogc.rasters.worker import fetching, pool, process
    from mcp_ogc.rasters.worker.tasks import RasterFile, Summarize, Wanted

    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", NOISY))
    async with pool.open_workers() as workers:
        given = fetching.Given(RasterFile("scene.tif", SCENE.stat().st_size, None, SCENE))
        for _ in range(2):
            found = await workers.run(Summarize(Wanted(None, (), None), "exact"), [given], 60)
            assert found.summary.width == 349
    printed = capfd.readouterr()
    assert "NOISE" not in printed.out + printed.err
