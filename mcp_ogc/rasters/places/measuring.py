"""A raster file measured in places: values at points, statistics within polygons."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import InvalidGeometry, RasterError
from mcp_ogc.rasters.area import area_method, pixel_area
from mcp_ogc.rasters.bands import Band, bands_of
from mcp_ogc.rasters.georeference import crs_code, crs_name
from mcp_ogc.rasters.measured import BandFacts, PointsMeasured, ZonesMeasured
from mcp_ogc.rasters.places.placement import Placement
from mcp_ogc.rasters.places.points import values_at
from mcp_ogc.rasters.places.shapes import flat, shapes_of
from mcp_ogc.rasters.places.zones import zone_of, zone_statistics
from mcp_ogc.rasters.profile import provenance_of
from mcp_ogc.rasters.scan import unheard
from mcp_ogc.rasters.source import Source, open_raster, side_by_side
from mcp_ogc.rasters.statistics.counting import Grid
from mcp_ogc.rasters.statistics.damage import Damage
from mcp_ogc.rasters.statistics.reading import check_blocks, handles_of
from mcp_ogc.rasters.summary import bands_left_out

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from rasterio.crs import CRS
    from rasterio.io import DatasetReader

    from mcp_ogc.rasters.worker.tasks import MeasurePoints, MeasureZones

MOST_ZONES = 50
MOST_LONGITUDE = 720.0
"""Two turns: a box across the antimeridian ends up to one further east than it was given."""


def measure_points(source: Source, task: MeasurePoints) -> PointsMeasured:
    """Values at points; blocking, for a worker thread.

    Raises:
        InvalidGeometry: Points without a CRS that are not in degrees.
        RasterError: Not readable as a raster, beyond the bounds, without a place on Earth, or of another CRS.
        OgcError: What the byte ranges raised.
    """
    with open_raster(source) as opened:
        dataset = opened.dataset
        bands = bands_of(dataset, task.bands)
        check_blocks(opened, dataset, source.name)
        placement = _placement(dataset, task.crs)
        if not task.crs:
            _check_degrees(np.array(task.places, dtype=np.float64).reshape(-1, 2), dataset.crs)
        damage = Damage(opened, Grid.of(dataset), source.name)
        points = values_at(dataset, bands, task.places, placement, damage)
        return PointsMeasured(
            crs=crs_name(dataset.crs) if dataset.crs else None,
            bands=tuple(_facts(band) for band in bands),
            points=points,
            notes=(*damage.notes, *_left_out(dataset, bands, task.bands)),
            provenance=provenance_of(opened, source),
        )


def measure_zones(
    source: Source, task: MeasureZones, stopped: threading.Event, told: Callable[[float], None] = unheard
) -> ZonesMeasured:
    """Statistics within polygons, of the first 50 shapes; blocking, for a worker thread.

    Raises:
        InvalidGeometry: The place is none that can be measured, or without a CRS not in degrees.
        RasterError: Not readable as a raster, beyond the bounds, without a place on Earth, or of another CRS.
        OgcError: What the byte ranges raised.
    """
    if task.crs and isinstance(task.place, tuple):
        corners = flat(task.place)
        if len(corners) == 4 and not corners[0] < corners[2]:
            raise InvalidGeometry(
                "The bounding box has no width", remedy=f"The order in {task.crs} is minx, miny, maxx, maxy"
            )
    shapes = shapes_of(task.place)
    with open_raster(source) as opened:
        dataset = opened.dataset
        bands = bands_of(dataset, task.bands)
        check_blocks(opened, dataset, source.name)
        placement, grid = _placement(dataset, task.crs), Grid.of(dataset)
        if not task.crs:
            rings = [ring for shape in shapes for polygon in shape.polygons for ring in polygon.rings]
            _check_degrees(np.concatenate(rings), dataset.crs)
        zones = [zone_of(shape, placement, grid) for shape in shapes[:MOST_ZONES]]
        area = pixel_area(dataset.crs, dataset.transform)
        handles = handles_of(source, opened)
        damage = Damage(opened, grid, source.name)
        with side_by_side(max((grid.block_bytes(band) for band in bands if band.masked), default=0)):
            found = zone_statistics(
                handles, grid, bands, area, zones, stopped, labels=task.classes, damage=damage, told=told
            )
        return ZonesMeasured(
            crs=crs_name(dataset.crs) if dataset.crs else None,
            zones=found,
            left_out=len(shapes) - len(zones),
            area_method=area_method(dataset),
            notes=(
                *(damage.notes if any(zone.unreadable for zone in found) else ()),
                *_left_out(dataset, bands, task.bands),
            ),
            provenance=provenance_of(opened, source),
        )


def _placement(dataset: DatasetReader, crs: str | None) -> Placement:
    """Where places are that are given in longitude and latitude, or in the raster's own CRS by its name.

    Raises:
        RasterError: It is another; or the raster has none, whatever name is given.
    """
    own = crs_name(dataset.crs) if dataset.crs else None
    if crs and own and crs.casefold() != own.casefold():
        raise RasterError(
            f"The raster's CRS is {crs_code(dataset.crs)}, so places can't be given in {crs[:80]!r}",
            remedy="Give longitude and latitude and leave crs out, or coordinates of the raster's own CRS and its name",
        )
    return Placement(dataset, native=bool(crs and own))


def _check_degrees(places: NDArray[np.float64], own: CRS) -> None:
    """Refuse places, of shape (n, 2), that are no longitude and latitude; `own` is what they may be in instead.

    Raises:
        InvalidGeometry: One of them can't be.
    """
    degrees = (np.abs(places[:, 0]) <= MOST_LONGITUDE) & (np.abs(places[:, 1]) <= 90)
    if degrees.all():
        return
    x, y = places[np.argmin(degrees)].tolist()
    remedy = "Longitude comes first, from -180 to 180, then latitude, from -90 to 90"
    if not own.is_geographic:
        name = f'crs="{crs_code(own)}"' if own.to_authority() else "crs= its name, as ogc_summarize_raster tells it"
        remedy += f". For coordinates of the raster's own CRS add {name}"
    raise InvalidGeometry(f"[{x:.10g}, {y:.10g}] is no longitude and latitude", remedy=remedy)


def _left_out(dataset: DatasetReader, bands: Sequence[Band], named: Sequence[int] | None) -> tuple[str, ...]:
    return () if named else bands_left_out(len(bands), dataset.count)


def _facts(band: Band) -> BandFacts:
    nodata = band.nodata
    told = nodata if nodata is None or math.isfinite(nodata) else str(nodata)
    return BandFacts(band.number, band.dtype, band.description, band.unit, told, band.scaled)
