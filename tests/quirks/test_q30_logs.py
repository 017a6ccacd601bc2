"""Q30: the logs of a job are in a place of their own: links of its status, resources beside it, its metadata."""

import json
from pathlib import Path

import pytest
from mcp import Client

from tests.quirks.talking import QUEUE, conversation
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

KEEPS_LOGS = ("zoo", "weaver", "ecmwf")
LINE = "ERROR container terminated: reason: OOMKilled, exit code: 137"


async def failed(client: Client, cause: str) -> dict[str, object]:
    inputs = {**(await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"], "fail": cause}
    job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
    return await finished(client, job["job_id"])


@pytest.mark.parametrize("name", KEEPS_LOGS)
async def test_q30_the_reason_is_found_in_the_logs_wherever_they_are(name: str, tmp_path: Path) -> None:
    async with conversation(TestEndpoint(name), tmp_path, execute_members=QUEUE) as client:
        job = await failed(client, "oom")
        why = job["why"]
        assert isinstance(why, dict)
        assert (why["cause"], why["exit_code"]) == ("out of memory", 137)
        assert why["untrusted"]["step"] == "detect-water"
        assert [line for line in why["untrusted"]["evidence"] if LINE in line]
        text = text_of(await client.call_tool("ogc_get_job", {"job_id": job["job_id"]}))
        assert f"{LINE}⟧" in text
        assert f"resource ogc://far/jobs/{job['job_id']}/logs" in text


@pytest.mark.parametrize("name", KEEPS_LOGS)
async def test_q30_the_logs_are_a_resource_wherever_they_are(name: str, tmp_path: Path) -> None:
    async with conversation(TestEndpoint(name), tmp_path, execute_members=QUEUE) as client:
        job = await failed(client, "oom")
        read = await client.read_resource(f"ogc://far/jobs/{job['job_id']}/logs")
        logs = json.loads(read.contents[0].text)["logs"]
        assert any(LINE in log["untrusted"]["text"] for log in logs)


@pytest.mark.parametrize("name", ["pygeoapi", "geoserver", "javaps", "unity", "fastprocesses"])
async def test_q30_a_kind_of_server_that_keeps_none_is_known_to_have_none(name: str, tmp_path: Path) -> None:
    async with conversation(TestEndpoint(name), tmp_path) as client:
        (row,) = (await call(client, "ogc_list_endpoints"))["endpoints"]
    assert "logs" in row["not_found"]


@pytest.mark.parametrize("name", ["pygeoapi", "geoserver"])
async def test_q30_where_there_are_none_the_reason_is_said_to_be_unknown(name: str, tmp_path: Path) -> None:
    async with conversation(TestEndpoint(name), tmp_path, execute_members=QUEUE) as client:
        job = await failed(client, "oom")
        assert isinstance(job["why"], dict)
        assert job["why"]["cause"] == "unknown"
        text = text_of(await client.call_tool("ogc_get_job", {"job_id": job["job_id"]}))
        assert "Job has reached the specified backoff limit" in text
        assert "/logs" not in text


async def test_q30_logs_that_a_kind_of_server_usually_has_may_be_missing(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("weaver", quirks_off=(Quirk.Q30,)), tmp_path) as client:
        job = await failed(client, "inputs")
        assert isinstance(job["why"], dict)
        assert job["why"]["cause"] == "inputs"
        assert "/logs" not in text_of(await client.call_tool("ogc_get_job", {"job_id": job["job_id"]}))


async def test_q30_that_a_job_failed_is_told_though_its_logs_do_not_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.tools.job_answers.READ_SECONDS", 0)
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        job = await failed(client, "oom")
        assert job["status"] == "failed"
        assert isinstance(job["why"], dict)
        assert job["why"]["cause"] == "unknown"
