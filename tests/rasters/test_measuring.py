"""A raster file measured in places: which bands, how many pixels at most, and which places it has."""

import threading
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from mcp_ogc.errors import InvalidGeometry, RasterError
from mcp_ogc.rasters.measured import PointsMeasured, ZonesMeasured
from mcp_ogc.rasters.places.measuring import measure_points, measure_zones
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.worker.tasks import MeasurePoints, MeasureZones

CRS = "EPSG:32725"
HERE = (288015.0, 9119985.0)
AROUND = (288000.0, 9119940.0, 288060.0, 9120000.0)


def at_points(
    path: Path, *points: tuple[float, float], crs: str | None = CRS, bands: list[int] | None = None
) -> PointsMeasured:
    source = Source(path.name, path.stat().st_size, path=path)
    return measure_points(source, MeasurePoints(points, crs, tuple(bands) if bands else None))


def within(path: Path, place: object, *, crs: str | None = CRS, bands: list[int] | None = None) -> ZonesMeasured:
    source = Source(path.name, path.stat().st_size, path=path)
    return measure_zones(source, MeasureZones(place, crs, tuple(bands) if bands else None, ()), threading.Event())


@pytest.fixture(name="many")
def many_bands(tmp_path: Path, rng, write) -> Path:
    return write(tmp_path / "many.tif", rng.integers(0, 255, (40, 4, 4)).astype("uint8"))


def test_bands_beyond_the_first_sixteen_are_counted_where_none_is_named(many: Path) -> None:
    for found in (at_points(many, HERE), within(many, AROUND)):
        assert found.notes == ("24 more bands are left out: name them, at most 16 at once.",)
    assert [value.band for value in at_points(many, HERE).points[0].values] == list(range(1, 17))


def test_of_named_bands_none_is_left_out_and_more_than_sixteen_are_refused(many: Path) -> None:
    named = [*range(1, 16), 40]
    for found in (at_points(many, HERE, bands=named), within(many, AROUND, bands=[*named, 40])):
        assert found.notes == ()
    assert [value.band for value in at_points(many, HERE, bands=named).points[0].values] == named
    assert [band.band for band in within(many, AROUND, bands=named).zones[0].bands] == named
    for measure, place in ((at_points, HERE), (within, AROUND)):
        with pytest.raises(RasterError, match="17 bands are named; 16") as caught:
            measure(many, place, bands=[*range(1, 17), 40])
        assert "then with bands=[40]" in caught.value.remedy


@pytest.fixture(name="plain")
def of_one_band(tmp_path: Path, write) -> Path:
    return write(tmp_path / "plain.tif", np.ones((4, 4), dtype="uint8"))


@pytest.mark.parametrize(
    "place",
    [
        AROUND,
        (-33.0, -91.0, -32.0, -8.0),
        {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [9120000, 1], [0, 0]]]},
        "POLYGON((-33 -8, -32 -8, -32 98, -33 -8))",
    ],
)
def test_what_is_no_longitude_and_latitude_is_refused_with_what_would_be_right(plain: Path, place: object) -> None:
    with pytest.raises(InvalidGeometry) as caught:
        within(plain, place, crs=None)
    assert "Longitude comes first" in caught.value.remedy
    assert 'crs="EPSG:32725"' in caught.value.remedy


def test_a_point_that_is_no_longitude_and_latitude_is_named(plain: Path) -> None:
    assert at_points(plain, HERE).points[0].column == 0
    for point in (HERE, (29.7, -95.3), (float("nan"), 0.0)):
        with pytest.raises(InvalidGeometry, match="is no longitude and latitude") as caught:
            at_points(plain, (-33.0, -8.0), point, crs=None)
        assert f"[{point[0]:.10g}, {point[1]:.10g}]" in caught.value.message


def test_longitudes_of_either_kind_are_degrees_and_of_a_map_in_degrees_no_other_crs_is_advised(
    tmp_path: Path, write
) -> None:
    world = write(
        tmp_path / "w.tif", np.ones((180, 360), "uint8"), crs="EPSG:4326", transform=Affine(1, 0, 0, 0, -1, 90)
    )
    assert within(world, (350, -10, 10, 10), crs=None).zones[0].pixels == 400
    assert within(world, (170, -10, 190, 10), crs=None).zones[0].pixels == 400
    with pytest.raises(InvalidGeometry) as caught:
        within(world, AROUND, crs=None)
    assert "crs" not in caught.value.remedy


@pytest.mark.parametrize("west", [-180.125, -0.125])
def test_the_bounds_of_pixels_around_the_poles_are_a_place_that_holds_all_of_them(
    west: float, tmp_path: Path, write, summarized
) -> None:
    """As models of the atmosphere have them: the first row is at 90°, the last at -90°."""
    placed = {"crs": "EPSG:4326", "transform": Affine(0.25, 0, west, 0, -0.25, 90.125)}
    path = write(tmp_path / "world.tif", np.ones((721, 1440), "uint8"), **placed)
    bounds = summarized(path).summary.bounds_lonlat
    assert bounds == (-180, -90, 180, 90)
    (zone,) = within(path, bounds, crs=None).zones
    assert (zone.pixels, zone.beyond_raster) == (721 * 1440, False)
