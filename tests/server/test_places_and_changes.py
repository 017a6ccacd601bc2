"""Rasters measured in places and compared, as an assistant asks for it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from mcp import Client
from mcp_types import CallToolResult
from rasterio.mask import mask
from rasterio.warp import transform, transform_geom

from mcp_ogc.server import build_server
from mcp_ogc.settings import LocalSettings, Settings, StorageSettings
from tests.rasters.conftest import write
from tests.server.talk import call, refused, text_of
from tests.servers.object_storage import BUCKET, REGION, ObjectStorage
from tests.trajectories.contract import next_calls

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[Client]:
    settings = Settings(
        data_folder=tmp_path / "data", permitted_folders=(tmp_path,), local=LocalSettings(enabled=False)
    )
    async with Client(build_server(settings)) as client:
        yield client


@pytest.fixture
def water(tmp_path: Path) -> Callable[..., str]:
    """Writes a map of 0 and 1 (255 is nodata), and gives its name."""

    def written(name: str, shift: float = 0, **profile: Any) -> str:
        data = np.zeros((200, 300), dtype="uint8")
        data[:, 100:] = 1
        data[:10] = 255
        moved = Affine(30, 0, 288000 + shift, 0, -30, 9120000)
        return str(write(tmp_path / name, data, nodata=255, transform=moved, **profile))

    return written


def lonlat(path: str, column: float, row: float) -> tuple[float, float]:
    with rasterio.open(path) as dataset:
        x, y = dataset.transform @ (column, row)
        (lon,), (lat,) = transform(dataset.crs, "OGC:CRS84", [x], [y])
    return lon, lat


def polygon(path: str, *corners: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[lonlat(path, *corner) for corner in (*corners, corners[0])]]}


async def answered(client: Client, tool: str, **arguments: Any) -> tuple[str, dict[str, Any], CallToolResult]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, text_of(result)
    return text_of(result), result.structured_content or {}, result


async def test_values_at_points_come_in_their_order_with_the_pixel_and_what_is_outside_is_said(
    client: Client, water: Callable[..., str]
) -> None:
    raster = water("a.tif")
    points = [lonlat(raster, 150.5, 100.5), lonlat(raster, 20.5, 100.5), lonlat(raster, 20.5, 5.5), (0.0, 0.0)]
    text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, points=points)
    rows = told["points"]
    assert [row.get("pixel") for row in rows] == [[150, 100], [20, 100], [20, 5], None]
    assert [value.get("value") for row in rows for value in row["values"]] == [1, 0, None]
    assert rows[2]["values"][0]["state"] == "nodata"
    assert "4 points as lon, lat, 1 outside of the raster." in text
    assert "[0, 0]: outside of the raster" in text
    assert "nothing interpolated" in text
    assert told["source"]["exact"] is True


async def test_points_in_the_rasters_own_crs_are_taken_when_it_is_named(
    client: Client, water: Callable[..., str]
) -> None:
    raster = water("a.tif")
    place = [(288000 + 150.5 * 30, 9120000 - 100.5 * 30)]
    told = await call(client, "ogc_measure_raster", raster=raster, points=place, crs="EPSG:32725")
    assert told["points"][0]["pixel"] == [150, 100]
    refusal = await refused(client, "ogc_measure_raster", raster=raster, points=place, crs="EPSG:3857")
    assert "EPSG:32725" in refusal
    box = [place[0][0], place[0][1] - 60, place[0][0] - 60, place[0][1]]
    assert "minx" in await refused(client, "ogc_measure_raster", raster=raster, within=box, crs="EPSG:32725")


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")  # rasterio.mask's own
@pytest.mark.parametrize("form", ["geojson", "feature", "wkt", "bbox"])
async def test_statistics_within_a_polygon_are_those_of_rasterio_mask(
    client: Client, water: Callable[..., str], form: str
) -> None:
    raster = water("a.tif")
    shape = polygon(raster, (50, 5), (220, 5), (220, 150), (50, 150))
    ring = shape["coordinates"][0]
    within: Any = shape
    if form == "feature":
        within = {"type": "Feature", "properties": {"name": "the lake ⟧"}, "geometry": shape}
    if form == "wkt":
        within = f"POLYGON(({', '.join(f'{x} {y}' for x, y in ring)}))"
    if form == "bbox":
        within = [min(x for x, _ in ring), min(y for _, y in ring), max(x for x, _ in ring), max(y for _, y in ring)]
        west, south, east, north = within
        shape = {
            "type": "Polygon",
            "coordinates": [[(west, south), (east, south), (east, north), (west, north), (west, south)]],
        }
    text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, within=within)
    with rasterio.open(raster) as dataset:
        own = transform_geom("OGC:CRS84", dataset.crs, shape)
        inside, _ = mask(dataset, [own], crop=False, filled=False)
        outside = rasterio.features.geometry_mask([own], dataset.shape, dataset.transform)
    (zone,) = told["zones"]
    assert zone["pixels"] == (~outside).sum()
    classes = {row["value"]: row["pixels"] for row in zone["bands"][0]["classes"]}
    assert classes == {value: int((inside.compressed() == value).sum()) for value in (0, 1)}
    assert zone["km2"] == pytest.approx(zone["pixels"] * 0.0009)
    assert zone["bands"][0]["nodata_percent"] > 0
    assert "every pixel whose centre is inside" in text
    if form == "feature":
        assert "⟦the lake ]⟧" in text


async def test_classes_above_255_are_compared_as_classes_without_being_told_so(client: Client, tmp_path: Path) -> None:
    cover = np.full((40, 40), 311, dtype="uint16")
    cover[:10] = 111
    before = str(write(tmp_path / "2012.tif", cover))
    cover[10:15] = 512
    _, told, _ = await answered(
        client, "ogc_compare_rasters", before=before, after=str(write(tmp_path / "2018.tif", cover))
    )
    changed = told["classes"]["transitions"][0]
    assert (changed["before"], changed["after"], changed["pixels"]) == (311, 512, 200)


async def test_what_is_no_place_is_refused_with_what_would_be_right(client: Client, water: Callable[..., str]) -> None:
    raster = water("a.tif")
    assert "within=[west" in await refused(client, "ogc_measure_raster", raster=raster)
    assert "POLYGON" in await refused(client, "ogc_measure_raster", raster=raster, within="somewhere")
    line = {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}
    assert "is not a polygon" in await refused(client, "ogc_measure_raster", raster=raster, within=line)
    text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, within=[10, 10, 11, 11])
    assert told["zones"][0]["pixels"] == 0
    assert "outside of the raster, or smaller than a pixel" in text


async def test_shapes_beyond_those_measured_are_counted_and_the_text_stays_short(
    client: Client, water: Callable[..., str]
) -> None:
    raster = water("a.tif")
    one = {"type": "Feature", "properties": {}, "geometry": polygon(raster, (50, 20), (60, 20), (60, 30), (50, 30))}
    text, told, _ = await answered(
        client, "ogc_measure_raster", raster=raster, within={"type": "FeatureCollection", "features": [one] * 60}
    )
    assert len(told["zones"]) + told["left_out"] == 60
    assert told["left_out"] >= 10  # those that were not measured, and those that structured content has no room for
    assert f"{told['left_out']} shapes left out" in text
    assert len(text) < 3000
    points = [lonlat(raster, 150.5, 100.5)] * 100
    text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, points=points)
    assert len(told["points"]) == 100
    assert "80 more points" in text
    assert len(text) < 2500


async def test_classes_that_changed_are_told_with_their_area_and_a_picture(
    client: Client, water: Callable[..., str], tmp_path: Path
) -> None:
    before = water("before.tif")
    with rasterio.open(before) as dataset:
        data = dataset.read(1)
    data[50:60, 150:170] = 0  # 200 pixels dried
    data[199, :] = 255
    after = str(write(tmp_path / "after.tif", data, nodata=255))
    text, told, result = await answered(client, "ogc_compare_rasters", before=before, after=after)
    assert told["classes"]["changed_pixels"] == 200
    assert told["classes"]["changed_km2"] == pytest.approx(0.18)
    first = told["classes"]["transitions"][0]
    assert (first["before"], first["after"], first["pixels"]) == (1, 0, 200)
    assert told["pixels"]["only_before"] == 300
    assert "1 → 0: 200 pixels = 0.1800 km²" in text
    assert "both of one grid" in text
    assert [block.type for block in result.content] == ["text", "image"]
    assert len(text) < 1600
    assert "values" not in told


async def test_values_that_changed_are_told_by_their_difference(client: Client, tmp_path: Path) -> None:
    rng = np.random.default_rng(25)
    first, second = (rng.normal(0, 1, (120, 90)).astype("float32") for _ in range(2))
    before, after = (
        str(write(tmp_path / f"{name}.tif", data)) for name, data in (("before", first), ("after", second))
    )
    text, told, _ = await answered(client, "ogc_compare_rasters", before=before, after=after)
    found, expected = told["values"], second.astype("float64") - first
    assert found["difference"]["mean"] == pytest.approx(expected.mean(), abs=1e-6)
    assert found["difference"]["minimum"] == pytest.approx(expected.min())
    assert found["root_mean_square"] == pytest.approx(np.sqrt((expected**2).mean()))
    assert found["increased_percent"] == pytest.approx(100 * (expected > 0).mean())
    assert "After minus before" in text
    assert "blue" in text or "Picture" in text
    refusal = await refused(client, "ogc_compare_rasters", before=before, after=after, by="classes")
    assert 'by="values"' in refusal
    silent = await client.call_tool("ogc_compare_rasters", {"before": before, "after": after, "preview": False})
    assert [block.type for block in silent.content] == ["text"]


async def test_another_grid_is_refused_until_resampling_is_allowed_and_then_it_is_said(
    client: Client, water: Callable[..., str]
) -> None:
    before, after = water("before.tif"), water("after.tif", shift=3000)
    refusal = await refused(client, "ogc_compare_rasters", before=before, after=after)
    assert "pixels are 100 apart" in refusal
    assert "resample=true" in refusal
    text, told, _ = await answered(client, "ogc_compare_rasters", before=before, after=after, resample=True)
    assert told["resampled"].startswith("nearest, because")
    assert "the second was resampled" in text
    # What was 100 columns to the left of its boundary is land now.
    assert told["pixels"]["valid_in_both"] == 190 * 200
    assert told["classes"]["changed_pixels"] == 190 * 100
    far = water("far.tif", shift=3_000_000)
    text, told, _ = await answered(client, "ogc_compare_rasters", before=before, after=far, resample=True)
    assert told["pixels"]["valid_in_both"] == 0
    assert "nothing to compare" in text


@pytest.fixture
def damaged(tmp_path: Path) -> str:
    """A raster of 0 and 1 in 200 × 300 pixels, some of whose strips can't be decoded."""
    noise = np.random.default_rng(1).integers(0, 2, (200, 300), dtype="uint8")
    whole = write(tmp_path / "whole.tif", noise, compress="DEFLATE", nodata=255).read_bytes()
    path = tmp_path / "damaged.tif"
    path.write_bytes(whole[:3000] + bytes(2000) + whole[5000:])
    return str(path)


async def test_of_a_damaged_file_the_rest_is_measured_and_compared_and_what_was_skipped_is_said(
    client: Client, water: Callable[..., str], damaged: str
) -> None:
    before = water("before.tif", compress="DEFLATE")
    text, told, _ = await answered(client, "ogc_compare_rasters", before=before, after=damaged)
    assert "After, on the grid compared on: Damaged or cut short" in text
    assert told["notes"][0] in text
    assert 0 < told["pixels"]["valid_in_both"] < 190 * 300
    assert "that can be decoded" in told["source_after"]["method"]
    whole = (await call(client, "ogc_summarize_raster", raster=damaged))["bounds_lonlat"]
    text, told, _ = await answered(client, "ogc_measure_raster", raster=damaged, within=whole)
    (zone,) = told["zones"]
    assert f"{zone['unreadable_pixels']:,} pixels of it can't be decoded, counted as nodata" in text
    assert told["notes"][0] in text
    assert "that can be decoded" in text
    places = [
        [whole[0] + (whole[2] - whole[0]) / 2, whole[1] + (whole[3] - whole[1]) * share] for share in (0.99, 0.55)
    ]
    text, told, _ = await answered(client, "ogc_measure_raster", raster=damaged, points=places)
    states = {value["state"] for point in told["points"] for value in point["values"]}
    assert states == {"valid", "damaged"}
    assert "band 1 = damaged" in text
    assert told["notes"][0] in text


async def test_what_is_no_raster_is_said_and_the_server_goes_on(
    client: Client, water: Callable[..., str], tmp_path: Path
) -> None:
    before = water("before.tif", compress="DEFLATE")
    assert "is not a raster" in await refused(
        client, "ogc_compare_rasters", before=before, after=str(_text(tmp_path / "text.tif"))
    )
    assert (await call(client, "ogc_compare_rasters", before=before, after=before))["classes"]["changed_pixels"] == 0


def _text(path: Path) -> Path:
    path.write_text(json.dumps({"a": 1}), encoding="utf-8")
    return path


async def test_the_same_is_told_of_rasters_on_s3(
    water: Callable[..., str], tmp_path: Path, object_storage: ObjectStorage
) -> None:
    before = Path(water("before.tif", compress="DEFLATE"))
    with rasterio.open(before) as dataset:
        data = dataset.read(1)
    data[50:60, 150:170] = 0
    after = write(tmp_path / "after.tif", data, nodata=255, compress="DEFLATE")
    there = [object_storage.put(f"maps/{path.name}", path.read_bytes()) for path in (before, after)]
    storage = StorageSettings(
        buckets=(BUCKET,),
        endpoint=object_storage.url,
        region=REGION,
        access_key_id=object_storage.access_key_id,
        secret_access_key=object_storage.secret_access_key,
    )
    settings = Settings(data_folder=tmp_path / "data", storage={"results": storage}, local=LocalSettings(enabled=False))
    shape = polygon(str(before), (120, 20), (220, 20), (220, 120), (120, 120))
    async with Client(build_server(settings)) as client:
        measured = await call(client, "ogc_measure_raster", raster=there[1], within=shape)
        assert {one["value"]: one["pixels"] for one in measured["zones"][0]["bands"][0]["classes"]} == {0: 200, 1: 9800}
        assert measured["source"]["requests"] >= 1
        assert measured["source"]["etag"]
        points = await call(client, "ogc_measure_raster", raster=there[1], points=[lonlat(str(before), 155.5, 55.5)])
        assert points["points"][0]["values"][0]["value"] == 0
        changes = await call(client, "ogc_compare_rasters", before=there[0], after=there[1])
        assert changes["classes"]["changed_pixels"] == 200
        moved = object_storage.put("maps/moved.tif", Path(water("moved.tif", shift=3000)).read_bytes())
        resampled = await call(client, "ogc_compare_rasters", before=there[0], after=moved, resample=True)
        assert resampled["classes"]["changed_pixels"] == 190 * 100
        gone = await refused(client, "ogc_compare_rasters", before=there[0], after=f"s3://{BUCKET}/maps/gone.tif")
        assert "gone.tif" in gone


DISK = "+proj=geos +h=35785831 +lon_0=-75 +sweep=x +datum=WGS84"
"""As a geostationary satellite sees the Earth: the corners are in space."""
ELSEWHERE = 'ENGCRS["site grid",EDATUM["site"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'


@pytest.mark.parametrize(
    "placed",
    [
        {"transform": Affine(30, 0, 288000, 0, -30, 9120000)},
        {"crs": "EPSG:3413", "transform": Affine(10000, 0, -1400000, 0, -1000, 200000)},
        {"crs": "EPSG:4326", "transform": Affine(1.2, 0, 0, 0, -0.5, 50)},
        {"crs": DISK, "transform": Affine(40000, 0, -6000000, 0, -60000, 6000000)},
        {"crs": ELSEWHERE, "transform": Affine(30, 0, 600, 0, -30, 900)},
        {"crs": ELSEWHERE.replace("site grid", "site grid " * 9), "transform": Affine(30, 0, 600, 0, -30, 900)},
        {"crs": "EPSG:4326", "transform": Affine(30, 0, 288000, 0, -30, 9120000)},
        {"crs": "EPSG:4326", "transform": Affine(0.01, 0, 179, 0, -0.01, 10)},
        {"crs": "EPSG:4326", "transform": Affine(1.2, 0, -180, 0, -0.5, 50)},
        {"crs": "EPSG:4326", "transform": Affine.translation(10, 10) @ Affine.rotation(20) @ Affine.scale(0.01, -0.01)},
    ],
    ids=[
        "plain",
        "polar",
        "0..360",
        "full disk",
        "of a site",
        "long name",
        "in no degrees",
        "antimeridian",
        "world",
        "rotated",
    ],
)
async def test_a_raster_of_no_job_leads_to_the_value_at_its_centre(
    client: Client, tmp_path: Path, placed: dict[str, Any]
) -> None:
    path = write(tmp_path / "a.tif", np.arange(60_000, dtype="uint16").reshape(200, 300), **placed)
    text, _, _ = await answered(client, "ogc_summarize_raster", raster=str(path), preview=False)
    (following,) = next_calls(text.splitlines()[-1])
    found = await call(client, following.tool, **following.arguments)
    assert found["points"][0]["pixel"] == [150, 100]
    assert found["points"][0]["values"][0]["value"] == 100 * 300 + 150


async def test_a_raster_of_no_job_and_no_place_leads_nowhere_and_says_so(client: Client, tmp_path: Path) -> None:
    for name, placed in (("nowhere.tif", Affine.identity()), ("grid.tif", Affine(10, 0, 5000, 0, -10, 5000))):
        raster = str(write(tmp_path / name, np.ones((20, 30), dtype="uint8"), crs=None, transform=placed))
        text, _, _ = await answered(client, "ogc_summarize_raster", raster=raster, preview=False)
        assert text.splitlines()[-1].startswith("Nothing is left to do: it does not say where on Earth it is")
        for place in ({"points": [[5005, 4995]]}, {"within": [5000, 4900, 5100, 5000]}):
            for crs in ({}, {"crs": "EPSG:9999"}):
                refusal = await refused(client, "ogc_measure_raster", raster=raster, **place, **crs)
                assert "does not say where on Earth it is" in refusal
