"""Bad files: what can be read is, what can't is said, and nothing is made up."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from mcp_ogc.errors import RasterError, TooLarge
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.source import Source

SIDE = 512
BLOCK = 128


@pytest.fixture
def data(rng) -> np.ndarray:
    return rng.integers(1, 200, (SIDE, SIDE), dtype="uint8")


@pytest.fixture
def tiled(tmp_path: Path, data: np.ndarray, write) -> Path:
    layout = {"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK, "compress": "deflate"}
    return write(tmp_path / "tiled.tif", data, nodata=0, **layout)


def spoil(path: Path, row: int, column: int) -> None:
    """Overwrite one block's bytes."""
    with rasterio.open(path) as file:
        offset, size = (
            int(file.get_tag_item(f"BLOCK_{what}_{column}_{row}", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE")
        )
    content = bytearray(path.read_bytes())
    content[offset : offset + size] = b"\xff" * size
    path.write_bytes(content)


@pytest.mark.parametrize("far", [False, True])
def test_a_corrupt_block_is_skipped_and_said_and_the_rest_is_right(
    far: bool, tiled: Path, data: np.ndarray, summarized, counted_ranges
) -> None:
    spoil(tiled, row=1, column=2)
    source = counted_ranges(tiled.read_bytes()).source() if far else tiled
    done = summarized(source, preview=PreviewStyle())
    whole = np.ones_like(data, dtype=bool)
    whole[128:256, 256:384] = False
    (band,) = done.summary.bands
    assert (band.valid_count, band.nodata_count) == (whole.sum(), BLOCK * BLOCK)
    assert band.mean == pytest.approx(data[whole].mean())
    assert "can be decoded" in done.summary.method
    assert "1 block can't be decoded, 6.25 % of the raster's pixels, within rows 128 to 255" in done.summary.notes[0]
    assert "columns 256 to 383" in done.summary.notes[0]


def test_a_file_cut_short_tells_which_part_is_there(tmp_path: Path, data: np.ndarray, write, summarized) -> None:
    path = write(tmp_path / "cut.tif", data, tiled=True, blockxsize=BLOCK, blockysize=BLOCK)
    path.write_bytes(path.read_bytes()[: -6 * BLOCK * BLOCK])  # the last six of sixteen blocks
    summary = summarized(path).summary
    assert summary.bands[0].valid_count == 10 * BLOCK * BLOCK
    assert summary.notes[0].startswith("Damaged or cut short: 6 blocks can't be decoded, 37.5 % of the raster's pixels")


def test_a_file_without_a_readable_block_is_an_error(tmp_path: Path, data: np.ndarray, write, summarized) -> None:
    path = write(tmp_path / "one.tif", data, blockysize=SIDE, compress="deflate")
    spoil(path, row=0, column=0)
    with pytest.raises(RasterError, match="none of it can be decoded") as caught:
        summarized(path)
    assert "checksum" in caught.value.remedy


def test_bytes_that_could_not_be_had_are_no_damage(tmp_path: Path, rng, write, summarized) -> None:
    content = write(tmp_path / "a.tif", rng.integers(0, 2**16, (1, 1500, 1500), dtype="uint16")).read_bytes()

    def failing(start: int, length: int) -> bytes:
        if start:
            raise TooLarge("that is enough")
        return content[start : start + length]

    with pytest.raises(TooLarge, match="that is enough"):
        summarized(Source("remote.tif", len(content), ranges=failing))


def test_zero_valid_pixels_are_said(tmp_path: Path, write, summarized) -> None:
    done = summarized(write(tmp_path / "empty.tif", np.zeros((64, 64), "uint8"), nodata=0), preview=PreviewStyle())
    (band,) = done.summary.bands
    assert (band.minimum, band.mean, band.percentiles, band.valid_percent) == (None, None, None, 0)
    assert "Band 1 has no valid pixel." in done.summary.notes


def test_a_raster_across_the_antimeridian_has_west_greater_than_east(tmp_path: Path, write, summarized) -> None:
    place = {"crs": "EPSG:32760", "transform": Affine(1000, 0, 700000, 0, -1000, 8200000)}
    west, _, east, _ = summarized(
        write(tmp_path / "fiji.tif", np.ones((300, 300), "uint8"), **place)
    ).summary.bounds_lonlat
    assert west > 170
    assert east < -170


@pytest.mark.parametrize(
    ("first", "width", "bounds"),
    [(178, 5, (178, -177)), (-181, 5, (179, -176)), (0, 360, (-180, 180)), (0, 180, (0, 180)), (180, 90, (-180, -90))],
)
def test_longitudes_are_told_from_minus_180_to_180_however_the_grid_counts_them(
    first: int, width: int, bounds: tuple[int, int], tmp_path: Path, write, summarized
) -> None:
    place = {"crs": "EPSG:4326", "transform": Affine(1, 0, first, 0, -1, 60)}
    summary = summarized(write(tmp_path / "grid.tif", np.ones((20, width), "uint8"), **place)).summary
    assert (summary.bounds_lonlat[0], summary.bounds_lonlat[2]) == bounds
    assert summary.bounds_native == (first, 40, first + width, 60)
    assert any("antimeridian" in note for note in summary.notes) == (bounds[0] > bounds[1])


@pytest.mark.parametrize("bands", [1, 3, 4])
@pytest.mark.parametrize("left", [0.5, 0.99])
def test_nothing_is_made_up_where_a_png_ends_too_early(
    bands: int, left: float, tmp_path: Path, rng, summarized
) -> None:
    data = rng.integers(1, 255, (bands, 300, 400), dtype="uint8")
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(tmp_path / "a.png", "w", driver="PNG", width=400, height=300, count=bands, dtype="uint8") as file,
    ):
        file.write(data)
    means = [band.mean for band in summarized(tmp_path / "a.png", bands=range(1, bands + 1)).summary.bands]
    assert means == pytest.approx(data.mean(axis=(1, 2)))
    content = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(content[: int(len(content) * left)])
    for chosen in (None, [1]):
        with pytest.raises(RasterError, match="can't be decoded"):
            summarized(tmp_path / "cut.png", bands=chosen)


@pytest.mark.parametrize(
    "place",
    [Affine(10, 0, -3000, 0, -1, 60), Affine(0.1, 0, 0, 0, -10, 3000), Affine(0.1, 0, 0, 0, -0.5, -70)],
)
def test_more_degrees_than_the_earth_has_are_no_place(place: Affine, tmp_path: Path, write, summarized) -> None:
    path = write(tmp_path / "a.tif", np.ones((60, 600), "uint8"), crs="EPSG:4326", transform=place)
    summary = summarized(path).summary
    assert (summary.bounds_lonlat, summary.corners_lonlat) == (None, None)
    assert any("georeference can't be right" in note for note in summary.notes)


def test_a_global_grid_whose_pixels_are_centred_on_the_poles_is_one(tmp_path: Path, write, summarized) -> None:
    place = {"crs": "EPSG:4326", "transform": Affine(1, 0, -180.5, 0, -1, 90.5)}
    summary = summarized(write(tmp_path / "a.tif", np.ones((181, 361), "uint8"), **place)).summary
    assert summary.bounds_lonlat is not None
    assert not any("georeference" in note for note in summary.notes)
