"""The three samples in one conversation, as a model leads it: each call is the one that the answer before it gave."""

import csv
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import Client

from mcp_ogc.local.sample.samples import AOI, SCENES, ZONES
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.local.sample.oracle import km2, vegetation, vegetation_in_zone, water
from tests.server.talk import call, finished, text_of

pytestmark = pytest.mark.anyio
BREAKS = (0, 0.1, 0.25, 0.4)


async def test_three_samples_deploy_run_and_are_summarised_in_one_conversation(settings: Settings) -> None:
    async with Client(build_server(settings)) as client:
        await water_bodies(client)
        await vegetation_index(client)
        await zonal_statistics(client)
        listed = await call(client, "ogc_list_processes")
        assert {"water-bodies", "vegetation-index", "zonal-statistics"} <= {
            one["process_id"] for one in listed["processes"]
        }


async def run(client: Client, sample: str) -> dict[str, Any]:
    """Deploy a sample, run it as its answer says, and read what it gave."""
    deployed = await client.call_tool("ogc_deploy_process", {"package": sample})
    tool, arguments = following(text_of(deployed))
    assert tool == "ogc_execute_process"
    job = await call(client, tool, **arguments)
    ended = await finished(client, job["job_id"])
    assert ended["status"] == "successful", ended
    return await call(client, "ogc_get_results", job_id=job["job_id"])


def following(text: str) -> tuple[str, dict[str, Any]]:
    """The call that an answer says comes next."""
    found = re.search(r"^Next: (\w+)\((.*)\)$", text, re.MULTILINE)
    assert found, text
    return found[1], eval(f"dict({found[2]})", {"true": True, "false": False, "null": None})


def assets(results: dict[str, Any], output_id: str = "stac_catalog") -> dict[tuple[str, str], dict[str, Any]]:
    """The assets of an output by item and key."""
    (output,) = (one for one in results["outputs"] if one["output_id"] == output_id)
    return {(item["id"], asset["asset"]): asset for item in output["items"] for asset in item["assets"]}


async def classes(client: Client, raster: str) -> dict[str, float]:
    """The classes of a map that are there, by name, in km²."""
    summary = await call(client, "ogc_summarize_raster", raster=raster)
    (band,) = summary["bands"]
    return {one["name"]: one["km2"] for one in band["classes"]}


async def water_bodies(client: Client) -> None:
    found = assets(await run(client, "water-bodies"))
    for item in SCENES:
        mask = water(item, AOI)
        expected = {"land": km2(~mask), "water": km2(mask)}
        assert await classes(client, found[item, "data"]["raster"]) == pytest.approx(expected)


async def vegetation_index(client: Client) -> None:
    found = assets(await run(client, "vegetation-index"))
    for item in SCENES:
        index = vegetation(item, AOI)
        reached = sum((index >= np.float32(one)).astype(int) for one in BREAKS)
        shares = await classes(client, found[item, "data"]["raster"])
        assert list(shares.values()) == pytest.approx([km2(reached == value) for value in range(5)])
        assert list(shares)[4] == "dense vegetation"
        summary = await call(client, "ogc_summarize_raster", raster=found[item, "index"]["raster"])
        (band,) = summary["bands"]
        assert not band["classes"], "the index is continuous"
        assert [band["minimum"], band["mean"], band["maximum"]] == pytest.approx(
            [index.min(), index.mean(dtype="f8"), index.max()]
        )


async def zonal_statistics(client: Client) -> None:
    results = await run(client, "zonal-statistics")
    assert {one["output_id"]: one["kind"] for one in results["outputs"]} == {"table": "file", "stac_catalog": "stac"}
    found = assets(results)
    assert found["zonal-statistics", "csv"]["media_type"] == "text/csv"
    for item in SCENES:
        summary = await call(client, "ogc_summarize_raster", raster=found[item, "data"]["raster"])
        assert summary["bands"][0]["minimum"] >= -1
    shown = await call(client, "ogc_get_results", job_id=results["job_id"], output="table")
    (table,) = (one["untrusted"] for one in shown["outputs"])
    exported = await call(client, "ogc_export_job", job_id=results["job_id"], outputs=["table"])
    with Path(exported["files"][0]["path"]).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [one["name"] for one in table["columns"]]
    assert table["rows"] == [[row[name] for name in columns] for row in rows], "the model has seen every row"
    zones = [(one["properties"]["name"], one["geometry"]["coordinates"][0]) for one in ZONES["features"]]
    assert [(row["scene"], row["zone"]) for row in rows] == [(item, name) for item in SCENES for name, _ in zones]
    pairs = [(item, ring) for item in SCENES for _, ring in zones]
    for row, (item, ring) in zip(rows, pairs, strict=True):
        index = vegetation_in_zone(item, ring).astype("f8")
        assert int(row["pixels"]) == int(row["valid"]) == index.size
        assert float(row["km2"]) == pytest.approx(km2(np.ones(index.size, bool)), abs=1e-6)
        told = [row[name] for name in ("mean", "std", "min", "median", "max")]
        numbers = [index.mean(), index.std(), index.min(), np.median(index), index.max()] if index.size else []
        assert [float(one) for one in told if one] == pytest.approx(numbers, rel=1e-6)
    assert rows[3]["pixels"] == "0", "the southern half does not meet the zone inland"
