"""Which pixels of a file are valid, against its bands and GDAL's masks on a full read."""

import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from affine import Affine
from PIL import Image

from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.places.measuring import measure_points, measure_zones
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.worker.tasks import Compare, MeasurePoints, MeasureZones

DTYPES = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64"]
UTM = "EPSG:32725"
SIDE = 40
WEST, NORTH, PIXEL = 288000, 9120000, 30
MOVED = {"transform": Affine(PIXEL, 0, WEST + 20 * PIXEL, 0, -PIXEL, NORTH)}
"""Half of it is where the others are."""


def source(path: Path) -> Source:
    return Source(path.name, path.stat().st_size, None, path)


@pytest.fixture
def opaque(rng) -> np.ndarray:
    return rng.random((SIDE, SIDE)) < 0.6


@pytest.fixture
def with_alpha(tmp_path: Path, rng, write, opaque: np.ndarray):
    """Writes bands, each beside alpha, and gives their values."""

    def written(dtype: str, bands: int, **profile: object) -> tuple[Path, np.ndarray]:
        data = rng.integers(1, 5, (bands, SIDE, SIDE)).astype(dtype)
        data[:, ~opaque] = 0
        alpha = np.where(opaque, 100, 0).astype(dtype)
        names = [*["gray"] * bands, "alpha"]
        return write(tmp_path / "alpha.tif", np.stack([*data, alpha]), interpretations=names, **profile), data

    return written


@pytest.mark.parametrize("nodata", [None, 3])
@pytest.mark.parametrize("bands", [1, 2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_an_alpha_band_says_what_is_valid_whatever_its_type_and_beside_nodata(
    dtype: str, bands: int, nodata: int | None, with_alpha, opaque: np.ndarray, summarized
) -> None:
    path, data = with_alpha(dtype, bands, nodata=nodata)
    summary = summarized(path).summary
    place = (WEST, NORTH - SIDE * PIXEL, WEST + SIDE * PIXEL, NORTH)
    zones = measure_zones(source(path), MeasureZones(place, UTM, None, ()), threading.Event()).zones
    assert [band.band for band in summary.bands] == list(range(1, bands + 1))
    for values, whole, zone in zip(data, summary.bands, zones[0].bands, strict=True):
        valid = values[opaque & (values != nodata)]
        for found in (whole, zone):
            assert (found.valid_count, found.minimum) == (valid.size, valid.min())
            assert found.mean == pytest.approx(valid.mean(dtype=float))
    assert "The file's own mask or alpha band says which pixels are valid." in summary.notes

    middles = [(WEST + (column + 0.5) * PIXEL, NORTH - 0.5 * PIXEL) for column in range(SIDE)]
    points = measure_points(source(path), MeasurePoints(tuple(middles), UTM, None)).points
    states = [value.state for point in points for value in point.values[:1]]
    expected = opaque[0] & (data[0, 0] != nodata)
    assert states == ["valid" if valid else "nodata" for valid in expected]


def test_an_alpha_band_that_is_asked_for_is_counted_beside_the_others(
    with_alpha, opaque: np.ndarray, summarized
) -> None:
    path, _ = with_alpha("float32", 1)
    first, alpha = summarized(path, bands=[1, 2]).summary.bands
    assert (first.valid_count, alpha.valid_count) == (opaque.sum(), opaque.size)
    assert (alpha.minimum, alpha.maximum) == (0, 100)


def test_a_mask_nodata_and_an_alpha_band_each_take_pixels_away(with_alpha, opaque, rng, summarized) -> None:
    mask = rng.random((SIDE, SIDE)) < 0.5
    path, data = with_alpha("int16", 1, nodata=3, mask=mask)
    assert summarized(path).summary.bands[0].valid_count == (opaque & mask & (data[0] != 3)).sum()


@pytest.mark.parametrize(
    ("dtype", "by"), [*((name, "values") for name in DTYPES), *((name, "classes") for name in DTYPES[:8])]
)
def test_what_lies_outside_of_the_second_raster_is_not_compared(
    dtype: str, by: str, tmp_path: Path, rng, write
) -> None:
    values = rng.integers(1, 5, (SIDE, SIDE)).astype(dtype)
    paths = write(tmp_path / "a.tif", values), write(tmp_path / "b.tif", values, **MOVED)
    task = Compare(1, 1, by, resample=True, classes=(), preview=None)
    found = compare_sources(*map(source, paths), task, threading.Event())
    before, after = values[:, 20:].astype(float), values[:, :20].astype(float)
    if found.classes:
        assert (found.classes.compared.count, found.classes.compared.only_before) == (800, 800)
        assert found.classes.changed_count == (before != after).sum()
        assert {one.after for one in found.classes.transitions} == {1, 2, 3, 4}
    else:
        assert (found.values.compared.count, found.values.compared.only_before) == (800, 800)
        assert found.values.difference.mean == pytest.approx((after - before).mean(), abs=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
def test_alpha_and_nodata_of_the_second_raster_are_both_kept_where_it_is_resampled(
    dtype: str, tmp_path: Path, rng, write, with_alpha, opaque: np.ndarray
) -> None:
    values = rng.integers(1, 5, (SIDE, SIDE)).astype(dtype)
    path, data = with_alpha(dtype, 1, nodata=3, **MOVED)
    task = Compare(1, 1, "values", resample=True, classes=(), preview=None)
    found = compare_sources(source(write(tmp_path / "a.tif", values)), source(path), task, threading.Event())
    both = (opaque & (data[0] != 3))[:, :20]
    assert found.values.compared.count == both.sum()
    difference = data[0, :, :20].astype(float) - values[:, 20:]
    assert found.values.difference.mean == pytest.approx(difference[both].mean())


def test_a_transparent_colour_is_no_nodata_of_each_band(tmp_path: Path, rng, summarized) -> None:
    pixels = rng.integers(1, 255, (SIDE, SIDE, 3), dtype="uint8")
    pixels[:20, :, 0] = 0
    pixels[:5] = 0
    Image.fromarray(pixels).save(tmp_path / "colour.png", transparency=(0, 0, 0))
    summary = summarized(tmp_path / "colour.png").summary
    valid = pixels.any(axis=2)
    for number, band in enumerate(summary.bands):
        assert band.valid_count == valid.sum() == 35 * SIDE
        assert band.mean == pytest.approx(pixels[..., number][valid].mean())
    assert any("a colour of all bands together" in note for note in summary.notes)


@pytest.mark.parametrize(("dtype", "nodata"), [("int64", 2**63 - 1), ("int64", -(2**60) - 1), ("uint64", 2**64 - 1)])
def test_nodata_beyond_float64_is_what_gdal_masks_band_by_band(
    dtype: str, nodata: int, tmp_path: Path, rng, write, summarized
) -> None:
    data = rng.integers(1, 5, (2, SIDE, SIDE)).astype(dtype)
    data[rng.random(data.shape) < 0.3] = nodata
    data[:, 0] = np.dtype(dtype).type(nodata) - 1  # the same float64
    path = write(tmp_path / "wide.tif", data)
    path = with_nodata(write(tmp_path / "wide.tif", data), nodata)
    with rasterio.open(path) as file:
        expected = file.read_masks() != 0
    assert (expected == (data != nodata)).all()
    summary = summarized(path).summary
    assert [band.valid_count for band in summary.bands] == expected.sum(axis=(1, 2)).tolist()
    assert any("an integer beyond" in note for note in summary.notes)


def with_nodata(path: Path, nodata: int) -> Path:
    """A copy of a GeoTIFF with nodata that rasterio knows no way to give."""
    with rasterio.open(path) as file:
        bands = "".join(
            f'<VRTRasterBand dataType="{file.dtypes[0].title().replace("Ui", "UI")}" band="{number}">'
            f"<NoDataValue>{nodata}</NoDataValue><SimpleSource><SourceFilename>{path}</SourceFilename>"
            f"<SourceBand>{number}</SourceBand></SimpleSource></VRTRasterBand>"
            for number in file.indexes
        )
        size = f'rasterXSize="{file.width}" rasterYSize="{file.height}"'
        place = f"<GeoTransform>{', '.join(map(str, file.transform.to_gdal()))}</GeoTransform>"
    copy = path.with_stem("with_nodata")
    rasterio.shutil.copy(f"<VRTDataset {size}>{place}{bands}</VRTDataset>", copy, driver="GTiff")
    return copy


@pytest.mark.parametrize("nodata", [-3.40282306e38, -9999.0, 0.1, 1e-30, 0.0])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_floats_that_gdal_takes_for_nodata_are_nodata(
    dtype: str, nodata: float, tmp_path: Path, write, summarized
) -> None:
    # Of float32's last numbers GDAL's sum is infinite, and all of them are equal.
    shares = (0, 1e-7, -1e-7, 3e-7, -3e-7, *(() if nodata < -1e38 else (6e-7, -6e-7, 1e-6, -1e-6)))
    near = np.clip([nodata * (1 + share) for share in shares], np.finfo("float32").min, None)
    data = np.array([[*near, 0, 1, np.nan]], dtype=dtype)
    path = write(tmp_path / "near.tif", data, nodata=nodata)
    with rasterio.open(path) as file:
        expected = (file.read_masks(1) != 0) & np.isfinite(data)
    assert summarized(path).summary.bands[0].valid_count == expected.sum()
