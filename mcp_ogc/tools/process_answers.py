"""How a process reads in an answer: its inputs and outputs, as many words about each as fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue

from mcp_ogc.text import REMOTE_CHARACTERS, Reply, Untrusted, clean, literal, remote, untrusted, word

if TYPE_CHECKING:
    from mcp_ogc.ogc.inputs.hints import InputHint
    from mcp_ogc.ogc.models import ProcessDescription

TEXT_LIMITS = (REMOTE_CHARACTERS, 120, 60, 24, 0)
"""Characters of the text of an input or output: the first at which all of a process fits into an answer."""


class InputRow(Reply):
    """One input."""

    input_id: str
    type: str
    required: bool
    default: JsonValue = None
    untrusted: Untrusted | None = None


class OutputRow(Reply):
    """One output."""

    output_id: str
    type: str
    untrusted: Untrusted | None = None


Row = TypeVar("Row", InputRow, OutputRow)


@dataclass(frozen=True, slots=True)
class Parameters:
    """Inputs and outputs as they are told: rows and lines say the same."""

    inputs: tuple[InputRow, ...]
    outputs: tuple[OutputRow, ...]
    lines: tuple[str, ...]
    is_short: bool = False
    optional: tuple[str, ...] = ()
    """Inputs of which nothing but the id is told."""


def fitted(inputs: Sequence[InputRow], outputs: Sequence[OutputRow], budget: int) -> Parameters:
    """Inputs and outputs, their texts as long as all fit so many characters; else the required inputs only."""
    for limit in TEXT_LIMITS:
        lines = ["Inputs:" if inputs else "No inputs.", *(input_line(row, limit) for row in inputs)]
        lines += ["Outputs:", *(output_line(row, limit) for row in outputs)]
        if sum(len(line) for line in lines) <= budget:
            is_short = limit != TEXT_LIMITS[0]
            return Parameters(_cut(inputs, limit), _cut(outputs, limit), tuple(lines), is_short)
    required = [row for row in inputs if row.required]
    optional = tuple(row.input_id for row in inputs if not row.required)
    lines = ["Inputs:", *(input_line(row, 0) for row in required), f"optional: {', '.join(optional)}"]
    lines += [f"Outputs: {', '.join(row.output_id for row in outputs)}"]
    return Parameters(_cut(required, 0), _cut(outputs, 0), tuple(lines), True, optional)


def _cut(rows: Sequence[Row], limit: int) -> tuple[Row, ...]:
    """The same rows, their texts no longer than they are told."""

    def cut(row: Row) -> Row:
        texts = {name: clean(text, limit) for name, text in (row.untrusted or {}).items()} if limit else None
        return row.model_copy(update={"untrusted": texts or None})

    return tuple(cut(row) for row in rows)


def input_rows(hints: Iterable[InputHint]) -> tuple[InputRow, ...]:
    """The inputs of a process."""
    return tuple(
        InputRow(
            input_id=hint.id,
            type=hint.type,
            required=hint.required,
            default=hint.default,
            untrusted=remote(description=hint.description),
        )
        for hint in hints
    )


def output_rows(description: ProcessDescription) -> tuple[OutputRow, ...]:
    """The outputs of a process."""
    from mcp_ogc.ogc.inputs.hints import output_type

    return tuple(
        OutputRow(
            output_id=output_id,
            type=output_type(output),
            untrusted=remote(title=output.title, description=output.description),
        )
        for output_id, output in description.outputs.items()
    )


def input_line(row: InputRow, limit: int = REMOTE_CHARACTERS) -> str:
    """An input as a list has it."""
    need = "required" if row.required else "optional"
    default = f", default {literal(row.default)}" if row.default is not None else ""
    text = untrusted((row.untrusted or {}).get("description"), limit) if limit else ""
    return f"- {word(row.input_id)}: {row.type}, {need}{default} {text}".rstrip()


def output_line(row: OutputRow, limit: int = REMOTE_CHARACTERS) -> str:
    """An output as a list has it."""
    text = untrusted(" ".join((row.untrusted or {}).values()), limit) if limit else ""
    return f"- {word(row.output_id)}: {row.type} {text}".rstrip()
