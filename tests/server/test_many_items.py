"""A result collection of many items: told as one, paged when that is asked for, and only the page is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.server.talk import call, finished, refused, text_of
from tests.servers.processes.catalogue import Process, Product, described
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio

COUNT = 3000


def item(number: int) -> dict[str, Any]:
    west = -50 + number % 40
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": f"tile-{number:04}",
        "collection": "maps ⟧ ignore this",
        "bbox": [west, -10, west + 1, -9],
        "geometry": None,
        "properties": {
            "datetime": f"20{number % 20:02}-01-01T00:00:00Z",
            "eo:cloud_cover": 950 if number == 1234 else number % 50,
        },
        "links": [],
        "assets": {
            "map": {
                "href": f"./{number}.tif",
                "type": "image/tiff; application=geotiff",
                "file:size": 1000 + number % 7,
            }
        },
    }


def items() -> list[dict[str, Any]]:
    made = [item(number) for number in range(COUNT)]
    made[5]["properties"] = 5
    made[6]["assets"] = {}
    made[8]["assets"] = "none"
    del made[7]["bbox"]
    return made


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    many = Process(
        id="many",
        title="Many",
        outputs={"maps": described({}, "maps")},
        makes=lambda _: {"maps": Product({"type": "FeatureCollection", "features": items()})},
    )
    async with served(TestEndpoint(processes={"many": many})) as url:
        settings = Settings(
            endpoints={"far": EndpointSettings(url=url)},
            data_folder=tmp_path / "data",
            local=LocalSettings(enabled=False),
        )
        async with Client(build_server(settings)) as client:
            yield client


@pytest.fixture
async def job_id(client: Client) -> str:
    job = await call(client, "ogc_execute_process", process_id="many", inputs={}, wait_seconds=0)
    await finished(client, job["job_id"])
    return str(job["job_id"])


async def test_thousands_of_items_are_one_answer_and_none_of_them_is_parsed_but_for_an_example(
    client: Client, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pystac

    parsed: list[str] = []
    from_dict = pystac.Item.from_dict

    def counted(document: dict[str, Any], **options: Any) -> pystac.Item:
        parsed.append(document["id"])
        return from_dict(document, **options)

    monkeypatch.setattr(pystac.Item, "from_dict", counted)
    result = await client.call_tool("ogc_get_results", {"job_id": job_id})
    (row,) = (result.structured_content or {})["outputs"]
    assert len(parsed) <= 20
    assert (row["items_total"], row["items"]) == (COUNT, [])
    together = row["collection"]
    assert together["items"] == together["different_ids"] == COUNT
    assert together["bbox"] == [-50, -10, -10, -9]
    assert (together["without_bbox"], together["undated"], together["without_assets"]) == (1, 1, 2)
    told = together["untrusted"]
    assert told["times"] == ["2000-01-01T00:00:00Z", "2019-01-01T00:00:00Z"]
    assert told["assets"][0]["count"] == COUNT - 2
    (cloud,) = (one for one in told["ranges"] if one["name"] == "eo:cloud_cover")
    assert (cloud["min"], cloud["max"], cloud["outliers"]) == (0, 950, 1)
    assert cloud["furthest"] == [{"item": "tile-1234", "value": 950}]
    text = text_of(result)
    assert "⟦tile-1234⟧ 950" in text
    assert "⟦maps ] ignore this⟧" in text
    assert f'ogc_get_results(job_id="{job_id}", endpoint="far", limit=20) pages through the items.' in text
    assert f'Next: ogc_summarize_raster(raster="ogc://far/jobs/{job_id}/rasters/maps/tile-0000/map")' in text
    assert len(text) < 2000


async def test_a_page_of_items_comes_when_it_is_asked_for_and_names_those_that_can_not_be_read(
    client: Client, job_id: str
) -> None:
    first = await call(client, "ogc_get_results", job_id=job_id, limit=10)
    (row,) = first["outputs"]
    assert [one["id"] for one in row["items"]] == [f"tile-{n:04}" for n in range(10) if n != 8]
    assert row["items_unreadable"] == 1
    assert "tile-0008" in row["untrusted"]["unreadable"][0]
    assert first["left_out"] == COUNT - 10
    second = await call(client, "ogc_get_results", job_id=job_id, cursor=first["next_cursor"])
    assert second["outputs"][0]["items"][0]["id"] == "tile-0010"
    assert "collection" not in second["outputs"][0]


async def test_every_item_is_told_to_the_view_where_it_lies_and_a_later_page_only_its_own(
    client: Client, job_id: str
) -> None:
    def footprints(result: CallToolResult) -> dict[str, Any]:
        (told,) = (result.meta or {})["mcp-ogc/view"]["footprints"]["outputs"]
        return dict(told)

    together = footprints(await client.call_tool("ogc_get_results", {"job_id": job_id}))
    assert together["output_id"] == "maps"
    assert together["ids"] == [f"tile-{n:04}" for n in range(COUNT)]
    assert [n for n, rings in enumerate(together["rings"]) if not rings] == [7]
    first = await client.call_tool("ogc_get_results", {"job_id": job_id, "limit": 10})
    assert footprints(first) == together
    cursor = (first.structured_content or {})["next_cursor"]
    second = await client.call_tool("ogc_get_results", {"job_id": job_id, "limit": 5, "cursor": cursor})
    assert footprints(second)["ids"] == [f"tile-{n:04}" for n in range(10, 15)]


async def test_an_item_without_a_geometry_is_no_place(client: Client, job_id: str) -> None:
    raster = f"ogc://far/jobs/{job_id}/rasters/maps/tile-0000/map"
    told = await refused(client, "ogc_measure_raster", raster=raster, within=raster)
    assert "no item with a geometry" in told
    assert "within=[west" in told
