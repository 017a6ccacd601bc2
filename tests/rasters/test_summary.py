"""The summary as a whole."""

import json
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from mcp_ogc.errors import RasterError, UnknownName
from mcp_ogc.rasters.summary import RasterSummary


def test_a_summary_is_json_and_comes_back_the_same(scene: Path, summarized) -> None:
    summary = summarized(scene).summary
    assert RasterSummary.model_validate_json(summary.model_dump_json()) == summary
    json.loads(json.dumps(summary.model_dump(mode="json"), allow_nan=False))


def test_a_mask_with_nodata_zero_is_told_to_be_one(tmp_path: Path, rng, write, summarized) -> None:
    data = (rng.random((200, 300)) < 0.605).astype("uint8")
    summary = summarized(write(tmp_path / "otsu.tif", data, nodata=0, compress="lzw")).summary
    band = summary.bands[0]
    water = int(data.sum())
    assert [(row.value, row.count, row.percent_of_valid) for row in band.classes] == [(1, water, 100.0)]
    assert band.classes[0].percent_of_all == band.valid_percent == pytest.approx(100 * water / data.size)
    assert band.classes[0].km2 == pytest.approx(water * 0.0009)
    assert band.nodata_km2 == pytest.approx((data.size - water) * 0.0009)
    assert summary.notes[0].startswith(f"Band 1: every valid pixel is 1; nodata (0) covers {band.nodata_percent:.1f} %")
    assert f"the share of 1 is valid_percent ({band.valid_percent:.1f} %)" in summary.notes[0]


def test_an_internal_mask_decides_what_is_valid(tmp_path: Path, rng, write, summarized) -> None:
    data, mask = rng.integers(0, 200, (2, 50, 60), dtype="uint8"), rng.random((50, 60)) < 0.5
    summary = summarized(write(tmp_path / "masked.tif", data, mask=mask)).summary
    for band, values in zip(summary.bands, data, strict=True):
        assert band.valid_count == mask.sum()
        assert band.mean == pytest.approx(values[mask].mean())
    assert any("own mask" in note for note in summary.notes)


def test_scale_and_offset_are_applied_and_said(tmp_path: Path, rng, write, summarized) -> None:
    data = rng.integers(1, 10_000, (50, 60), dtype="uint16")
    summary = summarized(write(tmp_path / "a.tif", data, scales=[2.75e-05], offsets=[-0.2], nodata=0)).summary
    assert summary.bands[0].mean == pytest.approx(data.mean() * 2.75e-05 - 0.2)
    assert "stored value × 2.75e-05 + -0.2" in summary.notes[0]


def test_complex_numbers_are_refused_with_the_reason(tmp_path: Path, write, summarized) -> None:
    with pytest.raises(RasterError, match=r"complex.*amplitude"):
        summarized(write(tmp_path / "slc.tif", np.ones((4, 4), dtype="complex64")))


def test_a_band_that_is_not_there_names_those_that_are(scene: Path, summarized) -> None:
    with pytest.raises(UnknownName, match="no band '7'"):
        summarized(scene, bands=[7])


def test_of_many_bands_sixteen_are_counted_and_the_rest_is_told(tmp_path: Path, rng, write, summarized) -> None:
    path = write(tmp_path / "many.tif", rng.integers(0, 99, (20, 8, 8), dtype="uint8"))
    summary = summarized(path).summary
    assert len(summary.bands) == 16
    assert any(note.startswith("4 more bands") for note in summary.notes)
    assert [band.band for band in summarized(path, bands=[20, 17]).summary.bands] == [20, 17]


def test_a_rotated_raster_has_the_bounds_of_its_corners(tmp_path: Path, write, summarized) -> None:
    transform = Affine.translation(288000, 9120000) @ Affine.rotation(45) @ Affine.scale(10, -10)
    summary = summarized(write(tmp_path / "r.tif", np.ones((100, 100), dtype="uint8"), transform=transform)).summary
    half = 1000 / 2**0.5
    assert summary.bounds_native == pytest.approx((288000, 9120000 - half, 288000 + 2 * half, 9120000 + half))
    assert summary.resolution.x == pytest.approx(10)


def test_a_crs_that_is_not_registered_has_its_own_name(tmp_path: Path, write, summarized) -> None:
    crs = "+proj=laea +lat_0=-8 +lon_0=-35 +datum=WGS84 +units=km"
    path = write(tmp_path / "l.tif", np.ones((10, 10), dtype="uint8"), crs=crs, transform=Affine(1, 0, 0, 0, -1, 0))
    summary = summarized(path).summary
    assert summary.crs
    assert not summary.crs.startswith("EPSG")
    assert summary.km2 == pytest.approx(100)
    assert summary.bounds_lonlat[0] == pytest.approx(-35, abs=0.01)


@pytest.mark.parametrize(("middle", "spread", "is_said"), [(1e6, 0.01, True), (300, 10, False), (0, 1, False)])
def test_percentiles_that_tell_little_are_said_to(
    middle: float, spread: float, is_said: bool, tmp_path: Path, rng, write, summarized
) -> None:
    data = rng.normal(middle, spread, (100, 100))
    band, *_ = (summary := summarized(write(tmp_path / "a.tif", data)).summary).bands
    said = [note for note in summary.notes if "percentiles are within" in note]
    assert bool(said) is is_said
    off = max(abs(band.percentiles[str(rank)] - np.percentile(data, rank)) for rank in (2, 25, 50, 75, 98))
    assert bool(off > (data.max() - data.min()) / 100) is is_said


def test_a_crs_that_is_nowhere_on_earth_is_no_damage(tmp_path: Path, write, summarized) -> None:
    local = {"crs": 'LOCAL_CS["site",UNIT["metre",1]]', "transform": Affine(1, 0, 0, 0, -1, 100)}
    summary = summarized(write(tmp_path / "local.tif", np.ones((9, 9), dtype="uint8"), **local)).summary
    assert (summary.bands[0].valid_count, summary.bounds_lonlat, summary.corners_lonlat) == (81, None, None)
    assert "The bounds can't be expressed in longitude and latitude." in summary.notes
