"""Answers by an overview, against every pixel and against the error they state."""

import re
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import Resampling

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.summary import RasterSummary


def with_overviews(path: Path, factors: list[int], resampling: Resampling = Resampling.nearest) -> Path:
    with rasterio.open(path, "r+") as file:
        file.build_overviews(factors, resampling)
    return path


def stated_error(summary: RasterSummary) -> float:
    """Percentage points."""
    return float(re.search(r"±([\d.]+) points", summary.notes[0])[1])


@pytest.fixture(params=["patches", "noise"])
def landscape(request: pytest.FixtureRequest, rng: np.random.Generator) -> np.ndarray:
    if request.param == "noise":
        return rng.integers(0, 6, (1500, 1900), dtype="uint8")
    patches = rng.integers(0, 6, (60, 76), dtype="uint8")
    rows, columns = np.indices((1500, 1900))
    return patches[(rows + (7 * np.sin(columns / 31)).astype(int)) % 1500 // 25, columns // 25]


@pytest.mark.parametrize("crs", ["EPSG:32725", "EPSG:4326"])
def test_shares_and_areas_are_within_the_stated_error(
    landscape: np.ndarray, crs: str, tmp_path: Path, write, summarized
) -> None:
    place = {"crs": crs, "transform": Affine(0.01, 0, -40, 0, -0.01, 60)} if crs == "EPSG:4326" else {}
    path = with_overviews(write(tmp_path / "a.tif", landscape, nodata=0, tiled=True, **place), [2, 4])
    exact, guess = (summarized(path, exact=way).summary for way in (True, False))
    assert (exact.exact, guess.exact) == (True, False)
    assert "overview 1:4 (475 × 375 pixels" in guess.method
    error = stated_error(guess)
    assert 0.1 < error < 0.5
    true, found = exact.bands[0], guess.bands[0]
    assert guess.km2 == pytest.approx(exact.km2)
    assert found.valid_percent == pytest.approx(true.valid_percent, abs=error)
    assert found.valid_km2 + found.nodata_km2 == pytest.approx(exact.km2)
    for one, other in zip(found.classes, true.classes, strict=True):
        assert one.value == other.value
        assert one.percent_of_all == pytest.approx(other.percent_of_all, abs=error)
        assert one.count == pytest.approx(other.count, abs=error / 100 * landscape.size)
        assert one.km2 == pytest.approx(other.km2, abs=1.05 * error / 100 * exact.km2)


def test_ranks_of_values_are_within_the_stated_error(tmp_path: Path, rng, write, summarized) -> None:
    data = rng.gamma(2, 300, (2, 1400, 1300)).astype("float32")
    data[0, :300] = np.nan
    path = with_overviews(write(tmp_path / "a.tif", data, tiled=True), [2, 4])
    summary = summarized(path, exact=False).summary
    for band, values in zip(summary.bands, data, strict=True):
        stored = values[np.isfinite(values)]
        assert not band.percentiles_exact
        for rank, value in band.percentiles.items():
            share = 100 * (stored <= value).mean()
            assert share == pytest.approx(float(rank), abs=stated_error(summary) * 1.2)
        assert band.mean == pytest.approx(stored.mean(), rel=0.02)
        assert band.minimum >= stored.min()
        assert band.maximum <= stored.max()
        assert sum(band.histogram.counts) == pytest.approx(stored.size, rel=0.01)


def test_statistics_are_those_of_the_overview_as_it_is_stored(tmp_path: Path, rng, write, summarized) -> None:
    data = rng.normal(50, 20, (1100, 1300)).astype("float32")
    path = with_overviews(write(tmp_path / "a.tif", data, tiled=True), [2, 4, 8], Resampling.average)
    with rasterio.open(path, OVERVIEW_LEVEL=1) as overview:
        expected = overview.read(1).astype(float)
    done = summarized(path, preview=PreviewStyle(), exact=False)
    band = done.summary.bands[0]
    assert (band.minimum, band.maximum) == (expected.min(), expected.max())
    assert band.mean == pytest.approx(expected.mean())
    assert band.std == pytest.approx(expected.std())
    assert band.std < data.std() / 2
    assert "extremes shrink" in done.summary.notes[0]
    assert (done.preview.width, done.preview.height) == (325, 275)


def test_masks_have_overviews_too(tmp_path: Path, rng, write, summarized) -> None:
    mask = np.zeros((1200, 1200), dtype=bool)
    mask[:600] = True
    path = write(tmp_path / "a.tif", rng.integers(0, 9, (1200, 1200), dtype="uint8"), mask=mask, tiled=True)
    summary = summarized(with_overviews(path, [2, 4]), exact=False).summary
    assert summary.bands[0].valid_percent == pytest.approx(50, abs=0.5)


def test_a_remote_cog_is_judged_by_one_request(tmp_path: Path, rng, write, summarized, counted_ranges) -> None:
    data = rng.integers(0, 2**12, (3, 2100, 2100), dtype="uint16")
    path = write(tmp_path / "a.tif", data, driver="COG")
    ranges = counted_ranges(path.read_bytes())
    summary = summarized(ranges.source(), preview=PreviewStyle(), exact=False).summary
    assert len(ranges.data) > 2**23
    assert (len(ranges.asked), summary.provenance.requests) == (1, 1)


def test_a_small_raster_without_overviews_is_counted(scene: Path, tmp_path: Path, write, summarized) -> None:
    path = write(tmp_path / "a.tif", np.ones((300, 300), dtype="uint8"))
    assert summarized(path, exact=False).summary.exact


def test_a_large_raster_without_overviews_says_that_it_has_to_be_counted(tmp_path: Path, write, summarized) -> None:
    path = write(tmp_path / "a.tif", np.ones((2100, 2100), dtype="uint8"), compress="deflate")
    with pytest.raises(RasterError, match=r"no overview.*Count it exactly"):
        summarized(path, exact=False)


def test_an_overview_that_is_nearly_the_raster_is_not_read_at_once(tmp_path: Path, write, summarized) -> None:
    data = np.ones((1, 12000, 12000), dtype="uint8")
    path = with_overviews(write(tmp_path / "a.tif", data, compress="deflate", tiled=True), [2])
    with pytest.raises(RasterError, match="no overview"):
        summarized(path, exact=False)
