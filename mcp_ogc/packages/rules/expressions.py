"""Parameter references and JavaScript within a package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_ogc.packages.document import member, place, short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Part, Subject

NOT_EVALUATED = {
    "baseCommand",
    "class",
    "default",
    "doc",
    "dockerPull",
    "expressionLib",
    "id",
    "label",
    "run",
    "symbols",
    "type",
}
REFERENCE = re.compile(r"""\$\(\s*([A-Za-z_]\w*)(?:\.\w+|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])*\s*\)""")
"""CWL CommandLineTool v1.2 §3.4.1: what needs no JavaScript."""
INPUT = re.compile(r"""\binputs(?:\.([A-Za-z_]\w*)|\[['"]([^'"]+)['"]\])""")
BEGINNING = re.compile(r"(?<!\\)(?:\\\\)*(\$[({])")
"""Of an expression: two backslashes are one, and escape nothing."""
NAMES = ("inputs", "self", "runtime", "null")
CLOSING = {"(": ")", "{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, and where its text is."""

    text: str
    place: tuple[int, int]
    is_closed: bool

    @property
    def first_name(self) -> str | None:
        """What a parameter reference begins with; None of JavaScript."""
        reference = REFERENCE.fullmatch(self.text)
        return reference[1] if reference else None

    @property
    def is_script(self) -> bool:
        """Whether it is JavaScript."""
        return self.is_closed and self.first_name is None

    @property
    def inputs(self) -> set[str]:
        """The inputs it names."""
        return {plain or quoted for plain, quoted in INPUT.findall(self.text)}


def expressions_of(node: Any) -> Iterator[Expression]:
    """The expressions below a node, but for those of processes that its steps hold."""
    keys: Sequence[Any] = list(node) if isinstance(node, Mapping) else range(len(node)) if _is_list(node) else ()
    for key in keys:
        if key in NOT_EVALUATED or (isinstance(key, str) and ":" in key):
            continue
        value = node[key]
        if isinstance(value, str):
            yield from _expressions(value, place(node, key))
        else:
            yield from expressions_of(value)


def _expressions(text: str, where: tuple[int, int]) -> Iterator[Expression]:
    position = 0
    while (start := _next(text, position)) >= 0:
        end = _end(text, start + 1)
        yield Expression(text[start : end or len(text)], where, end is not None)
        position = end or len(text)


def _next(text: str, position: int) -> int:
    found = BEGINNING.search(text, position)
    return found.start(1) if found else -1


def _end(text: str, position: int) -> int | None:
    """Behind the bracket that closes the one at a position; None where none does."""
    closing: list[str] = []
    quote = ""
    escaped = False
    for index in range(position, len(text)):
        character = text[index]
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in CLOSING:
            closing.append(CLOSING[character])
        elif closing and character == closing[-1]:
            closing.pop()
            if not closing:
                return index + 1
    return None


def inputs_named(workflow: Part, step: str) -> set[str]:
    """The inputs of a step that its expressions name."""
    return {
        name
        for expression in expressions_of(member(member(workflow.node, "steps"), step))
        for name in expression.inputs
    }


def scopes(part: Part) -> Iterator[tuple[Any, set[str], str]]:
    """Where expressions may stand: a node, the inputs they see, and whose inputs those are."""
    if part.kind == "Workflow":
        for step in part.steps:
            name = short_id(step.id)
            node = member(member(part.node, "steps"), name)
            yield node, {short_id(one.id) for one in step.in_}, f"the step {name}"
    else:
        yield part.node, {short_id(one.id) for one in part.process.inputs}, part.name


def unclosed(subject: Subject) -> Iterator[Hit]:
    """Expressions without their closing bracket."""
    for part in subject.parts:
        for node, _, _ in scopes(part):
            for one in expressions_of(node):
                if not one.is_closed:
                    yield Hit(one.place, f"the expression {one.text[:40]} is not closed")


def unknown_inputs(subject: Subject) -> Iterator[Hit]:
    """Expressions that name inputs which are not there."""
    for part in subject.parts:
        for node, known, owner in scopes(part):
            for one in expressions_of(node):
                for name in sorted(one.inputs - known):
                    told = f"{one.text[:60]} names the input {name}, which {owner} does not have"
                    yield Hit(one.place, told, f"Its inputs: {', '.join(sorted(known)) or 'none'}")


def unknown_names(subject: Subject) -> Iterator[Hit]:
    """Parameter references to something else than CWL has."""
    for part in subject.parts:
        for node, _, _ in scopes(part):
            for one in expressions_of(node):
                if one.first_name not in (None, *NAMES):
                    yield Hit(one.place, f"{one.text[:60]} names neither inputs nor self nor runtime")


def _is_list(node: Any) -> bool:
    return isinstance(node, Sequence) and not isinstance(node, str)


ERROR = Severity.ERROR
REFERENCES = "CWL CommandLineTool §3.4"
RULES = (
    Rule(
        "expression-closed",
        ERROR,
        "Every job of it fails",
        "Close it, or write \\$( for a plain $(",
        REFERENCES,
        unclosed,
    ),
    Rule("expression-input", ERROR, "Every job of it fails", "Name an input that is there", REFERENCES, unknown_inputs),
    Rule(
        "expression-name",
        ERROR,
        "Every job of it fails",
        "For a shell's own $(…), write \\$(…)",
        REFERENCES,
        unknown_names,
    ),
)
