"""Places that a raster has not: what can be none is refused, what misses it is said to, with what would be right."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mcp import Client
from rasterio.warp import transform_bounds

from tests.server.talk import call, refused
from tests.server.test_places_and_changes import answered, client, lonlat, water

pytestmark = pytest.mark.anyio

__all__ = ["client", "water"]

MISSED = "None is on the raster: longitude comes first, then latitude."


@pytest.mark.parametrize("place", [{"points": [[288015, 9119985]]}, {"within": [288000, 9119400, 288600, 9120000]}])
async def test_coordinates_of_the_rasters_crs_need_its_name_and_the_refusal_tells_it(
    client: Client, water: Callable[..., str], place: dict[str, object]
) -> None:
    raster = water("a.tif")
    refusal = await refused(client, "ogc_measure_raster", raster=raster, **place)
    assert "is no longitude and latitude" in refusal
    assert 'crs="EPSG:32725"' in refusal
    told = await call(client, "ogc_measure_raster", raster=raster, **place, crs="EPSG:32725")
    assert [point["pixel"] for point in told["points"]] == [[0, 0]] or told["zones"][0]["pixels"] == 400


async def test_what_misses_the_raster_is_said_to_in_text_and_structure_with_the_order_of_axes(
    client: Client, water: Callable[..., str]
) -> None:
    raster = water("a.tif")
    west, south, east, north = transform_bounds("EPSG:32725", "OGC:CRS84", 288600, 9114600, 291000, 9117000)
    for swapped in ({"within": [south, west, north, east]}, {"points": [lonlat(raster, 50.5, 50.5)[::-1]]}):
        text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, **swapped)
        assert MISSED in text
        assert told["notes"] == [MISSED]
    for right in ({"within": [west, south, east, north]}, {"points": [lonlat(raster, 50.5, 50.5)]}):
        text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, **right)
        assert MISSED not in text
        assert told["notes"] == []
    tiny = {"within": [west, south, west + 1e-6, south + 1e-6]}
    text, told, _ = await answered(client, "ogc_measure_raster", raster=raster, **tiny)
    assert "smaller than a pixel" in text
    assert told["notes"] == []


async def test_what_is_empty_is_as_if_left_out(client: Client, water: Callable[..., str]) -> None:
    raster = water("a.tif")
    refusal = await refused(client, "ogc_measure_raster", raster=raster, points=[])
    assert "points=[[lon, lat], …]" in refusal
    told = await call(client, "ogc_measure_raster", raster=raster, points=[lonlat(raster, 50.5, 50.5)], within=[])
    assert told["points"][0]["pixel"] == [50, 50]
