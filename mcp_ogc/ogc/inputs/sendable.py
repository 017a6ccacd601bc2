"""What JSON has a way to write, and so can be sent: Python's parser reads, and YAML has, what no JSON may have.

Numbers that are not finite (RFC 8259 §6; `NaN`, `Infinity`, and `1e999`, which is read as one), half of a surrogate
pair (RFC 7493 §2.1), and values nested deeper than parsers go.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

DEEPEST = 100
"""Levels of arrays and objects. pydantic's reader of JSON stops at 200."""
HALF = re.compile("[\ud800-\udfff]")
NAME = re.compile(r"\w+")
NODATA = "nodata"
"""The one member of STAC that may be no number, in these words (STAC raster extension, `nodata`)."""
NODATA_WORDS = {math.inf: "inf", -math.inf: "-inf"}


@dataclass(frozen=True, slots=True)
class Unsendable:
    """One part of a value that JSON can't carry."""

    place: tuple[str | int, ...]
    """Names and indices on the way to it."""
    problem: str
    right: str

    @property
    def path(self) -> str:
        """The place as it is written: `a.b[0]`; names that are none are quoted and escaped."""
        return "".join(map(_step, self.place)).removeprefix(".")


def unsendable(value: Any) -> Iterator[Unsendable]:
    """All parts of a value that JSON can't carry, in no particular order."""
    if fault := _fault(value):
        yield Unsendable((), *fault)
    # Of what is none of these no place is made: there may be a million numbers.
    left: list[tuple[tuple[str | int, ...], Any]] = [((), value)] if isinstance(value, dict | list) else []
    while left:
        place, one = left.pop()
        if len(place) >= DEEPEST:
            yield Unsendable(place[:3], f"is nested deeper than {DEEPEST} levels", f"at most {DEEPEST} levels")
            continue
        if isinstance(one, dict):
            named = "has a name with half a character (a lone surrogate)"
            yield from (Unsendable((*place, name), named, "whole text") for name in one if HALF.search(name))
        for name, inner in one.items() if isinstance(one, dict) else enumerate(one):
            if isinstance(inner, dict | list):
                left.append(((*place, name), inner))
            elif fault := _fault(inner):
                yield Unsendable((*place, name), *fault)


def _fault(one: Any) -> tuple[str, str] | None:
    """What is wrong with a text or a number, and what would be right."""
    match one:
        case str() if HALF.search(one):
            return f"is {one[:60]!a}, which has half a character (a lone surrogate)", "whole text"
        case float() if not math.isfinite(one):
            return f"is {_written(one)}, which JSON has no number for", "a finite number"
    return None


def as_sendable(value: Any, name: str = "") -> Any:
    """A value with all in it that JSON can't carry replaced: what a tool made is told as far as it can be.

    Half characters become U+FFFD, and a number that is not finite null, or the word for it where it is `nodata`.
    """
    match value:
        case str():
            return HALF.sub("\ufffd", value)
        case float() if not math.isfinite(value):
            return NODATA_WORDS.get(value, "nan") if name == NODATA else None
        case Mapping():
            return {as_sendable(key): as_sendable(inner, key) for key, inner in value.items()}
        case list() | tuple():
            return [as_sendable(inner, name) for inner in value]
    return value


def _written(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def _step(part: str | int) -> str:
    if isinstance(part, int):
        return f"[{part}]"
    return f".{part}" if NAME.fullmatch(part) else f".{part[:60]!a}"
