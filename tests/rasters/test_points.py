"""Values at points against rasterio's own sampling."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.measured import Point
from mcp_ogc.rasters.places.placement import Placement
from mcp_ogc.rasters.places.points import values_at


def sampled(path: Path, places: list[tuple[float, float]], *, native: bool = False) -> tuple[Point, ...]:
    with rasterio.open(path) as dataset:
        return values_at(dataset, bands_of(dataset, None), places, Placement(dataset, native=native))


def test_values_are_those_of_the_pixels_the_points_are_in(tmp_path: Path, rng, write) -> None:
    data = rng.integers(0, 2**15, (2, 700, 900)).astype("int16")
    path = write(tmp_path / "p.tif", data, tiled=True, blockxsize=128, blockysize=128)
    xs, ys = 288000 + rng.uniform(0, 27000, 500), 9120000 - rng.uniform(0, 21000, 500)
    places = list(zip(xs.tolist(), ys.tolist(), strict=True))
    with rasterio.open(path) as dataset:
        expected = [values.tolist() for values in dataset.sample(places)]
    native = sampled(path, places, native=True)
    assert [[value.value for value in point.values] for point in native] == expected
    assert [(point.x, point.y) for point in native] == places
    lonlat = sampled(path, list(zip(*transform("EPSG:32725", "OGC:CRS84", xs, ys), strict=True)))
    assert [[value.value for value in point.values] for point in lonlat] == expected


def test_what_is_nodata_infinite_or_outside_says_so_and_scales_are_applied(tmp_path: Path, write) -> None:
    data = np.array([[-9999, np.nan, np.inf, 7.0]], dtype="float32").repeat(2, 0)
    path = write(tmp_path / "p.tif", data, nodata=-9999, scales=[0.5], offsets=[1])
    places = [(288015 + 30 * column, 9119990) for column in range(5)]
    points = sampled(path, places, native=True)
    assert [(value.state, value.value) for point in points for value in point.values] == [
        ("nodata", None),
        ("nodata", None),
        ("infinite", None),
        ("valid", 4.5),
    ]
    assert (points[3].column, points[3].row) == (3, 0)
    assert (points[4].column, points[4].row, points[4].values) == (None, None, ())


def test_a_masked_pixel_has_no_value(tmp_path: Path, write) -> None:
    mask = np.array([[True, False]])
    path = write(tmp_path / "p.tif", np.array([[5, 6]], dtype="uint8"), mask=mask)
    first, second = sampled(path, [(288001, 9119999), (288031, 9119999)], native=True)
    assert (first.values[0].value, second.values[0].state) == (5, "nodata")


def test_longitudes_of_either_kind_find_a_raster_across_the_antimeridian(tmp_path: Path, write) -> None:
    data = np.arange(20, dtype="uint8")[np.newaxis]
    path = write(tmp_path / "p.tif", data, crs="EPSG:4326", transform=Affine(1, 0, 170, 0, -1, 0))
    points = sampled(path, [(175.5, -0.5), (-175.5, -0.5), (184.5, -0.5), (0, -0.5)])
    assert [[value.value for value in point.values] for point in points] == [[5], [14], [14], []]


WORLDS = {
    "from the antimeridian": ("EPSG:4326", Affine(2, 0, -180, 0, -2, 90), -180),
    "from Greenwich": ("EPSG:4326", Affine(2, 0, 0, 0, -2, 90), 0),
    "from half a pixel before it": ("EPSG:4326", Affine(2, 0, -1, 0, -2, 90), -1),
    "as a web map": ("EPSG:3857", Affine(222638.98158654716, 0, -20037508.342789244, 0, -222638.98, 10e6), -180),
    "as the map of the Pacific": (
        "EPSG:3832",
        Affine(222638.98158654716, 0, -20037508.342789244, 0, -222638.98, 10e6),
        -30,
    ),
    "from east to west": ("EPSG:4326", Affine(-2, 0, 180, 0, -2, 90), None),
}


@pytest.mark.parametrize("name", WORLDS)
def test_every_longitude_is_somewhere_in_a_world_however_it_is_counted(name: str, tmp_path: Path, write) -> None:
    crs, placed, west = WORLDS[name]
    data = np.broadcast_to(np.arange(180, dtype="uint8"), (90, 180))
    path = write(tmp_path / "p.tif", data, crs=crs, transform=placed)
    edge = 180 if west is None else west
    # Centres of pixels, and both sides of where the world is cut open.
    longitudes = [
        *range(-541, 542, 30),
        *(edge + turn + beside for turn in (-360, 0, 360) for beside in (0, 1e-4, -1e-4)),
    ]
    found = [point.column for point in sampled(path, [(longitude, 0.5) for longitude in longitudes])]
    onwards = -1 if west is None else 1
    assert found == [(longitude - edge) * onwards % 360 // 2 for longitude in longitudes]


def test_a_place_beside_a_raster_is_outside_at_every_turn(tmp_path: Path, write) -> None:
    path = write(tmp_path / "p.tif", np.ones((4, 4), "uint8"), crs="EPSG:4326", transform=Affine(1, 0, 10, 0, -1, 4))
    longitudes = [9.9, 14.0, 14.1, 9.9 + 360, 374.0, 10.0, 370.0, -350.0, 13.99 - 720]
    found = [point.column for point in sampled(path, [(longitude, 0.5) for longitude in longitudes])]
    assert found == [None] * 5 + [0, 0, 0, 3]


def test_points_where_the_crs_has_no_place_are_outside(tmp_path: Path, write) -> None:
    path = write(tmp_path / "p.tif", np.ones((4, 4), dtype="uint8"))
    assert sampled(path, [(-33.0, 4000.0), (150.0, 80.0)])[1].values == ()


def test_a_raster_that_does_not_say_where_it_is_has_no_points(tmp_path: Path, write) -> None:
    path = write(tmp_path / "p.tif", np.ones((4, 4), dtype="uint8"), crs=None, transform=None)
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning), pytest.raises(RasterError, match="where on Earth"):
        sampled(path, [(0.0, 0.0)])
