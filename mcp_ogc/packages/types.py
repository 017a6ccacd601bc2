"""CWL types: whether what one thing gives is what another takes, and whether a value is of a type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from mcp_ogc.packages.document import short_id

FILES = ("stdin", "stdout", "stderr")
"""Shorthands for a File."""
WIDER = {"int": ("long", "float", "double"), "long": ("float", "double"), "float": ("double",)}
"""Of values: the numbers that a number is too."""
Same = Callable[[Any, Any, Mapping[str, Any]], bool | None]
"""Whether two types are one; None where what is within them tells."""
SCALARS: dict[str, tuple[type, ...]] = {
    "boolean": (bool,),
    "int": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "string": (str,),
    "null": (type(None),),
}


BITS = {"int": 31, "long": 63}
"""CWL: signed numbers of 32 and of 64 bits, one of which is the sign."""


class Fit(IntEnum):
    """Whether a source's type fits a sink's."""

    NO = 0
    PERHAPS = 1
    """Some of what the source may give does not fit, such as null."""
    YES = 2


@dataclass(frozen=True, slots=True)
class ArrayOf:
    """An array that no one wrote: a scattered step's output, or several sources merged."""

    items: Any
    type_: str = "array"


def fit(source: Any, sink: Any, named: Mapping[str, Any]) -> Fit:
    """Whether a link may lead from a type to another, as cwltool has it (`can_assign_src_to_sink`): no number is
    widened, and a type of SchemaDefRequirement fits itself only, whatever another one looks like.

    Args:
        source: What is given: a name, alternatives, or an object of cwl-utils.
        sink: What is taken.
        named: The types that the package defines.
    """
    return _fit(source, sink, named, _linked)


def value_fit(source: Any, sink: Any, named: Mapping[str, Any]) -> Fit:
    """Whether the values of a type are values of another: an int is a double too, and names mean nothing."""
    return _fit(source, sink, named, _valued)


def alternatives(cwl_type: Any, named: Mapping[str, Any]) -> Iterator[Any]:
    """The types that one stands for: each member of a union, a name's definition, File for a stream."""
    if isinstance(cwl_type, list):
        for one in cwl_type:
            yield from alternatives(one, named)
    elif isinstance(cwl_type, str):
        name = short_id(cwl_type)
        defined = named.get(cwl_type, named.get(name))
        yield defined if defined is not None else "File" if name in FILES else name
    else:
        yield cwl_type


def is_array(cwl_type: Any) -> bool:
    """Whether a type, no name and no choice of several, is an array."""
    return getattr(cwl_type, "type_", None) == "array"


def without_null(cwl_type: Any) -> Any:
    """A type without null among its alternatives."""
    if not isinstance(cwl_type, list):
        return cwl_type
    left = [one for one in cwl_type if one != "null"]
    return left[0] if len(left) == 1 else left


def resolved(cwl_type: Any, named: Mapping[str, Any]) -> Any:
    """A type with definitions in the place of names, as where it stands they are; those within records stay names."""
    if isinstance(cwl_type, list):
        return [resolved(one, named) for one in cwl_type]
    if isinstance(cwl_type, str):
        return named.get(cwl_type, named.get(short_id(cwl_type), cwl_type))
    return ArrayOf(resolved(cwl_type.items, named)) if cwl_type.type_ == "array" else cwl_type


def _linked(source: Any, sink: Any, named: Mapping[str, Any]) -> bool | None:
    if isinstance(source, str) or isinstance(sink, str):
        return bool(source == sink)
    names = definition_name(source, named), definition_name(sink, named)
    return None if names == (None, None) else names[0] == names[1]


def _valued(source: Any, sink: Any, _: Mapping[str, Any]) -> bool | None:
    if isinstance(source, str) or isinstance(sink, str):
        return bool(source == sink) or sink in WIDER.get(str(source), ())
    return None


def _fit(source: Any, sink: Any, named: Mapping[str, Any], is_same: Same) -> Fit:
    given = list(alternatives(source, named))
    taken = list(alternatives(sink, named))
    fitting = [max((_fit_one(one, other, named, is_same) for other in taken), default=Fit.NO) for one in given]
    if all(fits is Fit.YES for fits in fitting):
        return Fit.YES
    usable = any(fits is not Fit.NO for one, fits in zip(given, fitting, strict=True) if one != "null")
    return Fit.PERHAPS if usable else Fit.NO


def _fit_one(source: Any, sink: Any, named: Mapping[str, Any], is_same: Same) -> Fit:
    if "Any" in (source, sink) or source is sink:
        return Fit.YES
    same = is_same(source, sink, named)
    if same is None and source.type_ == sink.type_ == "enum":
        given, taken = _symbols(source), _symbols(sink)
        return Fit.YES if given <= taken else Fit.PERHAPS if given & taken else Fit.NO
    if same is None and source.type_ == sink.type_:
        pairs = _members(source, sink)
        same = all(_fit(one, other, named, is_same) is not Fit.NO for one, other in pairs)
    return Fit.YES if same else Fit.NO


def _members(source: Any, sink: Any) -> Iterator[tuple[Any, Any]]:
    """What is within two arrays or two records, each beside what it has to fit."""
    if source.type_ == "array":
        yield source.items, sink.items
    else:
        given = _fields(source)
        yield from ((given.get(name, "null"), field) for name, field in _fields(sink).items())


def definition_name(cwl_type: Any, named: Mapping[str, Any]) -> str | None:
    """The full name of a type of SchemaDefRequirement; None of one that stands where it is used."""
    name = getattr(cwl_type, "name", None)
    return name if name in named else None


def is_of(value: Any, cwl_type: Any, named: Mapping[str, Any]) -> bool:
    """Whether a value, as YAML has it, is of a type."""
    return any(_is_of(value, one, named) for one in alternatives(cwl_type, named))


def _is_of(value: Any, cwl_type: Any, named: Mapping[str, Any]) -> bool:
    if cwl_type == "Any":
        return value is not None
    if cwl_type in ("File", "Directory"):
        return bool(_class_of(value) == cwl_type)
    if isinstance(cwl_type, str):
        kinds = SCALARS.get(cwl_type)
        if kinds is None or (isinstance(value, bool) and cwl_type != "boolean"):
            return kinds is None
        if isinstance(value, int) and cwl_type in BITS:
            return -(1 << BITS[cwl_type]) <= value < 1 << BITS[cwl_type]
        return isinstance(value, kinds)
    match cwl_type.type_:
        case "array":
            return isinstance(value, list) and all(is_of(one, cwl_type.items, named) for one in value)
        case "enum":
            return isinstance(value, str) and value in _symbols(cwl_type)
    fields = _fields(cwl_type)
    return isinstance(value, Mapping) and all(is_of(value.get(name), field, named) for name, field in fields.items())


def holds(cwl_type: Any, names: frozenset[str], named: Mapping[str, Any]) -> bool:
    """Whether one of these types is within a type, at any depth."""
    for one in alternatives(cwl_type, named):
        if isinstance(one, str):
            if one in names:
                return True
        elif one.type_ == "array":
            if holds(one.items, names, named):
                return True
        elif one.type_ == "record" and any(holds(field, names, {}) for field in _fields(one).values()):
            return True
    return False


def choices(cwl_type: Any, named: Mapping[str, Any]) -> tuple[str, ...]:
    """The symbols of the enums that a type may be, in the order of the text."""
    enums = [one for one in alternatives(cwl_type, named) if getattr(one, "type_", None) == "enum"]
    return tuple(short_id(symbol) for enum in enums for symbol in enum.symbols)


def _symbols(enum: Any) -> set[str]:
    return {short_id(symbol) for symbol in enum.symbols}


def _fields(record: Any) -> dict[str, Any]:
    return {short_id(field.name): field.type_ for field in record.fields or ()}


def _class_of(value: Any) -> str:
    return str(value.get("class")) if isinstance(value, Mapping) else str(getattr(value, "class_", ""))
