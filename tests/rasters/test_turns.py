"""Rasters compared across the ends of longitudes, against the place of every pixel's centre modulo 360."""

import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.warp import transform

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.comparison.alignment import aligned
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.worker.tasks import Compare

HALF = 20037508.342789244
"""Half a turn in Web Mercator."""


def north_up(left: float, top: float, pixel: float) -> Affine:
    return Affine(pixel, 0, left, 0, -pixel, top)


FIRST = {
    "New York": ("EPSG:32618", north_up(580_000, 4_520_000, 100), (50, 50)),
    "around a pole": ("EPSG:3413", north_up(-500_000, 500_000, 10_000), (100, 100)),
    "the coast of a pole": ("EPSG:3031", north_up(-3e6, 3e6, 20_000), (300, 300)),
    "up to the antimeridian": ("EPSG:32660", north_up(700_000, 1_800_000, 1000), (100, 200)),
    "across the antimeridian": ("EPSG:32601", north_up(150_000, 100_000, 10_000), (50, 50)),
    "many windows across it": ("EPSG:32601", north_up(150_000, 8e6, 2000), (700, 350)),
    "the Pacific": ("EPSG:3832", north_up(-20e6, 9e6, 60_000), (300, 668)),
    "beyond the end of a web map": ("EPSG:3857", north_up(19.9e6, 9e6, 2000), (150, 150)),
    "the world": ("EPSG:4326", north_up(-180, 90, 2), (90, 180)),
    "the world from Greenwich": ("EPSG:4326", north_up(0, 90, 2), (90, 180)),
    "a world whose pixels' centres are at whole degrees": ("EPSG:4326", north_up(-180.5, 90, 1), (180, 361)),
    "degrees beyond 180": ("EPSG:4326", north_up(175, 10, 0.5), (20, 20)),
    "degrees of another datum beyond 180": ("EPSG:4258", north_up(175, 10, 0.5), (20, 20)),
    "Paris": ("EPSG:4326", north_up(2, 49, 0.01), (50, 50)),
}
SECOND = {
    "the world": (north_up(-180, 90, 2), (90, 180)),
    "the world from Greenwich": (north_up(0, 90, 1), (180, 360)),
    "the world from half a pixel before Greenwich": (north_up(-0.125, 90, 0.25), (720, 1440)),
    "the world from half a pixel before the antimeridian": (north_up(-180.125, 90, 0.25), (720, 1440)),
    "degrees beyond 180": (north_up(175, 10, 0.5), (20, 20)),
    "degrees beyond -180": (north_up(-190, 80, 0.1), (800, 200)),
    "a turn too far": (north_up(360, 90, 2), (90, 180)),
    "south up": (Affine(1, 0, 0, 0, 1, -90), (180, 360)),
}


TOLERANCE = 0.13
"""Pixels: GDAL's transform is right to an eighth of one."""


def places(first: rasterio.DatasetReader, second: rasterio.DatasetReader) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows of the second at which pixels of the first have their centres, in the only turn it has."""
    xs, ys = first.transform @ tuple(
        grid + 0.5 for grid in np.meshgrid(np.arange(first.width), np.arange(first.height))
    )
    if not first.crs.is_geographic:
        lonlat = transform(first.crs, "OGC:CRS84", xs.ravel(), ys.ravel())
        xs, ys = (np.asarray(one).reshape(xs.shape) for one in lonlat)
    # A hair, so that what lies on an edge is on its eastern side in both.
    return ~second.transform @ (second.transform.c + (xs - second.transform.c + 1e-9) % 360, ys)


def pixels_of(*paths: Path) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows that were written as values, as they are seen on the grid of the first; -1 where nothing is."""
    with aligned(lambda: rasterio.open(paths[0]), lambda: rasterio.open(paths[1]), "nearest") as (_, seen):
        columns, rows = (seen.read(band).astype(int) for band in (1, 2))
        there = seen.read(3) > 0 if seen.count == 3 else np.bool_(True)  # of one grid it is as it was
    return np.where(there, columns, -1), np.where(there, rows, -1)


@pytest.mark.parametrize("after", SECOND)
@pytest.mark.parametrize("before", FIRST)
def test_every_pixel_finds_its_place_whatever_longitudes_are_counted_from(
    before: str, after: str, tmp_path: Path, write
) -> None:
    crs, placed, shape = FIRST[before]
    moved, (height, width) = SECOND[after]
    columns_of, rows_of = np.meshgrid(np.arange(width, dtype="int16"), np.arange(height, dtype="int16"))
    paths = [
        write(tmp_path / "a.tif", np.ones(shape, "uint8"), crs=crs, transform=placed),
        write(tmp_path / "b.tif", np.stack([columns_of, rows_of]), crs="EPSG:4326", transform=moved),
    ]
    with rasterio.open(paths[0]) as first, rasterio.open(paths[1]) as second:
        columns, rows = places(first, second)
    around = round(360 / moved.a)
    inside = (columns < width) & (rows >= 0) & (rows < height)
    at_an_edge = np.minimum(np.abs(rows), np.abs(rows - height)) < TOLERANCE
    if width < around:
        at_an_edge |= np.minimum.reduce([columns, around - columns, np.abs(columns - width)]) < TOLERANCE
    found_columns, found_rows = pixels_of(*paths)
    assert ((found_columns >= 0) == inside)[~at_an_edge].all()
    known = inside & (found_columns >= 0)
    apart = np.abs(found_columns + 0.5 - columns)[known]
    near_a_pole = np.abs(90 - np.abs((moved.f + moved.e * rows)[known])) < 3  # where a metre is many degrees
    assert np.minimum(apart, around - apart)[~near_a_pole].max(initial=0) < 0.5 + TOLERANCE
    assert np.abs(found_rows + 0.5 - rows)[known].max(initial=0) < 0.5 + TOLERANCE


def test_new_york_is_compared_with_a_world_from_greenwich(tmp_path: Path, write) -> None:
    crs, placed, shape = FIRST["New York"]
    world, size = SECOND["the world from Greenwich"]
    paths = [
        write(tmp_path / "a.tif", np.ones(shape, "uint8"), crs=crs, transform=placed),
        write(tmp_path / "b.tif", np.ones(size, "uint8"), crs="EPSG:4326", transform=world),
    ]
    before, after = (Source(path.name, path.stat().st_size, None, path) for path in paths)
    task = Compare(1, 1, "classes", resample=True, classes=(), preview=None)
    assert compare_sources(before, after, task, threading.Event()).classes.compared.count == 2500


def test_nodata_and_values_are_kept_where_longitudes_are_counted_anew(tmp_path: Path, rng, write) -> None:
    data = rng.integers(0, 4, (90, 180), dtype="uint8")
    world = write(tmp_path / "a.tif", data, crs="EPSG:4326", transform=north_up(-180, 90, 2), nodata=3)
    turned = np.roll(data, -90, axis=1)
    other = write(tmp_path / "b.tif", turned, crs="EPSG:4326", transform=north_up(0, 90, 2), nodata=3)
    before, after = (Source(path.name, path.stat().st_size, None, path) for path in (world, other))
    for by in ("classes", "values"):
        task = Compare(1, 1, by, resample=True, classes=(), preview=None)
        found = compare_sources(before, after, task, threading.Event())
        change = found.classes or found.values
        assert change.compared.count == (data != 3).sum()
        assert change.compared.only_before == change.compared.only_after == 0
        if found.classes:
            assert found.classes.changed_count == 0
        else:
            assert found.values.root_mean_square == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # Fiji, across the end of the web map in the second, as seen by what is on its other side.
        (("EPSG:32701", north_up(150_000, 8.1e6, 2000)), ("EPSG:3857", north_up(HALF - 50_000, -2e6, 1000))),
        (("EPSG:3857", north_up(-HALF - 50_000, -2e6, 1000)), ("EPSG:3857", north_up(HALF - 50_000, -2e6, 2000))),
    ],
)
def test_what_can_only_be_found_beyond_the_end_of_a_projection_is_refused(before, after, tmp_path: Path, write) -> None:
    paths = [
        write(tmp_path / name, np.ones((100, 100), "uint8"), crs=crs, transform=placed)
        for name, (crs, placed) in (("a.tif", before), ("b.tif", after))
    ]
    with (
        pytest.raises(RasterError, match=r"beyond the end of its projection's world.*EPSG:4326"),
        aligned(lambda: rasterio.open(paths[0]), lambda: rasterio.open(paths[1]), "nearest"),
    ):
        pass


PAST_THE_WEB_MAP = ("EPSG:3857", north_up(HALF - 998_500, 600_000, 1000), (600, 1000))
"""By 1.5 km."""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("EPSG:32660", north_up(400_000, 400_000, 1000), (100, 100)), PAST_THE_WEB_MAP),
        (("EPSG:4326", north_up(175, 3, 0.01), (100, 100)), PAST_THE_WEB_MAP),
        (("EPSG:32633", north_up(500_000, 5_000_000, 30), (10, 20)), ("EPSG:4979", north_up(0, 90, 1), (180, 360))),
        (("EPSG:32633", north_up(500_000, 5_000_000, 30), (10, 20)), ("EPSG:4807", north_up(0, 90, 1), (180, 400))),
        (("EPSG:4326", north_up(170, 10, 0.5), (20, 21)), ("EPSG:4979", north_up(0, 90, 1), (180, 90))),
    ],
    ids=["metres", "degrees", "heights", "grads", "elsewhere"],
)
def test_what_lies_within_the_world_of_a_raster_that_goes_on_beyond_it_is_found(
    before, after, tmp_path: Path, write
) -> None:
    paths = [
        write(tmp_path / name, np.ones(shape, "uint8"), crs=crs, transform=placed)
        for name, (crs, placed, shape) in (("a.tif", before), ("b.tif", after))
    ]
    with rasterio.open(paths[0]) as first, rasterio.open(paths[1]) as second:
        xs, ys = first.transform @ (first.width / 2, first.height / 2)
        (x,), (y,) = transform(first.crs, second.crs, [xs], [ys])
        inside = second.bounds.left < x < second.bounds.right and second.bounds.bottom < y < second.bounds.top
    with aligned(lambda: rasterio.open(paths[0]), lambda: rasterio.open(paths[1]), "nearest") as (_, seen):
        assert (seen.read(2) > 0).all() == inside


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (("EPSG:32618", north_up(580_000, 4_520_000, 100)), ("EPSG:4979", north_up(0, 90, 2), (90, 180))),
        (("EPSG:32618", north_up(580_000, 4_520_000, 100)), ("EPSG:4807", north_up(0, 90, 2), (90, 200))),
        (("EPSG:4326", north_up(175, 10, 0.1)), ("EPSG:4979", north_up(-180, 90, 2), (90, 180))),
        (("EPSG:4326", north_up(175, 10, 0.1)), ("EPSG:4979", north_up(-180, 90, 2), (90, 20))),
    ],
    ids=["heights", "grads", "degrees beyond 180", "degrees beyond 180 in a part"],
)
def test_what_lies_beyond_the_world_of_what_can_not_be_turned_is_refused(before, after, tmp_path: Path, write) -> None:
    crs, placed, shape = after
    paths = [
        write(tmp_path / "a.tif", np.ones((100, 100), "uint8"), crs=before[0], transform=before[1]),
        write(tmp_path / "b.tif", np.ones(shape, "uint8"), crs=crs, transform=placed),
    ]
    with pytest.raises(RasterError, match="beyond the end of its projection's world"):
        pixels_of(*paths)


@pytest.mark.parametrize("before", ["across the antimeridian", "degrees beyond 180", "beyond the end of a web map"])
@pytest.mark.parametrize("columns", [200, 201])
def test_a_web_map_of_the_world_or_a_part_of_a_pixel_more_is_found_from_both_its_ends(
    before: str, columns: int, tmp_path: Path, write
) -> None:
    crs, placed, shape = FIRST[before]
    web = north_up(-HALF, 19e6, HALF / 100)
    paths = [
        write(tmp_path / "a.tif", np.ones(shape, "uint8"), crs=crs, transform=placed),
        write(tmp_path / "b.tif", np.ones((190, columns), "uint8"), crs="EPSG:3857", transform=web),
    ]
    if crs == "EPSG:3857" and columns == 200:
        with pytest.raises(RasterError, match="beyond the end of its projection's world"):
            pixels_of(*paths)
        return
    with aligned(lambda: rasterio.open(paths[0]), lambda: rasterio.open(paths[1]), "nearest") as (_, seen):
        assert (seen.read(2) > 0).all()
