"""What a model needs to fill in inputs: a short type, whether it is required, and an example that can be copied."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.ogc.models import InputDescription, JsonObject, OutputDescription, ProcessDescription

EXAMPLE_URL = "https://example.org/"
# What an id or its text promises where the schema only says string; the first that fits gives the example.
PROMISES: tuple[tuple[str, JsonValue], ...] = (
    (r"\b(aoi|bbox|extent|area)\b", "-35.0,-8.1,-34.8,-7.9"),
    (r"\b(epsg|crs|srs)\b", "EPSG:4326"),
    (r"\b(wkt|geometry)\b", "POLYGON ((-35.0 -8.1, -34.8 -8.1, -34.8 -7.9, -35.0 -7.9, -35.0 -8.1))"),
    (r"\b(items?|scenes?|stac)\b", f"{EXAMPLE_URL}collections/c/items/scene"),
    (r"\b(collection)\b", f"{EXAMPLE_URL}collections/c"),
    (r"\b(urls?|href|link)\b", f"{EXAMPLE_URL}file.tif"),
    (r"\b(date|day)\b", "2026-06-01"),
    (r"\b(datetime|time)\b", "2026-06-01T00:00:00Z"),
    (r"\b(bands?)\b", "green"),
)
STAC_FORMATS = {
    "stac-item": "STAC item",
    "stac-collection": "STAC collection",
    "stac-catalog": "STAC catalog",
    "stac-item-collection": "STAC item collection",
    "stac": "STAC",
    "geojson-feature": "GeoJSON feature",
    "geojson-feature-collection": "GeoJSON feature collection",
    "geojson-geometry": "GeoJSON geometry",
}


@dataclass(frozen=True, slots=True)
class InputHint:
    """One input, as a model reads it. `description` is the server's text."""

    id: str
    type: str
    required: bool
    default: JsonValue
    description: str | None
    example: JsonValue

    @property
    def shown_example(self) -> str:
        """The example as JSON."""
        return json.dumps(self.example, ensure_ascii=False)


def input_hints(description: ProcessDescription) -> tuple[InputHint, ...]:
    """Every input, the required ones first."""
    hints = [hint_of(input_id, declared) for input_id, declared in description.inputs.items()]
    return tuple(sorted(hints, key=lambda hint: not hint.required))


def hint_of(input_id: str, declared: InputDescription) -> InputHint:
    """One input."""
    schema = declared.schema_
    several = declared.max_occurs == "unbounded" or declared.max_occurs > 1
    many = several and schema.get("type") != "array"
    told = " — ".join(text for text in (_told(declared.title), _told(declared.description)) if text)
    example = _example(schema, f"{input_id} {told}")
    return InputHint(
        id=input_id,
        type=f"array of {short_type(schema)}" if many else short_type(schema),
        required=declared.required,
        default=schema.get("default"),
        description=told or None,
        example=[example] if many else example,
    )


def example_inputs(description: ProcessDescription) -> JsonObject:
    """An `inputs` object to start from: the required inputs; those with a default are left out."""
    return {hint.id: hint.example for hint in input_hints(description) if hint.required}


def output_type(output: OutputDescription) -> str:
    """The short type of an output."""
    return short_type(output.schema_).replace(", by URL or inline", "")


def short_type(schema: JsonObject) -> str:
    """A JSON schema in a few words."""
    match schema:
        case {"enum": list(values)}:
            return f"one of {', '.join(json.dumps(value, ensure_ascii=False) for value in values[:20])}"
        case {"format": str(name)} if name.rsplit("/", 1)[-1] == "ogc-bbox":
            return "bbox object {bbox: [minx, miny, maxx, maxy], crs}"
        case {"format": str(name)} if name.rsplit("/", 1)[-1] in STAC_FORMATS:
            return f"{STAC_FORMATS[name.rsplit('/', 1)[-1]]}, by URL or inline"
        case {"contentMediaType": str(media_type)}:
            return f"{media_type}, by URL {{href}} or base64"
        case {"type": "array", "items": dict(items)}:
            return f"array of {short_type(items)}{_bounds(schema, 'minItems', 'maxItems')}"
        case {"type": "array"}:
            return "array"
        case {"type": "object", "properties": dict(properties)} if {"bbox"} <= set(properties):
            return "bbox object {bbox: [minx, miny, maxx, maxy], crs}"
        case {"type": "object", "properties": dict(properties)}:
            return f"object with {', '.join(properties)}"
        case {"type": "string", "format": "uri"}:
            return "URL"
        case {"type": "string", "format": str(name)}:
            return f"string ({name})"
        case {"type": ("number" | "integer") as name}:
            return f"{name}{_bounds(schema, 'minimum', 'maximum')}"
        case {"type": str(name)} if name:
            return name
        case {"type": list(names)}:
            return " or ".join(str(name) for name in names if name != "null") or "any"
        case {"oneOf": list(choices)} | {"anyOf": list(choices)}:
            return " or ".join(dict.fromkeys(short_type(one) for one in choices if isinstance(one, dict))) or "any"
        case {"allOf": list(parts)}:
            return next((short_type(one) for one in parts if isinstance(one, dict) and "$ref" not in one), "any")
        case {"$ref": str(reference)}:
            return _referenced(reference)
    return "any"


def _referenced(reference: str) -> str:
    """A remote schema, by its name: none is ever fetched."""
    name = reference.rsplit("/", 1)[-1].rsplit(".", 1)[0].rsplit("#", 1)[-1]
    return {
        "item": "STAC item",
        "collection": "STAC collection",
        "featureCollectionGeoJSON": "GeoJSON feature collection",
        "bbox": "bbox object {bbox: [minx, miny, maxx, maxy], crs}",
        "link": "link {href}",
    }.get(name, name or "any")


def _bounds(schema: JsonObject, low: str, high: str) -> str:
    lower, upper = schema.get(low), schema.get(high)
    if lower is not None and upper is not None:
        return f" {lower} to {upper}"
    if lower is not None:
        return f" ≥ {lower}"
    return f" ≤ {upper}" if upper is not None else ""


def _told(text: str | None) -> str | None:
    """A title or description; ZOO-Project writes the word None where there is none (quirk Q37)."""
    return None if text in (None, "", "None") else text


def _example(schema: JsonObject, told: str) -> JsonValue:
    if "default" in schema:
        return schema["default"]
    match schema:
        case {"examples": [first, *_]} | {"example": first} | {"enum": [first, *_]} | {"const": first}:
            return first
        case {"format": str(name)} if name.rsplit("/", 1)[-1] == "ogc-bbox":
            return {"bbox": [-35.0, -8.1, -34.8, -7.9], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"}
        case {"type": "array"}:
            items = schema.get("items")
            least = schema.get("minItems")
            count = max(1, least if isinstance(least, int) else 1)
            return [_example(items if isinstance(items, dict) else {"type": "string"}, told)] * min(count, 10)
        case {"type": "object"}:
            return _example_object(schema)
        case {"type": "boolean"}:
            return True
        case {"type": ("integer" | "number") as kind}:
            least = schema.get("minimum", schema.get("exclusiveMinimum", 1))
            number = least if isinstance(least, int | float) else 1
            return int(number) if kind == "integer" else number
        case {"type": "string", "format": "uri"}:
            return f"{EXAMPLE_URL}file.tif"
        case {"type": "string", "format": "date-time"}:
            return "2026-06-01T00:00:00Z"
        case {"type": "string", "format": "date"}:
            return "2026-06-01"
        case {"contentMediaType": str(media_type)}:
            return {"href": f"{EXAMPLE_URL}file", "type": media_type}
        case {"oneOf": [dict(first), *_]} | {"anyOf": [dict(first), *_]}:
            return _example(first, told)
        case {"$ref": str()} | {"allOf": list()}:
            return {"href": f"{EXAMPLE_URL}item.json"}
    # The id first: "EPSG code of the area of interest" is about an EPSG code.
    for words in (told.partition(" ")[0], told):
        plain = re.sub(r"[_\-]+", " ", words.casefold())
        for pattern, value in PROMISES:
            if re.search(pattern, plain):
                return value
    return "text"


def _example_object(schema: JsonObject) -> JsonValue:
    properties = schema.get("properties")
    required = schema.get("required")
    if not isinstance(properties, dict):
        return {}
    wanted = required if isinstance(required, list) else list(properties)
    return {
        name: _example(part, name) for name, part in properties.items() if name in wanted and isinstance(part, dict)
    }
