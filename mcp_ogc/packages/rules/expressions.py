"""Parameter references and JavaScript within a package."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from mcp_ogc.packages.expressions import Expression
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.scopes import scopes

NAMES = ("inputs", "self", "runtime", "null")
OF_JAVASCRIPT = ("true", "false", "undefined", "NaN", "Infinity", "this")
WORD = re.compile(r"[A-Za-z_]\w*")


def unclosed(subject: Subject) -> Iterator[Hit]:
    """Expressions without their closing bracket."""
    for scope in scopes(subject):
        for one in scope.expressions:
            if not one.is_closed:
                yield Hit(one.place, f"the expression {one.text[:40]} is not closed")


def unknown_inputs(subject: Subject) -> Iterator[Hit]:
    """Parameter references to inputs which are not there."""
    yield from _unknown_inputs(subject, lambda one: not one.is_script)


def undefined_inputs(subject: Subject) -> Iterator[Hit]:
    """JavaScript that names inputs which are not there: it may never come to that, or do without."""
    yield from _unknown_inputs(subject, lambda one: one.is_script and not one.asks_first)


def _unknown_inputs(subject: Subject, is_meant: Callable[[Expression], bool]) -> Iterator[Hit]:
    for scope in scopes(subject):
        for one in filter(is_meant, scope.expressions):
            for name in sorted(one.inputs - scope.inputs):
                told = f"{one.text[:60]} names the input {name}, which {scope.owner} does not have"
                yield Hit(one.place, told, f"Its inputs: {', '.join(sorted(scope.inputs)) or 'none'}")


def unknown_names(subject: Subject) -> Iterator[Hit]:
    """Parameter references to something else than CWL has, or JavaScript where that is in force.

    What has members there is left to the engine: it was told to be something.
    """
    words: dict[int, set[str]] = {}
    for scope in scopes(subject):
        for one in scope.expressions:
            name = one.first_name
            if name in (None, *NAMES):
                continue
            if scope.library is not None:
                if id(scope.library) not in words:
                    words[id(scope.library)] = set(WORD.findall("\n".join(map(str, scope.library))))
                if one.segments or name in OF_JAVASCRIPT or name in words[id(scope.library)]:
                    continue
            yield Hit(one.place, f"{one.text[:60]} names neither inputs nor self nor runtime")


ERROR, WARNING = Severity.ERROR, Severity.WARNING
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
        "expression-undefined",
        WARNING,
        "It is undefined there: null, or a failure",
        "Name an input that is there",
        REFERENCES,
        undefined_inputs,
    ),
    Rule(
        "expression-name",
        ERROR,
        "Every job of it fails",
        "For a shell's own $(…), write \\$(…)",
        REFERENCES,
        unknown_names,
    ),
)
