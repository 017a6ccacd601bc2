"""What an endpoint answered at once has an id of ours: the endpoint is never asked for it."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client

from tests.quirks.talking import ECHO, FAR, conversation
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import TestEndpoint

pytestmark = pytest.mark.anyio


@pytest.fixture
def endpoint() -> TestEndpoint:
    endpoint = TestEndpoint()
    endpoint.processes["at-once"] = replace(endpoint.processes["echo"], id="at-once", job_control=("sync-execute",))
    return endpoint


@pytest.fixture
async def client(endpoint: TestEndpoint, tmp_path: Path) -> AsyncIterator[Client]:
    async with conversation(endpoint, tmp_path) as client:
        yield client


@pytest.fixture
async def job_id(client: Client) -> str:
    job = await call(client, "ogc_execute_process", process_id="at-once", inputs=ECHO)
    assert job["job_id"].startswith("sync-")
    return str(job["job_id"])


async def test_there_is_nothing_to_dismiss(endpoint: TestEndpoint, client: Client, job_id: str) -> None:
    told = await client.call_tool("ogc_dismiss_job", {"job_id": job_id})
    (row,) = [one for one in (await call(client, "ogc_list_jobs"))["jobs"] if one["job_id"] == job_id]
    assert not told.is_error
    assert told.structured_content is not None
    assert told.structured_content["dismissed"] is False
    assert "ran at once" in text_of(told)
    assert "ogc_get_results" in text_of(told)
    assert row["status"] == "successful"
    assert row.get("gone") is None
    assert "hello" in str((await call(client, "ogc_get_results", job_id=job_id))["outputs"])
    assert not endpoint.asked("GET", job_id)
    assert not endpoint.asked("DELETE")


async def test_there_are_no_logs(endpoint: TestEndpoint, client: Client, job_id: str) -> None:
    (content,) = (await client.read_resource(f"ogc://{FAR}/jobs/{job_id}/logs")).contents
    assert json.loads(content.text)["logs"] == []  # type: ignore[union-attr]
    assert not endpoint.asked("GET", job_id)


async def test_who_subscribes_to_it_has_nothing_polled(endpoint: TestEndpoint, client: Client, job_id: str) -> None:
    async with client.listen(resource_subscriptions=[f"ogc://{FAR}/jobs/{job_id}"]):
        # The poller is one for all jobs of an endpoint: a job that was followed to its end had it look at this too.
        other = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        await finished(client, other["job_id"])
    (row,) = [one for one in (await call(client, "ogc_list_jobs"))["jobs"] if one["job_id"] == job_id]
    assert row.get("gone") is None
    assert not endpoint.asked("GET", job_id)
