"""What there is to say about inputs that fit: what is left out, where a box is, what the endpoint reads otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mcp_types import CallToolResult, TextContent

from mcp_ogc.text import literal, number

if TYPE_CHECKING:
    from mcp_ogc.ogc.inputs.extents import Extent
    from mcp_ogc.ogc.inputs.preparation import PreparedInputs


def input_notes(prepared: PreparedInputs) -> tuple[str, ...]:
    """For whoever has not sent them yet: warnings, boxes with their size, defaults."""
    notes = [*prepared.warnings, *(_of_extent(name, extent) for name, extent in prepared.extents.items())]
    if prepared.defaults:
        defaults = ", ".join(f"{name}={literal(value)}" for name, value in prepared.defaults.items())
        notes.append(f"left out, so the default holds: {defaults}")
    return tuple(notes)


def with_notes(answer: CallToolResult, notes: Iterable[str]) -> CallToolResult:
    """An answer with notes before its last line, which is the next call, and in its structured content."""
    several = list(notes)
    first, *others = answer.content
    if not several or not isinstance(first, TextContent):
        return answer
    *lines, last = first.text.split("\n")
    text = "\n".join([*lines, *(f"Note: {note}" for note in several), last])
    return answer.model_copy(
        update={
            "content": [first.model_copy(update={"text": text}), *others],
            "structured_content": {**(answer.structured_content or {}), "notes": several},
        }
    )


def _of_extent(name: str, extent: Extent) -> str:
    from mcp_ogc.rasters.area import box_km2

    size = box_km2(extent.west, extent.south, extent.east, extent.north)
    across = ", across the antimeridian" if extent.crosses_antimeridian else ""
    west, south, east, north = (number(one, 8) for one in (extent.west, extent.south, extent.east, extent.north))
    where = f"longitude {west} to {east}, latitude {south} to {north}{across}"
    return f"{name} is {where}: {number(size)} km²; is it the area that is meant?"
