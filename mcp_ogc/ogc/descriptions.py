"""Inputs and outputs of a description, in whatever form a server gives them, as OGC 18-062r2 has them."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]

# `schema` is cwl2ogc's or the standard's; the others are ZOO-Project's own beside it (quirk Q37).
SCHEMAS = ("schema", "extended-schema", "original-schema")
DEPTH = 60
"""Of a schema that is kept: deeper ones can't be validated as JSON, and nothing reads that deep."""
UNBOUNDED = 999
"""What ZOO-Project writes for it."""
# Types of literal data in the drafts, by the last part of their URI.
NUMBER: JsonObject = {"type": "number"}
INTEGER: JsonObject = {"type": "integer"}
LITERALS: Mapping[str, JsonObject] = {
    **dict.fromkeys(("double", "float", "decimal", "number"), NUMBER),
    **dict.fromkeys(("integer", "int", "long", "short", "positiveinteger", "nonnegativeinteger"), INTEGER),
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "anyuri": {"type": "string", "format": "uri"},
}


def inputs_by_id(listed: JsonValue) -> JsonValue:
    """Inputs, or outputs, by their id: in the drafts they are arrays, and some servers write null for none."""
    if listed is None:
        return {}
    if isinstance(listed, list):
        return {str(one.get("id", one.get("identifier"))): one for one in listed if isinstance(one, dict)}
    return listed


def readable(described: object) -> object:
    """An input or output with one `schema` and numbers of occurrence that can be read.

    What a server says beside the schema goes into it: a default that cwl2ogc lost because it is 0, false or ""
    (quirk Q37), and pygeoapi's `enum`.
    """
    if not isinstance(described, dict):
        return described if hasattr(described, "schema_") else {}
    if {"schema_", "min_occurs", "max_occurs"} & set(described):  # our own words, not a server's
        return described
    schemas = [one for word in SCHEMAS if isinstance(one := described.get(word), dict) and one]
    schema = dict(schemas[0]) if schemas else _draft(described)
    for word in ("default", "enum"):
        beside = next((one[word] for one in [*schemas, described] if word in one), None)
        if word not in schema and beside is not None:
            schema[word] = beside
    least, most = described.get("minOccurs"), described.get("maxOccurs")
    schema = {word: _cut(part, DEPTH) for word, part in schema.items()}
    return {**described, "schema": schema, "minOccurs": _count(least, 1), "maxOccurs": _most(most)}


def _cut(value: JsonValue, depth: int) -> JsonValue:
    if depth == 0:
        return {} if isinstance(value, dict) else [] if isinstance(value, list) else value
    if isinstance(value, dict):
        return {name: _cut(one, depth - 1) for name, one in value.items()}
    return [_cut(one, depth - 1) for one in value] if isinstance(value, list) else value


def _count(value: object, otherwise: int) -> int:
    try:
        return max(0, int(value)) if isinstance(value, int | float | str) else otherwise
    except (ValueError, OverflowError):
        return otherwise


def _most(value: object) -> int | str:
    if isinstance(value, str) and value.casefold() == "unbounded":
        return "unbounded"
    most = max(1, _count(value, 1))
    return "unbounded" if most >= UNBOUNDED else most


def _draft(described: JsonObject) -> JsonObject:
    """The schema of an input of the drafts: literal data, formats, or a bounding box, in `input` or by itself."""
    nested = described.get("input", described.get("output"))
    told = nested if isinstance(nested, dict) else described
    if domains := _objects(told.get("literalDataDomains") or told.get("literalDataDomain")):
        return _literal(domains[0])
    if told.get("supportedCRS"):
        return {"format": "ogc-bbox"}
    types = [one.get("mimeType", one.get("mediaType")) for one in _objects(told.get("formats"))]
    schemas: list[JsonValue] = [
        {"type": "string", "contentMediaType": name} for name in types if isinstance(name, str) and name
    ]
    if any(isinstance(name, str) and "json" in name for name in types):
        schemas.append({"type": "object"})
    return {"oneOf": schemas} if len(schemas) > 1 else dict(_objects(schemas)[0]) if schemas else {}


def _literal(domain: JsonObject) -> JsonObject:
    data_type = domain.get("dataType")
    name = data_type.get("name", data_type.get("reference")) if isinstance(data_type, dict) else data_type
    schema = dict(LITERALS.get(str(name).rsplit("#", 1)[-1].rsplit(":", 1)[-1].casefold(), {"type": "string"}))
    values = domain.get("valueDefinition")
    values = values.get("allowedValues") if isinstance(values, dict) else domain.get("allowedValues", values)
    if isinstance(values, list) and values and not any(isinstance(one, dict | list) for one in values):
        schema["enum"] = values
    if (default := domain.get("defaultValue")) is not None:
        schema["default"] = default
    return schema


def _objects(value: JsonValue) -> list[JsonObject]:
    listed = value if isinstance(value, list) else [value]
    return [one for one in listed if isinstance(one, dict)]
