"""The histogram picture: bars as tall as the counts are large."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.pictures.chart import draw_histogram


def tall(data: bytes, colour: tuple[int, int, int], left: int, right: int) -> int:
    """Rows of a colour between two columns."""
    with Image.open(io.BytesIO(data)) as image:
        pixels = np.asarray(image.convert("RGB")).astype(int)
    return int((np.abs(pixels[:, left:right] - colour).max(axis=2) < 8).any(axis=1).sum())


def test_classes_have_bars_in_their_colours_as_tall_as_they_are_frequent(tmp_path: Path, write, summarized) -> None:
    data = np.repeat([1, 2, 4], [100, 200, 50]).astype("uint8").reshape(10, 35)
    labels = [ClassLabel(1, "a", "ff0000"), ClassLabel(2, "b", "00ff00"), ClassLabel(4, "c", "0000ff")]
    band = summarized(write(tmp_path / "a.tif", data), classes=labels).summary.bands[0]
    chart = draw_histogram(band)
    assert (chart.media_type, chart.width, chart.height) == ("image/png", 512, 256)
    assert [entry.label for entry in chart.legend] == ["1", "2", "4"]
    heights = [tall(chart.data, rgb, 0, 512) for rgb in [(255, 0, 0), (0, 255, 0), (0, 0, 255)]]
    assert heights[0] == pytest.approx(heights[1] / 2, abs=1)
    assert heights[2] == pytest.approx(heights[1] / 4, abs=1)
    assert len(chart.data) < 20_000


def test_a_continuous_band_has_a_bar_for_each_bin(tmp_path: Path, rng, write, summarized) -> None:
    band = summarized(write(tmp_path / "a.tif", rng.normal(0, 1, (90, 90)).astype("float32"))).summary.bands[0]
    chart = draw_histogram(band, 320)
    heights = [tall(chart.data, (0, 114, 178), place * 20 + 5, place * 20 + 15) for place in range(16)]
    counts = np.array(band.histogram.counts)
    assert np.abs(heights - counts / counts.max() * max(heights)).max() <= 1.5


def test_without_a_valid_pixel_there_is_no_histogram(tmp_path: Path, write, summarized) -> None:
    data = np.full((9, 9), np.nan, dtype="float32")
    assert draw_histogram(summarized(write(tmp_path / "a.tif", data)).summary.bands[0]) is None
