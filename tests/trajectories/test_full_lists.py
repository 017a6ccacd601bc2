"""Lists at their fullest stay within what an answer may have, and their pages hold each entry once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.quirks.talking import conversation
from tests.server.talk import call, text_of
from tests.servers.processes.catalogue import HELLO, Process, Product, described
from tests.servers.processes.endpoint import TestEndpoint
from tests.tokenizer import Tokenizer
from tests.trajectories.contract import CONCISE, DETAILED, STRUCTURED

pytestmark = pytest.mark.anyio

SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"
LONG = {
    name: replace(HELLO, id=name, title="A title as long as titles are where people explain what they mean by it " * 2)
    for name in (f"organisation.department.group.application-with-a-name-{n:03d}" for n in range(130))
}


@pytest.mark.parametrize(("given", "most"), [({}, CONCISE), ({"limit": 100}, DETAILED)])
async def test_a_page_of_processes_is_short_and_pages_leave_none_out(
    given: dict[str, int], most: int, tmp_path: Path, tokenizer: Tokenizer | None
) -> None:
    found: list[str] = []
    async with conversation(TestEndpoint(processes=dict(LONG)), tmp_path) as client:
        cursor = None
        while cursor or not found:
            result = await client.call_tool("ogc_list_processes", {**given, "cursor": cursor})
            if tokenizer:
                assert tokenizer.count([text_of(result)])[0] <= most
            page = result.structured_content or {}
            found += [row["process_id"] for row in page["processes"]]
            cursor = page.get("next_cursor")
    assert found == list(LONG)


@pytest.mark.parametrize(("given", "most"), [({}, CONCISE), ({"limit": 100}, DETAILED)])
async def test_a_page_of_jobs_is_short_and_pages_leave_none_out(
    given: dict[str, int], most: int, tmp_path: Path, tokenizer: Tokenizer | None
) -> None:
    process_id = next(iter(LONG))
    run = {"process_id": process_id, "inputs": {"name": "Ada"}, "wait_seconds": 0, "new_run": True}
    found: list[str] = []
    async with conversation(TestEndpoint(processes=dict(LONG), polls=99), tmp_path) as client:
        submitted = [(await call(client, "ogc_execute_process", **run))["job_id"] for _ in range(25)]
        cursor = None
        while cursor or not found:
            result = await client.call_tool("ogc_list_jobs", {**given, "cursor": cursor})
            if tokenizer:
                assert tokenizer.count([text_of(result)])[0] <= most
            page = result.structured_content or {}
            found += [row["job_id"] for row in page["jobs"]]
            cursor = page.get("next_cursor")
    assert sorted(found) == sorted(submitted)


async def test_structured_content_goes_on_with_what_was_named_within_its_bound_and_counts_the_rest(
    settings: Settings, tokenizer: Tokenizer | None
) -> None:
    permitted = settings.model_copy(update={"permitted_folders": (SCENE.parent,)})
    places = [[-34.87 + n / 10_000, -8.01] for n in range(100)]
    squares = [[[[x, y], [x + 0.001, y], [x + 0.001, y + 0.001], [x, y]]] for x, y in places]
    polygons = [{"type": "Polygon", "coordinates": one} for one in squares]
    features = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "geometry": one, "properties": {}} for one in polygons],
    }
    async with Client(build_server(permitted)) as client:
        raster = {"raster": SCENE.as_uri()}
        points = await client.call_tool("ogc_measure_raster", {**raster, "points": places})
        zones = await client.call_tool("ogc_measure_raster", {**raster, "within": features})
    for answer, rows, noun in ((points, "points", "point"), (zones, "zones", "shape")):
        told = answer.structured_content or {}
        assert 0 < len(told[rows]) < 100
        assert len(told[rows]) + told["left_out"] == 100
        assert f"{told['left_out']} {noun}s left out: give them in another call." in text_of(answer)
        if tokenizer:
            (structured,) = tokenizer.count([json.dumps(told, separators=(",", ":"))])
            assert structured <= STRUCTURED, structured


async def test_an_export_of_hundreds_of_files_tells_of_some_and_counts_all(
    tmp_path: Path, tokenizer: Tokenizer | None
) -> None:
    files = {f"map-{n:03}": Product(f"map {n}\n", "text/plain") for n in range(300)}
    many = Process(
        id="many", title="Many", outputs={name: described({}, name) for name in files}, makes=lambda _: files
    )
    async with conversation(TestEndpoint(processes={"many": many}), tmp_path) as client:
        job = await call(client, "ogc_execute_process", process_id="many", inputs={}, wait_seconds=20)
        answer = await client.call_tool("ogc_export_job", {"job_id": job["job_id"]})
    told = answer.structured_content or {}
    assert told["files_total"] == 301
    assert "All are there" in text_of(answer)
    if tokenizer:
        text, structured = tokenizer.count([text_of(answer), json.dumps(told, separators=(",", ":"))])
        assert text <= CONCISE
        assert structured <= STRUCTURED, structured
