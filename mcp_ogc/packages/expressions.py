"""Expressions in the text of a package: where each begins and ends, and what it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
REFERENCE = re.compile(r"""\$\(\s*([A-Za-z_]\w*)(?:\.\w+|\['(?:[^'\\]|\\.)*'\]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])*\s*\)""")
"""CWL CommandLineTool v1.2 §3.4.1: what needs no JavaScript."""
INPUT = re.compile(r"""\binputs(?:\.([A-Za-z_]\w*)|\[['"]([^'"]+)['"]\])""")
BEGINNING = re.compile(r"(?<!\\)(?:\\\\)*(\$[({])")
"""Of an expression: two backslashes are one, and escape nothing."""
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


def _is_list(node: Any) -> bool:
    return isinstance(node, Sequence) and not isinstance(node, str)
