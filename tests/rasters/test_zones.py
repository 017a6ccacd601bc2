"""Statistics within polygons against rasterio's masks on a full read."""

import itertools
import threading
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom

from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.measured import ZoneStatistics
from mcp_ogc.rasters.places.placement import Placement
from mcp_ogc.rasters.places.runs import runs_of
from mcp_ogc.rasters.places.shapes import shapes_of
from mcp_ogc.rasters.places.zones import zone_of, zone_statistics
from mcp_ogc.rasters.scan import Handles
from mcp_ogc.rasters.statistics.counting import Grid
from mcp_ogc.rasters.windows import Block, tiling

NATIVE = Affine(30, 0, 288000, 0, -30, 9120000)


def measured(path: Path, *places: object, native: bool = True) -> list[ZoneStatistics]:
    @contextmanager
    def another():
        with rasterio.open(path, sharing=False) as dataset:
            yield dataset

    with rasterio.open(path) as dataset:
        grid, placement = Grid.of(dataset), Placement(dataset, native=native)
        zones = [zone_of(shape, placement, grid) for place in places for shape in shapes_of(place)]
        area = pixel_area(dataset.crs, dataset.transform)
        return list(zone_statistics(Handles(another), grid, bands_of(dataset, None), area, zones, threading.Event()))


def polygon(*rings: list[tuple[float, float]], transform: Affine = NATIVE) -> dict[str, object]:
    """GeoJSON of rings in pixel coordinates."""
    closed = [[*ring, ring[0]] for ring in rings]
    return {"type": "Polygon", "coordinates": [[list(transform @ at) for at in ring] for ring in closed]}


coordinate = st.one_of(st.floats(-5, 45, width=32), st.integers(-10, 90).map(lambda half: half / 2))
vertices = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)


def is_level(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """An edge along the centres of a row: where a ring crosses itself there, GDAL's answer depends on its direction."""
    return one[1] == other[1] and one[1] % 1 == 0.5


vertices = vertices.filter(lambda ring: not any(map(is_level, ring, [*ring[1:], ring[0]])))
square = [(0.5, 0.5), (9.5, 0.5), (9.5, 9.5), (0.5, 9.5)]
smaller = [(2.5, 2.5), (2.5, 5.5), (6.5, 5.5), (6.5, 2.5)]


@settings(deadline=None)
@given(ring=vertices, hole=vertices, at=st.tuples(*[st.integers(0, 20)] * 2), north_up=st.booleans())
@example(ring=square, hole=smaller, at=(0, 0), north_up=True)
@example(ring=square[::-1], hole=smaller, at=(3, 3), north_up=True)
@example(ring=square, hole=smaller[::-1], at=(0, 2), north_up=False)
@example(ring=square[::-1], hole=smaller, at=(0, 0), north_up=False)
def test_pixels_are_inside_where_gdal_says_so(
    ring: list[tuple[float, float]], hole: list[tuple[float, float]], at: tuple[int, int], north_up: bool
) -> None:
    transform = Affine(1, 0, 0, 0, -1 if north_up else 1, 0)
    expected = geometry_mask([polygon(ring, hole, transform=transform)], (40, 40), transform, invert=True)
    rings = [np.array([*one, one[0]], dtype=float) for one in (ring, hole)]
    window, cut = Block(*at, 20, 15), tiling(40, 40, (7, 9), 1)
    found = np.zeros((20, 15), dtype=bool)
    for runs in runs_of(rings, 40, mirrored=north_up):
        inside = runs.within(window)
        assert runs.touches(window) == (inside is not False)
        assert list(runs.touched(cut)) == [at for at in cut.all() if runs.touches(at)]
        found |= inside
    assert (found == expected[at[0] : at[0] + 20, at[1] : at[1] + 15]).all()


def off_centre(coordinate: float) -> bool:
    """A line along the centres of pixels is on either side of them, as rounding to the raster's CRS has it."""
    return coordinate % 1 != 0.5


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    ring=st.lists(
        st.tuples(st.floats(-50, 850).filter(off_centre), st.floats(-50, 650).filter(off_centre)),
        min_size=3,
        max_size=7,
    ),
    dtype=st.sampled_from(["uint8", "int16", "int32", "float32"]),
    tiled=st.booleans(),
)
def test_every_statistic_is_that_of_the_masked_pixels(
    ring: list[tuple[float, float]], dtype: str, tiled: bool, tmp_path: Path, rng, write
) -> None:
    data = rng.integers(0, 9, (600, 800)).astype(dtype)
    profile = {"tiled": True, "blockxsize": 64, "blockysize": 64} if tiled else {}
    path = write(tmp_path / "z.tif", data, nodata=3, **profile)
    shape = polygon(ring)
    mask = geometry_mask([shape], data.shape, NATIVE, invert=True)
    (zone,) = measured(path, shape)
    stored = data[mask & (data != 3)].astype(float)
    assert zone.pixels == mask.sum()
    assert zone.km2 == pytest.approx(mask.sum() * 0.0009)
    if not zone.pixels:
        assert zone.bands == ()
        return
    band = zone.bands[0]
    assert (band.valid_count, band.nodata_count) == (stored.size, mask.sum() - stored.size)
    if stored.size:
        assert (band.minimum, band.maximum) == (stored.min(), stored.max())
        assert band.mean == pytest.approx(stored.mean(), rel=1e-12)
        assert band.std == pytest.approx(stored.std(), rel=1e-9, abs=1e-12)
        ranks = [2, 25, 50, 75, 98]
        assert list(band.percentiles.values()) == np.percentile(stored, ranks, method="inverted_cdf").tolist()
    if dtype != "float32":
        values, counts = np.unique(stored, return_counts=True)
        assert [(one.value, one.count) for one in band.classes] == list(zip(values, counts, strict=True))
        assert [one.km2 for one in band.classes] == pytest.approx(list(counts * 0.0009))


def test_a_large_zone_is_what_two_threads_make_of_it(tmp_path: Path, rng, write) -> None:
    data = rng.normal(0, 1, (2, 1500, 1500)).astype("float32")
    data[0, :700, :700] = np.nan
    path = write(tmp_path / "z.tif", data, tiled=True, blockxsize=256, blockysize=256)
    shape = polygon([(10.2, 3.3), (1490.1, 20), (1400, 1499.9), (20, 1100)], [(700, 700), (800, 700), (750, 900)])
    mask = geometry_mask([shape], (1500, 1500), NATIVE, invert=True)
    (zone,) = measured(path, shape)
    for band, values in zip(zone.bands, data, strict=True):
        stored = values[mask & np.isfinite(values)].astype(float)
        assert (band.valid_count, band.minimum, band.maximum) == (stored.size, stored.min(), stored.max())
        assert band.mean == pytest.approx(stored.mean(), rel=1e-9)
        assert band.std == pytest.approx(stored.std(), rel=1e-9)


def test_overlapping_zones_are_each_counted_and_keep_their_names(tmp_path: Path, write) -> None:
    data = np.arange(400, dtype="uint16").reshape(20, 20)
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": polygon(ring)}
        for name, ring in [
            ("left", [(0, 0), (10, 0), (10, 20), (0, 20)]),
            ("all", [(0, 0), (20, 0), (20, 20), (0, 20)]),
        ]
    ]
    left, whole = measured(write(tmp_path / "z.tif", data), {"type": "FeatureCollection", "features": features})
    assert (left.name, left.pixels, left.bands[0].mean) == ("left", 200, data[:, :10].mean())
    assert (whole.name, whole.pixels, whole.bands[0].mean) == ("all", 400, data.mean())
    assert not left.beyond_raster
    assert not whole.beyond_raster


def test_a_zone_beyond_the_raster_says_so_and_one_elsewhere_holds_nothing(tmp_path: Path, write) -> None:
    path = write(tmp_path / "z.tif", np.ones((20, 20), dtype="uint8"))
    partly, elsewhere = measured(
        path, polygon([(15, 5), (30, 5), (30, 10), (15, 10)]), polygon([(90, 5), (99, 5), (99, 10), (90, 10)])
    )
    assert (partly.pixels, partly.beyond_raster) == (25, True)
    assert (elsewhere.pixels, elsewhere.km2, elsewhere.beyond_raster, elsewhere.bands) == (0, 0, True, ())


def test_edges_in_longitude_and_latitude_are_bent_into_the_crs(tmp_path: Path, write) -> None:
    transform = Affine(10_000, 0, -4_000_000, 0, -10_000, 4_000_000)
    path = write(tmp_path / "z.tif", np.ones((800, 800), dtype="uint8"), crs="EPSG:3413", transform=transform)
    corners = [(-80.0, 62.0), (-10.0, 62.0), (-10.0, 80.0), (-80.0, 80.0), (-80.0, 62.0)]
    dense = [
        (x1 + (x2 - x1) * step / 999, y1 + (y2 - y1) * step / 999)
        for (x1, y1), (x2, y2) in itertools.pairwise(corners)
        for step in range(1000)
    ]

    def pixels(ring: list[tuple[float, float]]) -> int:
        shape = transform_geom("OGC:CRS84", "EPSG:3413", {"type": "Polygon", "coordinates": [ring]})
        return int(geometry_mask([shape], (800, 800), transform, invert=True).sum())

    (zone,) = measured(path, [-80, 62, -10, 80], native=False)
    assert zone.pixels == pytest.approx(pixels(dense), rel=1e-3)
    assert pixels(corners) < 0.9 * zone.pixels


def test_a_box_across_the_antimeridian_finds_both_sides(tmp_path: Path, write) -> None:
    world = {"crs": "EPSG:4326", "transform": Affine(1, 0, -180, 0, -1, 90)}
    path = write(tmp_path / "w.tif", np.tile(np.arange(360, dtype="uint16"), (180, 1)), **world)
    (zone,) = measured(path, [170, -10, -170, 10], native=False)
    assert (zone.pixels, zone.beyond_raster) == (20 * 20, False)
    assert [one.value for one in zone.bands[0].classes] == [*range(10), *range(350, 360)]
    assert sum(one.km2 for one in zone.bands[0].classes) == pytest.approx(zone.km2)
    fiji = {"crs": "EPSG:4326", "transform": Affine(0.1, 0, 175, 0, -0.1, -10)}
    beyond = write(tmp_path / "f.tif", np.ones((100, 100), dtype="uint8"), **fiji)
    (east,) = measured(beyond, [-179, -15, -177, -12], native=False)
    assert (east.pixels, east.beyond_raster) == (20 * 30, False)
    (further,) = measured(beyond, [170, -15, -177, -12], native=False)
    assert (further.pixels, further.beyond_raster) == (80 * 30, True)


@pytest.mark.filterwarnings("ignore:Use `@` matmul:PendingDeprecationWarning")  # rasterio's own
def test_a_rotated_raster_is_measured_in_its_own_pixels(tmp_path: Path, rng, write) -> None:
    transform = Affine.translation(288000, 9120000) @ Affine.rotation(30) @ Affine.scale(20, -20)
    data = rng.integers(0, 200, (300, 400), dtype="uint8")
    path = write(tmp_path / "r.tif", data, transform=transform)
    shape = polygon([(20.3, 30.2), (360, 90), (200, 280)], transform=transform)
    mask = geometry_mask([shape], data.shape, transform, invert=True)
    (zone,) = measured(path, shape)
    assert zone.pixels == pytest.approx(mask.sum(), abs=2)
    assert zone.bands[0].mean == pytest.approx(data[mask].mean(), rel=1e-3)


WORLD = [-180, -90, 180, 90]


@pytest.mark.parametrize(
    ("crs", "x", "y"),
    [("EPSG:32725", 288000, 9120000), ("EPSG:32601", 170000, 6000000), ("EPSG:3031", -500000, 900000)],
)
def test_a_place_as_large_as_the_world_holds_a_raster_in_any_projection(
    crs: str, x: float, y: float, tmp_path: Path, write
) -> None:
    path = write(tmp_path / "a.tif", np.ones((40, 60), "uint8"), crs=crs, transform=Affine(300, 0, x, 0, -300, y))
    hole = {"type": "Polygon", "coordinates": [[[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]]}
    hole["coordinates"].append([[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]])
    for place in (WORLD, hole):
        (zone,) = measured(path, place, native=False)
        assert (zone.pixels, zone.beyond_raster) == (2400, True)
