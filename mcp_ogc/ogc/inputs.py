"""Inputs checked against a process description before anything is sent: every problem at once, with the repair."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping

from pydantic import JsonValue

from mcp_ogc.errors import InputProblem, InvalidInputs
from mcp_ogc.ogc.models import InputDescription, JsonObject, ProcessDescription

SHOWN_CHARACTERS = 80
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
        problem = _misfit(declared, inputs[input_id])
        if problem:
            yield InputProblem(input_id, problem, expected)
    for input_id in inputs:
        if input_id not in description.inputs:
            near = nearest(input_id, description.inputs)
            known = ", ".join(description.inputs) or "none"
            expected = f"perhaps {near[0]}" if near else f"one of: {known}"
            yield InputProblem(input_id, "is not an input of this process", expected)


def _misfit(declared: InputDescription, value: JsonValue) -> str:
    """What is wrong with a value, or ""; several values are an array where the input may occur more than once."""
    several = declared.max_occurs == "unbounded" or declared.max_occurs > 1
    if not (several and isinstance(value, list)):
        return _value_misfit(declared.schema_, value)
    if len(value) < declared.min_occurs:
        return f"has {len(value)} values, at least {declared.min_occurs} are needed"
    if declared.max_occurs != "unbounded" and len(value) > declared.max_occurs:
        return f"has {len(value)} values, at most {declared.max_occurs} are allowed"
    if not _value_misfit(declared.schema_, value):
        return ""
    misfits = ((number, _value_misfit(declared.schema_, one)) for number, one in enumerate(value))
    return next((f"[{number}] {misfit}" for number, misfit in misfits if misfit), "")


def _value_misfit(schema: JsonObject, value: JsonValue) -> str:
    if isinstance(value, dict) and "href" in value and set(value) <= LINK:
        return "" if isinstance(value["href"], str) and value["href"] else "has an href that is not a URL"
    if isinstance(value, dict) and "value" in value and set(value) <= QUALIFIED:
        value = value["value"]
    if value is None:
        # CWL's optional types are described as nullable (OpenAPI 3.0's word).
        return "" if schema.get("nullable") or not schema else _schema_misfit(schema, value)
    return _schema_misfit(schema, value)


def _schema_misfit(schema: JsonObject, value: JsonValue) -> str:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError, best_match
    from referencing import Registry, Resource
    from referencing.exceptions import Unresolvable

    # No $ref is ever fetched: what is not in the schema itself accepts anything.
    registry = Registry(retrieve=lambda _uri: Resource.opaque(True))  # type: ignore[call-arg]
    plain = _plain(schema)
    try:
        Draft202012Validator.check_schema(plain)
        error = best_match(Draft202012Validator(plain, registry=registry).iter_errors(value))
    except (SchemaError, Unresolvable, RecursionError, ValueError, TypeError, AttributeError, re.error):
        return ""  # a schema that can't be used decides nothing
    if error is None:
        return ""
    place = "".join(f"[{part!r}]" for part in error.absolute_path)
    message = error.message if len(error.message) < 200 else f"{error.message[:200]}…"
    return f"{place} is wrong: {message}".strip() if place else f"is {_shown(value)}: {message}"


def _plain(schema: JsonValue) -> JsonValue:
    """A schema in words the check can use.

    `nullable` is OpenAPI 3.0's. `oneOf` becomes `anyOf`: a choice that is only referred to accepts anything, so a value
    fits it beside its own.
    """
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {"anyOf" if name == "oneOf" else name: _plain(part) for name, part in schema.items() if name != "nullable"}
    return {"anyOf": [{"type": "null"}, plain]} if schema.get("nullable") is True else plain


def _shown(value: JsonValue) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]}…"
