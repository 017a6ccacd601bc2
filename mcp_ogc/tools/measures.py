"""Rasters measured in places: values at points, statistics within polygons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from mcp_types import CallToolResult
from pydantic import Field, JsonValue, WithJsonSchema

from mcp_ogc.errors import InvalidGeometry
from mcp_ogc.text import (
    CLOSE,
    OPEN,
    Answer,
    Reply,
    Untrusted,
    call,
    number,
    plural,
    remote,
    respond,
    structured,
    untrusted,
)
from mcp_ogc.tools.located import Bands, Located, RasterName, located
from mcp_ogc.tools.raster_answers import (
    BandRow,
    SourceRow,
    band_lines,
    band_row,
    km2,
    named,
    source_line,
    source_row,
)
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.uris import FILE, RasterHandle

if TYPE_CHECKING:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.measured import BandFacts, Point, PointValue, ZoneStatistics
    from mcp_ogc.workspace import Workspace

MOST_POINTS = 100
SHOWN_POINTS = 20
SHOWN_ZONES = 8
POINTS_METHOD = "the pixel each point is in, nothing interpolated"
ZONES_METHOD = "every pixel whose centre is inside, counted at full resolution"
DAMAGED_METHOD = "every pixel whose centre is inside and that can be decoded, counted at full resolution"
NONE_HERE = "None is on the raster: longitude comes first, then latitude."
GIVE = (
    "points=[[lon, lat], …] gives values; within=[west, south, east, north], GeoJSON, WKT, or an ogc:// raster URI for "
    "its item's geometry gives statistics"
)

# A list rather than a tuple: some clients know no prefixItems.
XY = Annotated[list[float], Field(min_length=2, max_length=2)]
Object = Annotated[dict[str, JsonValue], WithJsonSchema({"type": "object"})]
Geometry = Object | str | list[float]


class ValueRow(Reply):
    """What one band holds at a point; `value` is absent where `state` is not valid."""

    band: int
    value: float | None = None
    state: Literal["valid", "nodata", "infinite", "damaged"]


class PointRow(Reply):
    """One point as it was given; without a pixel it is outside of the raster."""

    x: float
    y: float
    pixel: tuple[int, int] | None = Field(default=None, description="column, row, from 0")
    values: tuple[ValueRow, ...] = ()


class ZoneRow(Reply):
    """One polygon; shares of its bands are of its own pixels."""

    pixels: int
    km2: float | None = None
    unreadable_pixels: int | None = None
    beyond_raster: bool
    bands: tuple[BandRow, ...] = ()
    untrusted: Untrusted | None = None


class Measures(Answer):
    """Answer of ogc_measure_raster."""

    raster: str
    crs: str | None = None
    points: tuple[PointRow, ...] = ()
    zones: tuple[ZoneRow, ...] = ()
    left_out: int = 0
    area_method: str | None = None
    notes: tuple[str, ...] = ()
    source: SourceRow


async def measure_raster(
    ctx: Call,
    raster: RasterName,
    points: Annotated[list[XY] | None, Field(description="[[lon, lat], …]", max_length=MOST_POINTS)] = None,
    within: Annotated[
        Geometry | None,
        Field(description="[west, south, east, north], GeoJSON, WKT; or an ogc:// URI: its item's geometry"),
    ] = None,
    bands: Bands = None,
    crs: Annotated[str | None, Field(description="the raster's own, if places are not lon, lat")] = None,
) -> Annotated[CallToolResult, Measures]:
    """Values of a raster at points, or its statistics and classes with km² within polygons; every pixel counted."""
    if bool(points) == bool(within):  # what is empty is left out
        raise InvalidGeometry("Either points or within is to be given", remedy=GIVE)
    work = await workspace(ctx)
    seen = await located(work, raster)
    crs = crs.strip(OPEN + CLOSE) if crs else None  # copied out of an answer
    if points:
        return await _at_points(work, seen, raster, points, bands, crs)

    async def told(share: float) -> None:
        await ctx.report_progress(round(share * 100, 1), 100, "pixels counted")

    from mcp_ogc.rasters.worker.tasks import MeasureZones

    place = await _place(work, within, crs)
    task = MeasureZones(place, crs, tuple(bands) if bands else None, seen.labels)
    found = await work.rasters.zones(seen.place, task, told)
    zones = [_zone(zone) for zone in found.zones]
    listed = structured(zones)
    left_out = found.left_out + len(zones) - len(listed)
    damaged = any(zone.unreadable for zone in found.zones)
    elsewhere = all(zone.beyond_raster and not zone.pixels for zone in zones)
    given = not crs and not (isinstance(within, str) and within.startswith("ogc://"))
    notes = (*found.notes, NONE_HERE) if elsewhere and given else found.notes
    answer = Measures(
        raster=raster,
        crs=named(found.crs),
        zones=listed,
        left_out=left_out,
        area_method=found.area_method,
        notes=notes,
        source=source_row(found.provenance, seen, method=DAMAGED_METHOD if damaged else ZONES_METHOD),
    )
    lines = [f"{plural(len(zones) + found.left_out, 'shape')} on {answer.crs}."]
    for number_, row in enumerate(answer.zones[:SHOWN_ZONES], 1):
        lines += _zone_lines(number_, row)
    if more := len(answer.zones) - SHOWN_ZONES:
        lines += [f"{plural(more, 'more shape')}, in the structured content."] if more > 0 else []
    if left_out:
        lines.append(f"{plural(left_out, 'shape')} left out: give them in another call.")
    lines += answer.notes
    lines += [f"Shares are of the shape's pixels. Areas: {found.area_method}.", source_line(answer.source)]
    return respond([*lines, f"Next: {call('ogc_summarize_raster', raster=raster)} tells of the whole."], answer)


async def _at_points(
    work: Workspace,
    seen: Located,
    raster: str,
    points: list[list[float]],
    bands: list[int] | None,
    crs: str | None,
) -> CallToolResult:
    from mcp_ogc.rasters.worker.tasks import MeasurePoints

    found = await work.rasters.points(
        seen.place, MeasurePoints(tuple((x, y) for x, y in points), crs, tuple(bands) if bands else None)
    )
    rows = [_point(point) for point in found.points]
    listed = structured(rows)
    outside = sum(row.pixel is None for row in rows)
    answer = Measures(
        raster=raster,
        crs=named(found.crs),
        points=listed,
        left_out=len(rows) - len(listed),
        notes=(*found.notes, NONE_HERE) if outside == len(rows) and not crs else found.notes,
        source=source_row(found.provenance, seen, method=POINTS_METHOD),
    )
    facts = {band.band: band for band in found.bands}
    labels = {number: seen.labels_of(number) for number, band in facts.items() if band.is_integer}
    beyond = f", {outside} outside of the raster" if outside else ""
    lines = [f"{plural(len(rows), 'point')} as {f'x, y in {answer.crs}' if crs else 'lon, lat'}{beyond}."]
    lines += [f"- {_point_line(row, facts, labels)}" for row in listed[:SHOWN_POINTS]]
    if len(listed) > SHOWN_POINTS:
        lines.append(f"{plural(len(listed) - SHOWN_POINTS, 'more point')}, in the structured content.")
    if answer.left_out:
        lines.append(f"{plural(answer.left_out, 'point')} left out: give them in another call.")
    lines += [*answer.notes, source_line(answer.source)]
    return respond([*lines, f"Next: {call('ogc_summarize_raster', raster=raster)} tells of the whole."], answer)


async def _place(
    work: Workspace, within: Geometry | None, crs: str | None
) -> dict[str, JsonValue] | str | tuple[float, ...]:
    """What was given, or the geometry of the item that was named."""
    if isinstance(within, list):
        return tuple(within)
    if not isinstance(within, str) or not within.startswith("ogc://"):
        return within or {}
    if crs:
        raise InvalidGeometry("An item's geometry is in longitude and latitude", remedy="Leave crs out")
    handle = RasterHandle.parse(within)
    results = await work.results(work.endpoint(handle.endpoint), handle.job_id)
    geometry = None if handle.item == FILE else results.item(handle.output, handle.item).geometry
    if geometry is None:
        raise InvalidGeometry(f"{within} is of no item with a geometry", remedy=GIVE)
    return geometry


def _point(point: Point) -> PointRow:
    pixel = None if point.column is None or point.row is None else (point.column, point.row)
    return PointRow(x=point.x, y=point.y, pixel=pixel, values=tuple(_value(value) for value in point.values))


def _value(value: PointValue) -> ValueRow:
    return ValueRow(band=value.band, value=value.value, state=value.state)


def _point_line(row: PointRow, facts: dict[int, BandFacts], labels: dict[int, dict[int, ClassLabel]]) -> str:
    place = f"[{row.x:.10g}, {row.y:.10g}]"
    if row.pixel is None:
        return f"{place}: outside of the raster"
    told = []
    for one in row.values:
        value = number(one.value, 6) if one.value is not None else one.state
        label = labels.get(one.band, {}).get(int(one.value)) if one.value is not None else None
        name, unit = label.name if label else None, facts[one.band].unit
        told.append(" ".join(filter(None, (f"band {one.band} = {value}", untrusted(name, 40), untrusted(unit, 20)))))
    return f"{place} pixel {row.pixel[0]}, {row.pixel[1]}: {'; '.join(told)}"


def _zone(zone: ZoneStatistics) -> ZoneRow:
    return ZoneRow(
        pixels=zone.pixels,
        km2=zone.km2,
        unreadable_pixels=zone.unreadable or None,
        beyond_raster=zone.beyond_raster,
        bands=tuple(band_row(band) for band in zone.bands),
        untrusted=remote(name=zone.name),
    )


def _zone_lines(place: int, row: ZoneRow) -> list[str]:
    name = untrusted((row.untrusted or {}).get("name"), 80)
    lines = [f"Shape {place}{f' {name}' if name else ''}: {plural(row.pixels, 'pixel')}{km2(row.km2, ' = ')}"]
    if not row.pixels:
        lines[0] += "; it holds no pixel's centre: it is outside of the raster, or smaller than a pixel"
    elif row.beyond_raster:
        lines[0] += "; it reaches beyond the raster, where nothing is known"
    if row.unreadable_pixels:
        lines[0] += f"; {plural(row.unreadable_pixels, 'pixel')} of it can't be decoded, counted as nodata"
    return lines + [f"  {line}" for band in row.bands for line in band_lines(band, exact=True)]
