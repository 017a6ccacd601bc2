"""Places and comparisons of damaged files: what can be read is told, and what was skipped is said."""

import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import Resampling

from mcp_ogc.errors import NoOverview, RasterError
from mcp_ogc.rasters.compared import Comparison
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.places.measuring import measure_points, measure_zones
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.windows import Block, split
from mcp_ogc.rasters.worker.tasks import Compare, MeasurePoints, MeasureZones
from tests.rasters.conftest import UTM_25S
from tests.rasters.test_damage import BLOCK, SIDE, spoil

LEFT, TOP, PIXEL = 288000, 9120000, 30
UTM = UTM_25S["crs"]
WHOLE = np.ones((SIDE, SIDE), dtype=bool)
WHOLE[BLOCK : 2 * BLOCK, 2 * BLOCK : 3 * BLOCK] = False  # the block of row 1 and column 2
LAYOUT = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate"}


@pytest.fixture
def data(rng) -> np.ndarray:
    return rng.integers(1, 9, (SIDE, SIDE), dtype="uint8")


@pytest.fixture
def damaged(tmp_path: Path, data: np.ndarray, write) -> Path:
    path = write(tmp_path / "damaged.tif", data, nodata=0, **LAYOUT)
    spoil(path, row=1, column=2)
    return path


def source(path: Path) -> Source:
    return Source(path.name, path.stat().st_size, None, path)


def box(top: int, left: int, bottom: int, right: int) -> tuple[float, float, float, float]:
    """Of these rows and columns, in the raster's CRS."""
    return LEFT + PIXEL * left, TOP - PIXEL * bottom, LEFT + PIXEL * right, TOP - PIXEL * top


def compared(before: Path, after: Path, by: str, *, resample: bool = False) -> Comparison:
    task = Compare(1, 1, by, resample=resample, classes=(), preview=None)
    return compare_sources(source(before), source(after), task, threading.Event())


def test_a_zone_is_counted_without_its_damaged_block_and_says_so(damaged: Path, data: np.ndarray) -> None:
    task = MeasureZones(box(100, 200, 300, 300), UTM, None, ())
    found = measure_zones(source(damaged), task, threading.Event())
    here = np.s_[100:300, 200:300]
    (zone,) = found.zones
    (band,) = zone.bands
    assert (zone.pixels, zone.unreadable) == (200 * 100, (~WHOLE[here]).sum())
    assert (band.valid_count, band.nodata_count) == (WHOLE[here].sum(), zone.unreadable)
    assert band.mean == pytest.approx(data[here][WHOLE[here]].mean())
    assert "1 block can't be decoded" in found.notes[0]
    assert "rows 128 to 255 and columns 256 to 383" in found.notes[0]


def test_a_zone_of_a_ring_loses_what_it_has_of_the_block(damaged: Path) -> None:
    west, south, east, north = box(0, 0, SIDE, SIDE)
    triangle = {"type": "Polygon", "coordinates": [[[west, north], [east, north], [west, south], [west, north]]]}
    (zone,) = measure_zones(source(damaged), MeasureZones(triangle, UTM, None, ()), threading.Event()).zones
    rows, columns = np.indices((SIDE, SIDE))
    inside = rows + columns + 1 < SIDE
    assert zone.unreadable == pytest.approx((inside & ~WHOLE).sum(), abs=BLOCK)
    assert zone.bands[0].valid_count == zone.pixels - zone.unreadable


def test_zones_that_miss_the_damage_say_nothing_of_it(damaged: Path) -> None:
    found = measure_zones(source(damaged), MeasureZones(box(300, 0, 500, 100), UTM, None, ()), threading.Event())
    assert found.notes == ()
    assert found.zones[0].unreadable == 0


def test_points_in_a_damaged_block_say_so_and_the_others_have_their_values(damaged: Path, data: np.ndarray) -> None:
    pixels = [(10, 20), (130, 260), (255, 383), (256, 383)]
    places = tuple((LEFT + PIXEL * (column + 0.5), TOP - PIXEL * (row + 0.5)) for row, column in pixels)
    found = measure_points(source(damaged), MeasurePoints(places, UTM, None))
    values = [point.values[0] for point in found.points]
    assert [value.state for value in values] == ["valid", "damaged", "damaged", "valid"]
    assert [value.value for value in values] == [data[10, 20], None, None, data[256, 383]]
    assert "1 block can't be decoded, 6.25 %" in found.notes[0]


@pytest.mark.parametrize("by", ["classes", "values", None])
@pytest.mark.parametrize("first", [True, False])
def test_a_comparison_leaves_out_what_is_damaged_in_either(
    by: str, first: bool, damaged: Path, data: np.ndarray, tmp_path: Path, write
) -> None:
    other = write(tmp_path / "other.tif", np.where(data == 3, 4, data).astype("uint8"), nodata=0, **LAYOUT)
    before, after = (damaged, other) if first else (other, damaged)
    found = compared(before, after, by)
    change = found.classes or found.values
    assert change.compared.count == WHOLE.sum()
    assert (change.compared.only_after if first else change.compared.only_before) == BLOCK * BLOCK
    (note,) = found.notes
    assert note.startswith("Before: Damaged" if first else "After, on the grid compared on: Damaged")
    assert (by == "values") == (found.classes is None)
    if found.classes:
        assert found.classes.changed_count == (data[WHOLE] == 3).sum()
    else:
        assert found.values.difference.mean == pytest.approx((1 if first else -1) * (data[WHOLE] == 3).mean())


def test_what_was_damaged_before_it_was_resampled_is_left_out(tmp_path: Path, damaged: Path, data, write) -> None:
    moved = {**UTM_25S, "transform": Affine(PIXEL, 0, LEFT + 10, 0, -PIXEL, TOP)}
    other = write(tmp_path / "moved.tif", data, nodata=0, **LAYOUT, **moved)
    spoil(other, row=3, column=3)
    found = compared(damaged, other, "classes", resample=True)
    assert [note.split(":")[0] for note in found.notes] == ["Before", "After, on the grid compared on"]
    assert 0 < found.classes.compared.count <= WHOLE.sum() - BLOCK * BLOCK
    assert found.classes.changed_count == 0, "whatever was compared is the same in both"


def test_a_comparison_with_what_can_t_be_decoded_at_all_names_it(damaged: Path, data, tmp_path: Path, write) -> None:
    broken = write(tmp_path / "broken.tif", data, nodata=0, blockysize=SIDE, compress="deflate")
    spoil(broken, row=0, column=0)
    with pytest.raises(RasterError, match=r"broken.tif .*none of it can be decoded"):
        compared(damaged, broken, "values")


def test_a_damaged_overview_is_none(tmp_path: Path, data, write, summarized) -> None:
    path = write(tmp_path / "a.tif", data, nodata=0, **LAYOUT)
    with rasterio.open(path, "r+") as file:
        file.build_overviews([2], Resampling.nearest)
    with rasterio.open(path, overview_level=0) as file:
        offset, size = (int(file.get_tag_item(f"BLOCK_{what}_0_0", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    content = bytearray(path.read_bytes())
    content[offset : offset + size] = b"\xff" * size
    path.write_bytes(content)
    with pytest.raises(NoOverview, match="overview that can't be decoded") as caught:
        summarized(path, exact=False)
    assert "exact=true" in caught.value.remedy
    assert summarized(path).summary.bands[0].valid_count == SIDE * SIDE


def test_a_window_is_split_where_blocks_meet() -> None:
    parts = list(split(Block(row=100, column=120, rows=60, columns=20), (128, 128)))
    assert parts == [Block(100, 120, 28, 8), Block(100, 128, 28, 12), Block(128, 120, 32, 8), Block(128, 128, 32, 12)]
