"""Q29: the results of a failed job say only that it failed; the reason is in its message."""

from pathlib import Path

import pytest

from tests.quirks.talking import QUEUE, conversation
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import Fault, TestEndpoint
from tests.servers.processes.personalities import PERSONALITIES
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

MESSAGE = "InvalidParameterValue: Error executing process: CRSError: Invalid projection: EPSG:99999"
QUIRKY = [name for name, one in PERSONALITIES.items() if Quirk.Q29 in one.quirks]


@pytest.mark.parametrize("name", QUIRKY)
async def test_q29_the_reason_is_read_from_the_message_of_the_job(name: str, tmp_path: Path) -> None:
    endpoint = TestEndpoint(name, polls=None)
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        inputs = {**(await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"]}
        started = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        endpoint.jobs.newest.end("failed", MESSAGE)
        job = await finished(client, started["job_id"])
        assert job["why"]["cause"] == "inputs"
        assert job["why"]["untrusted"]["evidence"] == [f"message: {MESSAGE}"]
        assert job["why"]["next"].endswith('ogc_describe_process(process_id="echo", endpoint="far")')
        text = text_of(await client.call_tool("ogc_get_job", {"job_id": job["job_id"]}))
        assert f"- message: ⟦{MESSAGE}⟧" in text
        assert text.splitlines()[-1] == f"Next: {job['why']['next']}"


async def test_q29_what_only_the_results_say_is_read_too(tmp_path: Path) -> None:
    endpoint = TestEndpoint("ecmwf", quirks_off=(Quirk.Q30,), polls=None)
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        inputs = {**(await call(client, "ogc_describe_process", process_id="echo"))["example_inputs"]}
        started = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        endpoint.jobs.newest.end("failed")
        endpoint.faults.append(
            Fault("GET", "/results", 400, body='{"title": "failed", "traceback": "MemoryError: no more"}', times=9)
        )
        job = await finished(client, started["job_id"])
        assert job["why"]["cause"] == "out of memory"
        assert job["why"]["untrusted"]["evidence"] == ["results: MemoryError: no more"]
