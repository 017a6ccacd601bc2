"""Names of classes as STAC gives them: those of one band are not told of another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.rasters.conftest import write
from tests.server.talk import call, finished, text_of
from tests.servers.processes.catalogue import Process, Product, described
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio

WATER = [{"value": 0, "name": "land"}, {"value": 1, "name": "water"}]
CLOUD = [{"value": 1, "name": "cloud"}]
CENTRE = [[288000 + 30 * 10.5, 9120000 - 30 * 10.5]]


def item() -> dict[str, Any]:
    files = {
        "first": {"bands": [{"classification:classes": WATER}, {"name": "count"}]},
        "second": {"raster:bands": [{"classification:classes": WATER}, {"classification:classes": CLOUD}]},
        "share": {"classification:classes": WATER},
    }
    return {
        "type": "Feature",
        "stac_version": "1.1.0",
        "id": "north",
        "geometry": None,
        "properties": {"datetime": "2024-01-01T00:00:00Z"},
        "links": [],
        "assets": {name: {"href": f"./files/{name}.tif", "type": "image/tiff", **told} for name, told in files.items()},
    }


@pytest.fixture
async def rasters(tmp_path: Path) -> AsyncIterator[tuple[Client, dict[str, str]]]:
    ones = np.ones((2, 20, 20), dtype="uint8")
    ones[:, :5] = 0
    files = {"first": ones, "second": ones[:, ::-1], "share": ones[0].astype("float32")}
    bodies = {name: write(tmp_path / f"{name}.tif", data).read_bytes() for name, data in files.items()}
    made = {
        **{name: Product(body=body, media_type="image/tiff", name=f"{name}.tif") for name, body in bodies.items()},
        "stac": Product({"type": "FeatureCollection", "features": [item()]}),
    }
    process = Process(
        id="maps", title="Maps", outputs={name: described({}, name) for name in made}, makes=lambda _: made
    )
    async with served(TestEndpoint(processes={"maps": process})) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            job = await call(client, "ogc_execute_process", process_id="maps", inputs={}, wait_seconds=0)
            await finished(client, job["job_id"])
            results = await call(client, "ogc_get_results", job_id=job["job_id"])
            (stac,) = [one for one in results["outputs"] if one["output_id"] == "stac"]
            yield client, {asset["asset"]: asset["raster"] for asset in stac["items"][0]["assets"]}


def names(bands: list[dict[str, Any]]) -> list[list[str | None]]:
    return [[one.get("name") for one in band["classes"]] for band in bands]


async def test_bands_have_the_class_names_that_are_given_for_them(rasters: tuple[Client, dict[str, str]]) -> None:
    client, named = rasters
    for asset, second in (("first", [None, None]), ("second", [None, "cloud"])):
        told = await call(client, "ogc_summarize_raster", raster=named[asset])
        assert names(told["bands"]) == [["land", "water"], second]
        box = [288000, 9120000 - 600, 288600, 9120000]
        zones = await call(client, "ogc_measure_raster", raster=named[asset], within=box, crs="EPSG:32725")
        assert names(zones["zones"][0]["bands"]) == [["land", "water"], second]


async def test_points_have_names_where_the_band_can_be_one_of_classes(rasters: tuple[Client, dict[str, str]]) -> None:
    client, named = rasters
    for asset, line in (
        ("first", "band 1 = 1 ⟦water⟧; band 2 = 1\n"),
        ("second", "band 1 = 1 ⟦water⟧; band 2 = 1 ⟦cloud⟧\n"),
        ("share", "band 1 = 1\n"),
    ):
        asked = {"raster": named[asset], "points": CENTRE, "crs": "EPSG:32725"}
        assert line in text_of(await client.call_tool("ogc_measure_raster", asked))


async def test_a_comparison_names_the_classes_of_the_bands_it_compares(rasters: tuple[Client, dict[str, str]]) -> None:
    client, named = rasters
    told = await call(client, "ogc_compare_rasters", before=named["first"], after=named["second"], band=1, band_after=2)
    changed = {
        (one["before"], one["after"]): (one.get("name_before"), one.get("name_after"))
        for one in told["classes"]["transitions"]
    }
    assert changed == {(0, 1): ("land", "cloud"), (1, 0): ("water", None), (1, 1): ("water", "cloud")}
