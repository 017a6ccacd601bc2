"""Every statistic against numpy on a full read."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.statistics.counts import KEY_ERROR
from mcp_ogc.rasters.statistics.moments import Moments, moments_of
from mcp_ogc.rasters.statistics.tally import Distribution, Pixels, Tally
from mcp_ogc.rasters.windows import Block, tiling

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "int64", "float32", "float64")


def counted(dtype: str, *blocks: np.ndarray) -> Distribution:
    pixels = Pixels(np.dtype(dtype), None, weighed=False)
    tally = Tally(pixels)
    for block in blocks:
        tally.merge(pixels.part(block[np.newaxis], None, None))
    return tally.distribution()


@st.composite
def rasters(draw: st.DrawFn) -> tuple[np.ndarray, float | None, np.ndarray | None, float, float]:
    """A band, its nodata value, a mask, scale and offset."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.tuples(st.integers(1, 24), st.integers(1, 24)))
    if dtype.kind == "f":
        elements = st.one_of(
            st.floats(-1e6, 1e6, width=32, allow_subnormal=False),
            st.sampled_from([0.0, -0.0, 1.0, np.nan, np.inf, -np.inf, -9999.0]),
        )
    else:
        limits = np.iinfo(dtype)
        elements = st.one_of(st.integers(0, 9), st.integers(max(limits.min, -(2**52)), min(limits.max, 2**52)))
    band = draw(npst.arrays(dtype, shape, elements=elements))
    nodata = draw(st.sampled_from([None, 0.0, 1.0, 127.0, *([] if dtype.kind == "u" else [-128.0])]))
    mask = draw(st.none() | npst.arrays(np.bool_, shape)) if nodata is None else None
    scale, offset = draw(st.sampled_from([(1.0, 0.0), (0.0001, -0.1), (-2.0, 5.0)]))
    return band, nodata, mask, scale, offset


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(case=rasters())
@example(case=(np.array([[-128, 127]], dtype="int8"), None, None, 1.0, 0.0))
@example(case=(np.array([[0, 2**32 - 1]], dtype="uint32"), None, None, 1.0, 0.0))
@example(case=(np.array([[-(2**31), 2**31 - 1, 7]], dtype="int32"), 7.0, None, 1.0, 0.0))
@example(case=(np.full((3, 3), np.nan, dtype="float32"), None, None, 1.0, 0.0))
def test_statistics_are_those_of_numpy_on_a_full_read(case, tmp_path: Path, write, summarized) -> None:
    band, nodata, mask, scale, offset = case
    path = write(tmp_path / "case.tif", band, nodata=nodata, mask=mask, scales=[scale], offsets=[offset])
    with rasterio.open(path) as file:
        masked = file.read(1, masked=True)
    stored = masked.data[~np.ma.getmaskarray(masked) & np.isfinite(masked.data)]
    infinite = np.count_nonzero(np.isinf(masked.data) & ~np.ma.getmaskarray(masked))

    found = summarized(path, preview=PreviewStyle()).summary.bands[0]

    assert found.valid_count == stored.size
    assert found.infinite_count == infinite
    assert found.nodata_count == band.size - stored.size - infinite
    assert found.valid_percent == pytest.approx(100 * stored.size / band.size)
    if not stored.size:
        assert found.minimum is found.maximum is found.mean is found.std is found.percentiles is None
        return
    values = stored.astype(np.float64) * scale + offset
    magnitude = np.abs(values).max() + abs(offset)
    assert found.minimum == values.min()
    assert found.maximum == values.max()
    assert found.mean == pytest.approx(values.mean(), rel=1e-9, abs=1e-9 * magnitude)
    assert found.std == pytest.approx(values.std(), rel=1e-6, abs=1e-6 * magnitude)
    ranks = [2, 25, 50, 75, 98]
    expected = np.percentile(stored, ranks if scale > 0 else [100 - r for r in ranks], method="inverted_cdf")
    error = 0 if found.percentiles_exact else KEY_ERROR * abs(scale)
    for rank, value in zip(ranks, expected.astype(np.float64), strict=True):
        assert found.percentiles[str(rank)] == pytest.approx(
            value * scale + offset, rel=1e-12, abs=error * abs(value) + 1e-9 * magnitude * (error > 0)
        )
    if found.histogram:
        assert sum(found.histogram.counts) == stored.size
        assert found.histogram.edges == tuple(sorted(found.histogram.edges))
    if found.classes:
        distinct, counts = np.unique(stored, return_counts=True)
        assert [(row.value, row.count) for row in found.classes] == list(
            zip(distinct.tolist(), counts.tolist(), strict=True)
        )
        assert sum(row.percent_of_valid for row in found.classes) == pytest.approx(100)
        assert sum(row.percent_of_all for row in found.classes) == pytest.approx(found.valid_percent)
    elif band.dtype.kind in "iu" and scale == 1.0:
        # A table reaches over 65,536 values; of what is wider there are no classes.
        assert np.unique(stored).size > 32 or int(stored.max()) - int(stored.min()) >= 2**16


def test_the_real_scene_is_counted_as_numpy_counts_it(scene: Path, summarized) -> None:
    with rasterio.open(scene) as file:
        data = file.read()
    summary = summarized(scene).summary
    assert [band.band for band in summary.bands] == [1, 2, 3, 4, 5, 6]
    for band, values in zip(summary.bands, data.astype(np.float64), strict=True):
        assert (band.minimum, band.maximum) == (values.min(), values.max())
        assert band.mean == pytest.approx(values.mean(), rel=1e-12)
        assert band.std == pytest.approx(values.std(), rel=1e-12)
        expected = np.percentile(values, [2, 25, 50, 75, 98], method="inverted_cdf")
        assert list(band.percentiles.values()) == expected.tolist()
        assert list(band.histogram.counts) == np.histogram(values, bins=16)[0].tolist()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32"])
def test_many_windows_give_what_one_gives(dtype: str, tmp_path: Path, rng, write, summarized) -> None:
    data = rng.normal(500 if dtype != "uint8" else 120, 20, (2, 1700, 1300)).astype(dtype)
    path = write(tmp_path / "large.tif", data, tiled=True, blockxsize=256, blockysize=256, interleave="pixel")
    for band, values in zip(summarized(path).summary.bands, data.astype(np.float64), strict=True):
        assert (band.minimum, band.maximum) == (values.min(), values.max())
        assert band.mean == pytest.approx(values.mean(), rel=1e-12)
        assert band.std == pytest.approx(values.std(), rel=1e-12)
        assert band.percentiles["50"] == pytest.approx(np.percentile(values, 50, method="inverted_cdf"), rel=KEY_ERROR)


def test_the_deviation_of_large_numbers_close_together_is_right() -> None:
    values = np.random.default_rng(1).normal(1e9, 1e-2, 300_000)
    moments = Moments()
    for part in np.array_split(values, 7):
        moments.merge(moments_of(part))
    assert moments.deviation == pytest.approx(values.std(), rel=1e-6)


def test_numbers_beyond_float32_have_extremes_and_no_percentiles() -> None:
    found = counted("float64", np.array([1e300, 1.0, -1e300]))
    assert (found.low, found.high, found.count) == (-1e300, 1e300, 3)
    assert found.percentiles((50,)) is None
    assert found.histogram(16) is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_numbers_too_small_for_float32_have_extremes_and_no_percentiles(
    dtype: str, tmp_path: Path, write, summarized
) -> None:
    values = np.array([[1e-40, 2e-40, 5e-41]], dtype=dtype)
    summary = summarized(write(tmp_path / "tiny.tif", values)).summary
    band = summary.bands[0]
    assert (band.minimum, band.maximum) == (values.min(), values.max())
    assert band.percentiles is band.histogram is None
    assert "no percentiles" in " ".join(summary.notes)


def test_percentiles_near_0_say_how_far_off_they_may_be(tmp_path: Path, write, summarized) -> None:
    values = np.append(np.geomspace(1e-44, 1e-39, 999), 1e-3)[np.newaxis]
    band = summarized(write(tmp_path / "near.tif", values)).summary.bands[0]
    for rank, value in band.percentiles.items():
        expected = np.percentile(values, int(rank), method="inverted_cdf")
        assert abs(value - expected) <= band.percentiles_error


@pytest.mark.parametrize(("dtype", "first"), [("int64", 2**53 + 1), ("int64", -(2**63)), ("uint64", 2**64 - 4)])
def test_integers_beyond_float64_keep_their_deviation_and_classes(
    dtype: str, first: int, tmp_path: Path, write, summarized
) -> None:
    band = np.array([[first, first + 1, first + 3]]).astype(dtype)
    found = summarized(write(tmp_path / "far.tif", band), preview=PreviewStyle())
    (row,) = found.summary.bands
    assert [one.value for one in row.classes] == [first, first + 1, first + 3]
    assert row.minimum == float(first)
    assert row.std == pytest.approx(np.std([0, 1, 3]))
    assert "nearest float64" in " ".join(found.summary.notes)


@given(
    most=st.sampled_from([0, 1, 2, 3, 5, 6, 15, 16, 200, 255]),
    size=st.integers(1, 3000),
    seed=st.integers(0, 2**32 - 1),
)
def test_bytes_are_counted_however_many_fit_in_one(most: int, size: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, most + 1, size, dtype=np.uint8)
    found = counted("uint8", values)
    distinct, counts = np.unique(values, return_counts=True)
    assert (found.values.tolist(), found.counts.tolist()) == (distinct.tolist(), counts.tolist())


def test_integers_that_outgrow_the_table_keep_what_was_counted() -> None:
    first, second = np.arange(-500, 500, dtype="int32"), np.array([10**6, -(10**6)] * 50, dtype="int32")
    found, both = counted("int32", first, second), np.concatenate([first, second]).astype(float)
    assert found.table is None
    assert (found.count, found.low, found.high) == (both.size, both.min(), both.max())
    assert found.mean == pytest.approx(both.mean())
    assert found.deviation == pytest.approx(both.std())
    assert found.percentiles((25,))[0] == pytest.approx(np.percentile(both, 25, method="inverted_cdf"), rel=KEY_ERROR)


@given(
    width=st.integers(1, 3000),
    height=st.integers(1, 3000),
    block=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    pixels=st.integers(1_000, 2**20),
)
def test_windows_cover_every_pixel_once_and_stay_small(
    width: int, height: int, block: tuple[int, int], pixels: int
) -> None:
    covered = 0
    right_edges = set()
    for at in tiling(width, height, block, pixels).all():
        covered += at.rows * at.columns
        right_edges.add(at.column + at.columns)
        assert at.rows * at.columns <= max(4 * pixels, min(block[1], width))
        assert at.column % min(block[1], width) == 0
        assert at.row + at.rows <= height
    assert covered == width * height
    assert max(right_edges) == width


@given(
    sides=st.tuples(*[st.integers(1, 300)] * 2),
    block=st.tuples(*[st.integers(1, 40)] * 2),
    corners=st.tuples(*[st.floats(0, 1)] * 4),
)
def test_the_windows_of_a_part_are_those_that_overlap_it(
    sides: tuple[int, int], block: tuple[int, int], corners: tuple[float, ...]
) -> None:
    width, height = sides
    (left, right), (top, bottom) = (
        sorted(round(share * side) for share in shares)
        for shares, side in ((corners[:2], width), (corners[2:], height))
    )
    part = Block(top, left, max(1, bottom - top), max(1, right - left))
    cut = tiling(width, height, block, 400)
    expected = [
        at
        for at in cut.all()
        if at.row < part.row + part.rows
        and part.row < at.row + at.rows
        and at.column < part.column + part.columns
        and part.column < at.column + at.columns
    ]
    inside = part.row < height and part.column < width
    assert not inside or list(cut.covering(part)) == expected
