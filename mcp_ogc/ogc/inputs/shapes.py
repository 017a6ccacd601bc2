"""What an input takes: its schema in words the check can use, how many values, and whether it is a bounding box."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.extents import BoxForm, read_extent, writes_commas
from mcp_ogc.ogc.inputs.schemas import plain
from mcp_ogc.ogc.models import InputDescription, JsonObject

BOX_WORDS = re.compile(r"\b(aoi|bbox|extent|bounding ?box|area of interest)\b")
BOX_SHOWN = re.compile(
    r"\b(min_?x|x_?min|west|left|min_?lon|lon_?min)\b\W{1,3}(min_?y|y_?min|south|bottom|min_?lat|lat_?min)\b"
)
OTHER_ORDERS = re.compile(
    r"\b(min_?y|y_?min|south|bottom|min_?lat|lat_?min)\b\W{1,3}(min_?x|x_?min|west|left|min_?lon|lon_?min)\b"
    r"|\b(separated|delimited) by (a )?(white)?(space|blank|semicolon)"
    r"|\b(space|blank|semicolon)[- ](separated|delimited)"
)
"""Of a box whose latitudes come first, or that has no commas: what such a process takes is its own affair."""
OTHER_FORMS = re.compile(r"\b(wkt|geojson|geometry|polygon|url|file)\b")
OF_A_GRID = re.compile(r"\b(widths?|heights?|col(umn)?s?|rows?|pixels?|offsets?)\b")
"""Of a window of an image, by its place and size."""
AREA_WORDS = re.compile(r"\b(area|region|footprint)\b")
DEGREES = re.compile(r"4326|crs ?84|wgs ?84|degrees|\blon(gitude)?s?\b")
OF_OUTPUTS = re.compile(r"\b(out|output|target|dst|to)\b")
CRS_WORDS = re.compile(r"\b(epsg|crs|srs)\b")
MOST_PARTS = 200


class Sign(Enum):
    """What tells that an input is a bounding box."""

    GUESSED = "its default is one, of something like an area: it is none that may be judged"
    NAMED = "its name"
    SHOWN = "its description or default, which show how it is written"


@dataclass(frozen=True, slots=True)
class Shape:
    """What one input takes."""

    schema: JsonObject
    """As `schemas.plain` reads it."""
    several: bool
    """Whether it takes several values, each of the schema, as an array."""
    least: int
    most: int | None
    nullable: bool
    required: bool
    box: BoxForm | None
    """How a bounding box is written here, if it is one."""
    box_sign: Sign
    """What tells that."""
    box_in_degrees: bool
    """Whether the description says that its numbers are degrees."""
    is_crs: bool
    """Whether it names the coordinate reference system of other inputs."""

    @property
    def is_array(self) -> bool:
        """Whether a value is an array by its schema."""
        return any(part.get("type") == "array" for part in parts(self.schema))


def shape_of(input_id: str, declared: InputDescription) -> Shape:
    """What an input takes, by its description."""
    schema = plain(declared.schema_)
    most = None if declared.max_occurs == "unbounded" else declared.max_occurs
    is_array = any(part.get("type") == "array" for part in parts(schema))
    # Some describe an array as what it is an array of (quirk Q36); the CWL type is told beside.
    is_cwl_array = not is_array and cwl_type(declared).endswith("[]")
    told = f"{declared.title or ''} {declared.description or ''}".casefold()
    box, sign = _box(words(input_id), told, schema)
    return Shape(
        schema=schema,
        several=most is None or most > 1 or is_cwl_array,
        least=declared.min_occurs,
        most=None if is_cwl_array else most and max(most, declared.min_occurs),
        nullable=declared.nullable,
        required=declared.required,
        box=box,
        box_sign=sign,
        box_in_degrees=bool(DEGREES.search(told)),
        is_crs=bool(CRS_WORDS.search(words(input_id))) and not OF_OUTPUTS.search(words(input_id)),
    )


def cwl_type(declared: InputDescription) -> str:
    """The CWL type of an input, where the server tells it, without the mark of the optional ones."""
    told = [one.value for one in declared.metadata or () if one.title == "cwl:type"]
    return told[0].rstrip("?") if told and isinstance(told[0], str) else ""


def words(name: str) -> str:
    """A name in words: `bboxInput`, `area-of_interest`."""
    return re.sub(r"[_\-.\s]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).casefold()


def parts(schema: JsonObject) -> Iterator[JsonObject]:
    """A schema, and the choices and parts it is made of."""
    waiting, count = [schema], 0
    while waiting and count < MOST_PARTS:
        part = waiting.pop(0)
        count += 1
        yield part
        for word in ("allOf", "anyOf"):
            several = part.get(word)
            waiting += [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []


def _box(named: str, told: str, schema: JsonObject) -> tuple[BoxForm | None, Sign]:
    for part in parts(schema):
        properties = part.get("properties")
        if isinstance(properties, dict) and "bbox" in properties and "geometry" not in properties:
            return BoxForm.OBJECT, Sign.SHOWN
    is_told = bool(BOX_SHOWN.search(told))
    if OTHER_ORDERS.search(told) or (OF_A_GRID.search(told) and not is_told):
        return None, Sign.GUESSED
    shown = [read_extent(one) for one in (schema.get("default"), schema.get("example")) if _is_numbers(one)]
    if any(box and box.fault(geographic=None) for box in shown):  # its own default would be none
        return None, Sign.GUESSED
    is_named = bool(BOX_WORDS.search(named) or BOX_WORDS.search(told))
    match schema:
        case {"type": "string"} if not {"enum", "const", "contentMediaType", "format"} & set(schema):
            if is_named and any(shown):  # four numbers alone may be anything, such as bands
                return BoxForm.TEXT, Sign.SHOWN
            if OTHER_FORMS.search(told) or OTHER_FORMS.search(named):
                return None, Sign.GUESSED
            if is_told:
                return BoxForm.TEXT, Sign.SHOWN
            # "EPSG code of the area of interest" is about an EPSG code.
            if is_named and not CRS_WORDS.search(named):
                return BoxForm.TEXT, Sign.NAMED
            is_area = AREA_WORDS.search(named) or AREA_WORDS.search(told)
            return (BoxForm.TEXT if is_area and any(shown) else None), Sign.GUESSED
        case {"type": "array", "items": {"type": "number"}} if BOX_WORDS.search(named):
            return BoxForm.ARRAY, Sign.NAMED
    return None, Sign.GUESSED


def _is_numbers(value: JsonValue) -> bool:
    """Whether a value is `minx,miny,maxx,maxy`, or an array."""
    return isinstance(value, list) or (isinstance(value, str) and writes_commas(value))
