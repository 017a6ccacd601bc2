"""A data folder that can't be written: the server starts, reads what can be read, and says once what to do."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TextIO

import pytest
from mcp import Client, stdio_client
from mcp.client.stdio import StdioServerParameters

from mcp_ogc.cli.config import server_command
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.processes.endpoint import TestEndpoint, served
from tests.servers.small_disk import require_namespaces, with_read_only

pytestmark = pytest.mark.anyio

HELLO = {"process_id": "hello", "endpoint": "far", "wait_seconds": 0}


def environment(folder: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MCP_OGC_")}
    told = {"DATA_FOLDER": str(folder / "data"), "DOWNLOAD_FOLDER": str(folder / "downloads")}
    return {
        **kept,
        **{f"MCP_OGC_{name}": value for name, value in told.items()},
        "MCP_OGC_ENDPOINTS__FAR__URL": url,
        "MCP_OGC_LOCAL__CONTAINER_ENGINE": "none",
    }


@asynccontextmanager
async def client_of(command: list[str], variables: dict[str, str], log: TextIO) -> AsyncIterator[Client]:
    server = StdioServerParameters(command=command[0], args=command[1:], env=variables)
    async with Client(stdio_client(server, errlog=log)) as client:
        yield client


async def test_a_read_only_folder_is_read_and_nothing_is_submitted(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    require_namespaces(tmp_path / "data")
    endpoint = TestEndpoint(polls=None)
    async with served(endpoint) as url:
        variables = environment(tmp_path, url)
        with (tmp_path / "log").open("w") as log:
            async with client_of(server_command(), variables, log) as client:
                far = (await call(client, "ogc_execute_process", **HELLO, inputs={"name": "Ada"}))["job_id"]
                near = (await call(client, "ogc_execute_process", process_id="echo", endpoint="local", wait_seconds=0,
                                   inputs={"string": "x"}))["job_id"]  # fmt: skip
                await finished(client, near)
        endpoint.jobs.newest.end("successful")
        command = with_read_only(tmp_path / "data", server_command())
        with (tmp_path / "log").open("w") as log:
            async with client_of(command, variables, log) as client:
                assert (await call(client, "ogc_get_job", job_id=far))["status"] == "successful"
                assert "greeting" in str(await call(client, "ogc_get_results", job_id=far))
                assert "x" in str(await call(client, "ogc_get_results", job_id=near))
                assert {row["job_id"] for row in (await call(client, "ogc_list_jobs"))["jobs"]} == {far, near}
                for tool in ("ogc_execute_process", "ogc_execute_process"):
                    told = await refused(client, tool, **HELLO, inputs={"name": "Bob"})
                    assert "Read-only" in told
                    assert "data_folder" in told
        assert len(endpoint.asked("POST", "/execution")) == 1
        assert (tmp_path / "log").read_text().count("can't be opened") == 1


@pytest.fixture
async def nowhere(settings: Settings, tmp_path: Path) -> AsyncIterator[tuple[Settings, TestEndpoint]]:
    """Settings whose data folder can't be made, and whose audit can be written."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    endpoint = TestEndpoint()
    async with served(endpoint) as url:
        changes = {
            "data_folder": tmp_path / "file" / "data",
            "audit_file": tmp_path / "audit.jsonl",
            "endpoints": {"far": EndpointSettings(url=url)},
        }
        yield settings.model_copy(update=changes), endpoint


async def test_where_nothing_can_be_kept_endpoints_are_asked_all_the_same(
    nowhere: tuple[Settings, TestEndpoint], caplog: pytest.LogCaptureFixture
) -> None:
    settings, endpoint = nowhere
    async with Client(build_server(settings)) as client:
        rows = {row["name"]: row for row in (await call(client, "ogc_list_endpoints"))["endpoints"]}
        assert (rows["far"]["reachable"], rows["local"]["reachable"]) == (True, False)
        assert "data_folder" in rows["local"]["problem"]
        assert (await call(client, "ogc_list_processes", endpoint="far"))["processes"]
        told = await refused(client, "ogc_execute_process", **HELLO, inputs={"name": "Ada"})
        assert "nothing was sent" in told
        assert "data_folder" in told
    assert endpoint.asked("POST") == []
    assert caplog.text.count("journal.sqlite3 can't be opened") == 1


async def test_once_the_folder_can_be_written_the_same_server_goes_on(
    nowhere: tuple[Settings, TestEndpoint], tmp_path: Path
) -> None:
    settings, _ = nowhere
    async with Client(build_server(settings)) as client:
        await refused(client, "ogc_execute_process", **HELLO, inputs={"name": "Ada"})
        (tmp_path / "file").unlink()
        job = await call(client, "ogc_execute_process", **HELLO, inputs={"name": "Ada"})
        near = await client.call_tool("ogc_list_processes", {"endpoint": "local"})
        assert "echo" in text_of(near)
    async with Client(build_server(settings)) as client:
        assert (await call(client, "ogc_get_job", job_id=job["job_id"]))["job_id"] == job["job_id"]
