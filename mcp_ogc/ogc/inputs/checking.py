"""Inputs checked against a process description before anything is sent: every problem at once, with the repair."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.errors import InputProblem, InvalidInputs
from mcp_ogc.ogc.inputs.repairs import nearest
from mcp_ogc.ogc.models import ProcessDescription

if TYPE_CHECKING:
    from mcp_ogc.ogc.inputs.hints import InputHint
    from mcp_ogc.ogc.inputs.shapes import Shape
    from mcp_ogc.ogc.inputs.values import Misfit, ValueCheck

__all__ = ["check", "nearest"]

SHOWN_MISFITS = 5
COPYABLE_CHARACTERS = 300


def check(
    description: ProcessDescription,
    inputs: Mapping[str, JsonValue],
    *,
    reads_files: bool = True,
    endpoint: str | None = None,
) -> None:
    """Check inputs by name, number and type. What a schema can't decide is let pass: the endpoint decides.

    Args:
        description: Of the process.
        inputs: By id.
        reads_files: Whether `file:` URLs can be read where it is executed.
        endpoint: The name of where that is, for the next call.

    Raises:
        InvalidInputs: With every problem.
    """
    where = f', endpoint="{endpoint}"' if endpoint else ""
    described = f"ogc_describe_process(process_id={json.dumps(description.id, ensure_ascii=False)}{where})"
    problems = tuple(_unsendable(inputs)) or tuple(_Inputs(description, inputs, reads_files).problems())
    if problems:
        raise InvalidInputs(
            problems,
            remedy=f"Mend them and call again; for all inputs: {described}"
            if description.inputs
            else "This process takes no inputs: inputs={}",
        )


def _unsendable(inputs: Mapping[str, JsonValue]) -> Iterator[InputProblem]:
    """What no endpoint can be sent. Nothing else is looked at then: it can be told nowhere either."""
    from mcp_ogc.ogc.inputs.sendable import unsendable

    for fault in islice(unsendable(dict(inputs)), SHOWN_MISFITS):
        yield InputProblem(fault.path, fault.problem, fault.right)


class _Inputs:
    """The inputs of one execution, beside their description."""

    def __init__(self, description: ProcessDescription, inputs: Mapping[str, JsonValue], reads_files: bool) -> None:
        from mcp_ogc.ogc.inputs.schemas import Check
        from mcp_ogc.ogc.inputs.shapes import shape_of
        from mcp_ogc.ogc.inputs.values import ValueCheck

        self._description = description
        self._inputs = inputs
        self._shapes = {input_id: shape_of(input_id, declared) for input_id, declared in description.inputs.items()}
        self._values: ValueCheck = ValueCheck(Check(), crs=crs_of(self._shapes, inputs), reads_files=reads_files)

    def problems(self) -> Iterator[InputProblem]:
        """All of them: inputs that are missing or wrong in the description's order, then those it does not have."""
        from mcp_ogc.ogc.inputs.hints import hint_of
        from mcp_ogc.ogc.inputs.schemas import Check
        from mcp_ogc.ogc.inputs.typenames import named

        examples = Check()
        for input_id, declared in self._description.inputs.items():
            shape = self._shapes[input_id]
            if input_id not in self._inputs:
                if shape.required:
                    hint = hint_of(input_id, declared, examples)
                    yield InputProblem(named(input_id), "is missing", hint.type, f"for instance {hint.shown_example}")
                continue
            misfits = self._values.misfits(shape, self._inputs[input_id])
            if misfits:
                hint = hint_of(input_id, declared, examples)
                yield from (_problem(misfit, hint, shape) for misfit in misfits[:SHOWN_MISFITS])
            if len(misfits) > SHOWN_MISFITS:
                left_out = f"has {len(misfits) - SHOWN_MISFITS} more problems"
                yield InputProblem(named(input_id), left_out, "the same throughout")
        for input_id in self._inputs:
            if input_id not in self._description.inputs:
                yield self._unknown(input_id)

    def _unknown(self, input_id: str) -> InputProblem:
        from mcp_ogc.ogc.inputs.typenames import named, shown

        value, name = self._inputs[input_id], shown(input_id, 60)[1:-1]
        problem = "is not an input of this process"
        if input_id == "inputs" and isinstance(value, dict) and set(value) & set(self._shapes):
            return InputProblem(
                name, problem, "its members themselves", f"give inputs={shown(value, COPYABLE_CHARACTERS)}"
            )
        free = [other for other in self._shapes if other not in self._inputs]
        for near in (*nearest(input_id, free), *nearest(input_id, self._shapes)):
            given = f"give {shown({near: value}, COPYABLE_CHARACTERS)[1:-1]}"
            fits = near in free and not self._values.misfits(self._shapes[near], value)
            return InputProblem(name, problem, f"perhaps {named(near)}", given if fits else "")
        known = ", ".join(map(named, list(self._shapes)[:20])) or "none"
        return InputProblem(name, problem, f"one of: {known}")


def crs_of(shapes: Mapping[str, Shape], inputs: Mapping[str, JsonValue]) -> str | None:
    """The CRS that an input of its own names for the others, given or by default; None where several are named."""
    named = [inputs.get(input_id, shape.schema.get("default")) for input_id, shape in shapes.items() if shape.is_crs]
    said = {f"EPSG:{one}" if isinstance(one, int) else one for one in named if isinstance(one, int | str)}
    return said.pop() if len(said) == 1 else None


def _problem(misfit: Misfit, hint: InputHint, shape: Shape) -> InputProblem:
    from mcp_ogc.ogc.inputs.typenames import named, shown

    expected = misfit.expected if misfit.expected not in ("", "any") else hint.type
    right = f"for instance {hint.shown_example}" if not misfit.place or not misfit.expected else ""
    if misfit.repair:
        value = shown(misfit.repair.value, COPYABLE_CHARACTERS)
        is_whole = not value.endswith("more characters)")
        right = f"give {value} ({misfit.repair.how})" if is_whole else f"give {misfit.repair.how}"
    elif misfit.problem == "is null" and not shape.required:
        right = "leave it out"
    return InputProblem(f"{named(hint.id)}{misfit.place}", misfit.problem, expected, right)
