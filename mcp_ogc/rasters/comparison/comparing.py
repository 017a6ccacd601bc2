"""Two raster files compared: what became of each class, or by how much values differ."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.area import area_method, pixel_area
from mcp_ogc.rasters.bands import Band, bands_of
from mcp_ogc.rasters.classes import MOST_CLASSES
from mcp_ogc.rasters.compared import Comparison, Resampling
from mcp_ogc.rasters.comparison.alignment import aligned, difference_of_grids
from mcp_ogc.rasters.comparison.change import compare_classes
from mcp_ogc.rasters.comparison.difference import compare_values
from mcp_ogc.rasters.comparison.pairs import PairReader, Two
from mcp_ogc.rasters.georeference import georeference
from mcp_ogc.rasters.profile import provenance_of
from mcp_ogc.rasters.scan import Handles, unheard
from mcp_ogc.rasters.source import Opened, Source, decoding_errors, open_raster, side_by_side
from mcp_ogc.rasters.statistics.counting import BandReader, Grid
from mcp_ogc.rasters.statistics.damage import Damage
from mcp_ogc.rasters.statistics.reading import check_bounds, handles_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from mcp_ogc.rasters.worker.tasks import Compare

GLANCES = 4
"""Windows that tell classes from numbers, before every pixel is counted."""


def compare_sources(
    before: Source,
    after: Source,
    task: Compare,
    stopped: threading.Event,
    told: Callable[[float], None] = unheard,
) -> Comparison:
    """Compare a band of each, on the grid of the first; blocking, for a worker thread.

    Raises:
        RasterError: One is not readable as a raster, or beyond the bounds; they are not of one grid, and resampling
            was not allowed or can't be done; classes were asked of what has none.
        OgcError: What the byte ranges raised.
    """
    with open_raster(before) as first, open_raster(after) as second:
        check_bounds(first, before.name, 1)
        check_bounds(second, after.name, 1)
        one = bands_of(first.dataset, [task.band_before])[0]
        other = bands_of(second.dataset, [task.band_after])[0]
        pair = _Pair(before, first, after, second)
        with pair.attributed():
            classified = _is_classified(first, one, before.name) and _is_classified(second, other, after.name)
            by = task.by or ("classes" if classified else "values")
        reason = difference_of_grids(first.dataset, second.dataset)
        method: Resampling = "nearest" if by == "classes" else "bilinear"
        pair = replace(pair, resampling=method if task.resample else None)
        blocks = Grid.of(first.dataset).block_bytes(one) + Grid.of(second.dataset).block_bytes(other)
        with side_by_side(blocks), pair.open() as (dataset, seen):
            # Seen on the grid of the first it may have a mask that the file has not.
            other = replace(bands_of(seen, [task.band_after])[0], colour_table=other.colour_table)
            grid, area = Grid.of(dataset), pixel_area(dataset.crs, dataset.transform)
            damages = Damage(first, grid, before.name), Damage(second, Grid.of(seen), after.name)
            handles, reader = pair.handles(), PairReader(grid, area, one, other, damages)
            classes = values = None
            if by == "classes":
                classes = compare_classes(handles, reader, stopped, labels=task.classes, style=task.preview, told=told)
            else:
                values = compare_values(handles, reader, stopped, style=task.preview, told=told)
        place = georeference(first.dataset)
        return Comparison(
            crs=place.crs,
            bounds_lonlat=place.lonlat,
            corners_lonlat=place.corners,
            width=grid.width,
            height=grid.height,
            area_method=area_method(first.dataset),
            resampled=f"{method}, because {reason}" if reason else None,
            classes=classes,
            values=values,
            notes=_notes(*damages),
            before=provenance_of(first, before),
            after=provenance_of(second, after),
        )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two open files, and how the second may be resampled onto the grid of the first."""

    before: Source
    first: Opened
    after: Source
    second: Opened
    resampling: Resampling | None = None

    @contextmanager
    def open(self) -> Iterator[Two]:
        """The handles that are open already."""
        with (
            self.attributed(),
            aligned(
                lambda: nullcontext(self.first.dataset), lambda: nullcontext(self.second.dataset), self.resampling
            ) as two,
        ):
            yield two

    @contextmanager
    def open_again(self) -> Iterator[Two]:
        """Handles for one more thread."""
        with aligned(self.first.handle, self.second.handle, self.resampling) as two, self.attributed():
            yield two

    def handles(self) -> Handles[Two]:
        """How threads get at both: several only where each allows several."""
        threads = min(handles_of(self.before, self.first).threads, handles_of(self.after, self.second).threads)
        return Handles(self.open if threads < 2 else self.open_again, threads)

    @contextmanager
    def attributed(self) -> Iterator[None]:
        """GDAL's errors say nothing of which of the two it is."""
        try:
            yield
        except decoding_errors() as error:
            if unfetched := self.first.unfetched or self.second.unfetched:
                raise unfetched from error
            raise RasterError(
                f"{self.before.name} or {self.after.name} can't be decoded everywhere",
                remedy="ogc_summarize_raster(exact=true) of each says which, and what of it is readable",
            ) from error


def _notes(before: Damage, after: Damage) -> tuple[str, ...]:
    told = (("Before", before.note), ("After, on the grid compared on", after.note))
    return tuple(f"{which}: {note}" for which, note in told if note)


def _is_classified(opened: Opened, band: Band, name: str) -> bool:
    """Whether a band looks like classes: integers that stand for themselves, few of them in a few windows."""
    if np.dtype(band.dtype).kind not in "iu" or band.scaled:
        return False
    reader = BandReader([band], weighed=False)
    grid = Grid.of(opened.dataset)
    every, damage = grid.windows(reader.bytes_per_pixel), Damage(opened, grid, name)
    seen: set[int] = set()
    for window in every[:: max(1, len(every) // GLANCES)][:GLANCES]:
        blocks, _, readable = damage.read(reader, opened.dataset, window)
        step = max(1, window.rows // 64)
        some = blocks[0][::step] if readable is None else blocks[0][::step][readable[::step]]
        seen.update(np.unique(some).tolist())
        if len(seen) > MOST_CLASSES + 1:  # one may be nodata
            return False
    return True
