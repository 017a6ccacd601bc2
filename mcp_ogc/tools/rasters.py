"""Rasters a model can reason about: numbers, and one picture."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from mcp_types import CallToolResult, ImageContent
from pydantic import Field

from mcp_ogc.text import Reply, Untrusted, call, moment, number, plural, remote, respond, size, untrusted
from mcp_ogc.tools.spec import Call, workspace
from mcp_ogc.uris import RasterHandle

if TYPE_CHECKING:
    from mcp_ogc.rasters.picture import LegendEntry, PreviewStyle
    from mcp_ogc.rasters.reader import Asked
    from mcp_ogc.rasters.summary import BandSummary, RasterSummary
    from mcp_ogc.workspace import Workspace


class ClassRow(Reply):
    """One class of a band; `colour` is that of the picture."""

    value: int
    name: str | None = None
    colour: str
    pixels: int
    km2: float | None = None
    percent_of_all: float
    percent_of_valid: float


class BandRow(Reply):
    """One band, over its valid pixels."""

    band: int
    dtype: str
    nodata: float | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    percentiles: dict[str, float] | None = None
    percentiles_exact: bool
    valid_percent: float
    valid_km2: float | None = None
    nodata_percent: float
    nodata_km2: float | None = None
    classes: tuple[ClassRow, ...] = ()
    untrusted: Untrusted | None = None


class SourceRow(Reply):
    """Where the numbers come from."""

    exact: bool
    method: str
    overview: int | None = None
    job_id: str | None = None
    asset: str | None = None
    file: str
    etag: str | None = None
    checksum: str | None = None
    requests: int | None = None
    bytes_read: int | None = None
    time: str


class Raster(Reply):
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
    bands: tuple[BandRow, ...]
    notes: tuple[str, ...] = ()
    source: SourceRow


async def summarize_raster(
    ctx: Call,
    raster: Annotated[str, Field(description="ogc:// URI as ogc_get_results gives it; or an https or s3 URL")],
    bands: Annotated[list[int] | None, Field(description="1-based; the first 16 if left out")] = None,
    preview: Annotated[bool, Field(description="with a picture")] = True,
    exact: Annotated[
        bool | None, Field(description="true counts every pixel; false reads an overview; the quick one if left out")
    ] = None,
) -> Annotated[CallToolResult, Raster]:
    """Profile, bounds, statistics, classes with km², and a picture of a raster; exact or approximate, always said."""
    from mcp_ogc.rasters.picture import PreviewStyle

    work = await workspace(ctx)
    seen = await _located(work, raster, bands, PreviewStyle() if preview else None, exact)

    async def told(share: float) -> None:
        await ctx.report_progress(round(share * 100, 1), 100, "pixels counted")

    found = await work.rasters.summarize(seen.asked, told)
    answer = _raster(raster, found.summary, seen)
    lines = [
        *_head(answer),
        *[line for band in answer.bands for line in _band_lines(band, exact=answer.source.exact)],
        *answer.notes,
        f"Areas: {answer.area_method}.",
        _source_line(answer.source),
    ]
    picture = found.preview
    if picture:
        lines.append(f"Picture, {picture.width} × {picture.height}: {_legend(picture.legend)}")
    lines += _next(seen, answer, bands)
    if picture is None:
        return respond(lines, answer)
    image = ImageContent(
        type="image", data=base64.b64encode(picture.data).decode("ascii"), mime_type=picture.media_type
    )
    return respond(lines, answer, image)


async def preview_png(work: Workspace, handle: RasterHandle) -> bytes:
    """The picture of a raster, as PNG."""
    from mcp_ogc.rasters.picture import PreviewStyle

    seen = await _located(work, str(handle), None, PreviewStyle(encoding="png"), None)
    found = await work.rasters.summarize(seen.asked)
    assert found.preview is not None
    return found.preview.data


@dataclass(frozen=True, slots=True)
class _Located:
    """A raster by its address, and where that was found."""

    asked: Asked
    handle: RasterHandle | None
    checksum: str | None


async def _located(
    work: Workspace, raster: str, bands: list[int] | None, style: PreviewStyle | None, exact: bool | None
) -> _Located:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.reader import Asked
    from mcp_ogc.rasters.tasks import Wanted

    chosen = tuple(bands) if bands else None
    method: Literal["either", "exact", "approximate"] = (
        "either" if exact is None else "exact" if exact else "approximate"
    )
    if not raster.startswith("ogc://"):
        return _Located(Asked(raster, Wanted(chosen, (), style), method=method), None, None)
    handle = RasterHandle.parse(raster)
    results = await work.results(work.endpoint(handle.endpoint), handle.job_id)
    asset = results.asset(handle.output, handle.item, handle.asset)
    labels = tuple(ClassLabel(value=one.value, name=one.name, colour=one.color) for one in asset.classes)
    asked = Asked(asset.href, Wanted(chosen, labels, style), asset.storage, method)
    return _Located(asked, handle, asset.checksum)


def _next(seen: _Located, answer: Raster, bands: list[int] | None) -> list[str]:
    if not answer.source.exact:
        again = call("ogc_summarize_raster", raster=answer.raster, bands=[*bands] if bands else None, exact=True)
        return [f"Next: {again} counts every pixel; quote numbers of this answer as approximate."]
    if seen.handle is None:
        return []
    return [
        f"Next: {call('ogc_export_job', job_id=seen.handle.job_id, endpoint=seen.handle.endpoint)} saves the files."
    ]


def _raster(raster: str, summary: RasterSummary, seen: _Located) -> Raster:
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
        crs=summary.crs,
        bounds_native=summary.bounds_native,
        bounds_lonlat=summary.bounds_lonlat,
        resolution=(resolution.x, resolution.y) if resolution else None,
        resolution_unit=resolution.unit if resolution else None,
        km2=summary.km2,
        area_method=summary.area_method,
        bands=tuple(_band(band) for band in summary.bands),
        notes=summary.notes,
        source=_source(summary, seen),
    )


def _source(summary: RasterSummary, seen: _Located) -> SourceRow:
    told, handle = summary.provenance, seen.handle
    return SourceRow(
        exact=summary.exact,
        method=summary.method,
        overview=summary.overview,
        job_id=handle.job_id if handle else None,
        asset=f"{handle.output}/{handle.item}/{handle.asset}" if handle else None,
        file=told.source,
        etag=told.etag,
        checksum=seen.checksum,
        requests=told.requests,
        bytes_read=told.bytes_read,
        time=moment(told.time) or "",
    )


def _source_line(source: SourceRow) -> str:
    """What a number of this answer is quoted with."""
    parts = [
        f"{'Exact' if source.exact else 'Approximate'}: {source.method}, {source.time}",
        f"job {source.job_id}" if source.job_id else None,
        f"asset {untrusted(source.asset, 150)}" if source.asset else f"file {untrusted(source.file, 200)}",
        f"checksum {untrusted(source.checksum, 140)}" if source.checksum else None,
        f"ETag {untrusted(source.etag, 80)}" if source.etag and not source.checksum else None,
    ]
    if source.requests is not None:
        parts.append(f"{plural(source.requests, 'request')}, {size(source.bytes_read)} read")
    return "; ".join(part for part in parts if part)


def _band(band: BandSummary) -> BandRow:
    return BandRow(
        band=band.band,
        dtype=band.dtype,
        nodata=band.nodata,
        minimum=band.minimum,
        maximum=band.maximum,
        mean=band.mean,
        std=band.std,
        percentiles=band.percentiles,
        percentiles_exact=band.percentiles_exact,
        valid_percent=band.valid_percent,
        valid_km2=band.valid_km2,
        nodata_percent=band.nodata_percent,
        nodata_km2=band.nodata_km2,
        classes=tuple(
            ClassRow(
                value=row.value,
                name=row.name,
                colour=row.colour,
                pixels=row.count,
                km2=row.km2,
                percent_of_all=row.percent_of_all,
                percent_of_valid=row.percent_of_valid,
            )
            for row in band.classes
        ),
        untrusted=remote(description=band.description),
    )


def _head(raster: Raster) -> list[str]:
    pixels = f"{raster.width} × {raster.height} pixels, {raster.band_count} band{'s' * (raster.band_count != 1)}"
    lines = [f"{raster.driver}, {pixels}, {raster.crs or 'no CRS'}{_km2(raster.km2, ', ')}"]
    if raster.resolution and raster.resolution_unit:
        x, y = raster.resolution
        lines[0] += f", {number(x, 6)} × {number(y, 6)} {raster.resolution_unit}"
    rows, columns = raster.block_size
    layout = f"{'tiles' if raster.tiled else 'strips'} of {columns} × {rows}"
    reduced = f", overviews 1/{', 1/'.join(map(str, raster.overviews))}" if raster.overviews else ""
    lines[0] += f"; {raster.compression or 'not compressed'}, {layout}{reduced}"
    if raster.bounds_native:
        lines.append(f"Bounds {raster.crs} minx, miny, maxx, maxy: {_numbers(raster.bounds_native, 3)}")
    if raster.bounds_lonlat:
        lines.append(f"Bounds lon/lat west, south, east, north: {_numbers(raster.bounds_lonlat, 5)}")
    return lines


def _band_lines(band: BandRow, *, exact: bool) -> list[str]:
    about = untrusted((band.untrusted or {}).get("description"), 80)
    lines = [
        f"Band {band.band} {about + ' ' if about else ''}{band.dtype}: valid {band.valid_percent:.2f} %"
        f"{_km2(band.valid_km2, ' = ')}, nodata {_nodata(band.nodata)}"
        f"{band.nodata_percent:.2f} %{_km2(band.nodata_km2, ' = ')}"
    ]
    if band.classes:
        return lines + [
            f"- {row.value} {untrusted(row.name, 40) if row.name else ''}: {row.pixels:,} pixels"
            f"{_km2(row.km2, ' = ')}, {row.percent_of_all:.2f} % of all, {row.percent_of_valid:.2f} % of valid"
            for row in band.classes
        ]
    if band.minimum is not None:
        low, high, mean, std = map(number, (band.minimum, band.maximum, band.mean, band.std))
        lines[0] += f"; min {low}, max {high}, mean {mean}, std {std}"
    if band.percentiles:
        shares = ", ".join(f"{share} %: {number(value)}" for share, value in band.percentiles.items())
        lines.append(f"  percentiles {shares}{'' if band.percentiles_exact or not exact else ' (within 0.1 %)'}")
    return lines


def _nodata(value: float | str | None) -> str:
    if value is None:
        return ""
    return f"({value}) " if isinstance(value, str) else f"({number(value, 8)}) "


def _legend(entries: tuple[LegendEntry, ...]) -> str:
    return ", ".join(f"{entry.colour} {untrusted(entry.label, 40)}" for entry in entries) or "true colours"


def _km2(value: float | None, before: str) -> str:
    return "" if value is None else f"{before}{value:,.4f} km²" if value < 100 else f"{before}{value:,.2f} km²"


def _numbers(values: tuple[float, ...], digits: int) -> str:
    return "[" + ", ".join(f"{value:.{digits}f}" for value in values) + "]"
