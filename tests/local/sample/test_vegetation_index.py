"""The classes of a vegetation index: where they begin, what they are called, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import rasterio

from mcp_ogc.local.sample.steps.vegetation_classes import CLASSES
from tests.local.sample.test_items import one_line, raster, run

BREAKS = ("--break=0", "--break=0.1", "--break=0.25", "--break=0.4")


def test_a_class_begins_at_its_break_and_no_data_stays_no_data(tmp_path: Path) -> None:
    index = np.array([[-0.2, 0, 0.0999, 0.1], [0.25, 0.4, 1, np.nan]], "float32")
    raster(tmp_path / "index.tif", index, nodata=float("nan"))
    assert run("mcp-ogc-vegetation-classes", "index.tif", *BREAKS, folder=tmp_path).returncode == 0
    with rasterio.open(tmp_path / "vegetation-classes.tif") as file:
        assert file.read(1).tolist() == [[0, 1, 1, 2], [3, 4, 4, 255]]
        assert file.nodata == 255
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        colours = file.colormap(1)
    assert len({colours[one.value] for one in CLASSES}) == len(CLASSES)


@pytest.mark.parametrize("breaks", [BREAKS[:3], (*BREAKS, "--break=0.5"), BREAKS[::-1], ("--break=0",) * 4])
def test_breaks_that_do_not_rise_are_refused(breaks: tuple[str, ...], tmp_path: Path) -> None:
    raster(tmp_path / "index.tif", np.zeros((2, 2), "float32"))
    assert "not four rising numbers" in one_line(
        run("mcp-ogc-vegetation-classes", "index.tif", *breaks, folder=tmp_path)
    )
