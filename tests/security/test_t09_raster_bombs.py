"""T9: small rasters that declare large ones are refused by what they declare."""

import struct
import threading
import zlib
from pathlib import Path

import pytest
import rasterio
from affine import Affine

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.statistics.reading import summarize_source
from mcp_ogc.rasters.worker.tasks import Wanted


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
    with pytest.raises(RasterError, match=r"200,000 × 200,000 pixels in 1 bands; at most 2 gigapixels"):
        summarize_source(source, Wanted(None, (), None), threading.Event())


@pytest.mark.parametrize(("side", "bands", "interleave"), [(16_384, 3, "pixel"), (32_768, 1, "band")])
def test_blocks_that_would_not_fit_into_memory_are_refused(
    side: int, bands: int, interleave: str, tmp_path: Path
) -> None:
    block = {"tiled": True, "blockxsize": side, "blockysize": side, "count": bands, "interleave": interleave}
    source = sparse(tmp_path / "block.tif", side + 1, side + 1, **block)
    with pytest.raises(RasterError, match="too large to decode one"):
        summarize_source(source, Wanted((1,), (), None), threading.Event())


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
