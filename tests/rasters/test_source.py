"""What may be opened, how it is read in ranges, and what is refused before GDAL sees it."""

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from mcp_ogc.errors import RasterError, TooLarge
from mcp_ogc.rasters.pages import KEPT_PAGES, PAGE_BYTES, Pages
from mcp_ogc.rasters.source import Source, driver_of, open_raster


@pytest.mark.parametrize(("driver", "name"), [("PNG", "a.png"), ("JPEG", "a.jpg"), ("JP2OpenJPEG", "a.jp2")])
def test_pictures_are_read_by_their_own_driver_whatever_their_name(
    driver: str, name: str, tmp_path: Path, rng, write, summarized
) -> None:
    data = rng.integers(0, 255, (3, 60, 80), dtype="uint8")
    path = write(tmp_path / "picture.tif", data, driver=driver, crs=None, transform=None)
    summary = summarized(path).summary
    assert summary.driver == driver
    assert (summary.width, summary.height, summary.count) == (80, 60, 3)
    assert summary.crs is summary.bounds_native is summary.bounds_lonlat is summary.km2 is None
    assert "no CRS" in summary.area_method
    assert summary.bands[0].valid_count == 4800


@pytest.mark.parametrize(
    ("head", "looks"),
    [
        (b"<VRTDataset>", "VRT"),
        (b"\xef\xbb\xbf\n <VRTDataset>", "VRT"),
        (b"<!DOCTYPE html>", "XML or HTML"),
        (b'{"type": "FeatureCollection"}', "JSON"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"PK\x03\x04", "ZIP"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"", "empty"),
        (b"NITF02.10", "no known format"),
        (b"II*", "no known format"),
    ],
)
def test_anything_else_is_refused_and_named(head: bytes, looks: str) -> None:
    with pytest.raises(RasterError, match=looks):
        driver_of(head, "file.tif")


def test_big_tiff_is_tiff(tmp_path: Path, rng, write, summarized) -> None:
    path = write(tmp_path / "big.tif", rng.integers(0, 9, (20, 20), dtype="uint8"), BIGTIFF="YES")
    assert summarized(path).summary.driver == "GTiff"


def test_the_missing_end_of_a_jpeg_is_not_counted_as_grey(tmp_path: Path, rng, write, summarized) -> None:
    data = rng.integers(0, 255, (1, 400, 400), dtype="uint8")
    path = write(tmp_path / "cut.jpg", data, driver="JPEG", crs=None, transform=None)
    path.write_bytes(path.read_bytes()[:20_000] + b"\xff\xd9")  # ends as a JPEG should
    with pytest.raises(RasterError, match="can't be decoded"):
        summarized(path)


def test_a_path_of_gdal_s_virtual_file_systems_is_refused() -> None:
    for path in (Path("/vsizip/a.zip/b.tif"), Path("relative.tif")):
        with pytest.raises(RasterError, match="not an absolute path"), open_raster(Source("x", path=path)):
            pass


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RasterError, match="No such file"), open_raster(Source("x", path=tmp_path / "gone.tif")):
        pass


def test_a_remote_raster_gives_what_the_local_one_gives(scene: Path, summarized, counted_ranges) -> None:
    ranges = counted_ranges(scene.read_bytes())
    local, remote = summarized(scene).summary, summarized(ranges.source()).summary
    assert remote.bands == local.bands
    assert remote.bounds_lonlat == local.bounds_lonlat
    assert remote.provenance.etag == '"etag"'
    assert (remote.provenance.requests, remote.provenance.bytes_read) == (1, len(ranges.data))
    assert ranges.asked == [(0, len(ranges.data))]
    assert (local.provenance.requests, local.provenance.bytes_read) == (None, None)


@pytest.mark.parametrize("layout", [{"interleave": "pixel"}, {"interleave": "band"}, {"compress": "lzw"}])
def test_a_large_remote_raster_is_read_in_few_requests_and_once(
    layout: dict[str, str], tmp_path: Path, rng, write, summarized, counted_ranges
) -> None:
    data = rng.integers(0, 2**16, (2, 2048, 2500), dtype="uint16")
    path = write(tmp_path / "large.tif", data, tiled=True, blockxsize=512, blockysize=512, **layout)
    ranges = counted_ranges(path.read_bytes())
    remote = summarized(ranges.source()).summary
    assert remote.bands == summarized(path).summary.bands
    assert remote.provenance.requests == len(ranges.asked) <= 10
    assert remote.provenance.bytes_read <= 1.05 * len(ranges.data)
    assert max(length for _, length in ranges.asked) <= 8 * PAGE_BYTES


def test_sixteen_bands_one_after_the_other_are_each_read_once(
    tmp_path: Path, rng, write, summarized, counted_ranges
) -> None:
    data = rng.integers(0, 2**16, (16, 1024, 1024), dtype="uint16")
    path = write(tmp_path / "bands.tif", data, tiled=True, blockxsize=256, blockysize=256, interleave="band")
    ranges = counted_ranges(path.read_bytes())
    assert summarized(ranges.source()).summary.bands == summarized(path).summary.bands
    assert sum(length for _, length in ranges.asked) <= 1.1 * len(ranges.data)


def test_a_small_file_of_unknown_size_is_read_and_a_large_one_refused(scene: Path, summarized, counted_ranges) -> None:
    assert summarized(counted_ranges(scene.read_bytes()).source(size=None)).summary.width == 349
    with pytest.raises(RasterError, match="does not say how large"):
        summarized(counted_ranges(scene.read_bytes() * 2).source(size=None))


def test_what_the_network_raised_reaches_the_caller(tmp_path: Path, rng, write, summarized, counted_ranges) -> None:
    data = write(tmp_path / "a.tif", rng.integers(0, 2**16, (1, 1500, 1500), dtype="uint16")).read_bytes()
    ranges = counted_ranges(data)

    def failing(start: int, length: int) -> bytes:
        if start:
            raise TooLarge("that is enough")
        return ranges(start, length)

    with pytest.raises(TooLarge, match="that is enough"):
        summarized(Source("remote.tif", len(data), ranges=failing))


def test_any_other_failure_of_the_bridge_is_a_raster_error(tmp_path: Path, rng, write, summarized) -> None:
    data = write(tmp_path / "a.tif", rng.integers(0, 2**16, (1, 1500, 1500), dtype="uint16")).read_bytes()

    def closed(start: int, length: int) -> bytes:
        if start:
            raise RuntimeError("the loop is closed")
        return data[:length]

    with pytest.raises(RasterError, match="interrupted"):
        summarized(Source("remote.tif", len(data), ranges=closed))


def test_a_file_that_shrinks_while_it_is_read_is_an_error(scene: Path, summarized, counted_ranges) -> None:
    ranges = counted_ranges(scene.read_bytes()[:-50_000])
    with pytest.raises(RasterError, match="ended early"):
        summarized(Source("remote.tif", len(ranges.data) + 50_000, ranges=ranges))


def test_pages_keep_a_bounded_part_and_give_any_range(counted_ranges) -> None:
    data = np.random.default_rng(2).bytes(50 * PAGE_BYTES + 17)
    ranges = counted_ranges(data)
    pages = Pages(ranges.source())
    for start, length in [(0, 10), (PAGE_BYTES - 5, 10), (49 * PAGE_BYTES, 2 * PAGE_BYTES), (7, 20 * PAGE_BYTES)]:
        assert pages.read(start, length) == data[start : start + length]
    assert pages.read(len(data), 5) == b""
    assert len(pages._kept) <= KEPT_PAGES
    pages.close()


def test_a_thread_that_is_told_to_stop_reads_no_further_window(scene: Path) -> None:
    from mcp_ogc.rasters.statistics.reading import summarize_source
    from mcp_ogc.rasters.worker.tasks import Wanted

    stopped = threading.Event()
    stopped.set()
    with pytest.raises(RasterError, match="Nobody waits"):
        summarize_source(Source("x.tif", path=scene), Wanted(None, (), None), stopped)


def test_reading_a_raster_does_not_import_boto3_and_leaves_it_importable(scene: Path) -> None:
    code = (
        "import sys, threading, pathlib\n"
        "from mcp_ogc.rasters.source import Source, open_raster\n"
        "with open_raster(Source('x', path=pathlib.Path(sys.argv[1]))): pass\n"
        "assert 'boto3' not in sys.modules\n"
        "import boto3, rasterio\n"
        "assert len([f for f in sys.meta_path if 'Absent' in type(f).__name__]) == 0\n"
    )
    subprocess.run([sys.executable, "-W", "error::ImportWarning", "-c", code, str(scene)], check=True, timeout=60)
