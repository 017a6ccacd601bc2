"""Types and values as a model reads them: a schema in a few words, a value as JSON that can be copied."""

from __future__ import annotations

import json
import re

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.extents import BoxForm
from mcp_ogc.ogc.inputs.shapes import Shape, Sign
from mcp_ogc.ogc.inputs.wellknown import BBOX, NAME, formatted
from mcp_ogc.ogc.models import JsonObject

SHOWN_CHARACTERS = 80
NAMED = re.compile(r"[\w.+/:-]{1,80}(?:; ?[\w.+/-]{1,40}=[\w.+/\"-]{1,60}){0,4}")
MOST_MEMBERS = 20
MOST_CHOICES = 6


def shown(value: JsonValue, limit: int = SHOWN_CHARACTERS) -> str:
    """A value as JSON, shortened. What can't be seen, and the brackets that label remote text, are escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable() or "⟦" in text or "⟧" in text:
        text = "".join(one if one.isprintable() and one not in "⟦⟧" else json.dumps(one)[1:-1] for one in text)
    if len(text) <= limit:
        return text
    cut = text[:limit]
    # Whatever is left out, a quote that was opened is closed: what follows is not the value's.
    end = '…"' if re.sub(r"\\.", "", cut).count('"') % 2 else "…"
    return f"{cut}{end} ({len(text) - limit} more characters)"


def type_of(shape: Shape) -> str:
    """What an input takes, in a few words."""
    if shape.box is BoxForm.TEXT and shape.box_sign is Sign.SHOWN:
        one = 'string "minx,miny,maxx,maxy"'
    else:
        one = short_type(shape.schema)
        by_url = one.startswith(("STAC", "GeoJSON")) and " or " not in one
        one = f"{one}, by URL or inline" if by_url else one
    return f"array of {one}" if shape.several and not shape.is_array else one


def short_type(schema: JsonObject) -> str:
    """A schema, as `schemas.plain` reads it, in a few words."""
    match schema:
        case {"enum": list(values)}:
            more = f" and {len(values) - MOST_MEMBERS} more" if len(values) > MOST_MEMBERS else ""
            return f"one of {', '.join(shown(value) for value in values[:MOST_MEMBERS])}{more}"
        case {"const": value}:
            return shown(value)
        case {"format": str(name)} if (known := formatted(name)) and schema.get("type") != "string":
            return str(known[NAME])
        case {"format": "uri", "contentMediaType": str(media_type)}:
            return f"URL of {shown(media_type)[1:-1]}"
        case {"contentMediaType": str(media_type)}:
            inline = "base64" if schema.get("contentEncoding") == "base64" else "{value, mediaType}"
            return f"{named(media_type)}, by URL {{href}} or {inline}"
        case {"type": "array", "items": dict(items)}:
            return f"array of {short_type(items)}{_bounds(schema, 'minItems', 'maxItems')}"
        case {"type": "array"}:
            return "array"
        case {"$comment": str(name)}:
            return name
        case {"type": "object", "properties": dict(properties)} if "bbox" in properties:
            return str(BBOX[NAME])
        case {"type": "object", "properties": dict(properties)} if properties:
            names = ", ".join(named(name) for name in list(properties)[:MOST_MEMBERS])
            return f"object with {names}"
        case {"type": "string", "format": "uri"}:
            return "URL"
        case {"type": "string", "format": str(name)}:
            return f"string ({named(name)})"
        case {"type": ("number" | "integer") as name}:
            return f"{name}{_bounds(schema, 'minimum', 'maximum')}"
        case {"type": str(name)}:
            return named(name)
        case {"type": list(names)}:
            return " or ".join(named(str(name)) for name in names if name != "null") or "any"
        case {"anyOf": list(choices)}:
            kinds = dict.fromkeys(
                short_type(one) for one in choices if isinstance(one, dict) and one != {"type": "null"}
            )
            return " or ".join(list(kinds)[:MOST_CHOICES]) or "any"
        case {"allOf": list(several)}:
            kinds = dict.fromkeys(short_type(one) for one in several if isinstance(one, dict))
            return next((name for name in kinds if name != "any"), "any")
    return "any"


def named(text: str) -> str:
    """A stranger's name of something: as it is where it is one, quoted where it is a sentence."""
    return text if NAMED.fullmatch(text) else shown(text, 40)


def _bounds(schema: JsonObject, low: str, high: str) -> str:
    lower, upper = (bound if isinstance(bound := schema.get(one), int | float) else None for one in (low, high))
    if lower is not None and upper is not None:
        return f" {lower} to {upper}"
    if lower is not None:
        return f" ≥ {lower}"
    return f" ≤ {upper}" if upper is not None else ""
