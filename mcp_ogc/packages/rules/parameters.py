"""Inputs and outputs: their defaults, their types, their ids."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mcp_ogc.ogc.inputs.sendable import unsendable
from mcp_ogc.packages.description import type_name
from mcp_ogc.packages.document import member, short_id
from mcp_ogc.packages.findings import Hit, Rule, Severity
from mcp_ogc.packages.parts import Subject
from mcp_ogc.packages.types import alternatives, choices, holds, is_of

NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
FIELDS = ("inputs", "outputs", "steps")


def wrong_defaults(subject: Subject) -> Iterator[Hit]:
    """Defaults that are not of their type."""
    for part in subject.parts:
        for declared in part.process.inputs:
            name = short_id(declared.id)
            node = member(member(part.node, "inputs"), name)
            value = node.get("default") if isinstance(node, dict) else None
            if (
                value is not None
                and "$" not in str(value)
                and not is_of(value, subject.type_of(part, declared), subject.types)
            ):
                told = f"the default of {name} is {str(value)[:40]!r}, which is no {type_name(declared.type_)}"
                repair = _other_default(value, subject.type_of(part, declared), subject)
                yield Hit(part.place("inputs", name, "default"), told, repair)


def _other_default(value: Any, cwl_type: Any, subject: Subject) -> str:
    """What would be right where a default is not of its type."""
    symbols = ", ".join(choices(cwl_type, subject.types))
    if symbols:
        return f"Give one of {symbols}"
    is_long = "int" in alternatives(cwl_type, subject.types) and is_of(value, "long", subject.types)
    return "type: long, since an int ends at ±2,147,483,647" if is_long else ""


def untold_defaults(subject: Subject) -> Iterator[Hit]:
    """Defaults that no JSON can carry."""
    for declared in subject.main.process.inputs:
        name = short_id(declared.id)
        for fault in unsendable(declared.default):
            told = f"the default of {name}{'.' * bool(fault.path)}{fault.path} {fault.problem}"
            yield Hit(subject.main.place("inputs", name, "default"), told)


def untyped_inputs(subject: Subject) -> Iterator[Hit]:
    """Inputs of what is deployed that may be anything."""
    for declared in subject.main.process.inputs:
        if "Any" in alternatives(declared.type_, subject.types):
            name = short_id(declared.id)
            yield Hit(subject.main.place("inputs", name, "type"), f"the input {name} may be anything")


def misplaced_secondary_files(subject: Subject) -> Iterator[Hit]:
    """Files beside what is no file."""
    for part in subject.parts:
        for field in ("inputs", "outputs"):
            for declared in getattr(part.process, field):
                files = frozenset({"File", "Any"})
                if declared.secondaryFiles and not holds(subject.type_of(part, declared), files, subject.types):
                    name = short_id(declared.id)
                    told = f"{name} is {type_name(declared.type_)}, and only a File has secondaryFiles"
                    yield Hit(part.place(field, name, "secondaryFiles"), told)


def odd_ids(subject: Subject) -> Iterator[Hit]:
    """Ids that expressions and other tools can't name."""
    for part in subject.parts:
        for field in FIELDS:
            for declared in getattr(part.process, field, None) or ():
                name = short_id(declared.id)
                if not NAME.fullmatch(name):
                    told = f"the id {name[:60]!r} has characters that most servers and engines trip over"
                    yield Hit(part.place(field, name), told)


ERROR, WARNING = Severity.ERROR, Severity.WARNING
RULES = (
    Rule(
        "default-type",
        ERROR,
        "Jobs that leave it out fail",
        "Give a default of the type, or change the type",
        "CWL Workflow §5.1, default",
        wrong_defaults,
    ),
    Rule(
        "untold-default",
        WARNING,
        "The process description can't tell it, and some servers fail on it",
        "Make the type optional, without default, and have the step take null for it",
        "RFC 8259 §6",
        untold_defaults,
    ),
    Rule(
        "untyped-input",
        WARNING,
        "Nobody can tell what to fill in",
        "Name its type",
        "/req/app-pck/wf-inputs",
        untyped_inputs,
    ),
    Rule(
        "secondary-files",
        ERROR,
        "Engines refuse it, or drop them",
        "Remove secondaryFiles: a Directory has all its files",
        "CWL CommandLineTool §5.1, secondaryFiles",
        misplaced_secondary_files,
    ),
    Rule(
        "id-characters",
        WARNING,
        "It can't be part of a URL, a file name or an expression",
        "Letters, digits, _ - and .",
        "CWL SchemaSalad §3.3",
        odd_ids,
    ),
)
