"""Mandatory inputs are not asked for at submission: they are asked for here, before anything is sent."""

from pathlib import Path

import pytest

from tests.quirks.talking import conversation, sent
from tests.server.talk import call, finished, refused
from tests.servers.processes.endpoint import TestEndpoint

pytestmark = pytest.mark.anyio


async def test_q38_a_missing_input_is_told_at_once_and_nothing_is_sent(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    async with conversation(endpoint, tmp_path) as client:
        told = await refused(client, "ogc_execute_process", process_id="water-bodies", inputs={"bands": ["green"]})
    assert "2 problems" in told
    assert "stac_items is missing" in told
    assert "aoi is missing" in told
    assert endpoint.asked("POST") == []
    assert not endpoint.jobs.all


async def test_q38_what_has_a_default_or_is_optional_is_not_missing(tmp_path: Path) -> None:
    endpoint = TestEndpoint("zoo")
    inputs = {"stac_items": ["https://x.example/item"], "aoi": "-121.399,39.834,-120.74,40.472"}
    async with conversation(endpoint, tmp_path) as client:
        dry = await call(client, "ogc_execute_process", process_id="water-bodies", inputs=inputs, dry_run=True)
        job = await call(client, "ogc_execute_process", process_id="water-bodies", inputs=inputs, wait_seconds=0)
        assert (await finished(client, job["job_id"]))["status"] == "successful"
    assert sent(endpoint) == inputs
    assert 'epsg="EPSG:4326"' in dry["notes"][-1]
    area, _ = dry["notes"]
    assert "longitude -121.399 to -120.74, latitude 39.834 to 40.472" in area
    assert "km²" in area
