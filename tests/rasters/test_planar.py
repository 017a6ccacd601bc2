"""Bands in blocks of their own, which are too large to be kept: each is decoded once."""

import itertools
import threading
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import rasterio

from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.places.measuring import measure_zones
from mcp_ogc.rasters.places.placement import Placement
from mcp_ogc.rasters.places.shapes import shapes_of
from mcp_ogc.rasters.places.zones import zone_of, zone_statistics
from mcp_ogc.rasters.scan import Handles
from mcp_ogc.rasters.source import GDAL_CACHE_BYTES, Source, side_by_side
from mcp_ogc.rasters.statistics.counting import Grid, count_bands
from mcp_ogc.rasters.worker.tasks import Compare, MeasureZones

HEIGHT, WIDTH = 2150, 2000
BOX = (288000, 9120000 - 30 * 1500, 288000 + 30 * 1000, 9120000)
UTM = "EPSG:32725"


@pytest.fixture
def data(rng) -> np.ndarray:
    data = rng.integers(0, 50, (3, HEIGHT, WIDTH), dtype="uint16")
    data[2] = rng.random((HEIGHT, WIDTH)) < 0.7
    return data


@pytest.fixture(params=["undefined", "alpha"])
def planar(request, tmp_path: Path, data: np.ndarray, write) -> Path:
    names = ["gray", "undefined", request.param]
    strips = {"interleave": "band", "blockysize": HEIGHT, "interpretations": names}
    return write(tmp_path / "planar.tif", data, **strips)


class Spy:
    """A dataset that remembers which bands were read, one after the other."""

    def __init__(self, dataset: rasterio.DatasetReader) -> None:
        self._dataset = dataset
        self.asked: list[tuple[int, ...]] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._dataset, name)

    def read(self, bands: list[int] | int, **options: object) -> np.ndarray:
        self.asked.append(tuple(np.atleast_1d(bands).tolist()))
        return self._dataset.read(bands, **options)


def source(path: Path) -> Source:
    return Source(path.name, path.stat().st_size, None, path)


@pytest.mark.parametrize("what", ["all", "zone"])
@pytest.mark.parametrize("planar", ["undefined"], indirect=True)
def test_slices_of_one_band_are_read_before_those_of_the_next(what: str, planar: Path) -> None:
    with rasterio.open(planar) as dataset:
        spy, grid, bands = Spy(dataset), Grid.of(dataset), bands_of(dataset, None)
        area, handles = pixel_area(dataset.crs, dataset.transform), Handles(lambda: nullcontext(spy), 1)
        if what == "all":
            count_bands(handles, grid, bands, area, threading.Event())
        else:
            zone = zone_of(shapes_of(BOX)[0], Placement(dataset, native=True), grid)
            zone_statistics(handles, grid, bands, area, [zone], threading.Event())
    assert len(spy.asked) > 3
    assert [asked for asked, _ in itertools.groupby(spy.asked)] == [(1,), (2,), (3,)]


def test_counts_are_those_of_numpy_with_and_without_alpha(planar: Path, data: np.ndarray, summarized) -> None:
    bands = summarized(planar).summary.bands
    (zone,) = measure_zones(source(planar), MeasureZones(BOX, UTM, None, ()), threading.Event()).zones
    valid = data[2] != 0 if len(bands) == 2 else np.ones((HEIGHT, WIDTH), dtype=bool)
    here = np.s_[:1500, :1000]
    assert zone.pixels == 1500 * 1000
    for values, whole, part in zip(data, bands, zone.bands, strict=False):
        assert (whole.valid_count, part.valid_count) == (valid.sum(), valid[here].sum())
        assert whole.mean == pytest.approx(values[valid].mean())
        assert part.mean == pytest.approx(values[here][valid[here]].mean())
    difference = compare_sources(
        source(planar), source(planar), Compare(1, 2, "values", False, (), None), threading.Event()
    ).values.difference
    assert difference.mean == pytest.approx((data[1].astype(float) - data[0])[valid].mean())


def test_gdal_keeps_blocks_that_are_read_by_turns_and_lets_them_go_after() -> None:
    def most() -> int:
        return rasterio.env.getenv()["GDAL_CACHEMAX"]

    with rasterio.Env(session=rasterio.session.DummySession(), GDAL_CACHEMAX=GDAL_CACHE_BYTES):
        with side_by_side(2**26):
            assert most() == GDAL_CACHE_BYTES + 2**26
        assert most() == GDAL_CACHE_BYTES
        with side_by_side(2**40):
            assert most() == GDAL_CACHE_BYTES
