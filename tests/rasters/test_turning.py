"""Pictures of rasters stored in any direction, against the values at the places that the picture is laid at."""

import io
import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from PIL import Image
from rasterio.warp import transform

from mcp_ogc.rasters.comparison.comparing import compare_sources
from mcp_ogc.rasters.georeference import Corners
from mcp_ogc.rasters.pictures.picture import Preview, PreviewStyle
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.worker.tasks import Compare

HEIGHT, WIDTH = 30, 40
ROTATIONS = {f"rotated by {angle}": Affine.rotation(angle) @ Affine.scale(10, -10) for angle in (30, 120, 200, -80)}
DIRECTIONS = {
    "north up": Affine.scale(10, -10),
    "south up": Affine.scale(10, 10),
    "east to west": Affine.scale(-10, -10),
    "both": Affine.scale(-10, 10),
}
PLACES = {
    **{name: ("EPSG:32633", Affine.translation(500_000, 5_000_000) @ one) for name, one in DIRECTIONS.items()},
    **{name: ("EPSG:32633", Affine.translation(500_000, 5_000_000) @ one) for name, one in ROTATIONS.items()},
    "rotated, south up": (
        "EPSG:32633",
        Affine.translation(500_000, 5_000_000) @ Affine.rotation(20) @ Affine.scale(10),
    ),
    **{
        f"degrees, {name}": ("EPSG:4326", Affine.translation(10, 50) @ Affine.scale(0.001) @ one)
        for name, one in DIRECTIONS.items()
    },
    # Of South Africa, whose axes are to the west and to the south.
    **{
        f"southwards, {name}": ("EPSG:2053", Affine.translation(10_000, 2_900_000) @ one)
        for name, one in DIRECTIONS.items()
    },
}


def laid_at(preview: Preview, corners: Corners | None, bounds: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Longitudes and latitudes of the centres of a picture's pixels."""
    west, south, east, north = bounds
    nw, ne, sw, se = np.array(corners or ((west, north), (east, north), (west, south), (east, south)))
    right = ((np.arange(preview.width) + 0.5) / preview.width)[None, :, None]
    down = ((np.arange(preview.height) + 0.5) / preview.height)[:, None, None]
    lonlat = (nw * (1 - right) + ne * right) * (1 - down) + (sw * (1 - right) + se * right) * down
    return lonlat[..., 0], lonlat[..., 1]


def found_at(path: Path, longitudes: np.ndarray, latitudes: np.ndarray) -> np.ndarray:
    with rasterio.open(path) as dataset:
        xs, ys = transform("OGC:CRS84", dataset.crs, longitudes.ravel(), latitudes.ravel())
        columns, rows = (np.floor(one).astype(int) for one in ~dataset.transform @ (np.array(xs), np.array(ys)))
        return dataset.read(1)[rows, columns].reshape(longitudes.shape)


def opaque(preview: Preview) -> np.ndarray:
    with Image.open(io.BytesIO(preview.data)) as image:
        return np.asarray(image.convert("RGBA"))[..., 3] > 0


def blotted(rng: np.random.Generator, kind: str) -> np.ndarray:
    """No two directions look the same: nodata is 0."""
    data = rng.integers(1, 4, (HEIGHT, WIDTH)).astype(kind)
    data[: HEIGHT // 2, : WIDTH // 3] = 0
    data[3:7, -9:-4] = 0
    return data


@pytest.mark.parametrize("kind", ["uint8", "float32"])
@pytest.mark.parametrize("name", PLACES)
def test_a_picture_shows_what_is_at_the_places_it_is_laid_at_with_north_up(
    name: str, kind: str, tmp_path: Path, rng, write, summarized
) -> None:
    crs, placed = PLACES[name]
    path = write(tmp_path / "a.tif", blotted(rng, kind), crs=crs, transform=placed, nodata=0)
    found = summarized(path, preview=PreviewStyle())
    longitudes, latitudes = laid_at(found.preview, found.summary.corners_lonlat, found.summary.bounds_lonlat)
    assert np.array_equal(opaque(found.preview), found_at(path, longitudes, latitudes) != 0)
    assert latitudes[0].mean() > latitudes[-1].mean() or "-80" in name
    assert longitudes[:, 0].mean() < longitudes[:, -1].mean()
    if "rotated" not in name:
        assert (np.diff(latitudes.mean(axis=1)) < 0).all()


@pytest.mark.parametrize(
    "placed",
    [
        Affine(0, 0.001, 10, 0.001, 0, 50),
        Affine(0, 0.001, 10, -0.001, 0, 50),
        Affine.translation(10, 50) @ Affine.rotation(150) @ Affine.scale(8e-6, -8e-6),  # pixels of less than a metre
    ],
    ids=["transposed", "turned by a quarter", "of fine pixels"],
)
def test_a_picture_in_degrees_lies_by_its_corners_where_rows_are_not_along_parallels(
    placed: Affine, tmp_path: Path, rng, write, summarized
) -> None:
    path = write(tmp_path / "a.tif", blotted(rng, "uint8"), crs="EPSG:4326", transform=placed, nodata=0)
    found = summarized(path, preview=PreviewStyle())
    longitudes, latitudes = laid_at(found.preview, found.summary.corners_lonlat, found.summary.bounds_lonlat)
    assert np.array_equal(opaque(found.preview), found_at(path, longitudes, latitudes) != 0)


@pytest.mark.parametrize("by", ["classes", "values"])
@pytest.mark.parametrize("name", ["south up", "east to west", "rotated, south up", "degrees, south up"])
def test_a_picture_of_a_change_lies_as_one_of_the_raster(name: str, by: str, tmp_path: Path, rng, write) -> None:
    crs, placed = PLACES[name]
    path = write(tmp_path / "a.tif", blotted(rng, "uint8"), crs=crs, transform=placed, nodata=0)
    source = Source(path.name, path.stat().st_size, None, path)
    found = compare_sources(
        source, source, Compare(1, 1, by, resample=False, classes=(), preview=PreviewStyle()), threading.Event()
    )
    picture = (found.classes or found.values).picture
    longitudes, latitudes = laid_at(picture, found.corners_lonlat, found.bounds_lonlat)
    assert np.array_equal(opaque(picture), found_at(path, longitudes, latitudes) != 0)


def test_a_large_raster_and_its_overview_are_turned_alike(tmp_path: Path, rng, write, summarized) -> None:
    data = np.repeat(np.repeat(blotted(rng, "uint8"), 40, axis=0), 40, axis=1)
    path = write(tmp_path / "a.tif", data, transform=Affine(10, 0, 288000, 0, 10, 9120000), nodata=0, tiled=True)
    with rasterio.open(path, "r+") as dataset:
        dataset.build_overviews([4])
    for exact in (True, False):
        seen = opaque(summarized(path, preview=PreviewStyle(longest_side=40), exact=exact).preview)
        assert np.array_equal(seen, (data[20::40, 20::40] != 0)[::-1])


def test_what_has_no_place_is_shown_as_it_is_stored(tmp_path: Path, rng, write, summarized) -> None:
    data = blotted(rng, "uint8")
    for where in (None, Affine(10, 0, 0, 0, 10, 0)):
        path = write(tmp_path / "a.tif", data, crs=None, transform=where, nodata=0)
        assert np.array_equal(opaque(summarized(path, preview=PreviewStyle()).preview), data != 0)
