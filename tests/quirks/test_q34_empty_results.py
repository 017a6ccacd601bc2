"""Q34: a successful job may have made nothing at all."""

from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from tests.quirks.talking import QUEUE, conversation
from tests.server.talk import call, finished, text_of
from tests.servers.processes.catalogue import Product, water_bodies
from tests.servers.processes.endpoint import TestEndpoint
from tests.servers.processes.quirk import Quirk

pytestmark = pytest.mark.anyio

INPUTS = {"stac_items": ["https://stac.example/items/LC08"], "aoi": "-121.399,39.834,-120.74,40.472"}
COLLECTION = {
    "type": "Collection",
    "id": "run",
    "stac_version": "1.1.0",
    "description": "Results",
    "license": "proprietary",
    "extent": {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": [[None, None]]}},
    "links": [],
}


async def results(client: Client, process_id: str) -> CallToolResult:
    job = await call(client, "ogc_execute_process", process_id=process_id, inputs=INPUTS, wait_seconds=0)
    assert (await finished(client, job["job_id"]))["status"] == "successful"
    return await client.call_tool("ogc_get_results", {"job_id": job["job_id"]})


async def test_q34_an_empty_document_means_that_stage_out_found_no_catalogue(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        answer = await results(client, "water-bodies-empty")
        assert not answer.is_error
        why = (answer.structured_content or {})["empty_because"]
        assert why["cause"] == "stage-out"
        assert "found no STAC catalogue" in why["reason"]
        assert "aoi" in why["input_ids"]
        text = text_of(answer)
        assert "The job was successful and made nothing" in text
        assert text.splitlines()[-1] == f"Next: {why['next']}"
        assert 'ogc_describe_process(process_id="water-bodies-empty", endpoint="far")' in text


@pytest.mark.parametrize("document", [COLLECTION, {"type": "FeatureCollection", "features": []}])
async def test_q34_a_collection_without_items_means_that_there_was_no_data(
    document: dict[str, Any], tmp_path: Path
) -> None:
    endpoint = TestEndpoint("zoo", quirks_off=(Quirk.Q34,))
    endpoint.processes["none"] = water_bodies(lambda _: {"stac_catalog": Product(document)}, process_id="none")
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        answer = await results(client, "none")
        why = (answer.structured_content or {})["empty_because"]
        assert why["cause"] == "inputs"
        assert "has no items" in why["reason"]


async def test_q34_a_log_that_says_there_was_no_data_is_the_evidence(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo", polls=None)
    async with conversation(endpoint, tmp_path, execute_members=QUEUE) as client:
        job = await call(client, "ogc_execute_process", process_id="water-bodies-empty", inputs=INPUTS, wait_seconds=0)
        endpoint.jobs.newest.end("successful")
        endpoint.jobs.newest.logs = (
            ("Tool log crop.log", "opening green\nWARNING no valid pixels in the area\nbye\n"),
        )
        await finished(client, job["job_id"])
        answer = await client.call_tool("ogc_get_results", {"job_id": job["job_id"]})
        text = text_of(answer)
        assert "- log ⟦Tool log crop.log⟧: ⟦WARNING no valid pixels in the area⟧" in text
        assert f"1 log: resource ogc://far/jobs/{job['job_id']}/logs" in text


async def test_q34_results_that_are_there_are_not_called_empty(tmp_path: Path) -> None:
    async with conversation(TestEndpoint("zoo"), tmp_path) as client:
        answer = await results(client, "water-bodies")
        assert "empty_because" not in (answer.structured_content or {})
        assert "made nothing" not in text_of(answer)
