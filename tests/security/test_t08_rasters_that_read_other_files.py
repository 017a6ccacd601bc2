"""T8: a raster that makes GDAL read another file, as VRT, as a hidden overview, or as a neighbour of a local file."""

import secrets
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.source import Source, open_raster
from mcp_ogc.rasters.statistics.reading import summarize_source
from mcp_ogc.rasters.worker.tasks import Compare, Wanted
from tests.rasters.conftest import write

WANTED = Wanted(None, (), PreviewStyle())
MOVED = Affine(30, 0, 288300, 0, -30, 9120000)


RAW, ANY = "VRTRawRasterBand", "VRTSourcedRasterBand"


@dataclass(frozen=True)
class Canary:
    """A file of this machine that nobody permitted: 1,600 characters, and VRTs that read them as pixels."""

    path: Path
    text: str
    kind: str

    def vrt(self, size: int = 40) -> str:
        """Its first `size` rows and columns of 40."""
        name = f'<SourceFilename relativetoVRT="0">{self.path}</SourceFilename>'
        here = f'xOff="0" yOff="0" xSize="{size}" ySize="{size}"/>'
        band = {
            RAW: f"{name}<ImageOffset>0</ImageOffset><PixelOffset>1</PixelOffset><LineOffset>40</LineOffset>",
            ANY: f"<SimpleSource>{name}<SourceBand>1</SourceBand><SrcRect {here}<DstRect {here}</SimpleSource>",
        }
        return (
            f'<VRTDataset rasterXSize="{size}" rasterYSize="{size}">'
            f'<VRTRasterBand dataType="Byte" band="1" subClass="{self.kind}">{band[self.kind]}</VRTRasterBand>'
            "</VRTDataset>"
        )


@pytest.fixture(params=[RAW, ANY])
def canary(tmp_path: Path, request: pytest.FixtureRequest) -> Canary:
    """Text, which a raw band reads; or a raster of it, which every VRT may read."""
    found = Canary(tmp_path / "secret" / "canary", secrets.token_hex(800), request.param)
    found.path.parent.mkdir()
    if found.kind == RAW:
        found.path.write_text(found.text)
    else:
        write(found.path, pixels(found))
    return found


def pixels(canary: Canary) -> np.ndarray:
    return np.frombuffer(canary.text.encode(), dtype="uint8").reshape(40, 40)


def tiff(path: Path, **tags: str) -> Path:
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(path, "w", driver="GTiff", width=40, height=40, count=1, dtype="uint8") as file,
    ):
        file.write(np.full((1, 40, 40), 7, dtype="uint8"))
        if tags:
            file.update_tags(ns="OVERVIEWS", **tags)
    return path


def remote(data: bytes) -> Source:
    return Source("https://example.org/mask.tif", len(data), ranges=lambda start, length: data[start : start + length])


def test_the_canary_can_be_read_when_gdal_is_left_to_itself(canary: Canary, tmp_path: Path) -> None:
    """Else the tests below would prove nothing."""
    if canary.kind == RAW and tuple(map(int, rasterio.__gdal_version__.split(".")[:2])) >= (3, 12):
        pytest.skip("GDAL 3.12 refuses raw bands by itself")
    overviews = tmp_path / "overviews.vrt"
    overviews.write_text(canary.vrt(10))
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.open(tiff(tmp_path / "a.tif", OVERVIEW_FILE=str(overviews))) as file,
    ):
        assert (file.read(1, out_shape=(10, 10)) == pixels(canary)[:10, :10]).all()


@pytest.mark.parametrize("as_path", [True, False])
def test_a_vrt_named_tif_is_refused_by_its_first_bytes(as_path: bool, canary: Canary, tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    path.write_text(canary.vrt())
    source = Source("mask.tif", path=path) if as_path else remote(path.read_bytes())
    with pytest.raises(RasterError, match="GDAL VRT") as caught:
        summarize_source(source, WANTED, threading.Event())
    assert canary.text[:20] not in str(caught.value)


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("as_path", [True, False])
def test_a_tiff_that_names_its_overviews_elsewhere_is_refused(
    as_path: bool, inline: bool, canary: Canary, tmp_path: Path
) -> None:
    overviews = tmp_path / "overviews.vrt"
    overviews.write_text(canary.vrt(10))
    path = tiff(tmp_path / "mask.tif", OVERVIEW_FILE=canary.vrt(10) if inline else str(overviews))
    source = Source("mask.tif", path=path) if as_path else remote(path.read_bytes())
    with pytest.raises(RasterError, match="overviews in another file") as caught:
        summarize_source(source, WANTED, threading.Event())
    assert canary.text[:20] not in str(caught.value)


def test_neighbours_of_a_local_file_are_not_looked_at(canary: Canary, tmp_path: Path) -> None:
    path = tiff(tmp_path / "mask.tif")
    overviews = tmp_path / "overviews.vrt"
    overviews.write_text(canary.vrt(10))
    (tmp_path / "mask.tif.aux.xml").write_text(
        f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{overviews}</MDI></Metadata></PAMDataset>'
    )
    for suffix in (".msk", ".ovr"):
        (tmp_path / f"mask.tif{suffix}").write_text(canary.vrt())
    (tmp_path / "mask.tfw").write_text("1\n0\n0\n-1\n500000\n9000000\n")
    done = summarize_source(Source("mask.tif", path=path), WANTED, threading.Event())
    assert done.summary.overviews == ()
    assert done.summary.bounds_native is None
    assert [(row.value, row.count) for row in done.summary.bands[0].classes] == [(7, 1600)]


def test_neighbours_of_a_jpeg_2000_tell_nothing_of_its_place(tmp_path: Path) -> None:
    path = tmp_path / "mask.jp2"
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(path, "w", driver="JP2OpenJPEG", width=50, height=40, count=1, dtype="uint8") as file,
    ):
        file.write(np.full((1, 40, 50), 7, dtype="uint8"))
    place = "<SRS>EPSG:32725</SRS><GeoTransform>5e5, 30, 0, 9e6, 0, -30</GeoTransform>"
    path.with_suffix(".jp2.aux.xml").write_text(f"<PAMDataset>{place}</PAMDataset>")
    path.with_suffix(".j2w").write_text("1\n0\n0\n-1\n500000\n9000000\n")
    for source in (Source("mask.jp2", path=path), remote(path.read_bytes())):
        with open_raster(source) as opened:
            assert opened.dataset.transform.is_identity
            assert not opened.dataset.crs


@pytest.mark.parametrize("as_path", [True, False])
def test_resampling_uses_a_vrt_of_our_own_and_takes_none_from_a_stranger(
    as_path: bool, canary: Canary, tmp_path: Path
) -> None:
    """What warps is registered as long as the process lives: a VRT file stays refused before and after."""
    stranger = tmp_path / "mask.tif"
    stranger.write_text(canary.vrt())
    tagged = tiff(tmp_path / "tagged.tif", OVERVIEW_FILE=canary.vrt(10))
    hostile = [Source(path.name, path=path) if as_path else remote(path.read_bytes()) for path in (stranger, tagged)]
    data = np.tile(np.arange(4, dtype="uint8"), (40, 10))
    first, second = (
        Source(path.name, path=path)
        for path in (write(tmp_path / "a.tif", data), write(tmp_path / "b.tif", data, transform=MOVED))
    )
    task = Compare(1, 1, None, resample=True, classes=(), preview=PreviewStyle())
    for _ in range(2):
        for one in hostile:
            for before, after in ((first, one), (one, first)):
                with pytest.raises(RasterError, match=r"GDAL VRT|overviews in another file") as caught:
                    compare_sources(before, after, task, threading.Event())
                assert canary.text[:20] not in str(caught.value)
        assert compare_sources(first, second, task, threading.Event()).resampled is not None
