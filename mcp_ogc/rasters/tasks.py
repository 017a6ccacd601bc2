"""What a raster worker is asked, and what it answers: values that cross a pipe as JSON.

The worker handles hostile files, so nothing it sends is unpickled or believed beyond its type.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

from mcp_ogc.rasters.classes import ClassLabel
from mcp_ogc.rasters.picture import PreviewStyle
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


Task = Summarize
"""One of the tasks; each kind has its answer in `answers`."""


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

    task: Task
    files: tuple[RasterFile, ...]
    cpu_seconds: int
    drivers: tuple[str, ...] = ()
    """GDAL drivers that the operator permits beside the usual ones."""


ORDER = TypeAdapter(Order)
SUMMARIZED = TypeAdapter(Summarized)


def answers(task: Task) -> TypeAdapter[Summarized]:
    """How the answer to a task is written and read."""
    match task:
        case Summarize():
            return SUMMARIZED


def perform(
    task: Task, sources: Sequence[Source], stopped: threading.Event, told: Callable[[float], None]
) -> Summarized:
    """Do a task; blocking, in the worker.

    Args:
        task: What is asked.
        sources: The files, in the order's order.
        stopped: Looked at before each window: whoever waits for the answer may be gone.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: A file is not readable as a raster, or beyond the bounds.
        OgcError: What the byte ranges raised.
    """
    match task:
        case Summarize():
            from mcp_ogc.rasters.approximation import approximate_source, summarize_quickly
            from mcp_ogc.rasters.reading import summarize_source

            ways = {"exact": summarize_source, "approximate": approximate_source, "either": summarize_quickly}
            return ways[task.method](sources[0], task.wanted, stopped, told)
