"""Expressions in the text of a package: where each begins and ends, and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mcp_ogc.packages.document import place

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
REFERENCE = re.compile(r"""\$\(([A-Za-z_]\w*)((?:\.\w+|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])*)\)""")
"""CWL CommandLineTool v1.2 §3.4.1: what needs no JavaScript. It has no spaces."""
SEGMENT = re.compile(r"""\.(\w+)|\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d+))\]""")
CODE = re.compile(
    r"""//[^\n]*|/\*(?:.*?\*/|.*)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?|`(?:\\.|[^`\\])*`?"""
    r"""|(?:(?<=[(,=:\[!&|?{};])|\breturn)[ ]?/(?:\\.|\[(?:\\.|[^\]\\\n]){0,99}\]|[^/\\\[\n]){1,999}/"""
    r"""|(?<![\w$.])inputs\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*(?:'([^'\\]*)'|"([^"\\]*)")\s*\])""",
    re.DOTALL,
)
"""What is passed over in JavaScript (comments, strings, templates, regular expressions), or an input that it names.
What is never closed goes on to the end, so that no beginning is tried in vain."""
ASKS_FIRST = re.compile(r"\bhasOwnProperty\b|\bin\s+inputs\b|\bObject\s*\.")
"""What a script does that looks whether an input is there."""
OF_EVERY_OBJECT = {
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
}
BEGINNING = re.compile(r"(?<!\\)(?:\\\\)*(\$[({])")
"""Of an expression: two backslashes are one, and escape nothing."""
CLOSING = {"(": ")", "{": "}"}


@dataclass(frozen=True)
class Expression:
    """One expression, and where its text is."""

    text: str
    place: tuple[int, int]
    is_closed: bool

    @cached_property
    def first_name(self) -> str | None:
        """What a parameter reference begins with; None of JavaScript."""
        reference = REFERENCE.fullmatch(self.text)
        return reference[1] if reference else None

    @property
    def segments(self) -> tuple[str, ...]:
        """What a parameter reference has after its first name; none of JavaScript."""
        reference = REFERENCE.fullmatch(self.text)
        found = SEGMENT.findall(reference[2]) if reference else ()
        return tuple("".join(names) for names in found)

    @property
    def is_script(self) -> bool:
        """Whether it is JavaScript."""
        return self.is_closed and self.first_name is None

    @cached_property
    def inputs(self) -> set[str]:
        """The inputs it names; JavaScript may name more, and go through all of them."""
        if not self.is_script:
            return set(self.segments[:1]) if self.first_name == "inputs" else set()
        return {"".join(names) for names in CODE.findall(self.text)} - {""} - OF_EVERY_OBJECT

    @property
    def asks_first(self) -> bool:
        """Whether it is JavaScript that looks whether an input is there."""
        return self.is_script and ASKS_FIRST.search(self.text) is not None


def expressions_of(node: Any, keys: Sequence[Any] | None = None) -> Iterator[Expression]:
    """The expressions below a node, or below those members of it, but for those of processes that its steps hold."""
    if keys is None:
        keys = list(node) if isinstance(node, Mapping) else range(len(node)) if _is_list(node) else ()
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
    """Behind the bracket that closes the one at a position; None where none does. Engines count that kind of bracket
    and look at quotes, and know neither comments nor regular expressions (cwl-utils' `scanner`)."""
    opening, closing = text[position], CLOSING[text[position]]
    depth = 0
    quote = ""
    escaped = False
    for index in range(position, len(text)):
        character = text[index]
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character == opening:
            depth += 1
        elif character == closing:
            depth -= 1
            if not depth:
                return index + 1
    return None


def _is_list(node: Any) -> bool:
    return isinstance(node, Sequence) and not isinstance(node, str)
