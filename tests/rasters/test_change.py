"""Two rasters compared, against numpy on full reads."""

import io
import threading
import warnings
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from PIL import Image
from rasterio.warp import reproject

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.area import pixel_area
from mcp_ogc.rasters.bands import bands_of
from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.compared import ClassChange, Resampling, ValueChange
from mcp_ogc.rasters.comparison.alignment import aligned
from mcp_ogc.rasters.comparison.change import compare_classes
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.comparison.difference import compare_values
from mcp_ogc.rasters.comparison.pairs import PairReader
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.scan import Handles
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.statistics.counting import Grid
from mcp_ogc.rasters.worker.tasks import Compare

DEGREES = {"crs": "EPSG:4326", "transform": Affine(0.5, 0, -40, 0, -0.5, 60)}


def compared(
    kind: object, before: Path, after: Path, resampling: Resampling | None = None, **options: object
) -> object:
    @contextmanager
    def both():
        with aligned(lambda: rasterio.open(before), lambda: rasterio.open(after), resampling) as two:
            yield two

    with both() as (first, second):
        bands = bands_of(first, [1])[0], bands_of(second, [1])[0]
        area = pixel_area(first.crs, first.transform)
        reader = PairReader(Grid.of(first), area, *bands)
        return kind(Handles(both), reader, threading.Event(), **options)


def classes(*args: object, **options: object) -> ClassChange:
    return compared(compare_classes, *args, **options)


def values(*args: object, **options: object) -> ValueChange:
    return compared(compare_values, *args, **options)


CLASSES = {
    "uint8": [0, 1, 5, 9, 255],
    "int8": [-128, 0, 1, 5, 9],
    "int16": [-32768, 0, 1, 5, 9, 32767],
    "uint16": [0, 5, 9, 111, 512, 65535],
    "int32": [-(2**31), 0, 5, 9, 523, 2**31 - 1],
    "uint64": [0, 5, 9, 2**53],
}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, float | None, float | None]:
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 12)))
    both = []
    for _ in range(2):
        dtype = draw(st.sampled_from(sorted(CLASSES)))
        both.append(draw(npst.arrays(dtype, shape, elements=st.sampled_from(CLASSES[dtype]))))
    nodata = [draw(st.sampled_from([None, 0, 5, 9])) for _ in range(2)]
    return both[0], both[1], nodata[0], nodata[1]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(case=pairs(), degrees=st.booleans())
def test_transitions_are_those_of_numpy(case, degrees: bool, tmp_path: Path, write) -> None:
    before, after, nodata_before, nodata_after = case
    profile = DEGREES if degrees else {}
    first = write(tmp_path / "a.tif", before, nodata=nodata_before, **profile)
    second = write(tmp_path / "b.tif", after, nodata=nodata_after, **profile)
    change = classes(first, second, style=PreviewStyle())

    here = np.full(before.shape, True) if nodata_before is None else before != nodata_before
    there = np.full(after.shape, True) if nodata_after is None else after != nodata_after
    both = here & there
    with rasterio.open(first) as dataset:
        area = pixel_area(dataset.crs, dataset.transform)
    km2 = np.broadcast_to(area.row_km2(0, len(before))[:, None] if degrees else 0.0009, before.shape)
    assert change.compared.count == both.sum()
    assert change.compared.km2 == pytest.approx(km2[both].sum())
    assert change.compared.only_before == (here & ~there).sum()
    assert change.compared.only_after == (there & ~here).sum()
    assert change.compared.neither == (~here & ~there).sum()
    found = {(one.before, one.after): one for one in change.transitions}
    pairs, counts = np.unique(np.stack([before[both], after[both]]).astype(int), axis=1, return_counts=True)
    assert {pair: one.count for pair, one in found.items()} == dict(zip(map(tuple, pairs.T), counts, strict=True))
    for (was, became), one in found.items():
        assert one.km2 == pytest.approx(km2[both & (before == was) & (after == became)].sum())
        assert one.percent == pytest.approx(100 * one.count / both.sum())
    assert change.changed_count == (before != after)[both].sum()
    assert change.changed_km2 == pytest.approx(km2[both & (before != after)].sum())


def test_many_windows_by_two_threads_give_what_one_read_gives(tmp_path: Path, rng, write) -> None:
    before, after = rng.integers(0, 6, (2, 1100, 2300), dtype="uint8")
    paths = [write(tmp_path / f"{n}.tif", one, nodata=5, tiled=True) for n, one in enumerate((before, after))]
    change = classes(*paths)
    both = (before != 5) & (after != 5)
    expected = np.histogram2d(before[both], after[both], bins=(range(6), range(6)))[0].ravel()
    assert [one.count for one in change.transitions] == expected.tolist()


def test_classes_above_255_are_counted_as_they_are_whichever_windows_they_are_in(tmp_path: Path, rng, write) -> None:
    corine = np.array([111, 112, 211, 243, 311, 423, 512, 523], dtype="uint16")
    before, after = corine[rng.integers(0, 8, (2, 1100, 2300))]
    before[:500], after[600:] = 111, 523
    paths = [write(tmp_path / f"{n}.tif", one, nodata=523, tiled=True) for n, one in enumerate((before, after))]
    change = classes(*paths, style=PreviewStyle())
    both = (before != 523) & (after != 523)
    pairs, counts = np.unique(np.stack([before[both], after[both]]), axis=1, return_counts=True)
    assert {(one.before, one.after): one.count for one in change.transitions} == dict(
        zip(map(tuple, pairs.T.tolist()), counts.tolist(), strict=True)
    )
    became = [f"became {value}" for value in corine.tolist()[:-1]]
    assert [entry.label for entry in change.picture.legend] == ["unchanged", *became]


def test_more_classes_than_there_can_be_are_refused_though_no_window_has_so_many(tmp_path: Path, write) -> None:
    rows = np.arange(3000, dtype="uint16")[:, np.newaxis] // 50
    paths = [write(tmp_path / f"{n}.tif", np.repeat(rows + n, 2000, axis=1), tiled=True) for n in range(2)]
    with pytest.raises(RasterError, match=r"at least \d+ different values; classes are at most 32 different integers"):
        classes(*paths)


def test_the_picture_shows_what_changed_in_its_new_colour(tmp_path: Path, write) -> None:
    before = np.zeros((60, 90), dtype="uint8")
    after = before.copy()
    before[:, 60:], after[:, 30:60] = 9, 2
    paths = [write(tmp_path / "a.tif", before, nodata=9), write(tmp_path / "b.tif", after)]
    picture = classes(*paths, labels=[ClassLabel(2, "burnt", "ff8800")], style=PreviewStyle()).picture
    assert [(entry.label, entry.colour) for entry in picture.legend][1:] == [("became 2 burnt", "#ff8800")]
    with Image.open(io.BytesIO(picture.data)) as image:
        pixels = np.asarray(image.convert("RGBA"))
    assert pixels[30, 15].tolist() == [217, 217, 217, 255]
    assert pixels[30, 45].tolist() == [255, 136, 0, 255]
    assert pixels[30, 75, 3] == 0


@pytest.mark.parametrize(
    ("first", "options", "reason"),
    [
        (np.arange(400, dtype="uint16").reshape(20, 20), {}, "400 different values"),
        (np.arange(400).reshape(20, 20).astype("uint8"), {}, "256 different values"),
        (np.zeros((20, 20), dtype="float32"), {}, "float32 numbers"),
        (np.zeros((20, 20), dtype="uint8"), {"scales": [0.1], "offsets": [0]}, "scaled numbers"),
    ],
)
def test_what_is_no_classification_is_refused(first: np.ndarray, options, reason: str, tmp_path: Path, write) -> None:
    paths = [write(tmp_path / "a.tif", first, **options), write(tmp_path / "b.tif", np.ones((20, 20), dtype="uint8"))]
    with pytest.raises(RasterError, match=f"{reason}.*difference"):
        classes(*paths)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint32", "float32"])
def test_differences_have_the_statistics_of_numpy(dtype: str, tmp_path: Path, rng, write) -> None:
    before, after = rng.integers(0, 200, (2, 900, 1300)).astype(dtype)
    after[:9] = 7
    if dtype == "float32":
        before[5], after[11] = np.nan, np.inf
    first = write(tmp_path / "a.tif", before, scales=[0.5], offsets=[3], tiled=True)
    change = values(first, write(tmp_path / "b.tif", after, nodata=7, tiled=True), style=PreviewStyle())
    valid = np.isfinite(before) & np.isfinite(after) & (after != 7)
    expected = after[valid].astype(float) - (before[valid] * 0.5 + 3)
    found = change.difference
    assert change.compared.count == found.valid_count == expected.size
    assert (found.minimum, found.maximum) == (expected.min(), expected.max())
    assert found.mean == pytest.approx(expected.mean())
    assert found.std == pytest.approx(expected.std())
    assert found.percentiles["50"] == pytest.approx(np.percentile(expected, 50, method="inverted_cdf"), rel=1e-3)
    assert change.root_mean_square == pytest.approx(np.sqrt((expected**2).mean()))
    assert change.increased_percent == pytest.approx(100 * (expected > 0).mean())
    assert change.decreased_percent == pytest.approx(100 * (expected < 0).mean())
    assert found.infinite_count == 0


def test_no_change_is_white_and_less_is_blue_and_more_is_orange(tmp_path: Path, write) -> None:
    before = np.zeros((30, 90), dtype="float32")
    after = before.copy()
    after[:, :30], after[:, 60:] = -1, 1
    picture = values(write(tmp_path / "a.tif", before), write(tmp_path / "b.tif", after), style=PreviewStyle()).picture
    with Image.open(io.BytesIO(picture.data)) as image:
        pixels = np.asarray(image.convert("RGB"))
    assert [pixels[15, column].tolist() for column in (15, 45, 75)] == [[0, 114, 178], [247, 247, 247], [213, 94, 0]]
    assert [entry.label for entry in picture.legend] == ["-1", "-0.5", "0", "+0.5", "+1"]


def test_nothing_in_common_is_no_error(tmp_path: Path, write) -> None:
    paths = [write(tmp_path / f"{n}.tif", np.full((5, 5), n, dtype="uint8"), nodata=n) for n in (0, 1)]
    change, difference = classes(*paths, style=PreviewStyle()), values(*paths, style=PreviewStyle())
    assert (change.compared.count, change.changed_percent, change.transitions) == (0, None, ())
    assert (difference.compared.neither, difference.root_mean_square) == (25, None)


def test_other_grids_are_refused_unless_the_second_may_be_resampled(tmp_path: Path, rng, write) -> None:
    before = rng.integers(0, 4, (80, 90), dtype="uint8")
    after = rng.integers(0, 4, (50, 60), dtype="uint8")
    moved = {"transform": Affine(40, 0, 288000 + 300, 0, -40, 9120000 - 200), "nodata": 3}
    paths = [write(tmp_path / "a.tif", before), write(tmp_path / "b.tif", after, **moved)]
    with pytest.raises(RasterError, match=r"not of one grid: the size is 90 × 80 and 60 × 50.*resample=true"):
        classes(*paths)
    expected = np.full(before.shape, 3, dtype="uint8")
    with rasterio.open(paths[0]) as first, rasterio.open(paths[1]) as second:
        reproject(
            after, expected, src_transform=second.transform, src_crs=second.crs, src_nodata=3, init_dest_nodata=True,
            dst_transform=first.transform, dst_crs=first.crs, dst_nodata=3,
        )  # fmt: skip
    change = classes(*paths, resampling="nearest")
    assert change.compared.count == (expected != 3).sum()
    assert change.changed_count == ((expected != 3) & (expected != before)).sum()


def test_what_lies_outside_of_a_resampled_raster_without_nodata_is_not_compared(tmp_path: Path, write) -> None:
    before = np.ones((40, 40), dtype="uint8")
    half = {"transform": Affine(30, 0, 288000, 0, -30, 9120000 - 600)}
    change = classes(
        write(tmp_path / "a.tif", before), write(tmp_path / "b.tif", before[:20], **half), resampling="nearest"
    )
    assert (change.compared.count, change.compared.only_before, change.changed_count) == (800, 800, 0)


def test_another_crs_and_pixels_a_little_apart_are_named(tmp_path: Path, write) -> None:
    here = write(tmp_path / "a.tif", np.ones((4, 4), dtype="uint8"))
    there = write(tmp_path / "b.tif", np.ones((4, 4), dtype="uint8"), crs="EPSG:32724")
    apart = write(tmp_path / "c.tif", np.ones((4, 4), dtype="uint8"), transform=Affine(30, 0, 288006, 0, -30, 9120000))
    with pytest.raises(RasterError, match="EPSG:32725 and EPSG:32724"):
        classes(here, there)
    with pytest.raises(RasterError, match=r"0\.2 apart"):
        classes(here, apart)


def test_rasters_without_a_geotransform_are_of_one_grid_if_of_one_size(tmp_path: Path, rng, write) -> None:
    data = rng.integers(0, 3, (40, 50), dtype="uint8")
    nowhere = [write(tmp_path / f"{name}.tif", data, crs=None, transform=Affine.identity()) for name in "ab"]
    placed = write(tmp_path / "c.tif", data, crs=None)
    assert classes(*nowhere).changed_count == 0
    with pytest.raises(RasterError, match="only one of them has a geotransform"):
        classes(nowhere[0], placed)


def test_a_jpeg_2000_without_a_place_is_compared(tmp_path: Path, rng) -> None:
    path = tmp_path / "a.jp2"
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(path, "w", driver="JP2OpenJPEG", width=50, height=40, count=1, dtype="uint8") as file,
    ):
        file.write(rng.integers(0, 3, (1, 40, 50), dtype="uint8"))
    source = Source(path.name, path.stat().st_size, None, path)
    task = Compare(1, 1, "values", resample=False, classes=(), preview=None)
    assert compare_sources(source, source, task, threading.Event()).values.root_mean_square == 0
