"""What is in the body of an execution."""

from pathlib import Path

import pytest

from mcp_ogc.errors import InvalidParameter
from mcp_ogc.jobs.submission import outputs_of
from mcp_ogc.ogc.models import Execute
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call, finished, refused
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("personality", ["maap", "standard"])
async def test_q39_a_member_that_is_wanted_there_is_sent(tmp_path: Path, personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q39])
    async with conversation(endpoint, tmp_path, execute_members={"queue": "small"}) as client:
        await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
    (asked,) = endpoint.asked("POST", "/execution")
    assert asked.json["queue"] == "small"


async def test_q39_a_member_that_is_wanted_there_and_not_set_is_asked_for_before_anything_is_sent(
    tmp_path: Path,
) -> None:
    endpoint = TestEndpoint("maap")
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_execute_process", process_id="echo", inputs=ECHO)
    assert "queue" in told
    assert "execute_members" in told
    assert endpoint.asked("POST") == []


@pytest.mark.parametrize(
    ("personality", "members"),
    [("standard", {"response": "document"}), ("pygeoapi", {}), ("javaps", {"mode": "async", "response": "document"})],
)
async def test_q39_beside_its_inputs_an_execution_has_what_the_kind_of_server_reads(
    personality: str, members: dict[str, str]
) -> None:
    endpoint = TestEndpoint(personality)
    async with talking(endpoint) as talk:
        await talk.executed()
    (asked,) = endpoint.asked("POST", "/execution")
    assert asked.json == {"inputs": dict(ECHO), **members}


async def test_q46_outputs_that_are_not_named_are_all_outputs(tmp_path: Path) -> None:
    async with conversation(TestEndpoint(quirks_on=[Quirk.Q46]), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, outputs=[], wait_seconds=0)
        await finished(client, job["job_id"])
        results = await call(client, "ogc_get_results", job_id=job["job_id"])
    assert [output["output_id"] for output in results["outputs"]] == ["text"]


async def test_q46_an_empty_object_of_outputs_is_never_sent() -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q46])
    async with talking(endpoint) as talk:
        await talk.client.execute("echo", Execute(inputs=dict(ECHO), outputs={}))
    assert "outputs" not in endpoint.asked("POST", "/execution")[0].json


@pytest.mark.parametrize("personality", ["strict-v2", "weaver", "zoo"])
async def test_q47_named_outputs_are_asked_for_without_saying_how_they_are_transmitted(personality: str) -> None:
    endpoint = TestEndpoint(personality, quirks_on=[Quirk.Q47])
    async with talking(endpoint) as talk:
        await talk.client.execute("echo", Execute(inputs=dict(ECHO), outputs=outputs_of(["text"])))
    assert endpoint.jobs.newest.wanted == ("text",)


async def test_q47_the_endpoint_of_these_tests_refuses_what_is_gone() -> None:
    async with talking(TestEndpoint("strict-v2")) as talk:
        with pytest.raises(InvalidParameter, match="refused"):
            await talk.client.execute(
                "echo", Execute(inputs=dict(ECHO), outputs={"text": {"transmissionMode": "value"}})
            )


async def test_q47_the_only_output_is_itself_and_read_as_that(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("strict-v2"), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="hello", inputs={"name": "Ada"}, wait_seconds=0)
        await finished(client, job["job_id"])
        (output,) = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
    assert output["output_id"] == "greeting"
    assert "Hello Ada!" in str(output)
