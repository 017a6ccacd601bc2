"""Parameter references and JavaScript within a package."""

from __future__ import annotations

from collections.abc import Iterator

from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.scopes import scopes

NAMES = ("inputs", "self", "runtime", "null")


def unclosed(subject: Subject) -> Iterator[Hit]:
    """Expressions without their closing bracket."""
    for scope in scopes(subject):
        for one in scope.expressions:
            if not one.is_closed:
                yield Hit(one.place, f"the expression {one.text[:40]} is not closed")


def unknown_inputs(subject: Subject) -> Iterator[Hit]:
    """Expressions that name inputs which are not there."""
    for scope in scopes(subject):
        for one in scope.expressions:
            for name in sorted(one.inputs - scope.inputs):
                told = f"{one.text[:60]} names the input {name}, which {scope.owner} does not have"
                yield Hit(one.place, told, f"Its inputs: {', '.join(sorted(scope.inputs)) or 'none'}")


def unknown_names(subject: Subject) -> Iterator[Hit]:
    """Parameter references to something else than CWL has."""
    for scope in scopes(subject):
        for one in scope.expressions:
            if one.first_name not in (None, *NAMES):
                yield Hit(one.place, f"{one.text[:60]} names neither inputs nor self nor runtime")


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
