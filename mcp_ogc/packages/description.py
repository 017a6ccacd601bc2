"""CWL to OGC process description: what a deployed package looks like to those who run it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.sendable import unsendable
from mcp_ogc.ogc.models import (
    InputDescription,
    JobControl,
    JsonObject,
    Metadata,
    OutputDescription,
    ProcessDescription,
)
from mcp_ogc.packages.document import short_id

if TYPE_CHECKING:
    from mcp_ogc.packages.cwl import Package

# On the wire a File or a Directory is the URL it is staged in from.
URL: JsonObject = {"type": "string", "format": "uri"}
TYPES: dict[str, JsonObject] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "Any": {},
    **dict.fromkeys(("File", "Directory", "stdin", "stdout", "stderr"), URL),
}
FILES = ("File", "Directory")
MEDIA_TYPES = "/assignments/media-types/"
DIRECTORY_OUTPUT: JsonObject = {"type": "object", "format": "stac-item-collection"}
UNKNOWN_VERSION = "unknown"


def describe(package: Package, workflow_id: str | None = None) -> ProcessDescription:
    """The process description a package gives.

    Defaults are kept as they are, 0, false and "" too; an input with a default or of an optional type may be left out.

    Raises:
        UnknownName: The package has no such workflow.
    """
    process = package.workflow(workflow_id)
    named = _named_types(process)
    return ProcessDescription(
        id=short_id(process.id),
        version=package.software_version or UNKNOWN_VERSION,
        title=process.label,
        description=_text(process.doc),
        metadata=(Metadata(title="cwl:version", value=package.cwl_version),),
        job_control_options=(JobControl.ASYNC, JobControl.DISMISS),
        output_transmission=("value", "reference"),
        mutable=True,
        inputs={short_id(declared.id): _input(declared, named) for declared in process.inputs},
        outputs={short_id(declared.id): _output(declared, named) for declared in process.outputs},
    )


def _named_types(process: Any) -> dict[str, Any]:
    """The types that a process defines by name (CWL's SchemaDefRequirement)."""
    definitions = [one for one in process.requirements or () if one.class_ == "SchemaDefRequirement"]
    return {short_id(defined.name): defined for one in definitions for defined in one.types}


def _input(declared: Any, named: Mapping[str, Any]) -> InputDescription:
    schema = _schema(declared.type_, {**TYPES, "File": _file(declared), **named})
    default = plain_default(declared.default)
    # One that no JSON can carry, such as .nan, can't be told: it stays a default all the same.
    if default is not None and not any(unsendable(default)) and not _holds_literal(default):
        schema = {**schema, "default": default}
    return InputDescription(
        title=declared.label,
        description=_text(declared.doc),
        metadata=(Metadata(title="cwl:type", value=type_name(declared.type_)),),
        schema_=schema,
        min_occurs=0 if _is_optional(declared.type_) or default is not None else 1,
    )


def _output(declared: Any, named: Mapping[str, Any]) -> OutputDescription:
    types = {**TYPES, **dict.fromkeys(("File", "stdout", "stderr"), _file(declared)), "Directory": DIRECTORY_OUTPUT}
    return OutputDescription(
        title=declared.label,
        description=_text(declared.doc),
        metadata=(Metadata(title="cwl:type", value=type_name(declared.type_)),),
        schema_=_schema(declared.type_, {**types, **named}),
    )


def _is_optional(cwl_type: Any) -> bool:
    """Whether null is one of the types."""
    return cwl_type == "null" or (isinstance(cwl_type, list) and "null" in cwl_type)


def _schema(cwl_type: Any, types: Mapping[str, Any]) -> JsonObject:
    """The JSON schema of a CWL type.

    Args:
        cwl_type: As cwl-utils has it: a name, a list of alternatives, or an object.
        types: What names stand for: a JSON schema, or another CWL type.
    """
    if isinstance(cwl_type, str):
        name = short_id(cwl_type)
        known = types.get(name, {})
        # A record may have itself for a field: within it, its name stands for anything.
        return known if isinstance(known, dict) else _schema(known, {**types, name: {}})
    if isinstance(cwl_type, list):
        schemas = [_schema(one, types) for one in cwl_type if one != "null"]
        schema: JsonObject = schemas[0] if len(schemas) == 1 else {"anyOf": list[JsonValue](schemas)}
        return {**schema, "nullable": True} if _is_optional(cwl_type) else schema
    match cwl_type.type_:
        case "array":
            return {"type": "array", "items": _schema(cwl_type.items, types)}
        case "enum":
            return {"type": "string", "enum": [short_id(symbol) for symbol in cwl_type.symbols]}
        case "record":
            fields = {short_id(field.name): field.type_ for field in cwl_type.fields or ()}
            return {
                "type": "object",
                "properties": {name: _schema(field, types) for name, field in fields.items()},
                "required": [name for name, field in fields.items() if not _is_optional(field)],
            }
    return _schema(cwl_type.type_, types)


def type_name(cwl_type: Any) -> str:
    """A CWL type as people write it: `string[]?`, `enum`, `(int | string)[]`."""
    if isinstance(cwl_type, str):
        return short_id(cwl_type)
    if isinstance(cwl_type, list):
        names = [type_name(one) for one in cwl_type if one != "null"]
        choice = " | ".join(names)
        if not _is_optional(cwl_type):
            return choice
        return f"({choice})?" if len(names) > 1 else f"{choice}?"
    if cwl_type.type_ == "array":
        items = type_name(cwl_type.items)
        return f"({items})[]" if isinstance(cwl_type.items, list) else f"{items}[]"
    name = getattr(cwl_type, "name", None)
    if name and not name.startswith("_:"):  # the parser's name of one that has none
        return short_id(name)
    return type_name(cwl_type.type_)


def _file(declared: Any) -> JsonObject:
    """The schema of a file: with the media types of its `format`, where those are IANA's."""
    told = getattr(declared, "format", None)
    forms = [one.partition(MEDIA_TYPES) for one in (told if isinstance(told, list) else [told]) if isinstance(one, str)]
    files: list[JsonValue] = [{**URL, "contentMediaType": media_type} for _, _, media_type in forms if media_type]
    if not files or len(files) < len(forms):  # of one that is no media type nobody knows which files it takes
        return URL
    return {**URL, "contentMediaType": forms[0][2]} if len(files) == 1 else {"anyOf": files}


def _text(doc: str | Sequence[str] | None) -> str | None:
    if doc is None or isinstance(doc, str):
        return doc
    return "\n".join(doc)


def plain_default(value: Any) -> JsonValue:
    """A default as JSON; that of a File or Directory is its URL, as a value of it would be, or itself without one."""
    if getattr(value, "class_", None) in FILES:
        value = value.save(relative_uris=False)
    if isinstance(value, Mapping):
        url = value.get("location") or value.get("path") if value.get("class") in FILES else None
        return str(url) if url else {str(name): plain_default(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain_default(one) for one in value]
    plain: JsonValue = value
    return plain


def _holds_literal(value: JsonValue) -> bool:
    """Whether a default holds a file that comes as its text, in the package alone: no value of the input is like it."""
    if isinstance(value, dict):
        return value.get("class") in FILES or any(map(_holds_literal, value.values()))
    return isinstance(value, list) and any(map(_holds_literal, value))
