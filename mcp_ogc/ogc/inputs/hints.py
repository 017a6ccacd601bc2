"""What a model needs to fill in inputs: a short type, whether it is required, and an example that can be copied."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.examples import example_values
from mcp_ogc.ogc.inputs.schemas import Check, plain
from mcp_ogc.ogc.inputs.shapes import Shape, shape_of
from mcp_ogc.ogc.inputs.typenames import short_type, shown, type_of
from mcp_ogc.ogc.inputs.values import ValueCheck
from mcp_ogc.ogc.models import InputDescription, JsonObject, OutputDescription, ProcessDescription

EXAMPLE_CHARACTERS = 300
LONGEST_EXAMPLE = 600
"""As JSON: a description is read, not a file."""


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
        return shown(self.example, EXAMPLE_CHARACTERS)


def input_hints(description: ProcessDescription) -> tuple[InputHint, ...]:
    """Every input, the required ones first."""
    check = Check()
    hints = [hint_of(input_id, declared, check) for input_id, declared in description.inputs.items()]
    return tuple(sorted(hints, key=lambda hint: not hint.required))


def hint_of(input_id: str, declared: InputDescription, check: Check) -> InputHint:
    """One input; `check` bounds how long an example is looked for."""
    shape = shape_of(input_id, declared)
    told = " — ".join(text for text in (declared.title, declared.description) if text)
    return InputHint(
        id=input_id,
        type=type_of(shape),
        required=shape.required,
        default=declared.schema_.get("default"),
        description=told or None,
        example=_example(shape, f"{input_id} {told}", check),
    )


def _example(shape: Shape, told: str, check: Check) -> JsonValue:
    """The first example that fits: a reference at the worst, which fits any input."""
    tried: JsonValue = None
    for value in example_values(shape, told, check):
        if len(json.dumps(value)) > LONGEST_EXAMPLE:  # what a server gives may be a whole file
            continue
        tried = value
        if shape.several and not (shape.is_array and isinstance(value, list)):
            tried = [value] * max(1, min(shape.least, 10))
        if not ValueCheck(check).misfits(shape, tried):
            return tried
    return tried


def example_inputs(hints: Iterable[InputHint]) -> JsonObject:
    """An `inputs` object to start from: the required inputs; those with a default are left out."""
    return {hint.id: hint.example for hint in hints if hint.required}


def output_type(output: OutputDescription) -> str:
    """The short type of an output."""
    return short_type(plain(output.schema_))
