"""Files written as text inside a document: base64, as a value says of itself or the description of its output does."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.shapes import parts
from mcp_ogc.ogc.models import JsonObject

BASE64 = "base64"


def media_type_of(members: Mapping[str, JsonValue]) -> str | None:
    """The media type a qualified value or a reference tells: of its own, or in its `format` (ZOO-Project, Weaver)."""
    named = members.get("mediaType") or members.get("type") or _of_format(members, "mediaType")
    return named if isinstance(named, str) else None


def decoded(text: str, members: Mapping[str, JsonValue], schema: JsonObject) -> tuple[bytes, str] | None:
    """The file a text is, and its media type; None where it is a text.

    Args:
        text: As it is in the document.
        members: Of the qualified value it is in, none where it is bare.
        schema: Of the output, as `schemas.plain` reads it.
    """
    told, media_type = members.get("encoding") or _of_format(members, "encoding"), media_type_of(members)
    if told is None:
        described = _described(schema, media_type)
        if described is None or not text:
            return None
        media_type = media_type or described
    elif not isinstance(told, str) or told.casefold() != BASE64:
        return None
    try:
        body = binascii.a2b_base64(re.sub(r"\s+", "", text).encode("ascii"), strict_mode=True)
    except ValueError:  # what went wrong in words, or a URL
        return None
    return body, media_type or "application/octet-stream"


def of_elements(schema: JsonObject) -> JsonObject:
    """The schema of what an output is an array of; its own where that says nothing of an array."""
    return next(_elements(schema), schema)


def _elements(schema: JsonObject) -> Iterator[JsonObject]:
    for part in parts(schema):
        if part.get("type") == "array" and isinstance(items := part.get("items"), dict):
            yield items


def _described(schema: JsonObject, media_type: str | None) -> str | None:
    """The media type under which a schema has texts of base64, where every choice that may be meant is one."""
    texts = [
        part
        for part in parts(schema)
        if not {"anyOf", "allOf"} & set(part) and (part.get("type") == "string" or "contentEncoding" in part)
    ]
    meant = [part for part in texts if media_type and _name(part.get("contentMediaType")) == _name(media_type)] or texts
    if not meant or any(str(part.get("contentEncoding", "")).casefold() != BASE64 for part in meant):
        return None
    return str(meant[0].get("contentMediaType") or "application/octet-stream")


def _name(media_type: JsonValue) -> str:
    return str(media_type).split(";", 1)[0].strip().casefold()


def _of_format(members: Mapping[str, JsonValue], name: str) -> JsonValue:
    form = members.get("format")
    return form.get(name) if isinstance(form, dict) else None
