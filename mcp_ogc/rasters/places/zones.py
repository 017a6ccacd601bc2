"""Statistics within polygons: whole windows inside are counted as they are, only those on an edge are masked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.bands import Band, band_summary
from mcp_ogc.rasters.measured import ZoneStatistics
from mcp_ogc.rasters.places.runs import Runs, runs_of
from mcp_ogc.rasters.scan import Handles, scan, unheard
from mcp_ogc.rasters.statistics.counting import BandReader, Grid
from mcp_ogc.rasters.statistics.damage import Damage, read_window
from mcp_ogc.rasters.statistics.reading import EXACT_PIXELS
from mcp_ogc.rasters.statistics.tally import Part, Tally

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.area import PixelArea
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.places.placement import Placement
    from mcp_ogc.rasters.places.shapes import Shape
    from mcp_ogc.rasters.windows import Block

WINDOW_PIXELS = 2**18


@dataclass(frozen=True, slots=True)
class Zone:
    """A place among the pixels of one raster."""

    runs: tuple[Runs, ...]
    """A pixel is in the zone where it is in any of them."""
    beyond: bool
    """Whether the place reaches beyond the raster."""
    name: str | None = None
    """The text of whoever made it."""

    def within(self, at: Block) -> NDArray[np.bool_] | bool:
        """Which pixels of a window are in the zone, of shape (rows, columns); True or False where all or none are."""
        found: NDArray[np.bool_] | bool = False
        for runs in self.runs:
            inside = runs.within(at)
            if inside is True:
                return True
            if inside is not False:
                found = inside if found is False else found | inside
        return found


@dataclass(frozen=True, slots=True)
class _Visited:
    """What one window holds of a zone."""

    zone: int
    pixels: int
    unreadable: int
    km2: float
    parts: list[Part]


def zone_of(shape: Shape, placement: Placement, grid: Grid) -> Zone:
    """A shape among a raster's pixels.

    Raises:
        InvalidGeometry: It has no place there, or takes too many vertices.
    """
    runs: list[Runs] = []
    beyond = False
    for polygon in shape.polygons:
        pieces = placement.near(polygon.rings)
        beyond |= not pieces
        for piece in pieces:
            rings = [placement.ring(ring) for ring in piece]
            turns = placement.turns(rings[0], grid.width)
            for turn in turns:
                moved = [ring + np.array([turn, 0.0]) for ring in rings]
                runs.extend(runs_of(moved, grid.height, mirrored=placement.mirrored))
            beyond |= _beyond(rings[0], turns, grid)
    return Zone(tuple(runs), beyond, shape.name)


def _beyond(ring: NDArray[np.float64], turns: Sequence[float], grid: Grid) -> bool:
    """Whether part of a ring is outside of the raster, wherever it is seen."""
    (left, top), (right, bottom) = ring.min(axis=0), ring.max(axis=0)
    seen = sum(min(right + turn, grid.width) - max(left + turn, 0.0) for turn in turns)
    # Half a pixel is what a boundary drawn along the raster's own may miss it by.
    return bool(top < -0.5 or bottom > grid.height + 0.5 or seen < right - left - 1.0)


def zone_statistics(
    handles: Handles[DatasetReader],
    grid: Grid,
    bands: Sequence[Band],
    area: PixelArea,
    zones: Sequence[Zone],
    stopped: threading.Event,
    *,
    labels: Sequence[ClassLabel] = (),
    damage: Damage | None = None,
    told: Callable[[float], None] = unheard,
) -> tuple[ZoneStatistics, ...]:
    """Statistics of each band within each zone; blocking. Windows that no zone touches are not read.

    Args:
        handles: Of the raster.
        grid: Its pixels.
        bands: Which.
        area: Of its pixels.
        zones: On that grid; they may overlap.
        stopped: Ends the pass before the next window.
        labels: What the publisher calls the values.
        damage: Gathers blocks that can't be decoded; without it they are an error.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: `stopped` was set; or the zones touch more pixels than are counted.
        OgcError: What the handles raised.
    """
    readers = grid.readers(bands, weighed=area.row_km2 is not None)
    touched = [(reader, at) for reader in readers for at in _touched(grid, reader, zones, bands)]

    def visit(dataset: DatasetReader, what: tuple[BandReader, Block]) -> list[_Visited]:
        reader, at = what
        blocks, mask, readable = read_window(reader, dataset, at, damage)
        row_km2 = area.row_km2(at.row, at.rows) if area.row_km2 else None
        visited = []
        for number, zone in enumerate(zones):
            inside = zone.within(at)
            if inside is False:
                continue
            per_row = np.full(at.rows, at.columns) if inside is True else np.count_nonzero(inside, axis=1)
            km2 = 0.0 if row_km2 is None else float(per_row @ row_km2)
            counted = readable if inside is True else inside if readable is None else inside & readable
            parts = reader.count(at, blocks, mask, row_km2, inside=counted)
            lost = 0 if readable is None else int(np.count_nonzero(inside & ~readable))
            visited.append(_Visited(number, int(per_row.sum()), lost, km2, parts))
        return visited

    tallies = [{reader: [Tally(pixels) for pixels in reader.pixels] for reader in readers} for _ in zones]
    pixels, km2 = [0] * len(zones), [0.0] * len(zones)
    unreadable = [dict.fromkeys(readers, 0) for _ in zones]
    visits = zip(touched, scan(handles, touched, visit, stopped), strict=True)
    for done, ((reader, _), found) in enumerate(visits, start=1):
        for one in found:
            if reader is readers[0]:  # every reader visits the same pixels
                pixels[one.zone] += one.pixels
                km2[one.zone] += one.km2
            unreadable[one.zone][reader] += one.unreadable
            for tally, part in zip(tallies[one.zone][reader], one.parts, strict=True):
                tally.merge(part)
        told(done / len(touched))
    return tuple(
        _statistics(
            zone,
            pixels[number],
            max(unreadable[number].values()),
            km2[number],
            bands,
            [tally for reader in readers for tally in tallies[number][reader]],
            area,
            labels,
        )
        for number, zone in enumerate(zones)
    )


def _touched(grid: Grid, reader: BandReader, zones: Sequence[Zone], bands: Sequence[Band]) -> list[Block]:
    """The windows of a reader that any zone touches, top to bottom; of a large raster no others are looked at.

    Raises:
        RasterError: They hold more pixels, in all bands, than are counted.
    """
    tiling = grid.tiling(reader.bytes_per_pixel, WINDOW_PIXELS)
    found: set[Block] = set()
    pixels = 0
    for at in (at for zone in zones for runs in zone.runs for at in runs.touched(tiling)):
        if at not in found:
            found.add(at)
            pixels += at.rows * at.columns * len(bands)
        if pixels > EXACT_PIXELS:
            several = f" in {len(bands)} bands" if len(bands) > 1 else ""
            fewer = f", or name fewer bands (bands=[{bands[0].number}])" if several else ""
            raise RasterError(
                f"What is to be measured touches more than {EXACT_PIXELS / 1e9:.0f} gigapixels{several}",
                remedy=f"Give a smaller area{fewer}",
            )
    return sorted(found, key=lambda at: (at.row, at.column))


def _statistics(
    zone: Zone,
    pixels: int,
    unreadable: int,
    weighed_km2: float,
    bands: Sequence[Band],
    tallies: Sequence[Tally],
    area: PixelArea,
    labels: Sequence[ClassLabel],
) -> ZoneStatistics:
    km2 = weighed_km2 if area.row_km2 else area.total_km2(pixels, 1)
    summaries = (
        band_summary(band, tally.distribution(), pixels, km2, area, labels)
        for band, tally in zip(bands, tallies, strict=True)
    )
    return ZoneStatistics(zone.name, pixels, km2, unreadable, zone.beyond, tuple(summaries) if pixels else ())
