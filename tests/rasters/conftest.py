"""Rasters written for one test each, and the ways to summarise them."""

import threading
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine

from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.source import Source
from mcp_ogc.rasters.statistics.approximation import approximate_source
from mcp_ogc.rasters.statistics.reading import summarize_source
from mcp_ogc.rasters.summary import Summarized
from mcp_ogc.rasters.worker.tasks import Wanted

UTM_25S = {"crs": "EPSG:32725", "transform": Affine(30, 0, 288000, 0, -30, 9120000)}
SCENE = Path(__file__).parents[1] / "data" / "L7_ETMs.tif"


def write(path: Path, data: np.ndarray, **profile: Any) -> Path:
    """Write (bands, rows, columns), or (rows, columns), as a GeoTIFF of 30 m pixels unless told otherwise."""
    bands = data if data.ndim == 3 else data[np.newaxis]
    settings = {"driver": "GTiff", **UTM_25S, **profile}
    scales, offsets = settings.pop("scales", None), settings.pop("offsets", None)
    colormap, mask = settings.pop("colormap", None), settings.pop("mask", None)
    interpretations = settings.pop("interpretations", None)
    with (
        warnings.catch_warnings(action="ignore"),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True, GDAL_PAM_ENABLED="NO"),
        rasterio.open(
            path,
            "w",
            count=len(bands),
            height=bands.shape[1],
            width=bands.shape[2],
            dtype=str(bands.dtype),
            **settings,
        ) as file,
    ):
        if interpretations:
            file.colorinterp = [rasterio.enums.ColorInterp[name] for name in interpretations]
        file.write(bands)
        if scales:
            file.scales, file.offsets = scales, offsets
        if colormap:
            file.write_colormap(1, colormap)
        if mask is not None:
            file.write_mask(mask)
    return path


def summarized(
    source: Path | Source,
    *,
    bands: Sequence[int] | None = None,
    classes: Sequence[ClassLabel] = (),
    preview: PreviewStyle | None = None,
    exact: bool = True,
) -> Summarized:
    if isinstance(source, Path):
        source = Source(source.name, source.stat().st_size, None, source)
    wanted = Wanted(tuple(bands) if bands else None, tuple(classes), preview)
    summarize = summarize_source if exact else approximate_source
    return summarize(source, wanted, threading.Event())


class CountedRanges:
    """Serves a file's bytes and remembers which were asked for."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.asked: list[tuple[int, int]] = []

    def __call__(self, start: int, length: int) -> bytes:
        self.asked.append((start, length))
        return self.data[start : start + length]

    def source(self, *, size: int | None = -1) -> Source:
        return Source("remote.tif", len(self.data) if size == -1 else size, '"etag"', ranges=self)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(25)


@pytest.fixture(scope="session")
def scene() -> Path:
    return SCENE


@pytest.fixture(scope="session", name="write")
def write_fixture() -> Callable[..., Path]:
    return write


@pytest.fixture(scope="session", name="summarized")
def summarized_fixture() -> Callable[..., Summarized]:
    return summarized


@pytest.fixture(scope="session")
def counted_ranges() -> type[CountedRanges]:
    return CountedRanges
