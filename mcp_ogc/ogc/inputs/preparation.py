"""Inputs as they are sent: in the form the endpoint reads, with what that means for whoever gave them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.inputs.checking import crs_of
from mcp_ogc.ogc.inputs.extents import Extent, is_geographic, is_latitude_first, read_extent
from mcp_ogc.ogc.inputs.shapes import Shape, parts, shape_of
from mcp_ogc.ogc.models import InputDescription, JsonObject, ProcessDescription


@dataclass(frozen=True, slots=True)
class PreparedInputs:
    """What is sent for inputs that were found right."""

    inputs: JsonObject
    warnings: tuple[str, ...]
    """Where the endpoint makes something else of a value than it says."""
    defaults: JsonObject
    """Of the inputs that are left out, by id."""
    extents: Mapping[str, Extent]
    """The bounding boxes among them, of longitudes and latitudes, by id."""


def prepare(description: ProcessDescription, inputs: Mapping[str, JsonValue], dialect: Dialect) -> PreparedInputs:
    """Inputs in the form an endpoint reads; `inputs` have passed `checking.check`."""
    shapes = {input_id: shape_of(input_id, declared) for input_id, declared in description.inputs.items()}
    sent: JsonObject = {}
    warnings: list[str] = []
    for input_id, value in inputs.items():
        declared, shape = description.inputs[input_id], shapes[input_id]
        if not dialect.reads_false and _is_false(shape, value):
            is_left_out = _can_be_left_out(declared)
            warnings.append(_of_false(input_id, declared, dialect, is_left_out=is_left_out))
            if is_left_out:
                continue
        sent[input_id] = _in_array(shape, value)
    defaults = {
        input_id: declared.schema_["default"]
        for input_id, declared in description.inputs.items()
        if input_id not in sent and declared.schema_.get("default") is not None
    }
    return PreparedInputs(sent, tuple(warnings), defaults, dict(_extents(shapes, inputs)))


def _in_array(shape: Shape, value: JsonValue) -> JsonValue:
    """Several values are an array even if they are one: else it is taken for its only element (quirk Q36)."""
    return [value] if shape.several and not isinstance(value, list) and value is not None else value


def _is_false(shape: Shape, value: JsonValue) -> bool:
    is_boolean = any(part.get("type") == "boolean" for part in parts(shape.schema))
    return is_boolean and (value is False or (isinstance(value, list) and any(one is False for one in value)))


def _can_be_left_out(declared: InputDescription) -> bool:
    """Whether leaving a boolean out is false: by its default, or it has none and need not be given."""
    default = declared.schema_.get("default")
    return default is False or (default is None and not declared.required)


def _of_false(input_id: str, declared: InputDescription, dialect: Dialect, *, is_left_out: bool) -> str:
    """Quirk Q35: a runner that makes a boolean of a text takes `false` for true."""
    if not is_left_out:
        return (
            f"{input_id}=false arrives as true: {dialect.title} reads it so. Ask whether the run is wanted all the same"
        )
    if declared.schema_.get("default") is False:
        return f"{input_id}=false is not sent, because {dialect.title} would read it as true; false is its default"
    return (
        f"{input_id}=false is not sent, because {dialect.title} would read it as true; left out it is what the process "
        "does by itself, which the description does not tell"
    )


def _extents(shapes: Mapping[str, Shape], inputs: Mapping[str, JsonValue]) -> Iterator[tuple[str, Extent]]:
    named = crs_of(shapes, inputs)
    for input_id, shape in shapes.items():
        extent = read_extent(inputs[input_id]) if shape.box and input_id in inputs else None
        if extent is not None:
            crs = extent.crs or named
            if is_geographic(crs) and not is_latitude_first(crs) and extent.in_degrees:
                yield input_id, extent
