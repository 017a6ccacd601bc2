"""How an execution is asked for, so that it becomes a job whose results are a document."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.models import Execute, StatusInfo
from tests.quirks.talking import ECHO, conversation, talking
from tests.server.talk import call, finished
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

WATER = {"stac_items": ["https://stac.example/items/a"], "aoi": "-121.4,39.8,-120.7,40.5"}


@pytest.mark.parametrize("personality", ["pygeoapi", "standard"])
async def test_q01_an_execution_is_a_job_where_prefer_is_compared_as_a_whole(personality: str) -> None:
    async with talking(TestEndpoint(personality, quirks_on=[Quirk.Q1])) as talk:
        assert isinstance(await talk.client.execute("echo", Execute(inputs=dict(ECHO))), StatusInfo)


async def test_q01_what_was_run_at_once_is_kept_and_asked_for_more_plainly_from_then_on(tmp_path: Path) -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q1])
    async with conversation(endpoint, tmp_path, dialect="weaver") as client:
        first = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0)
        second = await call(client, "ogc_execute_process", process_id="echo", inputs=ECHO, wait_seconds=0, new_run=True)
        results = await call(client, "ogc_get_results", job_id=first["job_id"])
    assert first["job_id"].startswith("sync-")
    assert "hello" in str(results["outputs"])
    assert not second["job_id"].startswith("sync-")


async def test_q02_a_header_alone_asks_for_a_document_where_it_is_split_at_semicolons() -> None:
    header_only = replace(named("weaver"), execute_members={})
    async with talking(TestEndpoint("weaver", quirks_off=[Quirk.Q40]), dialect=header_only) as talk:
        answer = await talk.results()
    assert json.loads(answer.body) == {"text": "hello"}


async def test_q02_a_server_of_unknown_kind_is_sent_what_no_reading_of_prefer_can_mistake() -> None:
    endpoint = TestEndpoint(quirks_on=[Quirk.Q2])
    async with talking(endpoint) as talk:
        assert json.loads((await talk.results()).body) == {"text": "hello"}
    (asked,) = endpoint.asked("POST", "/execution")
    assert asked.headers["prefer"] == "respond-async"
    assert asked.json["response"] == "document"


async def test_q03_results_are_asked_for_as_a_document_when_the_job_is_submitted() -> None:
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q10])
    async with talking(endpoint) as talk:
        answer = await talk.results("water-bodies", WATER)
    assert set(json.loads(answer.body)) == {"stac_catalog"}


async def test_q03_a_header_alone_asks_for_a_document_too() -> None:
    async with talking(
        TestEndpoint("zoo", quirks_off=[Quirk.Q10]), dialect=replace(named("zoo"), execute_members={})
    ) as talk:
        assert set(json.loads((await talk.results("water-bodies", WATER)).body)) == {"stac_catalog"}


async def test_q03_a_job_of_somebody_who_did_not_ask_is_a_bare_stac_object_and_read_as_its_only_output(
    tmp_path: Path,
) -> None:
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q10])
    job = endpoint.jobs.add(endpoint.processes["water-bodies"], {}, 1, document=False)
    async with conversation(endpoint, tmp_path) as client:
        await finished(client, job.id)
        (output,) = (await call(client, "ogc_get_results", job_id=job.id))["outputs"]
    assert output["output_id"] == "stac_catalog"
    assert output["items"]


async def test_q48_what_can_only_run_as_a_job_is_never_called_without_saying_so() -> None:
    endpoint = TestEndpoint("zoo", quirks_off=[Quirk.Q10])
    async with talking(endpoint) as talk:
        info = await talk.executed("water-bodies", WATER)
    assert endpoint.jobs[info.job_id].process.only_async


async def test_q48_what_can_only_run_at_once_is_a_result_all_the_same() -> None:
    endpoint = TestEndpoint()
    endpoint.processes["echo"] = replace(endpoint.processes["echo"], job_control=("sync-execute",))
    async with talking(endpoint) as talk:
        answer = await talk.client.execute("echo", Execute(inputs=dict(ECHO)))
    assert isinstance(answer, Answer)
