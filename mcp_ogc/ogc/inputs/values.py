"""One input's value against what the input takes: what does not fit, where, and what was probably meant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.extents import BoxForm, Extent, is_geographic, is_latitude_first, read_extent, writes_commas
from mcp_ogc.ogc.inputs.repairs import Repair, nearest, repair
from mcp_ogc.ogc.inputs.schemas import BITS, Check
from mcp_ogc.ogc.inputs.shapes import Shape, Sign, parts
from mcp_ogc.ogc.inputs.typenames import short_type, shown
from mcp_ogc.ogc.models import JsonObject

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# What a value may be wrapped in (OGC 18-062r2 §7.11.2.3): qualified, or by reference.
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}
LINK = {"href", "rel", "type", "hreflang", "title", "length", "format"}
MOST_ERRORS = 200


@dataclass(frozen=True, slots=True)
class Misfit:
    """One thing that is wrong with a value."""

    place: str
    """Where within the value: `[1].href`; empty of the value itself."""
    problem: str
    expected: str = ""
    """What would be right there, in a few words; empty where the input's own type says it."""
    repair: Repair | None = None


class ValueCheck:
    """Checks the values of one execution.

    Args:
        check: Bounds the work.
        crs: The CRS that the execution's boxes are in, where another input names it.
        reads_files: Whether `file:` URLs can be read where it is executed.
    """

    def __init__(self, check: Check, *, crs: str | None = None, reads_files: bool = True) -> None:
        self._check = check
        self._crs = crs
        self._reads_files = reads_files

    def misfits(self, shape: Shape, value: JsonValue) -> tuple[Misfit, ...]:
        """Everything that is wrong with the value of an input."""
        found = {(one.place, one.problem): one for one in self._misfits(shape, value)}
        return tuple(found.values())

    def _misfits(self, shape: Shape, value: JsonValue) -> Iterator[Misfit]:
        if value is None and (shape.nullable or not shape.schema):
            return
        if not self._reads_files and (local := _local_file(value)):
            yield Misfit("", f"names a file of this machine ({shown(local)}), which the endpoint can't read", AN_URL)
            return
        if not shape.several:
            yield from self._of_one(shape, value, "")
            return
        values = value if isinstance(value, list) else [value]
        if isinstance(value, list) and shape.is_array and self._check.fits(shape.schema, value):
            return
        if len(values) < shape.least:
            yield Misfit("", f"has {len(values)} values, at least {shape.least} are needed")
        elif shape.most is not None and len(values) > shape.most:
            yield Misfit("", f"has {len(values)} values, at most {shape.most} are allowed")
        else:
            for number, one in enumerate(values):
                yield from self._of_one(shape, one, f"[{number}]" if isinstance(value, list) else "")

    def _of_one(self, shape: Shape, value: JsonValue, place: str) -> Iterator[Misfit]:
        wrong = tuple(self._of_schema(shape.schema, value, place))
        if shape.box and shape.box_sign is not Sign.GUESSED and not is_reference(value):
            yield from self._of_box(shape, value, place, wrong)
        else:
            yield from wrong

    # --- against a schema

    def _of_schema(self, schema: JsonObject, value: JsonValue, place: str) -> Iterator[Misfit]:
        if isinstance(value, dict) and is_reference(value) and not self._is_own(schema, value):
            yield from _of_reference(value, place)
            return
        if isinstance(value, dict) and self._is_wrapped(schema, value):
            yield from _of_media_type(schema, value, place)
            value = value["value"]
        errors = list(islice(self._check.errors(schema, value), MOST_ERRORS))
        for error in sorted(errors, key=lambda error: [str(part) for part in error.absolute_path]):
            yield from self._of_error(error, place)

    def _is_own(self, schema: JsonObject, value: JsonObject) -> bool:
        """Whether a value is no reference but an object of the schema's own, with a member that is called so."""
        word = _referring(value)
        if _has(schema, word) and not _is_address(value[word]):
            return True
        return (_has(schema, word) or _takes_objects(schema)) and self._check.fits(schema, value)

    def _is_wrapped(self, schema: JsonObject, value: JsonObject) -> bool:
        """Whether a value is qualified, and not an object of the schema's own that has a `value` too."""
        return is_qualified(value) and (not _has(schema, "value") or self._check.fits(schema, value["value"]))

    def _of_error(self, error: ValidationError, place: str) -> Iterator[Misfit]:
        from jsonschema.exceptions import best_match

        there = place + _path(error)
        schema, value = error.schema if isinstance(error.schema, dict) else {}, error.instance
        if there != place and isinstance(value, dict) and (is_reference(value) or is_qualified(value)):
            yield from self._of_schema(schema, value, there)
            return
        # Of a choice, what is wrong with the branch that comes nearest.
        nearer = best_match([error]) or error
        mended = repair(self._check, schema, value)
        if mended is None and isinstance(value, str) and "://" in value and _is_url(value):
            mended = Repair({"href": value}, "by reference")
        if mended is not None or not isinstance(nearer.schema, dict):
            yield Misfit(
                there,
                _told(nearer if nearer.absolute_path == error.absolute_path else error),
                short_type(schema),
                mended,
            )
            return
        at = place + _path(nearer)
        # What is missing or too much is told of the whole, whose type says no more than the problem.
        expected = "" if nearer.validator in ("required", "additionalProperties") else short_type(nearer.schema)
        yield Misfit(at, _told(nearer), expected, repair(self._check, nearer.schema, nearer.instance))

    # --- of a bounding box

    def _of_box(self, shape: Shape, value: JsonValue, place: str, wrong: tuple[Misfit, ...]) -> Iterator[Misfit]:
        """What is wrong with a box: its form first, then its numbers; the schema says little of either."""
        inner = value["value"] if isinstance(value, dict) and is_qualified(value) else value
        extent, form = read_extent(inner), shape.box
        if extent is None or form is None:
            is_other = isinstance(inner, str) and "://" in inner
            if shape.box_sign is not Sign.SHOWN or is_other or form is not BoxForm.TEXT:
                yield from wrong
            else:
                yield Misfit(place, f"is {shown(inner)}, which is no bounding box")
            return
        fault, mended = self._fault(shape, extent) or ("", None)
        is_text = form is BoxForm.TEXT and (shape.box_sign is Sign.SHOWN or extent.form is BoxForm.TEXT)
        other_form = is_text and not (isinstance(inner, str) and writes_commas(inner))
        if not (fault or wrong or other_form):
            return
        if fault and mended is None:
            yield Misfit(place, f"is {shown(inner)}: it {fault}", AS_BOX)
            return
        right = (mended or extent).write(form if wrong or other_form else extent.form)
        six = "six numbers, with heights" if extent.heights and other_form else ""
        problem = f"it {fault}" if fault else six or f"written as {extent.form}"
        if fault or (not wrong) or self._check.fits(shape.schema, right):
            mended_box = Repair(right, "x (longitude) before y (latitude)")
            yield Misfit(place, f"is {shown(inner)}: {problem}", f"{form}", mended_box)
        else:
            yield from wrong

    def _fault(self, shape: Shape, extent: Extent) -> tuple[str, Extent | None] | None:
        crs = extent.crs or self._crs
        if is_latitude_first(crs):
            return None
        is_told = crs or shape.box_in_degrees or BoxForm.OBJECT in (extent.form, shape.box)  # of an object, CRS84
        return extent.fault(geographic=is_geographic(crs) if is_told else None)


AN_URL = "an http(s) or s3 URL that it can reach"
AS_BOX = "minx,miny,maxx,maxy in degrees, longitude first; or the CRS named that its numbers are in"


def is_reference(value: JsonValue) -> bool:
    """Whether a value is given by reference: a link, a nested process (Part 3) or a collection."""
    if not isinstance(value, dict):
        return False
    return (
        ("href" in value and set(value) <= LINK)
        or (isinstance(value.get("process"), str) and set(value) <= {"process", "inputs", "outputs"})
        or (isinstance(value.get("collection"), str) and not {"type", "value"} & set(value))
    )


def is_qualified(value: JsonObject) -> bool:
    """Whether a value is wrapped: `{value, mediaType}`, or `{value, format: {mediaType}}`."""
    return "value" in value and set(value) <= QUALIFIED


def _has(schema: JsonObject, member: str) -> bool:
    """Whether the schema's own objects have such a member."""
    words = (part.get(word) for part in parts(schema) for word in ("properties", "required"))
    return any(member in word for word in words if isinstance(word, dict | list))


def _takes_objects(schema: JsonObject) -> bool:
    """Whether objects are among what a schema says it takes."""
    return any(
        "object" in (kinds if isinstance(kinds := part.get("type"), list) else [kinds]) for part in parts(schema)
    )


def _referring(value: JsonObject) -> str:
    """The member of a reference that says what it refers to."""
    return next(word for word in ("href", "process", "collection") if word in value)


def _of_reference(value: JsonObject, place: str) -> Iterator[Misfit]:
    word = _referring(value)
    url = value[word]
    if not _is_address(url):
        yield Misfit(place, f"has {word} {shown(url)}, which is not a URL", AN_URL)
    if word == "process" and not isinstance(value.get("inputs", {}), dict):
        yield Misfit(place, "has inputs of the nested process that are not an object", "{process: URL, inputs: {…}}")


def _is_address(value: JsonValue) -> bool:
    return isinstance(value, str) and _is_url(value)


def _is_url(text: str) -> bool:
    try:
        return len(urlsplit(text).scheme) > 1 and " " not in text
    except ValueError:
        return False


def _of_media_type(schema: JsonObject, value: JsonObject, place: str) -> Iterator[Misfit]:
    """A qualified value of a media type that is not among those of the schema."""
    form = value.get("format")
    said = value.get("mediaType", form.get("mediaType") if isinstance(form, dict) else None)
    types = dict.fromkeys(one for part in parts(schema) if isinstance(one := part.get("contentMediaType"), str))
    takes_objects = any(part.get("type") in ("object", "array") for part in parts(schema))
    if not isinstance(said, str) or not types or (takes_objects and "json" in said):
        return
    if said.split(";")[0].strip().casefold() not in {one.split(";")[0].strip().casefold() for one in types}:
        near = nearest(said, types, 1)
        mended = Repair({**value, "mediaType": near[0]}, "one of its media types") if len(near) == 1 else None
        yield Misfit(place, f"has media type {shown(said)}", f"one of {', '.join(shown(one) for one in types)}", mended)


def _local_file(value: JsonValue, depth: int = 6) -> str | None:
    """The first `file:` URL in a value."""
    match value:
        case str() if value[:5].casefold() == "file:":
            return value
        case list() | dict() if depth:
            several = value if isinstance(value, list) else value.values()
            return next((found for one in several if (found := _local_file(one, depth - 1))), None)
    return None


def _path(error: ValidationError) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path)


def _told(error: ValidationError) -> str:
    """What is wrong, in the words of JSON."""
    value = error.instance
    match error.validator:
        case "required":
            return f"has no {', '.join(shown(name, 40)[1:-1] for name in error.validator_value if name not in value)}"
        case "type" | "enum" | "const" | "anyOf" | None:
            return f"is {shown(value)}"
        case "format" if error.validator_value in BITS:
            bound = 2 ** (BITS[error.validator_value] - 1)
            return f"is {shown(value)}; at least {-bound}, at most {bound - 1} ({error.validator_value})"
        case "format":
            return f"is {shown(value)}, not a {shown(error.validator_value, 40)[1:-1]}"
        case "additionalProperties":
            known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
            unknown = ", ".join(shown(name, 40)[1:-1] for name in value if name not in known)
            return f"has {unknown}, which it must not"
        case "minLength" | "maxLength" | "minItems" | "maxItems" | "minProperties" | "maxProperties":
            bound = "at least" if error.validator.startswith("min") else "at most"
            return f"is {shown(value)}, of length {len(value)}; {bound} {error.validator_value}"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf":
            return f"is {shown(value)}; {BOUNDS[error.validator]} {error.validator_value}"
    return f"is {shown(value)}, against its {error.validator}"


BOUNDS = {
    "minimum": "at least",
    "maximum": "at most",
    "exclusiveMinimum": "more than",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}
