"""Defaults that a description lost and its package still has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.packages.document import read_document


def with_package_defaults(description: ProcessDescription, cwl: str) -> ProcessDescription:
    """A description with the defaults 0, false and "" of its package, which cwl2ogc drops (quirk Q37).

    Raises:
        PackageError: The package can't be read.
    """
    document = read_document(cwl, description.id)
    lost = dict(_lost(_inputs(document, description.id)))
    inputs = {
        input_id: declared.model_copy(update={"schema_": {**declared.schema_, "default": lost[input_id]}})
        if input_id in lost and "default" not in declared.schema_
        else declared
        for input_id, declared in description.inputs.items()
    }
    return description.model_copy(update={"inputs": inputs})


def _inputs(document: Mapping[str, Any], process_id: str) -> Mapping[str, Any]:
    """The inputs of the process by id; of its first Workflow where none has that id."""
    graph = document.get("$graph", [document])
    processes = [one for one in graph if isinstance(one, Mapping)] if isinstance(graph, list) else []
    named = [one for one in processes if _short(one.get("id")) == process_id]
    chosen = next(iter(named or [one for one in processes if one.get("class") == "Workflow"]), {})
    inputs = chosen.get("inputs")
    if isinstance(inputs, list):
        return {_short(one.get("id")): one for one in inputs if isinstance(one, Mapping)}
    return inputs if isinstance(inputs, Mapping) else {}


def _lost(inputs: Mapping[str, Any]) -> Iterator[tuple[str, JsonValue]]:
    for input_id, declared in inputs.items():
        match declared.get("default") if isinstance(declared, Mapping) else None:
            case False:
                yield input_id, False
            case int() | float() as number if not number:
                yield input_id, 0
            case "":
                yield input_id, ""


def _short(cwl_id: object) -> str:
    return str(cwl_id or "").rsplit("#", 1)[-1].rsplit("/", 1)[-1]
