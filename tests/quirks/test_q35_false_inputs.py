"""A boolean input false arrives as true: it is left out where that is false, and said where it can't be."""

from pathlib import Path
from typing import Any

import pytest

from tests.quirks.talking import conversation, sent
from tests.server.talk import call, finished, text_of
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio


async def executed(endpoint: TestEndpoint, folder: Path, **inputs: Any) -> dict[str, Any]:
    async with conversation(endpoint, folder) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=inputs, wait_seconds=0)
        await finished(client, job["job_id"])
        return job


async def test_q35_false_is_left_out_where_it_is_the_default_and_never_becomes_true(tmp_path: Path) -> None:
    # Without Q37 the description still tells the default.
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q37])
    job = await executed(endpoint, tmp_path, text="a", flag=False)
    assert sent(endpoint) == {"text": "a"}
    assert endpoint.jobs.newest.inputs.get("flag") is not True
    assert "false is its default" in job["notes"][0]


async def test_q35_false_is_left_out_where_its_default_was_lost_and_that_is_said(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    job = await executed(endpoint, tmp_path, text="a", flag=False)
    assert sent(endpoint) == {"text": "a"}
    assert "does by itself" in job["notes"][0]


async def test_q35_where_false_can_t_be_said_a_warning_comes_before_and_with_the_job(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    arguments = {"process_id": "echo", "inputs": {"text": "a", "strict": False}}
    async with conversation(endpoint, tmp_path) as client:
        dry = await client.call_tool("ogc_execute_process", {**arguments, "dry_run": True})
        assert endpoint.asked("POST") == []
        job = await client.call_tool("ogc_execute_process", {**arguments, "wait_seconds": 0})
    for answer in (dry, job):
        assert "strict=false arrives as true" in text_of(answer)
        assert text_of(answer).splitlines()[-1].startswith("Next: ")
    assert endpoint.jobs.newest.inputs["strict"] is True, "the endpoint of these tests has the quirk"


@pytest.mark.parametrize("personality", ["standard", "weaver", "pygeoapi"])
async def test_q35_elsewhere_false_is_sent_as_it_is(tmp_path: Path, personality: str) -> None:
    endpoint = TestEndpoint(personality)
    job = await executed(endpoint, tmp_path, text="a", flag=False, strict=False)
    assert sent(endpoint) == {"text": "a", "flag": False, "strict": False}
    assert "notes" not in job


async def test_q35_true_is_sent(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    await executed(endpoint, tmp_path, text="a", flag=True)
    assert sent(endpoint)["flag"] is True
