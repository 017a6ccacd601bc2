"""How a table, GeoJSON or a text reads: counts, columns, first rows, all within 2 kB."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue

from mcp_ogc.text import CLOSE, OPEN, Reply, clean, number, plural, size

if TYPE_CHECKING:
    from mcp_ogc.columns import Column
    from mcp_ogc.ogc.results.geojson import Geometry
    from mcp_ogc.tables import Content

T = TypeVar("T")

BUDGET = 1500
"""Bytes, of text and of JSON alike: what is around it fits into 2 kB too."""
COLUMNS_BUDGET = 900
CELL_CHARACTERS = 40
NOUNS = {"table": "row", "features": "feature", "list": "value", "object": "member", "text": "line"}


class ContentRow(Reply):
    """What is in an output. `exact` says whether `count` is of the whole, or of the bytes that were read."""

    kind: str
    format: str
    count: int | None = None
    exact: bool
    bytes: int | None = None
    bytes_read: int
    columns_left_out: int | None = None
    rows_left_out: int | None = None
    geometry_types: dict[str, int] | None = None
    bbox: tuple[float, ...] | None = None
    bbox_is_lonlat: bool | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """The same, as text and as structured content."""

    lines: tuple[str, ...]
    row: ContentRow
    untrusted: dict[str, JsonValue]


def shown(content: Content) -> Shown:
    """As much of a content as fits."""
    columns = _fitting(content.columns, [_column_json(one) for one in content.columns], COLUMNS_BUDGET)
    described = [_column(one) for one in columns]
    columns_left_out = len(content.columns) - len(columns) + content.columns_left_out
    lines = [_head(content)]
    if described and content.kind != "list":
        more = f"; and {columns_left_out:,} more" if columns_left_out else ""
        lines.append(f"columns: {'; '.join(described)}{more}")
    elif described and content.count:
        lines.append(f"values: {described[0].split(CLOSE, 1)[1].strip()}")
    if content.geometry:
        lines.append(_geometry(content.geometry))
    told: dict[str, JsonValue] = {}
    left = BUDGET - sum(len(line.encode()) for line in lines)
    if content.kind in ("text", "object"):
        text = _cut(clean(content.text, len(content.text) * 2 + 1), left - 40)
        told["text"] = text
        if text:
            lines.append(f"{OPEN}{text}{CLOSE}")
        return Shown(tuple(lines), _row(content), told)
    rows = [tuple(_cell(cell) for cell in row[: len(columns)]) for row in content.rows]
    rows = _fitting(rows, rows, left)
    if columns and content.kind != "list":
        told["columns"] = [_column_json(one) for one in columns]
    if rows:
        told["rows"] = [list(row) for row in rows]
        which = "rows" if content.kind != "features" else "properties"
        lines.append(f"first {len(rows)} {which}:" if content.count > len(rows) else f"{which}:")
        lines.append(OPEN + "\n".join(" | ".join(row) for row in rows) + CLOSE)
    rows_left_out = content.count - len(rows) if content.whole else None
    return Shown(tuple(lines), _row(content, columns_left_out, rows_left_out), told)


def _row(content: Content, columns_left_out: int | None = None, rows_left_out: int | None = None) -> ContentRow:
    geometry = content.geometry
    return ContentRow(
        kind=content.kind,
        format=content.format,
        count=content.count if content.kind in NOUNS else None,
        exact=content.whole,
        bytes=content.size,
        bytes_read=content.read,
        columns_left_out=columns_left_out or None,
        rows_left_out=rows_left_out or None,
        geometry_types=dict(geometry.types) if geometry else None,
        bbox=geometry.bbox if geometry else None,
        bbox_is_lonlat=geometry.is_lonlat if geometry and geometry.bbox else None,
    )


def _head(content: Content) -> str:
    parts = ["a file that is neither text nor a raster" if content.kind == "file" else content.format]
    if content.kind == "raster":
        parts = [f"a raster, {content.format}"]
    if noun := NOUNS.get(content.kind):
        parts.append(f"{'' if content.whole else 'at least '}{plural(content.count, noun)}")
    if content.kind in ("table", "features"):
        parts.append(plural(len(content.columns) + content.columns_left_out, "column"))
    if content.whole:
        parts.append(size(content.size))
    elif content.kind in NOUNS:
        parts.append(f"in the first {size(content.read)} of {size(content.size)}")
    else:
        parts.append(size(content.size))
    return ", ".join(parts)


def _geometry(geometry: Geometry) -> str:
    kinds = ", ".join(f"{count:,} {name}" for name, count in geometry.types.items())
    if geometry.bbox is None:
        return f"geometries: {kinds or 'none'}"
    box = ", ".join(f"{value:.5f}" if geometry.is_lonlat else number(value, 9) for value in geometry.bbox)
    named = "bbox lon/lat" if geometry.is_lonlat else "bbox, not in longitude and latitude,"
    return f"geometries: {kinds}; {named} [{box}]"


def _column(column: Column) -> str:
    text = f"{OPEN}{_cell(column.name)}{CLOSE} {column.type}"
    if isinstance(column.minimum, str) and isinstance(column.maximum, str):
        text += f" {column.minimum} to {column.maximum}"
    elif column.minimum is not None and not isinstance(column.maximum, str):
        low, high = number(float(column.minimum), 6), number(column.maximum, 6)
        text += f" {low} to {high}" + (f", mean {number(column.mean, 6)}" if column.mean is not None else "")
    return text + (f", {column.missing:,} missing" if column.missing else "")


def _column_json(column: Column) -> JsonValue:
    told: dict[str, JsonValue] = {"name": _cell(column.name), "type": column.type}
    told |= {
        name: float(f"{value:.6g}") if isinstance(value, float) and not value.is_integer() else value
        for name, value in (("min", column.minimum), ("max", column.maximum), ("mean", column.mean))
        if value is not None
    }
    return told | ({"missing": column.missing} if column.missing else {})


def _fitting(values: Sequence[T], written: Iterable[object], budget: int) -> list[T]:
    """As many of the first as fit."""
    found: list[T] = []
    for value, one in zip(values, written, strict=True):
        budget -= len(json.dumps(one, ensure_ascii=False).encode()) + 2
        if budget < 0:
            break
        found.append(value)
    return found


def _cell(text: str) -> str:
    """A stranger's text in a cell: on one line, not longer than a few words."""
    plain = " ".join(clean(text[: CELL_CHARACTERS * 8], CELL_CHARACTERS * 16).split())
    return plain if len(plain) <= CELL_CHARACTERS else f"{plain[: CELL_CHARACTERS - 1]}…"


def _cut(text: str, budget: int) -> str:
    """A text of at most so many bytes; what is left out is counted."""
    if len(text.encode()) <= budget:
        return text
    kept = text.encode()[: budget - 30].decode("utf-8", errors="ignore").rstrip()
    return f"{kept}… ({len(text) - len(kept):,} more characters)"
