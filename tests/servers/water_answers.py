"""Answers of the server about the water-bodies sample, run on the local endpoint: as they are on the wire."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import LocalSettings, Settings
from tests.server.talk import finished
from tests.server.test_tools import FAILING

Answers = dict[str, dict[str, Any]]


async def collect(folder: Path) -> Answers:
    local = LocalSettings(trusted_packages=("*",), container_engine="none")
    settings = Settings(data_folder=folder / "data", download_folder=folder / "downloads", local=local)
    async with Client(build_server(settings)) as client:

        async def ask(tool: str, **arguments: Any) -> dict[str, Any]:
            answer = await client.call_tool(tool, arguments)
            return answer.model_dump(mode="json", by_alias=True, exclude_none=True)

        async def job_of(process: str, inputs: dict[str, Any]) -> dict[str, Any]:
            started = await ask("ogc_execute_process", process_id=process, inputs=inputs, wait_seconds=0)
            job_id = started["structuredContent"]["job_id"]
            await finished(client, job_id)
            logs = await client.read_resource(f"ogc://local/jobs/{job_id}/logs")
            told = logs.model_dump(mode="json", by_alias=True, exclude_none=True)
            return {"started": started, "ended": await ask("ogc_get_job", job_id=job_id), "logs": told}

        await ask("ogc_deploy_process", package="water-bodies")
        described = await ask("ogc_describe_process", process_id="water-bodies")
        water = await job_of("water-bodies", described["structuredContent"]["example_inputs"])
        job_id = water["ended"]["structuredContent"]["job_id"]
        results = await ask("ogc_get_results", job_id=job_id, links=True)
        (output,) = results["structuredContent"]["outputs"]
        raster = output["items"][0]["assets"][0]["raster"]
        scene = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"
        await ask("ogc_deploy_process", package=FAILING)
        failing = await job_of("failing", {})
        return {
            **{f"job-{name}": one for name, one in water.items()},
            **{f"failing-{name}": one for name, one in failing.items()},
            "results": results,
            "raster": await ask("ogc_summarize_raster", raster=raster),
            **await _of_scene(scene, settings),
        }


async def _of_scene(scene: Path, settings: Settings) -> Answers:
    """Of a real scene: one band from dark to bright, and how two of its bands differ."""
    permitted = settings.model_copy(update={"permitted_folders": (scene.parent,)})
    raster = scene.as_uri()
    async with Client(build_server(permitted)) as client:
        continuous = await client.call_tool("ogc_summarize_raster", {"raster": raster, "bands": [4]})
        pair = {"before": raster, "after": raster, "band": 3, "band_after": 4}
        change = await client.call_tool("ogc_compare_rasters", pair)
    told = {"continuous": continuous, "change": change}
    return {name: one.model_dump(mode="json", by_alias=True, exclude_none=True) for name, one in told.items()}


@pytest.fixture(scope="session")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    # In a thread, because a browser's event loop may be this one's.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, collect, tmp_path_factory.mktemp("water")).result()
