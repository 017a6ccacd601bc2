"""What became of a raster in another, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mcp_ogc.rasters.georeference import Corners
from mcp_ogc.rasters.pictures.picture import Preview
from mcp_ogc.rasters.summary import BandSummary, Provenance

Resampling = Literal["nearest", "bilinear"]
"""For classes only the first: between two classes there is none."""


@dataclass(frozen=True, slots=True)
class Compared:
    """How many pixels can be compared."""

    count: int
    """Valid in both rasters."""
    km2: float | None
    only_before: int
    """Valid in the first alone."""
    only_after: int
    """Valid in the second alone."""
    neither: int


@dataclass(frozen=True, slots=True)
class Transition:
    """Pixels that were of one class and are of another, or of the same."""

    before: int
    after: int
    count: int
    km2: float | None
    percent: float
    """Of the pixels that are valid in both."""


@dataclass(frozen=True, slots=True)
class ClassChange:
    """What became of each class."""

    compared: Compared
    changed_count: int
    changed_km2: float | None
    changed_percent: float | None
    """Of the pixels that are valid in both; None where there are none."""
    transitions: tuple[Transition, ...]
    """Every pair that occurs, those that stayed as well, by `before`, then `after`. The rest never occurs."""
    picture: Preview | None


@dataclass(frozen=True, slots=True)
class ValueChange:
    """After minus before, scale and offset of each applied."""

    compared: Compared
    difference: BandSummary
    """Statistics of the differences, as of a band of float64; what is not valid in both is its nodata."""
    root_mean_square: float | None
    increased_percent: float | None
    """Of the pixels that are valid in both: the difference is above 0."""
    decreased_percent: float | None
    picture: Preview | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two rasters compared on the grid of the first; one of `classes` and `values` is there."""

    crs: str | None
    bounds_lonlat: tuple[float, float, float, float] | None
    """west, south, east, north of the grid compared on, in WGS 84."""
    corners_lonlat: Corners | None
    """Of that grid, where its rows do not run along parallels."""
    width: int
    height: int
    area_method: str
    resampled: str | None
    """How the second was resampled and why; None where both are of one grid."""
    classes: ClassChange | None
    values: ValueChange | None
    notes: tuple[str, ...]
    """What of either file can't be read, in sentences."""
    before: Provenance
    after: Provenance
