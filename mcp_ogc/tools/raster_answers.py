"""How rasters read: bands, classes, areas, and where the numbers come from."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from mcp_types import ImageContent

from mcp_ogc.text import Reply, Untrusted, moment, number, plural, remote, size, untrusted, word

if TYPE_CHECKING:
    from mcp_ogc.rasters.pictures.picture import LegendEntry, Preview
    from mcp_ogc.rasters.summary import BandSummary, Provenance
    from mcp_ogc.tools.located import Located


UNIT_CHARACTERS = 30


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
    """One band, over its valid pixels; values are stored × scale + offset. `untrusted`: description and unit."""

    band: int
    dtype: str
    scale: float | None = None
    offset: float | None = None
    nodata: float | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    percentiles: dict[str, float] | None = None
    percentiles_exact: bool
    percentiles_error: float | None = None
    valid_count: int
    valid_percent: float
    valid_km2: float | None = None
    nodata_percent: float
    nodata_km2: float | None = None
    infinite_count: int | None = None
    classes: tuple[ClassRow, ...] = ()
    untrusted: Untrusted | None = None


class HistogramRow(Reply):
    """Counts of valid pixels in equally wide bins from `low` to `high`."""

    low: float
    high: float
    counts: tuple[int, ...]


class BandProfile(BandRow):
    """One band, over its valid pixels; values are stored × scale + offset. `untrusted`: description and unit."""

    histogram: HistogramRow | None = None


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


def named(own: str | None) -> str | None:
    """A CRS or a unit, by the name it has: labelled where that is a sentence, since it stands in the file."""
    return word(own) if own else None


def image(picture: Preview) -> ImageContent:
    """A picture, as a client shows it."""
    data = base64.b64encode(picture.data).decode("ascii")
    return ImageContent(type="image", data=data, mime_type=picture.media_type)


def picture_line(picture: Preview) -> str:
    """What a picture shows."""
    return f"Picture, {picture.width} × {picture.height}: {_legend(picture.legend) or picture.description}"


def source_row(
    told: Provenance, seen: Located, *, exact: bool = True, method: str, overview: int | None = None
) -> SourceRow:
    """Where numbers come from."""
    handle = seen.handle
    return SourceRow(
        exact=exact,
        method=method,
        overview=overview,
        job_id=handle.job_id if handle else None,
        asset=f"{handle.output}/{handle.item}/{handle.asset}" if handle else None,
        file=told.source,
        etag=told.etag,
        checksum=seen.checksum,
        requests=told.requests,
        bytes_read=told.bytes_read,
        time=moment(told.time) or "",
    )


def source_line(source: SourceRow) -> str:
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


def band_row(band: BandSummary) -> BandRow:
    """One band; what would say nothing (a scale of 1 and an offset of 0, no infinite pixels) is left out."""
    scaled = (band.scale, band.offset) != (1.0, 0.0)
    return BandRow(
        band=band.band,
        dtype=band.dtype,
        scale=band.scale if scaled else None,
        offset=band.offset if scaled else None,
        nodata=band.nodata,
        minimum=band.minimum,
        maximum=band.maximum,
        mean=band.mean,
        std=band.std,
        percentiles=band.percentiles,
        percentiles_exact=band.percentiles_exact,
        percentiles_error=band.percentiles_error,
        valid_count=band.valid_count,
        valid_percent=band.valid_percent,
        valid_km2=band.valid_km2,
        nodata_percent=band.nodata_percent,
        nodata_km2=band.nodata_km2,
        infinite_count=band.infinite_count or None,
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
        untrusted=remote(description=band.description, unit=band.unit and band.unit[:UNIT_CHARACTERS]),
    )


def band_profile(band: BandSummary) -> BandProfile:
    """One band of a whole raster."""
    told = band.histogram
    histogram = HistogramRow(low=told.edges[0], high=told.edges[-1], counts=told.counts) if told else None
    return BandProfile(**dict(band_row(band)), histogram=histogram)


def band_lines(band: BandRow, *, exact: bool) -> list[str]:
    """One band, over its valid pixels."""
    texts = band.untrusted or {}
    about, unit = untrusted(texts.get("description"), 80), untrusted(texts.get("unit"), UNIT_CHARACTERS)
    lines = [
        f"Band {band.band} {about + ' ' if about else ''}{band.dtype}: valid {band.valid_percent:.2f} %"
        f" = {plural(band.valid_count, 'pixel')}{km2(band.valid_km2, ' = ')}, nodata {_nodata(band.nodata)}"
        f"{band.nodata_percent:.2f} %{km2(band.nodata_km2, ' = ')}"
    ]
    if band.infinite_count:
        lines[0] += f", infinite {plural(band.infinite_count, 'pixel')}"
    if band.classes:
        return lines + [
            f"- {row.value} {untrusted(row.name, 40) if row.name else ''}: {row.pixels:,} pixels"
            f"{km2(row.km2, ' = ')}, {row.percent_of_all:.2f} % of all, {row.percent_of_valid:.2f} % of valid"
            for row in band.classes
        ]
    if band.minimum is not None:
        low, high, mean, std = map(number, (band.minimum, band.maximum, band.mean, band.std))
        lines[0] += f"; min {low}, max {high}, mean {mean}, std {std}{' ' + unit if unit else ''}"
    if band.scale is not None and band.offset is not None:
        lines[0] += f"; stored × {number(band.scale, 8)} + {number(band.offset, 8)}"
    if band.percentiles:
        shares = ", ".join(f"{share} %: {number(value)}" for share, value in band.percentiles.items())
        within = f" (each within ±{band.percentiles_error:.2g})" if exact and band.percentiles_error else ""
        lines.append(f"  percentiles {shares}{within}")
    return lines


def _nodata(value: float | str | None) -> str:
    if value is None:
        return ""
    return f"({value}) " if isinstance(value, str) else f"({number(value, 8)}) "


def _legend(entries: tuple[LegendEntry, ...]) -> str:
    return ", ".join(f"{entry.colour} {untrusted(entry.label, 40)}" for entry in entries)


def km2(value: float | None, before: str = "") -> str:
    """An area with what goes before it; empty where it is not known."""
    return "" if value is None else f"{before}{value:,.4f} km²" if value < 100 else f"{before}{value:,.2f} km²"


def numbers(values: tuple[float, ...], digits: int) -> str:
    """Coordinates in brackets."""
    return "[" + ", ".join(f"{value:.{digits}f}" for value in values) + "]"
