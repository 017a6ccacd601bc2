"""T9: small rasters that declare large ones are refused by what they declare."""

import struct
import threading
import zlib
from pathlib import Path

import pytest
import rasterio
from affine import Affine
from rasterio.enums import Resampling

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.measured import ZoneStatistics
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.places.measuring import measure_zones
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.statistics.approximation import summarize_quickly
from mcp_ogc.rasters.statistics.reading import summarize_source
from mcp_ogc.rasters.summary import RasterSummary
from mcp_ogc.rasters.worker.tasks import Compare, MeasureZones, Wanted

TAGS = {"ImageLength": 257, "TileWidth": 322, "TileLength": 323}


def sparse(path: Path, width: int, height: int, **options: object) -> Source:
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=width,
        height=height,
        dtype="uint8",
        crs="EPSG:32725",
        transform=Affine(30, 0, 0, 0, -30, 0),
        SPARSE_OK=True,
        **{"count": 1, **options},
    ):
        pass
    assert path.stat().st_size < 20_000_000
    return Source(path.name, path.stat().st_size, path=path)


def test_a_sparse_tiff_of_forty_gigapixels_is_refused_before_it_is_read(tmp_path: Path) -> None:
    source = sparse(tmp_path / "bomb.tif", 200_000, 200_000, tiled=True, blockxsize=8192, blockysize=8192)
    with pytest.raises(RasterError, match=r"200,000 × 200,000 pixels; at most 2 gigapixels"):
        summarize_source(source, Wanted(None, (), None), threading.Event())


@pytest.mark.parametrize(("side", "bands", "interleave"), [(16_384, 3, "pixel"), (32_768, 1, "band")])
def test_blocks_that_would_not_fit_into_memory_are_refused(
    side: int, bands: int, interleave: str, tmp_path: Path
) -> None:
    block = {"tiled": True, "blockxsize": side, "blockysize": side, "count": bands, "interleave": interleave}
    source = sparse(tmp_path / "block.tif", side + 1, side + 1, **block)
    with pytest.raises(RasterError, match="too large to decode one"):
        summarize_source(source, Wanted((1,), (), None), threading.Event())


def summarized_quickly(source: Source) -> RasterSummary:
    return summarize_quickly(source, Wanted(None, (), PreviewStyle()), threading.Event()).summary


def declare(path: Path, directory: int, **declared: int) -> None:
    """Write other values of the given tags into one of a little-endian TIFF's directories, 0 the first."""
    content = bytearray(path.read_bytes())
    (at,) = struct.unpack_from("<I", content, 4)
    for number in range(directory + 1):
        (entries,) = struct.unpack_from("<H", content, at)
        places = [at + 2 + 12 * entry for entry in range(entries)]
        tags = {struct.unpack_from("<H", content, place)[0]: place for place in places}
        if number < directory:
            (at,) = struct.unpack_from("<I", content, at + 2 + 12 * entries)
    for name, value in declared.items():
        struct.pack_into("<HII", content, tags[TAGS[name]] + 2, 4, 1, value)  # one LONG
    path.write_bytes(content)


@pytest.fixture
def reduced(tmp_path: Path) -> Path:
    """A sparse raster of 0.4 gigapixels with an overview of 313 × 313."""
    source = sparse(tmp_path / "a.tif", 20_000, 20_000, tiled=True, blockxsize=512, blockysize=512)
    with rasterio.open(source.path, "r+") as file:
        file.build_overviews([64], Resampling.nearest)
    return source.path


def test_a_raster_too_large_to_be_counted_is_told_by_its_overview(tmp_path: Path) -> None:
    source = sparse(tmp_path / "large.tif", 46_000, 46_000, tiled=True, blockxsize=4096, blockysize=4096)
    with rasterio.open(source.path, "r+") as file:
        file.build_overviews([128], Resampling.nearest)
    told = summarized_quickly(source)
    assert (told.overview, told.countable) == (128, False)
    assert "too many to be counted" in told.notes[0]
    with pytest.raises(RasterError, match="at most 2 gigapixels") as caught:
        summarize_source(source, Wanted(None, (), None), threading.Event())
    assert "exact=false" in caught.value.remedy
    assert "bands=" not in caught.value.remedy  # it has one


def measured(source: Source, *box: float) -> ZoneStatistics:
    (zone,) = measure_zones(source, MeasureZones(box, "EPSG:32725", None, ()), threading.Event()).zones
    return zone


def test_of_a_raster_of_any_size_only_what_a_place_touches_is_bounded(tmp_path: Path) -> None:
    bands = {"count": 3, "interleave": "band"}
    source = sparse(tmp_path / "large.tif", 40_000, 30_000, tiled=True, blockxsize=4096, blockysize=4096, **bands)
    assert measured(source, 600_000, -600_030, 600_060, -600_000).pixels == 2
    with pytest.raises(RasterError, match="more than 2 gigapixels in 3 bands") as caught:
        measured(source, 0, -900_000, 1_200_000, 0)
    assert caught.value.remedy == "Give a smaller area, or name fewer bands (bands=[1])"
    huge = sparse(tmp_path / "huge.tif", 200_000, 200_000, tiled=True, blockxsize=4096, blockysize=4096)
    assert measured(huge, 3_000_000, -3_000_030, 3_000_060, -3_000_000).pixels == 2
    with pytest.raises(RasterError, match=r"more than 2 gigapixels\. Give a smaller area") as caught:
        measured(huge, 0, -6_000_000, 6_000_000, 0)
    assert caught.value.remedy == "Give a smaller area"


def test_rasters_too_large_to_be_compared_are_to_be_measured_in_parts(tmp_path: Path) -> None:
    huge = sparse(tmp_path / "huge.tif", 46_000, 46_000, tiled=True, blockxsize=4096, blockysize=4096)
    with rasterio.open(huge.path, "r+") as file:
        file.build_overviews([128], Resampling.nearest)
    with pytest.raises(RasterError, match="at most 2 gigapixels are counted") as caught:
        compare_sources(huge, huge, Compare(1, 1, None, False, (), None), threading.Event())
    assert "ogc_measure_raster (within=[west, south, east, north])" in caught.value.remedy
    assert not any(word in caught.value.remedy for word in ("bands", "exact"))  # it has no such arguments


def test_without_an_overview_it_is_not_told_to_be_counted(tmp_path: Path) -> None:
    source = sparse(tmp_path / "large.tif", 46_000, 46_000, tiled=True, blockxsize=4096, blockysize=4096)
    with pytest.raises(RasterError, match="at most 2 gigapixels"):
        summarized_quickly(source)


def test_an_overview_in_blocks_that_would_not_fit_into_memory_is_refused(reduced: Path) -> None:
    declare(reduced, 1, TileWidth=32_768, TileLength=32_768)
    with pytest.raises(RasterError, match=r"keeps an overview stored in blocks of 32,768 × 32,768 pixels, too large"):
        summarized_quickly(Source("a.tif", path=reduced))


def test_an_overview_that_is_larger_than_its_factor_says_is_refused(reduced: Path) -> None:
    declare(reduced, 1, ImageLength=1_000_000)
    with pytest.raises(RasterError, match=r"an overview of 313 × 1,000,000 pixels, too large for what it reduces"):
        summarized_quickly(Source("a.tif", path=reduced))


def test_a_picture_that_must_be_decoded_whole_has_a_lower_bound(tmp_path: Path) -> None:
    """A PNG whose header says 20,000 × 20,000, and holds nothing."""
    header = struct.pack(">II5B", 20_000, 20_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    png = b"\x89PNG\r\n\x1a\n" + body
    source = Source("bomb.png", len(png), ranges=lambda start, length: png[start : start + length])
    with pytest.raises(RasterError, match="no PNG above 268 megapixels"):
        summarize_source(source, Wanted(None, (), None), threading.Event())
