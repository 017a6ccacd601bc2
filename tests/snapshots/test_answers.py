"""Sample answers, as the model reads them: reviewed like code. Ids, times, paths and durations are masked."""

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from mcp_ogc.local.sample.samples import package_text, scene_folder
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.server.talk import finished, text_of
from tests.server.test_tools import FAILING

pytestmark = pytest.mark.anyio

HERE = Path(__file__).parent / "answers"
MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "<job>"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?!/)(?<!1999-04-15T00:00:00Z)(?<!2003-05-31T00:00:00Z)"), "<time>"),
    (re.compile(r"after (\d+ min )?\d+(\.\d)? s"), "after <s>"),
    (re.compile(r"\b[0-9a-f]+-[0-9a-f]{8}-[0-9a-f]{16}\b"), "<token>"),
    (re.compile(r"sha256 [0-9a-f]{64}"), "sha256 <digest>"),
    (re.compile(r"results\.json [\d.]+ kB"), "results.json <size>"),  # it names files by their paths
)


def compare(name: str, text: str, folder: Path) -> None:
    for pattern, mask in MASKS:
        text = pattern.sub(mask, text)
    text = text.replace(scene_folder().as_uri(), "<scene>").replace(str(folder), "<folder>") + "\n"
    path = HERE / f"{name}.txt"
    if os.environ.get("WRITE_SNAPSHOTS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{name} changed: run make snapshots and review the diff"


async def test_a_conversation_reads_as_reviewed(settings: Settings, tmp_path: Path) -> None:
    async with Client(build_server(settings)) as client:

        async def say(name: str, tool: str, **arguments: Any) -> dict[str, Any]:
            result = await client.call_tool(tool, arguments)
            compare(name, text_of(result), tmp_path)
            return result.structured_content or {}

        await converse(client, say)


async def converse(client: Client, say: Callable[..., Awaitable[dict[str, Any]]]) -> None:
    await say("01-endpoints", "ogc_list_endpoints")
    await say("02-nothing-found", "ogc_list_processes", query="water")
    await say("03-deployed", "ogc_deploy_process", package="water-bodies")
    await say("04-deployed-already", "ogc_deploy_process", package="water-bodies")
    process = await say("05-described", "ogc_describe_process", process_id="water-bodies")
    await say("06-inputs-refused", "ogc_execute_process", process_id="water-bodies", inputs={"aoi": 5, "items": []})
    inputs = process["example_inputs"]
    await say("07-dry-run", "ogc_execute_process", process_id="water-bodies", inputs=inputs, dry_run=True)
    result = await client.call_tool(
        "ogc_execute_process", {"process_id": "water-bodies", "inputs": inputs, "wait_seconds": 0}
    )
    job_id = (result.structured_content or {})["job_id"]
    await finished(client, job_id)
    await say("08-job", "ogc_get_job", job_id=job_id)
    results = await say("09-results", "ogc_get_results", job_id=job_id)
    raster = results["outputs"][0]["items"][0]["assets"][0]["raster"]
    await say("10-raster", "ogc_summarize_raster", raster=raster)
    await say("11-raster-unknown", "ogc_summarize_raster", raster=raster.replace("north/data", "north/dat"))
    await say("12-exported", "ogc_export_job", job_id=job_id)
    await say("13-undeployment-previewed", "ogc_undeploy_process", process_id="water-bodies")
    await say("14-package", "ogc_get_package", process_id="water-bodies")
    await client.call_tool("ogc_deploy_process", {"package": FAILING})
    failing = await client.call_tool("ogc_execute_process", {"process_id": "failing", "inputs": {}, "wait_seconds": 0})
    failed_id = (failing.structured_content or {})["job_id"]
    await finished(client, failed_id)
    await say("15-job-failed", "ogc_get_job", job_id=failed_id)
    await say("16-jobs", "ogc_list_jobs", process_id="failing")
    await say("17-dismissal-previewed", "ogc_dismiss_job", job_id=failed_id)
    await say("18-no-such-job", "ogc_get_job", job_id="none")
    await say("20-measured", "ogc_measure_raster", raster=raster, within=raster)
    await say("21-points", "ogc_measure_raster", raster=raster, points=[[-34.85, -7.97], [-34.879, -7.956], [0, 0]])
    south = results["outputs"][0]["items"][1]["assets"][0]["raster"]
    await say("22-other-grid", "ogc_compare_rasters", before=raster, after=south)
    await say("23-compared", "ogc_compare_rasters", before=raster, after=south, resample=True)
    await say("19-broken-package", "ogc_deploy_process", package=FAILING.replace("baseCommand", "baseComand"))
    await say("20-checked", "ogc_validate_package", package="water-bodies")
    newer = package_text("water-bodies").replace("softwareVersion: 1.0.0", "softwareVersion: 1.1.0")
    newer = newer.replace("default: [green, nir08]", "doc: Bands").replace("      doc: A band that water", "      #", 1)
    await say("21-replacement-checked", "ogc_validate_package", package=newer)
    await say("22-replacement-previewed", "ogc_deploy_process", package=newer, replace=True)
    await say("23-checked-with-errors", "ogc_validate_package", package=newer.replace("out: [water]", "out: [watter]"))
