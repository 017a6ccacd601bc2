"""The tools as the SDK has them, with the schemas of schemas.json.

Making sixteen tools' schemas of their functions takes a tenth of a cold start, and comes to the same each time. So they
are written down (`make snapshots`), and a test holds them to the functions.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.tools.base import Tool

from mcp_ogc.tools.spec import ToolSpec

WRITTEN = Path(__file__).with_suffix(".json")

ANY_JSON = {"anyOf": [{"type": name} for name in ("object", "array", "string", "number", "boolean", "null")]}
"""What pydantic writes as `{}`, which strict clients take for a schema that was forgotten."""

Schema = dict[str, Any]


class WrittenTool(Tool):
    """A tool whose schemas are read; what takes its arguments apart is made of its function at its first call."""

    written: Schema | None

    @cached_property
    def output_schema(self) -> Schema | None:
        """Of the structured content."""
        return self.written

    async def run(self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False) -> Any:
        """Run the tool; raises as the SDK's."""
        return await self._made.run(arguments, context, convert_result)

    @cached_property
    def _made(self) -> Tool:
        return Tool.from_function(self.fn, self.name)


def tools(specs: Iterable[ToolSpec]) -> list[Tool]:
    """The tools that specs declare, in their order."""
    written: Mapping[str, Mapping[str, Schema]] = json.loads(WRITTEN.read_text(encoding="utf-8"))
    return [_tool(spec, written[spec.name]) for spec in specs]


def _tool(spec: ToolSpec, schemas: Mapping[str, Schema]) -> WrittenTool:
    declared: Schema = {
        "fn": spec.function,
        "name": spec.name,
        "title": spec.title,
        "description": inspect.cleandoc(spec.function.__doc__ or ""),  # as Python 3.13 has it by itself
        "parameters": schemas["parameters"],
        "written": schemas.get("output"),
        "annotations": spec.effect.value,
        "icons": None,
        "meta": {"ui": {"resourceUri": spec.view}} if spec.view else None,
    }
    return WrittenTool.model_construct(**declared)  # without what runs it, which is made late


def as_written(specs: Iterable[ToolSpec]) -> str:
    """What schemas.json has to be: made of the functions, a line for each."""
    lines = (f"{json.dumps(spec.name)}: {json.dumps(_schemas(spec))}" for spec in specs)
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _schemas(spec: ToolSpec) -> Mapping[str, Schema]:
    """Without the `title`s that pydantic adds: a third of their tokens."""
    made = Tool.from_function(spec.function, spec.name)
    schemas = {"parameters": made.parameters, "output": made.output_schema}
    found = cast("dict[str, Schema]", _untitled({name: one for name, one in schemas.items() if one}))
    definitions = found.get("output", {}).get("$defs", {})
    if "JsonValue" in definitions:
        definitions["JsonValue"] = ANY_JSON
    return found


def _untitled(schema: object) -> object:
    """A schema without `title` where it is a keyword: beside another keyword, and text."""
    match schema:
        case dict():
            return {name: _untitled(one) for name, one in schema.items() if name != "title" or not isinstance(one, str)}
        case list():
            return [_untitled(one) for one in schema]
    return schema
