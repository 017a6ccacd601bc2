"""A value that fits an input, to start from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.extents import BoxForm, Extent
from mcp_ogc.ogc.inputs.schemas import Check, Exhausted
from mcp_ogc.ogc.inputs.shapes import Shape, parts, words
from mcp_ogc.ogc.inputs.typenames import named
from mcp_ogc.ogc.inputs.wellknown import GEOMETRIES
from mcp_ogc.ogc.models import JsonObject

EXAMPLE_URL = "https://example.org/"
EXTENT = Extent(-35.0, -8.1, -34.8, -7.9, BoxForm.TEXT)
# What an id or its text promises where the schema only says string; the first that fits gives the example.
PROMISES: tuple[tuple[str, JsonValue], ...] = (
    (r"\b(aoi|bbox|extent|area)\b", "-35,-8.1,-34.8,-7.9"),
    (r"\b(epsg|crs|srs)\b", "EPSG:4326"),
    (r"\b(wkt|geometry)\b", "POLYGON ((-35 -8.1, -34.8 -8.1, -34.8 -7.9, -35 -7.9, -35 -8.1))"),
    (r"\b(items?|scenes?|stac)\b", f"{EXAMPLE_URL}collections/c/items/scene"),
    (r"\b(collection)\b", f"{EXAMPLE_URL}collections/c"),
    (r"\b(urls?|href|link)\b", f"{EXAMPLE_URL}file.tif"),
    (r"\b(date|day)\b", "2026-06-01"),
    (r"\b(datetime|time)\b", "2026-06-01T00:00:00Z"),
    (r"\b(bands?)\b", "green"),
)
BY_FORMAT: dict[str, JsonValue] = {
    "uri": f"{EXAMPLE_URL}file.tif",
    "uri-reference": f"{EXAMPLE_URL}file.tif",
    "date-time": "2026-06-01T00:00:00Z",
    "date": "2026-06-01",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "someone@example.org",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
MOST_ELEMENTS = 100
MOST_TRIED = 80
DEPTH = 8


def example_values(shape: Shape, told: str, check: Check) -> Iterator[JsonValue]:
    """Values of one input that may fit, the likeliest first; the last, a reference, fits any (OGC 18-062r2 §7.11.2.3).

    Args:
        shape: What it takes.
        told: Its id, a space, its texts.
        check: Bounds how long is tried.
    """
    for part in parts(shape.schema):
        if part.get("default") is not None:
            yield part["default"]
        examples = part.get("examples")
        yield from examples[:3] if isinstance(examples, list) else ()
        if "example" in part:
            yield part["example"]
    if shape.box:
        yield EXTENT.write(shape.box)
    with suppress(Exhausted):
        yield from _Maker(check).values(shape.schema, told, DEPTH)
    yield {"href": f"{EXAMPLE_URL}file"}


class _Maker:
    """Makes values as a schema says, choice by choice."""

    def __init__(self, check: Check) -> None:
        self._check = check

    def values(self, schema: JsonObject, told: str, depth: int) -> Iterator[JsonValue]:
        """Values that may fit."""
        self._check.take()
        if depth == 0:
            return
        merged = _merged(schema)
        choices = merged.pop("anyOf", None)
        for choice in choices[:20] if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                yield from self.values({**merged, **_merged(choice)}, told, depth - 1)
        for word in ("default", "example", "const"):
            if merged.get(word) is not None:
                yield merged[word]
        if isinstance(values := merged.get("enum"), list):
            yield from values[:50]
        types = merged.get("type") or _implied(merged)
        for kind in types if isinstance(types, list) else [types]:
            match kind:
                case "array":
                    yield from self._arrays(merged, told, depth)
                case "object":
                    yield self._object(merged, depth)
                case "boolean":
                    yield True
                case "integer" | "number":
                    yield from _numbers(merged, integral=kind == "integer")
                case "string":
                    yield from _texts(merged, told)
        yield None

    def _fitting(self, schema: JsonValue, told: str, depth: int) -> list[JsonValue]:
        """A few values that fit a part."""
        part = schema if isinstance(schema, dict) else {}
        made = islice(self.values(part, told, depth - 1), MOST_TRIED)
        return list(islice((value for value in made if self._check.fits(part, value)), 20))

    def _arrays(self, schema: JsonObject, told: str, depth: int) -> Iterator[JsonValue]:
        first, least = schema.get("prefixItems"), schema.get("minItems")
        heads = (
            [next(iter(self._fitting(one, told, depth)), "text") for one in first] if isinstance(first, list) else []
        )
        least = min(least, MOST_ELEMENTS) if isinstance(least, int) else 0
        count = max(0 if heads else 1, least - len(heads))
        made = self._fitting(schema.get("items", {"type": "string"}), told, depth)
        for one in made:
            yield [*heads, *[one] * count]
        if schema.get("uniqueItems") is True and made:
            yield [*heads, *_distinct(made, count)]
        yield heads

    def _object(self, schema: JsonObject, depth: int) -> JsonValue:
        properties, required = schema.get("properties"), schema.get("required")
        known = properties if isinstance(properties, dict) else {}
        names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
        if _is_geometry(known):
            return EXTENT.write(BoxForm.GEOJSON)
        if "bbox" in names:
            return EXTENT.write(BoxForm.OBJECT)
        return {
            name: next(iter(self._fitting(known.get(name, {}), name, depth)), "text")
            for name in names or list(known)[:10]
        }


def _merged(schema: JsonObject) -> JsonObject:
    """A schema and its `allOf`, one after the other."""
    merged: JsonObject = {word: part for word, part in schema.items() if word != "allOf"}
    several = schema.get("allOf")
    for part in several if isinstance(several, list) else []:
        if isinstance(part, dict):
            for word, value in _merged(part).items():
                mine = merged.get(word)
                if isinstance(mine, dict) and isinstance(value, dict):
                    merged[word] = {**mine, **value}
                elif word == "required" and isinstance(mine, list) and isinstance(value, list):
                    merged[word] = [*mine, *value]
                else:
                    merged.setdefault(word, value)
    return merged


def _implied(schema: JsonObject) -> str:
    """The type a schema without one is about."""
    if {"properties", "required"} & set(schema):
        return "object"
    if {"items", "minItems", "prefixItems"} & set(schema):
        return "array"
    return "number" if {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"} & set(schema) else "string"


def _texts(schema: JsonObject, told: str) -> Iterator[JsonValue]:
    media_type = schema.get("contentMediaType")
    if isinstance(media_type, str) and named(media_type) == media_type and schema.get("format") != "uri":
        yield {"href": f"{EXAMPLE_URL}file", "type": media_type}
    if isinstance(name := schema.get("format"), str) and name in BY_FORMAT:
        yield BY_FORMAT[name]
    # The id first: "EPSG code of the area of interest" is about an EPSG code.
    for several in (words(told.partition(" ")[0]), words(told)):
        yield from (value for pattern, value in PROMISES if re.search(pattern, several))
    yield "text"
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int) and 4 < least <= 10_000:
        yield "text".ljust(least, "x")
    if isinstance(most, int):
        yield "text"[:most]


def _numbers(schema: JsonObject, *, integral: bool) -> Iterator[JsonValue]:
    step = schema.get("multipleOf")
    step = step if isinstance(step, int | float) else 1
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    starts: list[float] = [1]
    for bound, away in ((low, 0), (above, 1), (high, 0), (below, -1)):
        if isinstance(bound, int | float) and math.isfinite(bound):
            starts += [bound, bound + away * step, math.floor(bound / step) * step, math.ceil(bound / step) * step]
            starts += [math.floor(bound / step) * step + away * step, bound + away * step / 2]
    if isinstance(above, int | float) and isinstance(below, int | float):
        starts.append((above + below) / 2)
    for bounds in ((low, below), (above, high)):
        first, last = bounds
        if isinstance(first, int | float) and isinstance(last, int | float):
            starts.append((first + last) / 2)
    for start in starts:
        whole = start == int(start) if math.isfinite(start) else False
        if integral and not whole:
            continue
        yield int(start) if whole else start


def _distinct(made: list[JsonValue], count: int) -> list[JsonValue]:
    found: list[JsonValue] = []
    for one in made:
        if one not in found:
            found.append(one)
    seed = found[-1]
    while len(found) < count:
        number = len(found)
        found.append(seed + number if isinstance(seed, int | float) else f"{seed}{number}")
    return found[:count]


def _is_geometry(properties: JsonObject) -> bool:
    """Whether `type` is one of GeoJSON's, a polygon among them."""
    match properties.get("type"):
        case {"enum": list(values)}:
            return "Polygon" in values and all(one in (*GEOMETRIES, "Feature", "FeatureCollection") for one in values)
    return False
