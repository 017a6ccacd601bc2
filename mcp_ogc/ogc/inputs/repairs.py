"""What was meant by a value that does not fit: the right value, ready to be copied.

Each repair is a guess that was tried: it is told only if it fits the schema the value did not.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.extents import NUMBER, BoxForm, read_extent
from mcp_ogc.ogc.inputs.schemas import Check
from mcp_ogc.ogc.inputs.shapes import parts
from mcp_ogc.ogc.models import JsonObject

MOST_CHARACTERS = 20_000
MOST_ELEMENTS = 100
MOST_CHOICES = 500
LONGEST_NAME = 200
LIKENESS = 0.6
"""Of names, 0 to 1: below it what is called near makes one wonder."""
WITHIN = 3
"""Characters of the shorter of two names of which one is within the other."""
DEPTH = 4
YES, NO = ("true", "yes", "on"), ("false", "no", "off")


@dataclass(frozen=True, slots=True)
class Repair:
    """A value that would fit."""

    value: JsonValue
    how: str
    """What it is, in a few words: "a number, without quotes"."""


def repair(check: Check, schema: JsonObject, value: JsonValue, depth: int = DEPTH) -> Repair | None:
    """The value of the schema that was probably meant; None where nothing tried fits."""
    if depth == 0:
        return None
    for guess in _guesses(check, schema, value, depth):
        is_other = guess.value != value or type(guess.value) is not type(value)
        if is_other and _is_json(guess.value) and check.fits(schema, guess.value):
            return guess
    return None


def _is_json(value: JsonValue) -> bool:
    """Whether it can be written: Python reads NaN and 1e400, which JSON has no numbers for (RFC 8259 §6)."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


def _guesses(check: Check, schema: JsonObject, value: JsonValue, depth: int) -> Iterator[Repair]:
    yield from _same_otherwise(check, schema, value, depth)
    if isinstance(value, dict) and value.get("type") == "FeatureCollection":
        yield _in_text(value)  # a box would be none of its features
    yield from _of_extent(value)
    yield from _with_parts(check, schema, value, depth)
    if isinstance(value, dict | list):
        yield _in_text(value)


def _in_text(value: JsonValue) -> Repair:
    return Repair(json.dumps(value, ensure_ascii=False), "JSON in a text")


def nearest(name: str, names: Iterable[str], count: int = 5) -> tuple[str, ...]:
    """The names most like `name`, nearest first; case does not matter."""
    by_folded = {other.casefold(): other for other in names}
    short = [folded for folded in by_folded if len(folded) <= LONGEST_NAME]  # likeness of long ones takes long
    close = difflib.get_close_matches(name.casefold()[:LONGEST_NAME], short, n=count, cutoff=LIKENESS)
    said = name.casefold()
    containing = [
        folded for folded in by_folded if min(len(said), len(folded)) >= WITHIN and (said in folded or folded in said)
    ]
    return tuple(by_folded[folded] for folded in dict.fromkeys([*close, *containing]))[:count]


def _same_otherwise(check: Check, schema: JsonObject, value: JsonValue, depth: int) -> Iterator[Repair]:
    """The same value, written otherwise."""
    match value:
        case str():
            yield from _of_text(check, schema, value, depth)
        case bool():
            yield Repair(json.dumps(value), "a text, in quotes")
        case int() | float():
            yield Repair(json.dumps(value), "a text, in quotes")
            if isinstance(value, float) and value.is_integer():
                yield Repair(int(value), "a whole number")
            if value in (0, 1):
                yield Repair(bool(value), "true or false")
        case [one]:
            yield Repair(one, "the value itself, not an array")
        case {"class": "File" | "Directory", "location": str(url)} | {"class": "File" | "Directory", "path": str(url)}:
            yield Repair(url, "the URL itself: on the wire a File or Directory is one")
        case {"href": str(url)}:
            yield Repair(url, "the URL itself")
    if not isinstance(value, list):
        yield Repair([value], "an array, also of one")
        if mended := _element(check, schema, value, depth):
            yield Repair([mended.value], f"an array of {mended.how or 'one'}")
    yield from _members(schema, value)


def _of_text(check: Check, schema: JsonObject, text: str, depth: int) -> Iterator[Repair]:
    told, folded = text.strip(), text.strip().casefold()
    if told != text:
        yield Repair(told, "without the blanks around it")
    if folded in (*YES, *NO):
        yield Repair(folded in YES, "true or false, without quotes")
    if len(text) <= MOST_CHARACTERS:
        with suppress(ValueError, RecursionError):
            read = json.loads(told)
            kind = "a number, without quotes" if isinstance(read, int | float) else "JSON itself, not in a text"
            yield Repair(read, kind)
            if isinstance(read, list | dict) and (mended := repair(check, schema, read, depth - 1)):
                yield Repair(mended.value, f"{kind}; {mended.how}")
    if re.fullmatch(NUMBER, decimal := told.replace(",", ".")):
        yield Repair(float(decimal), "a number, without quotes")
        if float(decimal).is_integer():
            yield Repair(int(float(decimal)), "a whole number, without quotes")
    if with_unit := re.fullmatch(rf"({NUMBER})\s*[%°a-zA-Z²³]{{1,10}}", told):
        number = float(with_unit[1])
        yield Repair(int(number) if number.is_integer() else number, "a number, without its unit")
    if day := re.fullmatch(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", told):
        yield Repair(f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}T00:00:00Z", "a time, with its zone")
        yield Repair(f"{day[1]}-{day[2]:0>2}-{day[3]:0>2}", "a date, YYYY-MM-DD")
    if re.match(r"\d{4}-\d{2}-\d{2}[T ]", told):
        yield Repair(told[:10], "a date, YYYY-MM-DD")
        yield Repair(told.replace(" ", "T", 1), "a time, as ISO 8601 has it")
    if "," in told and len(told) <= MOST_CHARACTERS and any(part.get("type") == "array" for part in parts(schema)):
        separate: list[JsonValue] = [one.strip() for one in told.split(",")]
        yield Repair(separate, "an array, not a text with commas")
        with suppress(ValueError):
            yield Repair([json.loads(one) for one in told.split(",")], "an array, not a text with commas")


def _members(schema: JsonObject, value: JsonValue) -> Iterator[Repair]:
    """The one of a list of values that is nearest."""
    for part in parts(schema):
        values = part.get("enum")
        if isinstance(values, list) and not isinstance(value, dict | list):
            by_text = {one if isinstance(one, str) else json.dumps(one): one for one in values}
            said = value if isinstance(value, str) else json.dumps(value)
            folded = [one for one in by_text if one.casefold() == said.strip().casefold()]
            short = [one.casefold() for one in by_text if len(one) <= LONGEST_NAME][:MOST_CHOICES]
            close = difflib.get_close_matches(said.casefold()[:LONGEST_NAME], short, n=1)
            yield from (Repair(by_text[one], "one of its values, as they are written") for one in folded)
            yield from (Repair(by_text[one], "the nearest of its values") for one in by_text if one.casefold() in close)


def _of_extent(value: JsonValue) -> Iterator[Repair]:
    """A bounding box in another form."""
    extent = read_extent(value)
    if extent:
        for form in (BoxForm.OBJECT, BoxForm.ARRAY, BoxForm.TEXT, BoxForm.CORNERS, BoxForm.GEOJSON):
            yield Repair(extent.write(form), f"the bounding box as {form}")


def _with_parts(check: Check, schema: JsonObject, value: JsonValue, depth: int) -> Iterator[Repair]:
    """An array or object of which some part is mended."""
    if isinstance(value, list) and len(value) <= MOST_ELEMENTS:
        mended = [one for element in value if (one := _element(check, schema, element, depth))]
        if mended and len(mended) == len(value):
            how = next((one.how for one in mended if one.how), "values")
            yield Repair([one.value for one in mended], f"an array of {how}")
    elif isinstance(value, dict) and len(value) <= MOST_ELEMENTS:
        for part in parts(schema):
            properties = part.get("properties")
            if isinstance(properties, dict):
                yield from _members_mended(check, properties, value, depth)


def _element(check: Check, schema: JsonObject, value: JsonValue, depth: int) -> Repair | None:
    """An element of an array, mended where it does not fit."""
    for part in parts(schema):
        items = part.get("items")
        if isinstance(items, dict):
            return Repair(value, "") if check.fits(items, value) else repair(check, items, value, depth - 1)
    return None


def _members_mended(check: Check, properties: JsonObject, value: JsonObject, depth: int) -> Iterator[Repair]:
    absent = [name for name in properties if name not in value]
    mended: JsonObject = {}
    how = ""
    for name, one in value.items():
        near = nearest(name, absent, 1) if name not in properties else ()
        right = near[0] if near else name
        how = how or (f"with {right} for {name}" if near else "")
        part = properties.get(right)
        fixed = None
        if isinstance(part, dict) and not check.fits(part, one):
            fixed = repair(check, part, one, depth - 1)
        how = how or (f"{name}: {fixed.how}" if fixed else "")
        mended[right] = fixed.value if fixed else one
    yield Repair(mended, how)
