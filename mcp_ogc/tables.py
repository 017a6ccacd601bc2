"""What is in a result that is a table, GeoJSON, JSON or text: columns, counts, first rows.

A file is read from its beginning up to a bound and no further; what was counted of how much is always said. It is read
with the standard library, by what it is rather than what it is said to be: media types are often wrong (quirk Q45).
"""

from __future__ import annotations

import csv
import html
import io
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import anyio.to_thread

from mcp_ogc.columns import Column, Columns
from mcp_ogc.errors import RasterError
from mcp_ogc.ogc.answers import json_or_none, text_or_none
from mcp_ogc.ogc.results.geojson import Geometry, features_of, geometry_of
from mcp_ogc.rasters.source import driver_of

if TYPE_CHECKING:
    from pydantic import JsonValue

    from mcp_ogc.net.objects import Objects
    from mcp_ogc.ogc.models import JsonObject
    from mcp_ogc.ogc.results.items import Asset

Kind = Literal["table", "features", "list", "object", "text", "raster", "file"]

READ_BYTES = 4 * 2**20
"""Of a file that is longer only the beginning is read."""
TEXT_CHARACTERS = 4000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
SNIFFED_LINES = 20

NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
MISSING = ("", "na", "nan", "null", "none", "n/a")
FEATURES = re.compile(r'"features"\s*:\s*(?=\[)')
BLANK = re.compile(r"[\s,]*")
READABLE_TYPES = re.compile(r"text/.*|application/([\w.+-]*[+])?(json|geo\+json|x-ndjson|xml|yaml|csv)(-seq)?")
READABLE_SUFFIXES = (".csv", ".tsv", ".txt", ".json", ".geojson", ".ndjson", ".jsonl", ".html", ".xml", ".log", ".md")


@dataclass(frozen=True, slots=True)
class Content:
    """What is in one result. Names, cells and text are the server's: untrusted."""

    kind: Kind
    format: str
    count: int = 0
    """Rows, features, members or lines among the bytes that were read."""
    columns: tuple[Column, ...] = ()
    columns_left_out: int = 0
    rows: tuple[tuple[str, ...], ...] = ()
    """The first."""
    geometry: Geometry | None = None
    text: str = ""
    """Its beginning."""
    read: int = 0
    """Bytes, from the beginning on."""
    size: int | None = None
    """Bytes, None where nobody says."""
    whole: bool = True
    """Whether all of it was read: only then are counts those of the whole, and columns have their extremes and mean."""


def is_readable(asset: Asset) -> bool:
    """Whether a file is worth reading here, as far as its type or its name tells."""
    told = (asset.media_type or "").split(";", 1)[0].strip().lower()
    name = re.split("[?#]", asset.href, maxsplit=1)[0].lower()
    return bool(READABLE_TYPES.fullmatch(told)) or name.endswith(READABLE_SUFFIXES)


async def content_of_file(objects: Objects, asset: Asset, *, longest: int) -> Content:
    """What is in a file: its beginning is read.

    Args:
        objects: Reads it.
        asset: Which.
        longest: Bytes that may be read at once.

    Raises:
        OgcError: It can't be read.
    """
    bound = min(READ_BYTES, longest - 1)
    body = await objects.read(asset.href, asset.storage, start=0, length=bound + 1)
    if whole := len(body) <= bound:
        size: int | None = len(body)
    else:
        size = (await objects.info(asset.href, asset.storage)).size or asset.size
    name = re.split("[?#]", asset.href, maxsplit=1)[0]
    found = await anyio.to_thread.run_sync(content_of_bytes, body[:bound], asset.media_type or "", name, whole)
    return replace(found, size=size)


def content_of_bytes(body: bytes, media_type: str = "", name: str = "", whole: bool = True) -> Content:
    """What is in the bytes a file begins with; a file of another kind where they are no text."""
    text = text_or_none(body, media_type) if whole else _cut_text(body, media_type)
    found = Content(*_other(body, name)) if text is None else content_of_text(text, media_type, name, whole=whole)
    return replace(found, read=len(body), size=len(body) if whole else None, whole=whole)


def content_of_value(value: JsonValue, media_type: str = "") -> Content:
    """What is in a value that came inside the results."""
    if isinstance(value, str):
        body = value.encode("utf-8", errors="replace")
        return replace(content_of_text(value, media_type), read=len(body), size=len(body))
    written = len(json.dumps(value, ensure_ascii=False).encode("utf-8", errors="replace"))
    return replace(_of_json(value), read=written, size=written)


def content_of_text(text: str, media_type: str = "", name: str = "", *, whole: bool = True) -> Content:
    """What is in a text."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    begin = text.lstrip()[:20].lower()
    if begin.startswith(("{", "[")) and (found := _of_json_text(text, whole)):
        return found
    told, named = media_type.lower(), name.lower()
    is_table = "csv" in told or "tab-separated" in told or named.endswith((".csv", ".tsv"))
    if (is_table or not begin.startswith("<")) and (found := _of_csv(text, whole, is_table)):
        return found
    if begin.startswith(("<!doctype html", "<html")) or told.startswith("text/html"):
        text = _without_markup(text)
        return _text("HTML", text)
    return _text("XML" if begin.startswith("<") else "text", text)


def _text(form: str, text: str) -> Content:
    lines = text.count("\n") + (not text.endswith("\n") and bool(text))
    return Content("text", form, count=lines, text=text[:TEXT_CHARACTERS])


def _cut_text(body: bytes, media_type: str) -> str | None:
    """The text bytes begin with, that may end within a character of up to four bytes."""
    for end in range(4):
        if (text := text_or_none(body[: len(body) - end])) is not None:
            return text
    return text_or_none(body, media_type)


def _other(body: bytes, name: str) -> tuple[Kind, str]:
    try:
        return "raster", driver_of(body, name)
    except RasterError:
        return "file", "binary"


def _without_markup(text: str) -> str:
    """The text of a page, by pattern: nothing is fetched or run."""
    text = re.sub(r"<(script|style)\b.*?(</\1>|\Z)", " ", text, flags=re.DOTALL | re.IGNORECASE)
    # Not `[^>]*`: that would go to the end of the text from each of many `<`.
    plain = html.unescape(re.sub(r"<[^<>]*>", " ", text))
    return "\n".join(line for one in plain.splitlines() if (line := " ".join(one.split())))


# --- tables of text


def _of_csv(text: str, whole: bool, is_told: bool) -> Content | None:
    """A table with one of the usual delimiters; None where it is none.

    A text is one only where it is said to be, or where every line has the same number of cells, and more than one.
    """
    head = [line for line in itertools.islice(io.StringIO(text), SNIFFED_LINES) if line.strip()]
    delimiter = _delimiter(head, is_told)
    if delimiter is None:
        return None
    rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row)
    try:
        first = next(rows, [])
        has_header = not any(_is_number(cell) for cell in first)
        names = first if has_header else [f"column {n}" for n in range(1, len(first) + 1)]
        table = Columns(names)
        for row in _complete(rows if has_header else itertools.chain([first], rows), whole):
            table.add(enumerate(_cell_value(cell, delimiter) for cell in row), row)
    except csv.Error:  # a cell of more than 128 kB
        return None
    form = f"CSV, {DELIMITERS[delimiter]}-separated{'' if has_header else ', no header'}"
    return _tabular("table", form, table, whole)


def _delimiter(lines: Sequence[str], is_told: bool) -> str | None:
    widths = {delimiter: _widths(lines, delimiter) for delimiter in DELIMITERS}
    even = [one for one, found in widths.items() if len(found) > 1 and len(set(found)) == 1 and found[0] > 1]
    if even or not is_told:
        return max(even, key=lambda one: widths[one][0], default=None)
    return max(DELIMITERS, key=lambda one: max(widths[one], default=0)) if lines else None


def _widths(lines: Sequence[str], delimiter: str) -> list[int]:
    try:
        return [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
    except csv.Error:
        return []


def _complete(rows: Iterable[list[str]], whole: bool) -> Iterator[list[str]]:
    """The rows, without the last of a text that was cut off."""
    before: list[str] | None = None
    for row in rows:
        if before is not None:
            yield before
        before = row
    if before is not None and whole:
        yield before


def _cell_value(cell: str, delimiter: str) -> JsonValue:
    """A cell as what it is written as: a number, true or false, nothing, else text."""
    text = cell.strip()
    if text.lower() in MISSING:
        return None
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if delimiter == ";" and DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if not NUMBER.fullmatch(text):
        return cell
    return int(text) if text.lstrip("+-").isdecimal() and len(text) < 19 else float(text)


def _is_number(cell: str) -> bool:
    return bool(NUMBER.fullmatch(cell.strip()) or DECIMAL_COMMA.fullmatch(cell.strip()))


# --- JSON


def _of_json_text(text: str, whole: bool) -> Content | None:
    """JSON, JSON lines, or as much of the members as there is of what was cut off; None where it is none."""
    document = json_or_none(text.encode("utf-8", errors="replace")) if whole else None
    if document is not None:
        return _of_json(document)
    lines = [line for line in text.split("\n") if line.strip()]
    lines = lines if whole else lines[:-1]
    records = [json_or_none(line.lstrip("\x1e").encode("utf-8", errors="replace")) for line in lines]
    if records and all(isinstance(one, dict) for one in records):
        return replace(_of_members(records, whole), format="JSON lines")
    if whole:
        return None
    if text.lstrip().startswith("["):
        return _of_members([*_members(text, text.index("["))], whole)
    if found := FEATURES.search(text):
        return _of_features([one for one in _members(text, found.end()) if isinstance(one, dict)], whole)
    return Content("object", "JSON", text=text[:TEXT_CHARACTERS])


def _members(text: str, start: int) -> Iterator[JsonValue]:
    """The members of the array that begins at `start`, as far as they are whole."""
    decoder, place = json.JSONDecoder(strict=False), start + 1
    while (begin := BLANK.match(text, place)) and begin.end() < len(text):
        try:
            member, place = decoder.raw_decode(text, begin.end())
        except (ValueError, RecursionError):
            return
        yield member


def _of_json(value: JsonValue) -> Content:
    if isinstance(value, list):
        return _of_members(value, whole=True)
    if (features := features_of(value)) is not None:
        return _of_features(features, whole=True)
    text = json.dumps(value, ensure_ascii=False)
    return Content("object", "JSON", count=len(value) if isinstance(value, dict) else 1, text=text[:TEXT_CHARACTERS])


def _of_members(members: Sequence[JsonValue], whole: bool) -> Content:
    """An array: a table where all are objects, else a list of values."""
    records = [one for one in members if isinstance(one, dict)]
    if len(records) < len(members) or not records:
        table = Columns(["value"])
        for one in members:
            table.add([(0, one)], [one])
        return _tabular("list", "JSON", table, whole)
    if all(one.get("type") == "Feature" for one in records):
        return _of_features(records, whole)
    return _tabular("table", "JSON", _of_records(records), whole)


def _of_features(features: Sequence[JsonObject], whole: bool) -> Content:
    """Features: their properties are a table."""
    told = [properties if isinstance(properties := one.get("properties"), dict) else {} for one in features]
    table = _of_records(told)
    return replace(_tabular("features", "GeoJSON", table, whole), geometry=geometry_of(features))


def _of_records(records: Sequence[JsonObject]) -> Columns:
    numbers = {name: n for n, name in enumerate(dict.fromkeys(name for record in records for name in record))}
    table = Columns(list(numbers))
    for record in records:
        row = [record.get(name) for name in table.names] if table.wants_rows else ()
        table.add(((numbers[name], cell) for name, cell in record.items()), row)
    return table


def _tabular(kind: Kind, form: str, table: Columns, whole: bool) -> Content:
    return Content(
        kind,
        form,
        count=table.count,
        columns=table.columns(whole=whole),
        columns_left_out=table.left_out,
        rows=table.rows,
    )
