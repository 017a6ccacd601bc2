"""Where expressions stand, and what they see: the inputs of the process that evaluates them, and JavaScript or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_ogc.packages.document import member, short_id
from mcp_ogc.packages.expressions import Expression, expressions_of
from mcp_ogc.packages.parts import Part, Subject, own_requirement, told

JAVASCRIPT = "InlineJavascriptRequirement"
LOOP = "Loop"
"""cwltool's extension, the only requirement of a step that is evaluated with the step's own inputs."""
OF_THE_TOOL = {
    "EnvVarRequirement",
    "InitialWorkDirRequirement",
    "NetworkAccess",
    "ResourceRequirement",
    "ToolTimeLimit",
    "WorkReuse",
}
"""What a step asks for its tool, which evaluates it."""
HOLDERS = ("requirements", "hints")


@dataclass(frozen=True, slots=True)
class Scope:
    """Expressions that one process or step evaluates."""

    expressions: tuple[Expression, ...]
    inputs: frozenset[str]
    """What `inputs` has there."""
    owner: str
    """Whose inputs those are, as a sentence has it."""
    library: Sequence[str] | None
    """The expressionLib of the InlineJavascriptRequirement in force; None where none is."""


def scopes(subject: Subject) -> Iterator[Scope]:
    """Every place where expressions may stand. Those of a step's requirements are there for each tool they reach."""
    for part in subject.parts:
        if part.kind != "Workflow":
            library = _library(subject.requirement(part, JAVASCRIPT))
            yield Scope(tuple(expressions_of(part.node)), part.inputs, part.name, library)
        for step in part.steps:
            yield _of_step(subject, part, step)
            yield from _of_its_tools(subject, part, step)


def inputs_named(workflow: Part, step: Any) -> set[str]:
    """The inputs of a step that its own expressions name."""
    return {name for expression in _own_expressions(_node(workflow, step)) for name in expression.inputs}


def _of_step(subject: Subject, workflow: Part, step: Any) -> Scope:
    name = short_id(step.id)
    given = frozenset(short_id(one.id) for one in step.in_)
    library = _library_of_step(subject, workflow, step)
    return Scope(tuple(_own_expressions(_node(workflow, step))), given, f"the step {name}", library)


def _own_expressions(node: Any) -> Iterator[Expression]:
    """Those that a step evaluates itself."""
    yield from expressions_of(node, [key for key in node if key not in HOLDERS])
    for field in HOLDERS:
        for name, holder, key in _requirements(node.get(field)):
            if name.rpartition(":")[2] == LOOP:
                yield from expressions_of(holder[key])


def _of_its_tools(subject: Subject, workflow: Part, step: Any) -> Iterator[Scope]:
    """Requirements of a step are evaluated by the tools it runs (CWL v1.2 Workflow §4.2)."""
    process = subject.run_by(step)
    node = _node(workflow, step)
    for field in HOLDERS:
        for name, holder, key in _requirements(node.get(field)):
            found = tuple(expressions_of(holder, [key])) if name in OF_THE_TOOL else ()
            for tool in _reached(subject, process, name, field) if found and process else ():
                library = _library(subject.requirement(tool, JAVASCRIPT))
                if library is None:
                    library = _library_of_step(subject, workflow, step)
                yield Scope(found, tool.inputs, tool.name, library)


def _reached(subject: Subject, process: Part, name: str, field: str) -> Iterator[Part]:
    """The tools in which a requirement from above is in force: the most specific one is, and no hint before it."""
    seen: set[int] = set()
    ahead = [process]
    while ahead:
        part = ahead.pop()
        if id(part) in seen or _overrides(part.process, name, field):
            continue
        seen.add(id(part))
        if part.kind == "CommandLineTool":
            yield part
        for step in part.steps:
            below = subject.run_by(step)
            if below and not _overrides(step, name, field):
                ahead.append(below)


def _overrides(holder: Any, name: str, field: str) -> bool:
    if field == "hints":
        return own_requirement(holder, name) is not None
    return any(told(one, "class_") == name for one in holder.requirements or ())


def _library_of_step(subject: Subject, workflow: Part, step: Any) -> Sequence[str] | None:
    own = own_requirement(step, JAVASCRIPT)
    return _library((own, workflow) if own else subject.requirement(workflow, JAVASCRIPT))


def _library(found: tuple[Any, Part] | None) -> Sequence[str] | None:
    return None if found is None else told(found[0], "expressionLib") or ()


def _requirements(told: Any) -> Iterator[tuple[str, Any, Any]]:
    """Requirements or hints, in either form: class, and where it is."""
    keys = list(told) if isinstance(told, Mapping) else range(len(told)) if isinstance(told, list) else ()
    for key in keys:
        yield str(key if isinstance(told, Mapping) else told[key].get("class")), told, key


def _node(workflow: Part, step: Any) -> Any:
    return member(member(workflow.node, "steps"), short_id(step.id))
