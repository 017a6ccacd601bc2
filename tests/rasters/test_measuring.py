"""A raster file measured in places: which bands, how many pixels at most, and which places it has."""

import threading
from pathlib import Path

import pytest

from mcp_ogc.errors import RasterError
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
