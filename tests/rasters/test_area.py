"""Areas against the pixel size and against the ellipsoid, integrated."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from rasterio.crs import CRS

from mcp_ogc.rasters.area import box_km2, pixel_area


def integrated_km2(south: float, north: float, width: float, axis: float, inverse_flattening: float) -> float:
    """Area between two parallels, `width` degrees wide: the radii of curvature, integrated."""
    flattening = 1 / inverse_flattening
    squared = flattening * (2 - flattening)
    edges = np.linspace(math.radians(south), math.radians(north), 20_001)
    middles = (edges[1:] + edges[:-1]) / 2
    root = 1 - squared * np.sin(middles) ** 2
    strip = axis**2 * (1 - squared) / root**2 * np.cos(middles)
    return float((strip * np.diff(edges)).sum()) * math.radians(width) / 1e6


def test_utm_pixels_have_the_area_of_their_sides(tmp_path: Path, write, summarized) -> None:
    data = np.zeros((40, 50), dtype="uint8")
    data[:10] = 1
    data[10:12] = 255
    summary = summarized(write(tmp_path / "utm.tif", data, nodata=255)).summary
    band = summary.bands[0]
    assert summary.km2 == pytest.approx(40 * 50 * 0.0009)
    assert band.nodata_km2 == pytest.approx(100 * 0.0009)
    assert {row.value: row.km2 for row in band.classes} == pytest.approx({0: 1400 * 0.0009, 1: 500 * 0.0009})
    assert summary.area_method.startswith("plane")


def test_the_unit_of_the_crs_counts() -> None:
    area = pixel_area(CRS.from_epsg(2263), Affine(100, 0, 0, 0, -100, 0))  # New York, US survey feet
    assert area.constant_km2 == pytest.approx((100 * 1200 / 3937) ** 2 / 1e6)


def test_a_rotated_projected_raster_has_the_area_of_its_parallelograms() -> None:
    area = pixel_area(CRS.from_epsg(32725), Affine.rotation(30) @ Affine.scale(20, -10))
    assert area.constant_km2 == pytest.approx(200 / 1e6)


@pytest.mark.parametrize("row", [0, 449, 897, 1799])
def test_rows_in_degrees_have_the_area_of_their_zone_of_the_ellipsoid(row: int) -> None:
    area = pixel_area(CRS.from_epsg(4326), Affine(0.1, 0, -180, 0, -0.1, 90))
    north = 90 - 0.1 * row
    expected = integrated_km2(north - 0.1, north, 0.1, 6378137.0, 298.257223563)
    assert area.row_km2(row, 1)[0] == pytest.approx(expected, rel=1e-6)


def test_the_whole_earth_has_its_surface() -> None:
    area = pixel_area(CRS.from_epsg(4326), Affine(0.1, 0, -180, 0, -0.1, 90))
    assert area.total_km2(3600, 1800) == pytest.approx(510_065_621.7, rel=1e-8)


def test_rows_beyond_the_pole_have_no_area() -> None:
    area = pixel_area(CRS.from_epsg(4326), Affine(1, 0, -180, 0, -1, 92))
    assert area.row_km2(0, 3)[:2].tolist() == [0, 0]
    assert area.row_km2(0, 3)[2] > 0


def test_grads_and_other_ellipsoids_are_taken_from_the_crs() -> None:
    area = pixel_area(CRS.from_epsg(4807), Affine(0.1, 0, 0, 0, -0.1, 50))  # NTF (Paris): grads on Clarke 1880 (IGN)
    expected = integrated_km2(49.9 * 0.9, 50 * 0.9, 0.09, 6378249.2, 293.466021293627)
    assert area.row_km2(0, 1)[0] == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "crs",
    ["EPSG:4979", f"+proj=ob_tran +o_proj=longlat +o_lon_p=0 +o_lat_p=39.25 +lon_0=18 +to_meter={math.radians(1)}"],
    ids=["heights above the ellipsoid", "another pole"],
)
def test_a_crs_that_has_no_form_in_wkt_1_has_areas(crs: str) -> None:
    area = pixel_area(CRS.from_user_input(crs), Affine(0.1, 0, 5, 0, -0.1, 50))
    assert area.total_km2(20, 10) == pytest.approx(integrated_km2(49, 50, 2, 6378137.0, 298.257223563), rel=1e-6)


def test_an_ellipsoid_in_feet_is_measured_in_metres() -> None:
    area = pixel_area(CRS.from_epsg(4302), Affine(0.1, 0, -61, 0, -0.1, 11))  # Trinidad 1903: Clarke 1858, in feet
    expected = integrated_km2(10.9, 11, 0.1, 20926348 * 0.3047972654, 294.260676369)
    assert area.row_km2(0, 1)[0] == pytest.approx(expected, rel=1e-6)


def test_a_sphere_is_measured_as_one() -> None:
    sphere = CRS.from_wkt(
        'GEOGCS["s",DATUM["s",SPHEROID["s",6371000,0]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]'
    )
    area = pixel_area(sphere, Affine(1, 0, 0, 0, -1, 30))
    expected = 6371.0**2 * math.radians(1) * (math.sin(math.radians(30)) - math.sin(math.radians(29)))
    assert area.row_km2(0, 1)[0] == pytest.approx(expected)


def test_web_mercator_is_measured_on_the_ellipsoid_not_on_its_stretched_plane() -> None:
    radius = 6378137.0
    north = radius * math.log(math.tan(math.pi / 4 + math.radians(60) / 2))
    area = pixel_area(CRS.from_epsg(3857), Affine(100, 0, 0, 0, -100, north))
    lowest = math.degrees(2 * math.atan(math.exp((north - 100) / radius)) - math.pi / 2)
    expected = integrated_km2(lowest, 60, math.degrees(100 / radius), radius, 298.257223563)
    assert area.row_km2(0, 1)[0] == pytest.approx(expected, rel=1e-5)
    assert area.row_km2(0, 1)[0] < 0.3 * 0.01  # the plane says 0.01 km²


@pytest.mark.parametrize(
    ("crs", "transform", "reason"),
    [
        (None, Affine(30, 0, 0, 0, -30, 0), "no CRS"),
        (CRS.from_epsg(32725), Affine.identity(), "no geotransform"),
        (CRS.from_epsg(32725), Affine(0, 0, 0, 0, 0, 0), "no geotransform"),
        (CRS.from_epsg(4326), Affine.rotation(10) @ Affine.scale(0.1, -0.1), "rotated"),
        (CRS.from_epsg(4978), Affine(30, 0, 0, 0, -30, 0), "neither projected nor geographic"),
    ],
)
def test_where_an_area_can_not_be_known_the_reason_is_given(crs: CRS | None, transform: Affine, reason: str) -> None:
    area = pixel_area(crs, transform)
    assert area.total_km2(10, 10) is None
    assert reason in area.method


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "float32"])
def test_classes_and_nodata_in_degrees_add_up_to_the_whole(dtype: str, tmp_path: Path, rng, write, summarized) -> None:
    data = rng.integers(0, 4, (1, 900, 1700)).astype(dtype)
    path = write(
        tmp_path / "degrees.tif", data, crs="EPSG:4326", transform=Affine(0.05, 0, -40, 0, -0.05, 60), nodata=3
    )
    summary = summarized(path).summary
    band = summary.bands[0]
    rows = [integrated_km2(60 - 0.05 * (r + 1), 60 - 0.05 * r, 0.05, 6378137.0, 298.257223563) for r in (0, 500, 899)]
    assert rows[0] < rows[1]
    assert band.valid_km2 + band.nodata_km2 == pytest.approx(summary.km2)
    assert summary.km2 == pytest.approx(integrated_km2(15, 60, 85, 6378137.0, 298.257223563), rel=1e-6)
    by_row = pixel_area(CRS.from_epsg(4326), Affine(0.05, 0, -40, 0, -0.05, 60)).row_km2(0, 900)
    assert band.nodata_km2 == pytest.approx(float((data[0] == 3).sum(axis=1) @ by_row))
    for row in band.classes:
        assert row.km2 == pytest.approx(float((data[0] == row.value).sum(axis=1) @ by_row))
    assert bool(band.classes) == (dtype != "float32")


def test_a_box_of_degrees_has_the_area_its_pixels_have() -> None:
    # One pixel of 0.2 by 0.2 degrees, as the raster's own areas have it.
    pixel = pixel_area(CRS.from_epsg(4326), Affine(0.2, 0, -35, 0, -0.2, -7.9)).total_km2(1, 1)
    assert box_km2(-35, -8.1, -34.8, -7.9) == pytest.approx(pixel, rel=1e-9)
    assert box_km2(-180, -90, 180, 90) == pytest.approx(510_065_621.7, rel=1e-9)
    assert box_km2(179, -17, -179, -16) == pytest.approx(box_km2(0, -17, 2, -16), rel=1e-12)


def mercator(latitude: float) -> float:
    """The second coordinate on the ellipsoid WGS 84, equatorial radius as it is (Snyder 1987, eq. 7-7)."""
    flattening = 1 / 298.257223563
    eccentricity = math.sqrt(flattening * (2 - flattening))
    sine = math.sin(math.radians(latitude))
    return 6378137.0 * (math.atanh(sine) - eccentricity * math.atanh(eccentricity * sine))


def evenly(latitude: float) -> float:
    return 6378137.0 * math.radians(latitude)


@pytest.mark.parametrize(
    ("crs", "height_of"),
    [(3395, mercator), (3832, mercator), (4087, evenly)],
    ids=["World Mercator", "Pacific", "even"],
)
@pytest.mark.parametrize("south_up", [False, True])
def test_rows_of_a_cylinder_have_the_area_of_their_zone(crs: int, height_of, south_up: bool) -> None:
    south, north = height_of(52.9), height_of(53.0)
    placed = Affine(1000, 0, 0, 0, north - south, south) if south_up else Affine(1000, 0, 0, 0, south - north, north)
    area = pixel_area(CRS.from_epsg(crs), placed)
    expected = integrated_km2(52.9, 53.0, math.degrees(1000 / 6378137.0), 6378137.0, 298.257223563)
    assert area.row_km2(0, 1)[0] == pytest.approx(expected, rel=1e-6)
    assert area.method.startswith("geodesic")


def test_rows_of_equal_areas_have_those_of_the_plane_and_none_beyond_the_pole() -> None:
    area = pixel_area(CRS.from_epsg(6933), Affine(100_000, 0, 0, 0, -100_000, 7.4e6))
    rows = area.row_km2(0, 148)
    assert rows[1:147] == pytest.approx(np.full(146, 10_000), rel=1e-6)
    assert rows[0] == pytest.approx(10_000 * (7_342_230.14 - 7.3e6) / 100_000, rel=1e-5)  # the pole


def test_a_web_map_is_known_by_what_it_does_not_by_its_code() -> None:
    placed = Affine(1000, 0, 0, 0, -1000, 7032000)
    by_code = pixel_area(CRS.from_epsg(3857), placed).total_km2(100, 100)
    assert pixel_area(CRS.from_user_input("ESRI:102100"), placed).total_km2(100, 100) == pytest.approx(by_code)


@pytest.mark.parametrize(
    ("crs", "placed", "factors"),
    [
        ("EPSG:32725", Affine(30, 0, 288000, 0, -30, 9120000), None),
        ("EPSG:3035", Affine(1000, 0, 4_000_000, 0, -1000, 3_000_000), None),
        # Polar stereographic, true at 70 degrees: (1 + sin 70)² / (1 + sin φ)², 0.94 at the pole.
        ("EPSG:3413", Affine(1000, 0, -20_000, 0, -1000, 20_000), r"0\.94\d? times"),
        ("EPSG:3413", Affine(20_000, 0, -400_000, 0, -20_000, -2_000_000), r"0\.\d+ to 1\.\d+ times"),
    ],
)
def test_areas_of_a_plane_say_how_far_they_are_from_the_earths(
    crs: str, placed: Affine, factors: str | None, tmp_path: Path, write, summarized
) -> None:
    path = write(tmp_path / "a.tif", np.ones((40, 40), "uint8"), crs=crs, transform=placed)
    method = summarized(path).summary.area_method
    assert method.startswith("plane: ")
    assert ("times the Earth's" in method) == (factors is not None)
    assert re.search(factors or "distortion of the projection not corrected$", method)
