"""What a raster holds, in numbers a model can reason about.

Areas are counted from pixels, never taken from STAC statistics, which may count a decimated read. Shares of all pixels
and of valid pixels are both given, by name: where nodata means "not there", every valid pixel is of the class.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from mcp_ogc.rasters.georeference import Corner, Corners
from mcp_ogc.rasters.pictures.picture import Preview

MOST_BANDS = 16
"""In one summary."""


def bands_left_out(told: int, count: int) -> tuple[str, ...]:
    """What a reader is to know of a file with `count` bands who is told of so many; nothing where that is all."""
    if not told == MOST_BANDS < count:
        return ()
    return (f"{count - told} more bands are left out: name them, at most {MOST_BANDS} at once.",)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Resolution(_Part):
    """Size of a pixel along the raster's own axes."""

    x: float
    y: float
    unit: str
    """Of the CRS: `metre`, `degree`."""


class ClassShare(_Part):
    """One value of a classified band. `name` and `colour` are the publisher's."""

    value: int
    name: str | None
    colour: str
    """`#rrggbb`, as in the preview."""
    count: int
    km2: float | None
    percent_of_all: float
    """Of all pixels, nodata included."""
    percent_of_valid: float


class Histogram(_Part):
    """Counts of valid pixels in equally wide bins."""

    edges: tuple[float, ...]
    """One more than `counts`, ascending, scale and offset applied."""
    counts: tuple[int, ...]


class BandSummary(_Part):
    """Statistics of one band over its valid pixels, scale and offset applied; nodata and classes are stored values."""

    band: int
    """1-based."""
    description: str | None
    """The file's own text."""
    dtype: str
    colour_interpretation: str
    unit: str | None
    scale: float
    offset: float
    nodata: float | str | None
    """The stored value that means "no data"; `nan` as text."""
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    """Of the population."""
    percentiles: dict[str, float] | None
    """2, 25, 50, 75 and 98: the least value at which that share of the valid pixels is reached."""
    percentiles_exact: bool
    """Else within `percentiles_error`, or of an overview only."""
    percentiles_error: float | None
    """By how much they may be off, in the unit of the values; None where they are exact or of an overview."""
    valid_count: int
    valid_km2: float | None
    valid_percent: float
    """Of all pixels."""
    nodata_count: int
    """Masked, nodata or NaN."""
    nodata_km2: float | None
    nodata_percent: float
    infinite_count: int
    """±infinity: neither valid nor nodata."""
    histogram: Histogram | None
    """Of a continuous band."""
    classes: tuple[ClassShare, ...]
    """Of an integer band with at most 32 distinct values."""
    notes: tuple[str, ...] = ()
    """What a reader could get wrong about it, in sentences."""


class Provenance(_Part):
    """What the numbers were read from."""

    source: str
    """The file's address, without query."""
    size: int | None
    etag: str | None
    requests: int | None
    """Ranged reads; None of a local file."""
    bytes_read: int | None
    time: datetime


class RasterSummary(_Part):
    """One raster file."""

    driver: str
    width: int
    height: int
    count: int
    """Bands in the file; `bands` may be fewer."""
    dtypes: tuple[str, ...]
    crs: str | None
    """`EPSG:32725`, else the name the CRS has."""
    bounds_native: tuple[float, float, float, float] | None
    """minx, miny, maxx, maxy in units of the CRS, x first."""
    bounds_lonlat: tuple[float, float, float, float] | None
    """west, south, east, north in WGS 84; west is greater than east across the antimeridian."""
    corners_lonlat: Corners | None = None
    """Of the grid, where its rows do not run along parallels."""
    centre_lonlat: Corner | None
    """Of the pixel in the middle."""
    resolution: Resolution | None
    area_method: str
    """How km² are computed, or why they are not."""
    km2: float | None
    """Of all pixels, nodata included."""
    compression: str | None
    tiled: bool
    block_size: tuple[int, int]
    """Rows, columns."""
    overviews: tuple[int, ...]
    """Decimation factors."""
    exact: bool
    """Whether every pixel was counted."""
    overview: int | None = None
    """The decimation factor of the overview that was read; None where the pixels themselves were."""
    countable: bool = True
    """Else it is too large for every pixel to be counted."""
    method: str
    counted: float | None = None
    """The share of an exact count that goes on meanwhile; None where none does."""
    bands: tuple[BandSummary, ...]
    file_notes: tuple[str, ...]
    """What a reader could get wrong about the file and the count, in sentences."""
    provenance: Provenance

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader could get wrong, of file and bands."""
        notes = [*self.file_notes, *(note for band in self.bands for note in band.notes)]
        return (*notes, *bands_left_out(len(self.bands), self.count))


@dataclass(frozen=True, slots=True)
class Summarized:
    """A summary and its picture, None where none was wanted."""

    summary: RasterSummary
    preview: Preview | None
