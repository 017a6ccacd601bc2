"""The picture: its size, its colours against the data, and what is transparent."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mcp_ogc.rasters.classes import ClassLabel, class_colours
from mcp_ogc.rasters.pictures.picture import Preview, PreviewStyle
from mcp_ogc.rasters.pictures.preview import MOST_BYTES

STYLE = PreviewStyle()


def image(preview: Preview) -> Image.Image:
    picture = Image.open(io.BytesIO(preview.data))
    picture.load()
    assert picture.size == (preview.width, preview.height)
    assert len(preview.data) <= MOST_BYTES
    return picture


def rgba(preview: Preview) -> np.ndarray:
    return np.asarray(image(preview).convert("RGBA"))


def colour(text: str) -> list[int]:
    return [int(text[place : place + 2], 16) for place in (1, 3, 5)]


def test_classes_are_a_palette_png_in_their_colours_with_nodata_transparent(tmp_path: Path, write, summarized) -> None:
    data = np.zeros((300, 1200), dtype="uint8")
    data[:, 400:800] = 1
    data[:, 800:] = 255
    path = write(tmp_path / "classes.tif", data, nodata=255)
    done = summarized(path, preview=STYLE, classes=[ClassLabel(1, "water", "0000FF"), ClassLabel(0, "land")])
    picture = image(done.preview)
    assert (done.preview.media_type, picture.format, picture.mode) == ("image/png", "PNG", "P")
    assert picture.size == (512, 128)
    pixels = rgba(done.preview)
    land, water = done.preview.legend
    assert (land.label, water.label) == ("0 land", "1 water")
    assert water.colour == "#0000ff"
    assert pixels[64, 10].tolist() == [*colour(land.colour), 255]
    assert pixels[64, 256].tolist() == [0, 0, 255, 255]
    assert pixels[64, 500, 3] == 0
    assert (pixels[..., 3] == 0).mean() == pytest.approx(1 / 3, abs=0.01)
    assert [share.colour for share in done.summary.bands[0].classes] == [land.colour, water.colour]


def test_the_files_own_colour_table_wins(tmp_path: Path, write, summarized) -> None:
    data = np.array([[3, 5]], dtype="uint8").repeat(20, 0).repeat(20, 1)
    path = write(tmp_path / "table.tif", data, colormap={3: (10, 20, 30, 255), 5: (200, 100, 50, 255)})
    done = summarized(path, preview=STYLE, classes=[ClassLabel(3, "three", "ffffff")])
    assert [entry.colour for entry in done.preview.legend] == ["#0a141e", "#c86432"]
    assert rgba(done.preview)[0, 0].tolist() == [10, 20, 30, 255]


def test_a_colour_table_of_many_colours_is_shown_in_them(tmp_path: Path, rng, write, summarized) -> None:
    table = {value: (value, 255 - value, 7, 255) for value in range(256)}
    data = rng.integers(0, 256, (90, 90), dtype="uint8")
    done = summarized(write(tmp_path / "many.tif", data, colormap=table), preview=STYLE)
    pixels = rgba(done.preview)
    assert np.abs(pixels[..., 0].astype(int) - data).max() <= 1
    assert (pixels[..., 3] == 255).all()


def test_thirty_two_classes_have_thirty_two_colours() -> None:
    assert len(set(class_colours(range(32), None, {}))) == 32


def test_a_colour_that_is_none_is_ignored() -> None:
    labels = {1: ClassLabel(1, "x", "red;background:url(x)"), 2: ClassLabel(2, "y", "#12AB34")}
    first, second = class_colours([1, 2], None, labels)
    assert first.startswith("#")
    assert len(first) == 7
    assert second == "#12ab34"


def test_one_continuous_band_is_drawn_dark_to_bright(tmp_path: Path, write, summarized) -> None:
    data = np.tile(np.linspace(0, 1, 1500, dtype="float32"), (700, 1))
    data[:100] = np.nan
    done = summarized(write(tmp_path / "ramp.tif", data), preview=STYLE)
    pixels = rgba(done.preview).astype(int)
    assert image(done.preview).mode == "P"
    assert (pixels[:33, :, 3] == 0).all()
    assert (pixels[36:, :, 3] == 255).all()
    luminance = pixels[200, :, :3] @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) >= -1).all()
    labels = [float(entry.label) for entry in done.preview.legend]
    assert labels == pytest.approx([0.02, 0.26, 0.5, 0.74, 0.98], abs=0.002)
    assert done.preview.legend[0].colour == "#440154"
    assert done.preview.legend[-1].colour == "#fde725"


def test_the_legend_of_a_scaled_band_shows_real_values(tmp_path: Path, write, summarized) -> None:
    data = np.arange(10_000, dtype="uint16").reshape(100, 100)
    done = summarized(write(tmp_path / "a.tif", data, scales=[0.0001], offsets=[-0.1]), preview=STYLE)
    assert float(done.preview.legend[0].label) == pytest.approx(0.02 - 0.1, abs=0.001)
    assert float(done.preview.legend[-1].label) == pytest.approx(0.98 - 0.1, abs=0.001)


def test_three_byte_bands_without_nodata_are_a_jpeg_in_their_colours(tmp_path: Path, write, summarized) -> None:
    data = np.zeros((3, 640, 640), dtype="uint8")
    data[0, :, :320], data[1], data[2, :, 320:] = 200, 60, 180
    path = write(tmp_path / "rgb.tif", data, photometric="RGB")
    done = summarized(path, preview=STYLE)
    assert done.preview.media_type == "image/jpeg"
    pixels = np.asarray(image(done.preview)).astype(int)
    assert np.abs(pixels[100, 100] - [200, 60, 0]).max() <= 6
    assert np.abs(pixels[100, 400] - [0, 60, 180]).max() <= 6


def test_a_palette_png_is_made_of_true_colour_where_it_is_asked_for(scene: Path, summarized) -> None:
    preview = summarized(scene, preview=PreviewStyle(encoding="png")).preview
    picture = image(preview)
    assert (preview.media_type, picture.mode, picture.size) == ("image/png", "P", (349, 352))
    assert (rgba(preview)[..., 3] == 255).all()


@pytest.mark.parametrize("alpha", [True, False])
def test_true_colour_with_nodata_is_transparent_there(alpha: bool, tmp_path: Path, rng, write, summarized) -> None:
    data = rng.integers(1, 255, (4 if alpha else 3, 200, 200), dtype="uint8")
    if alpha:
        data[3] = 255
    data[3 if alpha else slice(None), :50] = 0
    path = write(tmp_path / "a.tif", data, photometric="RGB", **({"alpha": "YES"} if alpha else {"nodata": 0}))
    done = summarized(path, preview=STYLE)
    assert [band.band for band in done.summary.bands] == [1, 2, 3]
    assert done.summary.bands[0].nodata_count == 50 * 200
    pixels = rgba(done.preview)
    assert (pixels[:50, :, 3] == 0).all()
    assert (pixels[50:, :, 3] == 255).all()


def test_the_bands_that_are_named_are_the_colours(scene: Path, summarized) -> None:
    first = summarized(scene, preview=STYLE, bands=[1, 2, 3]).preview
    other = summarized(scene, preview=STYLE, bands=[3, 2, 1]).preview
    assert "bands 3, 2, 1 as red, green and blue" in other.description
    mirrored = np.asarray(image(other)).astype(int)[..., ::-1]
    assert np.abs(np.asarray(image(first)).astype(int) - mirrored).mean() < 8


def test_a_noisy_picture_is_made_smaller_until_it_fits(tmp_path: Path, rng, write, summarized) -> None:
    data = rng.integers(0, 2**16, (512, 512), dtype="uint16")
    preview = summarized(write(tmp_path / "noise.tif", data), preview=PreviewStyle(512)).preview
    assert 200 < preview.width <= 512
    image(preview)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (511, 513), (5, 700)])
@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_any_shape_has_a_picture(shape: tuple[int, int], dtype: str, tmp_path: Path, write, summarized) -> None:
    data = np.linspace(0, 99, shape[0] * shape[1]).reshape(shape).astype(dtype)
    preview = summarized(write(tmp_path / "a.tif", data), preview=STYLE).preview
    assert max(image(preview).size) == min(512, max(shape))


def test_a_raster_without_a_valid_pixel_is_all_transparent(tmp_path: Path, write, summarized) -> None:
    done = summarized(write(tmp_path / "a.tif", np.zeros((20, 20), dtype="uint8"), nodata=0), preview=STYLE)
    assert (rgba(done.preview)[..., 3] == 0).all()
    assert done.summary.notes[0] == "Band 1 has no valid pixel."
    assert done.summary.bands[0].valid_percent == 0


def test_each_preview_pixel_is_the_mean_of_its_part(tmp_path: Path, write, summarized) -> None:
    checks = np.indices((1536, 1536)).sum(axis=0) % 2 * 200.0
    checks[:, 768:] = 100.0
    preview = summarized(write(tmp_path / "a.tif", checks.astype("float32")), preview=STYLE).preview
    left, right = rgba(preview)[:, 10:250, :3].astype(int), rgba(preview)[:, 260:500, :3].astype(int)
    assert np.abs(left.mean(axis=(0, 1)) - right.mean(axis=(0, 1))).max() < 25


@pytest.mark.parametrize(
    "values", [[1e300, -1e300, 0.0, np.inf], [5e-324, 0.0, 1e308, np.nan], [1.7e308, -1.7e308, 3.0, 4.0]]
)
def test_extreme_numbers_have_a_picture_too(values: list[float], tmp_path: Path, write, summarized) -> None:
    done = summarized(write(tmp_path / "a.tif", np.array([values] * 700)), preview=STYLE)
    assert (rgba(done.preview)[..., 3] == 255).any()
    done.summary.model_dump_json()
