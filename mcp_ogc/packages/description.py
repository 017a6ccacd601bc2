"""CWL to OGC process description: what a deployed package looks like to those who run it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import JsonValue

from mcp_ogc.ogc.models import (
    InputDescription,
    JobControl,
    JsonObject,
    Metadata,
    OutputDescription,
    ProcessDescription,
)
from mcp_ogc.packages.cwl import short_id

if TYPE_CHECKING:
    from mcp_ogc.packages.cwl import Package

SCALARS: dict[str, JsonObject] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "string": {"type": "string"},
    "Any": {},
    # On the wire a File or a Directory is the URL it is staged in from.
    "File": {"type": "string", "format": "uri"},
    "Directory": {"type": "string", "format": "uri"},
}
DIRECTORY_OUTPUT: JsonObject = {"type": "object", "format": "stac-item-collection"}
UNKNOWN_VERSION = "unknown"


def describe(package: Package, workflow_id: str | None = None) -> ProcessDescription:
    """The process description a package gives.

    Defaults are kept as they are, 0, false and "" too; an input with a default or of an optional type may be left out.

    Raises:
        UnknownName: The package has no such workflow.
    """
    process = package.workflow(workflow_id)
    return ProcessDescription(
        id=short_id(process.id),
        version=package.software_version or UNKNOWN_VERSION,
        title=process.label,
        description=_text(process.doc),
        metadata=(Metadata(title="cwl:version", value=package.cwl_version),),
        job_control_options=(JobControl.ASYNC, JobControl.DISMISS),
        output_transmission=("value", "reference"),
        mutable=True,
        inputs={short_id(declared.id): _input(declared) for declared in process.inputs},
        outputs={short_id(declared.id): _output(declared) for declared in process.outputs},
    )


def _input(declared: Any) -> InputDescription:
    schema, optional = _schema(declared.type_)
    if declared.default is not None:
        schema = {**schema, "default": _plain(declared.default)}
    return InputDescription(
        title=declared.label,
        description=_text(declared.doc),
        metadata=(Metadata(title="cwl:type", value=type_name(declared.type_)),),
        schema_=schema,
        min_occurs=0 if optional or declared.default is not None else 1,
    )


def _output(declared: Any) -> OutputDescription:
    schema, _ = _schema(declared.type_, output=True)
    media_type = _media_type(declared)
    if media_type:
        schema = {**schema, "contentMediaType": media_type}
    return OutputDescription(
        title=declared.label,
        description=_text(declared.doc),
        metadata=(Metadata(title="cwl:type", value=type_name(declared.type_)),),
        schema_=schema,
    )


def _schema(cwl_type: Any, *, output: bool = False) -> tuple[JsonObject, bool]:
    """The JSON schema of a CWL type, and whether null is one of its types."""
    if isinstance(cwl_type, Sequence) and not isinstance(cwl_type, str):
        others = [one for one in cwl_type if one != "null"]
        optional = len(others) < len(cwl_type)
        schemas = [_schema(one, output=output)[0] for one in others]
        schema: JsonObject = schemas[0] if len(schemas) == 1 else {"anyOf": list[JsonValue](schemas)}
        return ({**schema, "nullable": True} if optional else schema), optional
    if isinstance(cwl_type, str):
        if output and cwl_type == "Directory":
            return DIRECTORY_OUTPUT, False
        return SCALARS.get(short_id(cwl_type), {}), cwl_type == "null"
    match cwl_type.type_:
        case "array":
            return {"type": "array", "items": _schema(cwl_type.items, output=output)[0]}, False
        case "enum":
            return {"type": "string", "enum": [short_id(symbol) for symbol in cwl_type.symbols]}, False
        case "record":
            return _record(cwl_type, output), False
    return _schema(cwl_type.type_, output=output)


def _record(cwl_type: Any, output: bool) -> JsonObject:
    fields = {short_id(field.name): _schema(field.type_, output=output) for field in cwl_type.fields or ()}
    return {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in fields.items()},
        "required": [name for name, (_, optional) in fields.items() if not optional],
    }


def type_name(cwl_type: Any) -> str:
    """A CWL type as people write it: `string[]?`, `enum`, `int | string`."""
    if isinstance(cwl_type, str):
        return short_id(cwl_type)
    if isinstance(cwl_type, Sequence):
        others = [type_name(one) for one in cwl_type if one != "null"]
        optional = "?" if len(others) < len(cwl_type) else ""
        return " | ".join(others) + optional
    if cwl_type.type_ == "array":
        return f"{type_name(cwl_type.items)}[]"
    return type_name(cwl_type.type_)


def _media_type(declared: Any) -> str | None:
    """The media type of an output's `format`, where it is an IANA one."""
    form = getattr(declared, "format", None)
    marker = "/assignments/media-types/"
    return form.split(marker, 1)[1] if isinstance(form, str) and marker in form else None


def _text(doc: str | Sequence[str] | None) -> str | None:
    if doc is None or isinstance(doc, str):
        return doc
    return "\n".join(doc)


def _plain(value: Any) -> JsonValue:
    """A default as JSON: cwl-utils keeps File and Directory defaults as objects."""
    location = getattr(value, "location", None) or getattr(value, "path", None)
    if location is not None:
        return str(location)
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    plain: JsonValue = value
    return plain
