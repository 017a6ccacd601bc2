"""What a raster worker is asked, and what it answers: values that cross a pipe as JSON.

The worker handles hostile files, so nothing it sends is unpickled or believed beyond its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

from pydantic import Field, JsonValue, TypeAdapter

from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.compared import Comparison
from mcp_ogc.rasters.measured import PointsMeasured, ZonesMeasured
from mcp_ogc.rasters.pictures.picture import PreviewStyle
from mcp_ogc.rasters.summary import Summarized

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from mcp_ogc.rasters.source import Source


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a raster."""

    bands: tuple[int, ...] | None
    """1-based; the first 16 without alpha where None."""
    classes: tuple[ClassLabel, ...]
    preview: PreviewStyle | None


@dataclass(frozen=True, slots=True)
class Summarize:
    """Statistics and picture of one file.

    Of every pixel, of its smallest suitable overview, or of either: every pixel where that is quick.
    """

    wanted: Wanted
    method: Literal["exact", "approximate", "either"]
    kind: Literal["summarize"] = "summarize"


@dataclass(frozen=True, slots=True)
class MeasurePoints:
    """Values of one file at points."""

    places: tuple[tuple[float, float], ...]
    """x then y: longitude then latitude, where `crs` is None."""
    crs: str | None
    """The name of the raster's own CRS, where places are given in it."""
    bands: tuple[int, ...] | None
    kind: Literal["measure_points"] = "measure_points"


@dataclass(frozen=True, slots=True)
class MeasureZones:
    """Statistics of one file within polygons."""

    place: dict[str, JsonValue] | str | tuple[float, ...]
    """GeoJSON, WKT or a bounding box, as it was given."""
    crs: str | None
    """The name of the raster's own CRS, where the place is given in it."""
    bands: tuple[int, ...] | None
    classes: tuple[ClassLabel, ...]
    kind: Literal["measure_zones"] = "measure_zones"


@dataclass(frozen=True, slots=True)
class Compare:
    """What became of the first file in the second."""

    band_before: int
    band_after: int
    by: Literal["classes", "values"] | None
    """None: classes where both look like it."""
    resample: bool
    """Whether the second may be resampled onto the grid of the first."""
    classes: tuple[ClassLabel, ...]
    preview: PreviewStyle | None
    kind: Literal["compare"] = "compare"


Task = Summarize | MeasurePoints | MeasureZones | Compare
"""One of the tasks; each kind has its answer in `answers`."""
Answer = Summarized | PointsMeasured | ZonesMeasured | Comparison


@dataclass(frozen=True, slots=True)
class RasterFile:
    """What a worker is told of one file: never its address."""

    name: str
    """How it is called in answers: without a query string, which may hold a signature."""
    size: int | None = None
    etag: str | None = None
    path: Path | None = None
    """A permitted local file, read directly; without it, byte ranges are asked for."""


@dataclass(frozen=True, slots=True)
class Order:
    """A task with the files it is about and what it may take."""

    task: Annotated[Task, Field(discriminator="kind")]
    files: tuple[RasterFile, ...]
    cpu_seconds: int
    drivers: tuple[str, ...] = ()
    """GDAL drivers that the operator permits beside the usual ones."""


ORDER = TypeAdapter(Order)
SUMMARIZED = TypeAdapter(Summarized)
POINTS = TypeAdapter(PointsMeasured)
ZONES = TypeAdapter(ZonesMeasured)
COMPARISON = TypeAdapter(Comparison)


def answers(task: Task) -> TypeAdapter[Answer]:
    """How the answer to a task is written and read."""
    adapters = {Summarize: SUMMARIZED, MeasurePoints: POINTS, MeasureZones: ZONES, Compare: COMPARISON}
    return cast("TypeAdapter[Answer]", adapters[type(task)])


def perform(task: Task, sources: Sequence[Source], stopped: threading.Event, told: Callable[[float], None]) -> Answer:
    """Do a task; blocking, in the worker.

    Args:
        task: What is asked.
        sources: The files, in the order's order.
        stopped: Looked at before each window: whoever waits for the answer may be gone.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: A file is not readable as a raster, or beyond the bounds.
        InvalidGeometry: A place is none that can be measured.
        OgcError: What the byte ranges raised.
    """
    match task:
        case Summarize():
            from mcp_ogc.rasters.statistics.approximation import approximate_source, summarize_quickly
            from mcp_ogc.rasters.statistics.reading import summarize_source

            ways = {"exact": summarize_source, "approximate": approximate_source, "either": summarize_quickly}
            return ways[task.method](sources[0], task.wanted, stopped, told)
        case MeasurePoints():
            from mcp_ogc.rasters.places.measuring import measure_points

            return measure_points(sources[0], task)
        case MeasureZones():
            from mcp_ogc.rasters.places.measuring import measure_zones

            return measure_zones(sources[0], task, stopped, told)
        case Compare():
            from mcp_ogc.rasters.comparison.comparing import compare_sources

            return compare_sources(sources[0], sources[1], task, stopped, told)
