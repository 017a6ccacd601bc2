"""What was measured in a raster, at points and within polygons, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mcp_ogc.rasters.summary import BandSummary, Provenance


@dataclass(frozen=True, slots=True)
class PointValue:
    """What one band holds at a point."""

    band: int
    """1-based."""
    value: float | None
    """Scale and offset applied; None where there is none."""
    state: Literal["valid", "nodata", "infinite", "damaged"]
    """`damaged`: the block it is in can't be decoded."""


@dataclass(frozen=True, slots=True)
class Point:
    """A point and the pixel it is in."""

    x: float
    """As given: longitude, or x in the raster's CRS."""
    y: float
    """As given: latitude, or y in the raster's CRS."""
    column: int | None
    """0-based from the left; None outside of the raster."""
    row: int | None
    """0-based from the top."""
    values: tuple[PointValue, ...]
    """Of each band; empty outside of the raster."""


@dataclass(frozen=True, slots=True)
class ZoneStatistics:
    """What a raster holds within one zone: of the pixels whose centres are inside."""

    name: str | None
    """The text of whoever made the zone."""
    pixels: int
    """Within zone and raster, nodata included: what `percent_of_all` and `valid_percent` are shares of."""
    km2: float | None
    """Of these pixels."""
    unreadable: int
    """Of them, in blocks that can't be decoded: counted as nodata."""
    beyond_raster: bool
    """Whether the zone reaches beyond the raster, of which nothing is known there."""
    bands: tuple[BandSummary, ...]
    """As of a whole raster; empty where no pixel is inside."""


@dataclass(frozen=True, slots=True)
class BandFacts:
    """What a band's values are."""

    band: int
    """1-based."""
    dtype: str
    description: str | None
    """The file's own text."""
    unit: str | None
    """The file's own text."""
    nodata: float | str | None
    """The stored value that means "no data"; `nan` as text."""
    scaled: bool
    """Whether values are stored ones × scale + offset."""

    @property
    def is_integer(self) -> bool:
        """Whether its values are integers that stand for themselves: only such can be classes."""
        return not self.scaled and self.dtype.startswith(("int", "uint"))


@dataclass(frozen=True, slots=True)
class PointsMeasured:
    """Values at points."""

    crs: str | None
    bands: tuple[BandFacts, ...]
    points: tuple[Point, ...]
    """In the order in which they were given."""
    notes: tuple[str, ...]
    """What of the file can't be read or was left out, in sentences."""
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ZonesMeasured:
    """Statistics within polygons."""

    crs: str | None
    zones: tuple[ZoneStatistics, ...]
    """In the order in which they were given."""
    left_out: int
    """Shapes that were not measured."""
    area_method: str
    notes: tuple[str, ...]
    """What of the file can't be read or was left out, in sentences."""
    provenance: Provenance
