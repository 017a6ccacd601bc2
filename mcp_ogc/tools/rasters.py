"""Rasters a model can reason about: numbers, and one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from mcp_types import CallToolResult
from pydantic import Field, JsonValue

from mcp_ogc.text import Answer, call, number, respond
from mcp_ogc.tools.located import Bands, Located, RasterName, located
from mcp_ogc.tools.raster_answers import (
    BandProfile,
    SourceRow,
    band_lines,
    band_profile,
    image,
    km2,
    named,
    numbers,
    picture_line,
    source_line,
    source_row,
)
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.views.payload import for_view

if TYPE_CHECKING:
    from mcp_ogc.rasters.georeference import Corner
    from mcp_ogc.rasters.pictures.picture import PreviewStyle
    from mcp_ogc.rasters.reader import Asked
    from mcp_ogc.rasters.summary import RasterSummary
    from mcp_ogc.uris import RasterHandle
    from mcp_ogc.workspace import Workspace


class Raster(Answer):
    """Answer of ogc_summarize_raster. Bounds are x before y; longitude before latitude."""

    raster: str
    driver: str
    width: int
    height: int
    band_count: int
    compression: str | None = None
    tiled: bool
    block_size: tuple[int, int]
    overviews: tuple[int, ...] = ()
    crs: str | None = None
    bounds_native: tuple[float, ...] | None = None
    bounds_lonlat: tuple[float, ...] | None = None
    resolution: tuple[float, float] | None = None
    resolution_unit: str | None = None
    km2: float | None = None
    area_method: str
    bands: tuple[BandProfile, ...]
    notes: tuple[str, ...] = ()
    source: SourceRow


async def summarize_raster(
    ctx: Call,
    raster: RasterName,
    bands: Bands = None,
    preview: Annotated[
        bool | Literal["histogram"], Field(description='a picture of it, or of the first band\'s "histogram"')
    ] = True,
    exact: Annotated[
        bool | None, Field(description="true counts every pixel; false reads an overview; the quick one if left out")
    ] = None,
) -> Annotated[CallToolResult, Raster]:
    """Profile, bounds, statistics, classes with km², and a picture of a raster; exact or approximate, always said."""
    from mcp_ogc.rasters.pictures.picture import PreviewStyle

    work = await workspace(ctx)
    seen = await located(work, raster)
    style = PreviewStyle(of="histogram" if preview == "histogram" else "map") if preview else None

    async def told(share: float) -> None:
        await ctx.report_progress(round(share * 100, 1), 100, "pixels counted")

    found = await work.rasters.summarize(_asked(seen, bands, style, exact), told)
    answer = _raster(raster, found.summary, seen)
    lines = [
        *_head(answer),
        *[line for band in answer.bands for line in band_lines(band, exact=answer.source.exact)],
        *answer.notes,
        f"Areas: {answer.area_method}.",
        source_line(answer.source),
    ]
    if found.preview:
        lines.append(picture_line(found.preview))
    lines += _next(seen, answer, bands, found.summary)
    shown = for_view(raster, answer.bounds_lonlat, found.summary.corners_lonlat, found.preview)
    answered = respond(lines, answer, *([image(found.preview)] if found.preview else []))
    return answered.model_copy(update={"meta": shown})


async def preview_png(work: Workspace, handle: RasterHandle) -> bytes:
    """The picture of a raster, as PNG."""
    from mcp_ogc.rasters.pictures.picture import PreviewStyle

    seen = await located(work, str(handle))
    found = await work.rasters.summarize(_asked(seen, None, PreviewStyle(encoding="png"), None))
    assert found.preview is not None
    return found.preview.data


def _asked(seen: Located, bands: list[int] | None, style: PreviewStyle | None, exact: bool | None) -> Asked:
    from mcp_ogc.rasters.reader import Asked
    from mcp_ogc.rasters.worker.tasks import Wanted

    wanted = Wanted(tuple(bands) if bands else None, seen.labels, style)
    method: Literal["either", "exact", "approximate"] = (
        "either" if exact is None else "exact" if exact else "approximate"
    )
    return Asked(seen.place.href, wanted, seen.place.storage, method)


def _next(seen: Located, answer: Raster, bands: list[int] | None, summary: RasterSummary) -> list[str]:
    if not answer.source.exact and summary.countable:
        again = call("ogc_summarize_raster", raster=answer.raster, bands=[*bands] if bands else None, exact=True)
        return [f"Next: {again} counts every pixel; quote numbers of this answer as approximate."]
    if seen.handle is None:
        return _places(answer, summary.centre_lonlat)
    return [
        f"Next: {call('ogc_export_job', job_id=seen.handle.job_id, endpoint=seen.handle.endpoint)} saves the files."
    ]


def _places(answer: Raster, centre: Corner | None) -> list[str]:
    """What can be done next with a file that is of no job: to look at its places."""
    if centre:
        own, middle, part = None, centre, "west, south, east, north"
    elif answer.bounds_native:
        minx, miny, maxx, maxy = answer.bounds_native
        own, middle, part = answer.crs, ((minx + maxx) / 2, (miny + maxy) / 2), "minx, miny, maxx, maxy"
    else:
        return ["Nothing is left to do: it does not say where on Earth it is, so no place in it can be measured."]
    points: list[JsonValue] = [[round(coordinate, 6) for coordinate in middle]]
    again = call("ogc_measure_raster", raster=answer.raster, points=points, crs=own)
    return [f"Next: {again} gives the values at its centre; within=[{part}] those of a part."]


def _raster(raster: str, summary: RasterSummary, seen: Located) -> Raster:
    resolution = summary.resolution
    return Raster(
        raster=raster,
        driver=summary.driver,
        width=summary.width,
        height=summary.height,
        band_count=summary.count,
        compression=summary.compression,
        tiled=summary.tiled,
        block_size=summary.block_size,
        overviews=summary.overviews,
        crs=named(summary.crs),
        bounds_native=summary.bounds_native,
        bounds_lonlat=summary.bounds_lonlat,
        resolution=(resolution.x, resolution.y) if resolution else None,
        resolution_unit=named(resolution.unit) if resolution else None,
        km2=summary.km2,
        area_method=summary.area_method,
        bands=tuple(band_profile(band) for band in summary.bands),
        notes=summary.notes,
        source=source_row(
            summary.provenance, seen, exact=summary.exact, method=summary.method, overview=summary.overview
        ),
    )


def _head(raster: Raster) -> list[str]:
    pixels = f"{raster.width} × {raster.height} pixels, {raster.band_count} band{'s' * (raster.band_count != 1)}"
    lines = [f"{raster.driver}, {pixels}, {raster.crs or 'no CRS'}{km2(raster.km2, ', ')}"]
    if raster.resolution and raster.resolution_unit:
        x, y = raster.resolution
        lines[0] += f", {number(x, 6)} × {number(y, 6)} {raster.resolution_unit}"
    rows, columns = raster.block_size
    layout = f"{'tiles' if raster.tiled else 'strips'} of {columns} × {rows}"
    reduced = f", overviews 1/{', 1/'.join(map(str, raster.overviews))}" if raster.overviews else ""
    lines[0] += f"; {raster.compression or 'not compressed'}, {layout}{reduced}"
    if raster.bounds_native:
        lines.append(f"Bounds {raster.crs} minx, miny, maxx, maxy: {numbers(raster.bounds_native, 3)}")
    if raster.bounds_lonlat:
        lines.append(f"Bounds lon/lat west, south, east, north: {numbers(raster.bounds_lonlat, 5)}")
    return lines
