"""JSON schemas of strangers: read into words a check can use, and checked against within bounds.

A description comes from a server: its schemas may be broken, endless, in the words of JSON Schema's drafts or of
OpenAPI 3.0, and refer to anything. `plain` keeps what is well formed and makes a bounded tree of it without
references; what it leaves out accepts anything, so that nothing is refused that the server would take.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.wellknown import formatted, referenced
from mcp_ogc.ogc.models import JsonObject

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

DEPTH = 16
NODES = 1500
STEPS = 100_000
"""Keywords looked at in one check: about half a second."""
MOST_UNIQUE = 1000
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")


# --- read


def plain(schema: JsonValue) -> JsonObject:
    """A schema as a bounded tree in JSON Schema 2020-12's words, references resolved from the shipped table.

    Beside those it keeps OpenAPI's `nullable`, which `Check` understands. `oneOf` becomes `anyOf`: a choice that is
    only referred to accepts anything, so a value fits it beside its own. Regular expressions are left to the server:
    a stranger's can take for ever on a short text, and nothing can interrupt it. `not` and `if` are left out too: under
    them what accepts anything would refuse everything.
    """
    read = _Reader(schema).schema(schema, DEPTH, frozenset())
    return read if isinstance(read, dict) else {}


class _Reader:
    """One schema being read; counts what it has read."""

    def __init__(self, root: JsonValue) -> None:
        self._root = root
        self._left = NODES

    def schema(self, one: JsonValue, depth: int, within: frozenset[str]) -> JsonObject | bool:
        """A schema below the root. `within` are the references it is inside of: one inside itself accepts anything."""
        if isinstance(one, bool):
            return one
        if not isinstance(one, dict) or depth == 0 or self._left <= 0:
            return {}
        self._left -= 1
        read: JsonObject = {
            word: part for word, part in one.items() if (is_sound := SOUND.get(word)) and is_sound(part)
        }
        for word in ("type", "required"):
            if isinstance(told := read.get(word), list):
                read[word] = list(dict.fromkeys(told))
        _read_bounds(one, read)
        if isinstance(properties := one.get("properties"), dict):
            read["properties"] = {name: self.schema(part, depth - 1, within) for name, part in properties.items()}
        if isinstance(one.get("items"), dict | bool):
            read["items"] = self.schema(one["items"], depth - 1, within)
        self._several(one.get("prefixItems") or one.get("items"), "prefixItems", read, depth, within)
        if isinstance(one.get("additionalProperties"), dict | bool) and "patternProperties" not in one:
            read["additionalProperties"] = self.schema(one["additionalProperties"], depth - 1, within)
        for word, becomes in (("anyOf", "anyOf"), ("allOf", "allOf"), ("oneOf", "anyOf")):
            self._several(one.get(word), becomes, read, depth, within)
        if isinstance(reference := one.get("$ref"), str):
            read = self._with(read, self._referenced(reference, depth, within))
        elif isinstance(name := one.get("format"), str) and not {"type", "properties", "anyOf", "allOf"} & set(read):
            read = self._with(read, formatted(name) or {})
        return read

    def _several(self, parts: JsonValue, word: str, read: JsonObject, depth: int, within: frozenset[str]) -> None:
        if not isinstance(parts, list) or not parts:
            return
        schemas: list[JsonValue] = [self.schema(part, depth - 1, within) for part in parts]
        if word in read:  # anyOf beside oneOf
            schemas, word = [{word: schemas}], "allOf"
            schemas += both if isinstance(both := read.get("allOf"), list) else []
        read[word] = schemas

    def _with(self, read: JsonObject, other: JsonObject | bool) -> JsonObject:
        """A schema and what it refers to."""
        if not isinstance(other, dict):
            return read
        if not set(read) & set(other):
            return {**other, **read}
        parts = read.get("allOf")
        return {**read, "allOf": [*(parts if isinstance(parts, list) else []), other]}

    def _referenced(self, reference: str, depth: int, within: frozenset[str]) -> JsonObject | bool:
        if reference in within:
            return {}
        if not reference.startswith("#"):
            return referenced(reference)
        found = self._root
        for part in unquote(reference[1:]).split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(found, list) and name.isdecimal() and int(name) < len(found):
                found = found[int(name)]
            elif isinstance(found, dict) and name in found:
                found = found[name]
            else:
                return referenced(reference)  # its name at least
        return self.schema(found, depth - 1, within | {reference})


def _is_number(part: JsonValue) -> bool:
    return isinstance(part, int | float) and not isinstance(part, bool)


def _is_count(part: JsonValue) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and part >= 0


def _is_text(part: JsonValue) -> bool:
    return isinstance(part, str)


def _is_list(part: JsonValue) -> bool:
    return isinstance(part, list)


def _anything(_: JsonValue) -> bool:
    return True


def _is_type(part: JsonValue) -> bool:
    several = part if isinstance(part, list) else [part]
    return bool(several) and all(isinstance(one, str) and one in TYPES for one in several)


# The words that hold no schema, and when they are well formed.
SOUND: Mapping[str, Callable[[JsonValue], bool]] = {
    "type": _is_type,
    **dict.fromkeys(("const", "default", "example"), _anything),
    "enum": lambda part: isinstance(part, list) and bool(part),
    "examples": _is_list,
    **dict.fromkeys(("title", "description", "format", "contentMediaType", "contentEncoding"), _is_text),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _is_number),
    "multipleOf": lambda part: _is_number(part) and isinstance(part, int | float) and part > 0,
    **dict.fromkeys(("uniqueItems", "nullable"), lambda part: isinstance(part, bool)),
    "required": lambda part: isinstance(part, list) and all(isinstance(name, str) for name in part),
}


def _read_bounds(one: JsonObject, read: JsonObject) -> None:
    """Bounds as OpenAPI 3.0 has them: `exclusiveMinimum: true` beside `minimum`."""
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if one.get(exclusive) is True and bound in read:
            read[exclusive] = read.pop(bound)


# --- check


class Exhausted(Exception):
    """The steps of a check are used up."""


class Check:
    """Checks values against plain schemas; however many, within one bound of steps."""

    def __init__(self, steps: int = STEPS) -> None:
        self._left = steps

    def take(self) -> None:
        """One step.

        Raises:
            Exhausted: There are none left.
        """
        self._left -= 1
        if self._left < 0:
            raise Exhausted

    def errors(self, schema: JsonObject, value: JsonValue) -> Iterator[ValidationError]:
        """What does not fit; what can't be decided within the bound fits."""
        try:
            # The place of a format checker is the one thing a validator hands on to those of its parts.
            yield from _validator_type()(schema, format_checker=self).iter_errors(value)
        except (Exhausted, RecursionError, ArithmeticError, ValueError):
            return

    def fits(self, schema: JsonObject, value: JsonValue) -> bool:
        """Whether nothing is wrong."""
        return next(self.errors(schema, value), None) is None


@cache
def _validator_type() -> Any:
    """Draft 2020-12's words, each counted, and let pass on null where `nullable` is set."""
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    def counted(check: Callable[..., Iterator[ValidationError] | None]) -> Callable[..., Iterator[ValidationError]]:
        def keyword(validator: Any, part: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
            validator.format_checker.take()
            if instance is not None or not schema.get("nullable"):
                yield from check(validator, part, instance, schema) or ()

        return keyword

    words = {**Draft202012Validator.VALIDATORS, "format": _check_format, "multipleOf": _check_multiple}
    few = words["uniqueItems"]
    words["uniqueItems"] = lambda v, part, instance, schema: (
        few(v, part, instance, schema) if isinstance(instance, list) and len(instance) <= MOST_UNIQUE else None
    )
    return extend(Draft202012Validator, {word: counted(check) for word, check in words.items()})


def _check_multiple(validator: Any, step: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    """Whether a number is a multiple as both are written: of floating point, 0.07 is none of 0.01.

    Raises:
        ValueError: One of them is not finite, which decides nothing.
    """
    from jsonschema.exceptions import ValidationError

    if not validator.is_type(instance, "number"):
        return
    if (_as_written(instance) / _as_written(step)).denominator != 1:
        yield ValidationError(f"is not a multiple of {step}")


def _as_written(number: float) -> Fraction:
    """A number exactly as its shortest decimal has it."""
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _check_format(_: Any, name: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    """The formats whose breach no server takes; any other is let pass."""
    from jsonschema.exceptions import ValidationError

    bits = BITS.get(name)
    if bits is not None and _is_number(instance) and not -(2 ** (bits - 1)) <= instance < 2 ** (bits - 1):
        yield ValidationError(f"is beyond {name}")
    reads = FORMATS.get(name)
    if reads is None or not isinstance(instance, str):
        return
    try:
        is_read = bool(reads(instance))
    except ValueError:
        is_read = False
    if not is_read:
        yield ValidationError(f"is not a {name}")


# Of integers, two's complement (OpenAPI 3.0, data types).
BITS: Mapping[str, int] = {"int32": 32, "int64": 64}
FORMATS: Mapping[str, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "time": lambda text: str(time.fromisoformat(text)),
    "uri": lambda text: urlsplit(text).scheme,
}
