"""Places where projections are cut open, against the longitude and latitude of every pixel's centre."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError
from rasterio.crs import CRS
from rasterio.warp import transform

from mcp_ogc.rasters.georeference import georeference
from mcp_ogc.rasters.projection import cylinder_of, seam_between
from tests.rasters.test_points import sampled
from tests.rasters.test_zones import measured

HALF = 20037508.342789244
"""Half a turn in Web Mercator."""
MOLLWEIDE = "+proj=moll +lon_0=0 +datum=WGS84"
GRIDS = {
    "the world": ("EPSG:3857", Affine(HALF / 100, 0, -HALF, 0, -HALF / 100, HALF / 2), (100, 200)),
    "a world and a part of a pixel": ("EPSG:3857", Affine(200_000, 0, -HALF, 0, -200_000, 10e6), (100, 201)),
    "up to the seam": ("EPSG:3857", Affine(40_000, 0, 15e6, 0, -40_000, 3e6), (150, 125)),
    "across the seam": ("EPSG:3857", Affine(5_000, 0, 19.9e6, 0, -5_000, 1e6), (60, 60)),
    "equal areas": ("EPSG:6933", Affine(72064.44, 0, -17367530.45, 0, -72064.44, 7314540.83), (203, 482)),
    "the Pacific in the middle": ("EPSG:3832", Affine(200_000, 0, -20e6, 0, -200_000, 9e6), (90, 205)),
    "south up": ("EPSG:3857", Affine(200_000, 0, -HALF, 0, 200_000, -10e6), (100, 200)),
    "no cylinder": (MOLLWEIDE, Affine(200_000, 0, -18.13e6, 0, -200_000, 9.13e6), (91, 181)),
    "no cylinder, up to the seam": (MOLLWEIDE, Affine(50_000, 0, 16e6, 0, -50_000, 2e6), (60, 40)),
    "a cone": ("EPSG:3978", Affine(100_000, 0, -6e6, 0, -100_000, 9e6), (120, 120)),
}
BOXES = [(170, -10, -170, 10), (160, -30, 175, -10), (0, 0, 10, 10), (-180, 5, -179, 8), (170, -10, -179.5, 10)]


def lonlat(crs: str, xs: np.ndarray, ys: np.ndarray) -> np.ndarray:
    """Of each place by itself, where one has none."""
    try:
        found = np.column_stack(transform(crs, "OGC:CRS84", xs, ys))
        return np.where(np.isfinite(found), found, np.nan)
    except CPLE_BaseError:
        if len(xs) < 2:
            return np.full((1, 2), np.nan)
        half = len(xs) // 2
        return np.concatenate([lonlat(crs, xs[:half], ys[:half]), lonlat(crs, xs[half:], ys[half:])])


@pytest.mark.parametrize("name", GRIDS)
def test_a_box_holds_the_pixels_whose_centres_are_in_it(name: str, tmp_path: Path, write) -> None:
    crs, placed, (height, width) = GRIDS[name]
    path = write(tmp_path / "a.tif", np.ones((height, width), "uint8"), crs=crs, transform=placed)
    columns, rows = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    xs, ys = placed @ (columns.ravel(), rows.ravel())
    longitudes, latitudes = lonlat(crs, xs, ys).T
    if crs == MOLLWEIDE:  # a little outside of its ellipse PROJ goes on at the other side
        there = ~np.isnan(longitudes)
        back = np.full(xs.shape, np.inf)
        back[there] = transform("OGC:CRS84", crs, longitudes[there], latitudes[there])[0]
        longitudes[np.abs(back - xs) > 1] = np.nan
    for west, south, east, north in BOXES:
        inside = ((longitudes - west) % 360 < (east - west) % 360) & (latitudes > south) & (latitudes < north)
        turned = [[west, south], [east + 360 * (east < west), south], [east + 360 * (east < west), north]]
        polygon = {"type": "Polygon", "coordinates": [[*turned, [west, north], [west, south]]]}
        for place in ([west, south, east, north], polygon):
            (zone,) = measured(path, place, native=False)
            assert zone.pixels == pytest.approx(inside.sum(), abs=2)


@pytest.mark.parametrize("name", ["the world", "equal areas", "no cylinder"])
def test_a_box_across_the_seam_of_a_world_is_not_beyond_it(name: str, tmp_path: Path, write) -> None:
    crs, placed, shape = GRIDS[name]
    path = write(tmp_path / "a.tif", np.ones(shape, "uint8"), crs=crs, transform=placed)
    (zone,) = measured(path, [170, -10, -170, 10], native=False)
    assert not zone.beyond_raster


@pytest.mark.parametrize("name", ["the world", "a world and a part of a pixel"])
def test_the_bounds_of_what_goes_around_the_earth_are_all_longitudes(name: str, tmp_path: Path, write) -> None:
    crs, placed, shape = GRIDS[name]
    with rasterio.open(write(tmp_path / "a.tif", np.ones(shape, "uint8"), crs=crs, transform=placed)) as dataset:
        west, _, east, _ = georeference(dataset).lonlat
    assert (west, east) == (-180, 180)


def test_the_whole_earth_holds_a_web_map_up_to_its_latitudes(tmp_path: Path, write) -> None:
    placed = Affine(HALF / 128, 0, -HALF, 0, -HALF / 128, HALF)
    path = write(tmp_path / "a.tif", np.ones((256, 256), "uint8"), crs="EPSG:3857", transform=placed)
    (zone,) = measured(path, [-180, -90, 180, 90], native=False)
    assert (zone.pixels, zone.beyond_raster) == (256 * 256, True)


def test_points_on_both_sides_of_the_seam_are_found(tmp_path: Path, write) -> None:
    crs, placed, shape = GRIDS["across the seam"]
    path = write(tmp_path / "a.tif", np.arange(3600, dtype="uint16").reshape(shape), crs=crs, transform=placed)
    places = [(179.5, 8.0), (-179.5, 8.0), (180.5, 8.0)]
    xs, ys = transform("OGC:CRS84", crs, [179.5, 179.5], [8.0, 8.0])
    columns = [int((x - 19.9e6) / 5000) for x in (xs[0], xs[1] + HALF / 180)]
    row = int((1e6 - ys[0]) / 5000)
    assert [(point.column, point.row) for point in sampled(path, places)] == [
        (columns[0], row),
        (columns[1], row),
        (columns[1], row),
    ]


@pytest.mark.parametrize(
    ("crs", "turn"),
    [
        ("EPSG:4326", 360),
        ("EPSG:3857", 2 * HALF),
        ("EPSG:3832", 2 * HALF),
        ("EPSG:32632", None),
        (MOLLWEIDE, None),
        ("+proj=ortho +lat_0=40 +datum=WGS84", None),
    ],
)
def test_a_cylinder_is_known_by_what_it_does(crs: str, turn: float | None) -> None:
    found = cylinder_of(CRS.from_string(crs))
    assert (found and found.turn) == (turn and pytest.approx(turn))


@pytest.mark.parametrize(
    ("crs", "seam"),
    [(MOLLWEIDE, -180), ("+proj=moll +lon_0=150 +datum=WGS84", -30), ("EPSG:3978", 85), ("EPSG:3413", None)],
)
def test_a_seam_is_found_where_neighbours_are_far_apart(crs: str, seam: float | None) -> None:
    found = seam_between(CRS.from_string(crs), -190.0, 190.0, 40.0)
    assert found == (seam if seam is None else pytest.approx(seam, abs=1e-9))
