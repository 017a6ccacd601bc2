"""What CONTRIBUTING.md promises of every answer, as far as it can be read from its text.

The first line is the answer. Units are said. The last line is the next call, its arguments ready to be copied; where
only a person can go on, it says what they do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jsonschema

CONCISE, DETAILED = 600, 4000
"""Tokens: by default, and where more was asked for."""
STRUCTURED, STRUCTURED_CONCISE = 6000, 1000
"""Tokens of structured content: at most, and where no more was asked for than an answer tells by default."""
FIRST_LINE = 240
THE_SAME = "the same as in this call"
"""An argument in words, without quotes: a whole package is not repeated."""
LABELLED = re.compile(r"⟦.*?⟧", re.DOTALL)
TIME = re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?!\d)(Z?)")
OTHER_AREAS = re.compile(r"\d ?(?:km2|sq\.? ?km|square kilomet|m²|ha\b)")
BOX = re.compile(r"(.{0,60})\[(-?\d+\.\d+)(, -?\d+\.\d+){3}\]")
BY_A_PERSON = re.compile(
    r"call again|repeat the call|settings|`mcp-ogc |people who run|nothing is left to do|ask what they|operators",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class NextCall:
    """A call as an answer writes it."""

    tool: str
    arguments: Mapping[str, Any]


def next_calls(text: str) -> Iterator[NextCall]:
    """The calls written in a text, those whose arguments are JSON."""
    for found in re.finditer(r"\b(ogc_[a-z_]+)\(", text):
        arguments = _arguments(text[found.end() :])
        if arguments is not None:
            yield NextCall(found.group(1), arguments)


def _arguments(text: str) -> dict[str, Any] | None:
    given: dict[str, Any] = {}
    while not text.startswith(")"):
        named = re.match(r"(?:, )?([a-z_]+)=", text)
        if named is None:
            return None
        text = text[named.end() :]
        if text.startswith(THE_SAME):
            given[named.group(1)], text = THE_SAME, text[len(THE_SAME) :]
            continue
        try:
            given[named.group(1)], end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            return None
        text = text[end:]
    return given


def breaches(text: str, schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What an answer breaks, if anything.

    Args:
        text: The answer.
        schemas: Input schemas of the tools, by name.
    """
    lines = text.splitlines()
    ours = LABELLED.sub("⟦⟧", text)
    told = _first_line(lines) + _last_line(lines, schemas) + _calls(text, schemas)
    told += [f"a time without zone: {one.group()}" for one in TIME.finditer(ours) if not one.group(1)]
    told += [f"an area in another unit: {one.group()}" for one in OTHER_AREAS.finditer(ours)]
    told += [f"a box whose order is not said: {one.group()}" for one in BOX.finditer(ours) if not _ordered(one)]
    return told


def misled(text: str, structured: Mapping[str, Any], schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What structured content breaks that a client gives a model without the text: it ends as the text does."""
    told = structured.get("next", "")
    if not told or not text.endswith(told.splitlines()[-1].rpartition("then: ")[2]):
        return [f"structured content does not end as the text does: {told!r}"]
    return _last_line([told], schemas)


def _first_line(lines: list[str]) -> list[str]:
    first = lines[0].strip() if lines else ""
    told = LABELLED.sub("", first)
    if not told or first.startswith("⟦"):
        return [f"the first line is not an answer of ours: {first!r}"]
    return [f"the first line is too long to be one: {len(told)}"] if len(told) > FIRST_LINE else []


def _last_line(lines: list[str], schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    last = LABELLED.sub("⟦⟧", lines[-1])
    names_tool = any(name in last for name in schemas)
    return [] if names_tool or BY_A_PERSON.search(last) else [f"the last line names no next step: {last!r}"]


def _calls(text: str, schemas: Mapping[str, Mapping[str, Any]]) -> list[str]:
    told = []
    for one in next_calls(LABELLED.sub("⟦⟧", text)):
        if one.tool not in schemas:
            told.append(f"there is no tool {one.tool}")
            continue
        schema = {**schemas[one.tool], "additionalProperties": False}
        told += [
            f"{one.tool}: {error.message}"
            for error in jsonschema.Draft202012Validator(schema).iter_errors(dict(one.arguments))
        ]
    return told


def _ordered(found: re.Match[str]) -> bool:
    before = found.group(1).casefold()
    return any(words in before for words in ("lon/lat", "minx, miny", "not in longitude", "bbox="))
