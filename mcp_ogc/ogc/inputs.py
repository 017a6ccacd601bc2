"""Inputs checked against a process description before anything is sent: every problem at once, with the repair."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import JsonValue

from mcp_ogc.errors import InputProblem, InvalidInputs
from mcp_ogc.ogc.models import InputDescription, JsonObject, ProcessDescription

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.exceptions import ValidationError

SHOWN_CHARACTERS = 80
SHOWN_MISFITS = 5
# What a value may be wrapped in (OGC 18-062r2 §7.11.2.3): qualified, by reference.
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}
LINK = {"href", "rel", "type", "hreflang", "title", "length", "format"}


def check(description: ProcessDescription, inputs: Mapping[str, JsonValue]) -> None:
    """Check inputs by name, number and type. What a schema can't decide is let pass: the endpoint decides.

    Raises:
        InvalidInputs: With every problem.
    """
    from mcp_ogc.ogc.hints import example_inputs

    problems = tuple(_problems(description, inputs))
    if problems:
        raise InvalidInputs(
            problems,
            remedy=f'Mend them and call again; for all inputs: ogc_describe_process(process_id="{description.id}")'
            if example_inputs(description)
            else "This process takes no inputs",
        )


def nearest(name: str, names: Iterable[str], count: int = 5) -> tuple[str, ...]:
    """The names most like `name`, nearest first; case does not matter."""
    by_folded = {other.casefold(): other for other in names}
    close = difflib.get_close_matches(name.casefold(), by_folded, n=count, cutoff=0.4)
    containing = [folded for folded in by_folded if name.casefold() in folded or folded in name.casefold()]
    return tuple(by_folded[folded] for folded in dict.fromkeys([*close, *containing]))[:count]


def _problems(description: ProcessDescription, inputs: Mapping[str, JsonValue]) -> Iterator[InputProblem]:
    from mcp_ogc.ogc.hints import hint_of

    for input_id, declared in description.inputs.items():
        hint = hint_of(input_id, declared)
        expected = f"{hint.type}, for instance {hint.shown_example}"
        if input_id not in inputs:
            if declared.required:
                yield InputProblem(input_id, "is missing", expected)
            continue
        for misfit in _shortened(_misfits(declared, inputs[input_id])):
            yield InputProblem(input_id, misfit, expected)
    for input_id in inputs:
        if input_id not in description.inputs:
            near = nearest(input_id, description.inputs)
            known = ", ".join(description.inputs) or "none"
            expected = f"perhaps {near[0]}" if near else f"one of: {known}"
            yield InputProblem(input_id, "is not an input of this process", expected)


def _shortened(misfits: Iterable[str]) -> Iterator[str]:
    """The first of them, and how many more there are: a long array may be wrong throughout."""
    told = tuple(misfits)
    yield from told[:SHOWN_MISFITS]
    if len(told) > SHOWN_MISFITS:
        yield f"has {len(told) - SHOWN_MISFITS} more problems"


def _misfits(declared: InputDescription, value: JsonValue) -> tuple[str, ...]:
    """What is wrong with a value; several values are an array where the input may occur more than once."""
    most = declared.max_occurs
    if most != "unbounded" and most <= 1:
        return _value_misfits(declared.schema_, value)
    values = value if isinstance(value, list) else [value]
    if len(values) < declared.min_occurs:
        return (f"has {len(values)} values, at least {declared.min_occurs} are needed",)
    if most != "unbounded" and len(values) > most:
        return (f"has {len(values)} values, at most {most} are allowed",)
    whole = _value_misfits(declared.schema_, value)
    if not whole or not isinstance(value, list):
        return whole
    return tuple(
        f"[{number}] {misfit}" for number, one in enumerate(values) for misfit in _value_misfits(declared.schema_, one)
    )


def _value_misfits(schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
    if isinstance(value, dict) and "href" in value and set(value) <= LINK:
        return () if isinstance(value["href"], str) and value["href"] else ("has an href that is not a URL",)
    if isinstance(value, dict) and "value" in value and set(value) <= QUALIFIED:
        value = value["value"]
    if value is None and (schema.get("nullable") or not schema):
        return ()  # CWL's optional types are described as nullable (OpenAPI 3.0's word)
    return _schema_misfits(schema, value)


def _schema_misfits(schema: JsonObject, value: JsonValue) -> tuple[str, ...]:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable

    # No $ref is ever fetched: what is not in the schema itself accepts anything.
    registry = Registry(retrieve=lambda _uri: Resource.opaque(True))  # type: ignore[call-arg]
    try:
        plain = _plain(schema)
        Draft202012Validator.check_schema(plain)
        validator = Draft202012Validator(plain, registry=registry, format_checker=_formats())
        errors = sorted(validator.iter_errors(value), key=lambda error: [str(part) for part in error.absolute_path])
        return tuple(_told(error) for error in errors)
    except (SchemaError, Unresolvable, RecursionError, ValueError, TypeError, AttributeError):
        return ()  # a schema that can't be used decides nothing


def _formats() -> FormatChecker:
    """The formats whose breach no server takes; any other is let pass."""
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    checker.checks("date", ValueError)(_fits(date.fromisoformat))
    checker.checks("date-time", ValueError)(_fits(datetime.fromisoformat))
    checker.checks("uri", ValueError)(lambda value: not isinstance(value, str) or bool(urlsplit(value).scheme))
    return checker


def _fits(read: Callable[[str], object]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or bool(read(value))


def _told(error: ValidationError) -> str:
    # Of a choice, say what is wrong with the branch that comes nearest.
    from jsonschema.exceptions import best_match

    nearer = best_match([error]) or error
    place = "".join(f"[{part!r}]" for part in nearer.absolute_path)
    message = nearer.message if len(nearer.message) < 200 else f"{nearer.message[:200]}…"
    return f"{place} is wrong: {message}" if place else f"is {_shown(nearer.instance)}: {message}"


def _plain(schema: JsonValue) -> JsonValue:
    """A schema in words the check can use.

    `nullable` is OpenAPI 3.0's. `oneOf` becomes `anyOf`: a choice that is only referred to accepts anything, so a value
    fits it beside its own. Regular expressions are left to the server: a stranger's can take for ever on a short text,
    and what is left out with them is what they decide about.
    """
    if not isinstance(schema, dict):
        return schema
    left_out = {"nullable", "pattern", "patternProperties"}
    if "patternProperties" in schema:
        left_out |= {"additionalProperties", "unevaluatedProperties"}
    plain = {
        "anyOf" if word == "oneOf" else word: _plain_part(word, part)
        for word, part in schema.items()
        if word not in left_out
    }
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") is True else plain


def _plain_part(word: str, part: JsonValue) -> JsonValue:
    """What a word of a schema holds: a schema, several, or several by name; a value that is none stays as it is."""
    if word in ("properties", "$defs", "definitions", "dependentSchemas") and isinstance(part, dict):
        return {name: _plain(one) for name, one in part.items()}
    if word in ("const", "enum", "default", "examples", "example"):
        return part
    return [_plain(one) for one in part] if isinstance(part, list) else _plain(part)


def _shown(value: JsonValue) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
