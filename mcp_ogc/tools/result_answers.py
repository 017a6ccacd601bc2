"""How results read in an answer: outputs, items, files."""

from __future__ import annotations

from pydantic import Field, JsonValue

from mcp_ogc.text import Reply, literal, plural, size, untrusted, word
from mcp_ogc.tools.item_collections import CollectionRow
from mcp_ogc.tools.tables import ContentRow

SHORT_VALUE_CHARACTERS = 200
MORE = "limit=20 shows 60 at most, ogc_export_job saves all"


class AssetRow(Reply):
    """One file. `raster` is its handle where it can be summarised; `shows` the argument `output` that shows a text."""

    asset: str
    media_type: str | None = None
    bytes: int | None = None
    raster: str | None = None
    shows: str | None = None
    href: str | None = None


class ItemRow(Reply):
    """One STAC item. `bbox` is longitude, latitude: west, south, east, north."""

    id: str
    datetime: str | None = None
    bbox: tuple[float, ...] | None = None
    assets: tuple[AssetRow, ...]
    assets_left_out: int | None = None


class OutputRow(Reply):
    """One output: a literal has its value, a file its handle, a STAC output its items; `content` where asked for."""

    output_id: str
    kind: str
    media_type: str | None = None
    bytes: int | None = None
    shows: str | None = None
    content: ContentRow | None = None
    untrusted: dict[str, JsonValue] | None = None
    files: tuple[AssetRow, ...] = ()
    files_left_out: int | None = None
    items: tuple[ItemRow, ...] = ()
    items_total: int | None = None
    collection: CollectionRow | None = None
    example: str | None = Field(default=None, description="the first raster of the collection")
    items_unreadable: int | None = None


def output_lines(row: OutputRow) -> list[str]:
    """An output as a list has it."""
    total = f", {plural(row.items_total, 'item')}" if row.items_total else ""
    shows = f", {size(row.bytes)}, output={literal(row.shows)}" if row.shows else ""
    media_type = f" {word(row.media_type)}" if row.media_type else ""
    lines = [f"{word(row.output_id)}: {row.kind}{media_type}{total}{shows}"]
    told = row.untrusted or {}
    if "value" in told:
        lines.append(f"  {untrusted(str(told['value']), SHORT_VALUE_CHARACTERS * 2)}")
    if row.items_unreadable:
        reasons = told.get("unreadable")
        first = untrusted(str(reasons[0]), 200) if isinstance(reasons, list) and reasons else ""
        lines.append(f"  {plural(row.items_unreadable, 'item')} could not be read; the first: {first}")
    lines += [f"  {_asset_line(file)}" for file in row.files]
    if row.files_left_out:
        lines.append(f"  {plural(row.files_left_out, 'file')} left out; {MORE}")
    return [*lines, *(line for item in row.items for line in item_lines(item))]


def item_lines(item: ItemRow) -> list[str]:
    """An item as a list has it."""
    box = f" bbox lon/lat [{', '.join(f'{value:.4f}' for value in item.bbox)}]" if item.bbox else ""
    more = [f"  {plural(item.assets_left_out, 'asset')} left out; {MORE}"] if item.assets_left_out else []
    return [
        f"- {word(item.id)} {item.datetime or 'no date'}{box}",
        *(f"  {_asset_line(asset)}" for asset in item.assets),
        *more,
    ]


def _asset_line(row: AssetRow) -> str:
    shows = f"output={literal(row.shows)}" if row.shows else ""
    kind = word(row.media_type or "") or "type unknown"
    parts = [word(row.asset), kind, size(row.bytes) if row.bytes else "", row.raster or "", shows]
    return " ".join([*(part for part in parts if part), *([word(row.href)] if row.href else [])])
