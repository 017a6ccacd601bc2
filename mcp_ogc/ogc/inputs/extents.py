"""Bounding boxes as inputs: read from every form people and models write, written in the form a process takes.

x (longitude) is before y (latitude) in all of them, as in OGC 18-062r2's bbox with CRS84, GeoJSON and WKT as used.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from pydantic import JsonValue

from mcp_ogc.ogc.inputs.geographic import IN_DEGREES
from mcp_ogc.ogc.inputs.wellknown import CRS84
from mcp_ogc.ogc.models import JsonObject

NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
COMMAS = re.compile(rf"\s*{NUMBER}(?:\s*,\s*{NUMBER}){{3}}\s*")
WKT = re.compile(r"\s*(?:SRID=(\d+);)?\s*(POLYGON|MULTIPOLYGON|ENVELOPE|BBOX|BOX)\s*Z?\s*\(", re.IGNORECASE)
CORNERS = (
    ("minx", "miny", "maxx", "maxy"),
    ("xmin", "ymin", "xmax", "ymax"),
    ("west", "south", "east", "north"),
    ("left", "bottom", "right", "top"),
    ("min_lon", "min_lat", "max_lon", "max_lat"),
    ("minlon", "minlat", "maxlon", "maxlat"),
    ("lonmin", "latmin", "lonmax", "latmax"),
)
WIDEST_ACROSS = 270
"""Degrees: beyond, who wrote west greater than east more likely confused them, where nobody says what CRS it is."""
MOST_CHARACTERS = 100_000
MOST_POSITIONS = 50_000


class BoxForm(StrEnum):
    """How a bounding box is written."""

    TEXT = 'text "minx,miny,maxx,maxy"'
    OBJECT = "object {bbox: [minx, miny, maxx, maxy], crs}"
    ARRAY = "array [minx, miny, maxx, maxy]"
    WKT = "WKT polygon"
    GEOJSON = "GeoJSON geometry"
    CORNERS = "object of four corners"


@dataclass(frozen=True, slots=True)
class Extent:
    """A bounding box. In degrees where the CRS is geographic; heights are left out.

    `form` is how it was written, `crs` what it said of itself, and `heights` whether it had six numbers.
    """

    west: float
    south: float
    east: float
    north: float
    form: BoxForm
    crs: str | None = None
    heights: bool = False

    def write(self, form: BoxForm) -> JsonValue:
        """As a value of that form."""
        box: list[JsonValue] = [_short(number) for number in (self.west, self.south, self.east, self.north)]
        ring = [[self.west, self.south], [self.east, self.south], [self.east, self.north], [self.west, self.north]]
        match form:
            case BoxForm.TEXT:
                return ",".join(f"{one}" for one in box)
            case BoxForm.OBJECT:
                return {"bbox": box, "crs": self.crs or CRS84}
            case BoxForm.ARRAY:
                return box
            case BoxForm.WKT:
                return f"POLYGON (({', '.join(f'{_short(x)} {_short(y)}' for x, y in [*ring, ring[0]])}))"
            case BoxForm.CORNERS:
                return dict(zip(CORNERS[0], box, strict=True))
        return {"type": "Polygon", "coordinates": [[[_short(x), _short(y)] for x, y in [*ring, ring[0]]]]}

    @property
    def in_degrees(self) -> bool:
        """Whether its numbers can be longitudes and latitudes."""
        return max(abs(self.west), abs(self.east)) <= 180 and max(abs(self.south), abs(self.north)) <= 90

    @property
    def crosses_antimeridian(self) -> bool:
        """Whether it goes east from its west across 180° (RFC 7946 §5.2)."""
        return self.in_degrees and self.west > self.east

    def fault(self, *, geographic: bool | None) -> tuple[str, Extent | None] | None:
        """What can't be right in it, and how it would be right where that can be told.

        Args:
            geographic: Whether its CRS is known to be one of degrees; None where nobody says what it is.
        """
        turned = replace(self, west=self.south, south=self.west, east=self.north, north=self.east)
        if geographic is not False and not self.in_degrees and turned.in_degrees:
            return "has a latitude beyond 90: latitude is before longitude in it", turned._ordered()
        if geographic and not self.in_degrees:
            return "is not in degrees: longitudes go to 180, latitudes to 90, and its CRS is one of degrees", None
        is_across = self.crosses_antimeridian and (geographic or self._goes_across(WIDEST_ACROSS))
        if self.south > self.north or (self.west > self.east and not is_across):
            return "has a minimum greater than its maximum", self._ordered()
        return None

    def _goes_across(self, widest: int) -> bool:
        """Whether it crosses the antimeridian and is no wider than so many degrees."""
        return self.crosses_antimeridian and self.east + 360 - self.west < widest

    def _ordered(self) -> Extent:
        """With minima before maxima; across the antimeridian only where that is the shorter way."""
        west, east = self.west, self.east
        if not self._goes_across(180):
            west, east = min(west, east), max(west, east)
        return replace(self, west=west, east=east, south=min(self.south, self.north), north=max(self.south, self.north))


def is_geographic(crs: str | None) -> bool:
    """Whether a CRS is known to be one of degrees; one that is not said is CRS84."""
    if not crs:
        return True
    digits = re.search(r"(\d{4,6})\D*$", crs)
    return "CRS84" in crs.upper() or bool(digits and int(digits[1]) in IN_DEGREES)


def read_extent(value: JsonValue) -> Extent | None:
    """The bounding box a value is, in whatever form; of a polygon, the one around it. None where it is none."""
    match value:
        case str() if len(value) <= MOST_CHARACTERS:
            return _of_text(value)
        case list():
            return _of_numbers(value, BoxForm.ARRAY)
        case {"bbox": list(numbers), "type": "Feature" | "FeatureCollection" | "Polygon" | "MultiPolygon"}:
            return _of_numbers(numbers, BoxForm.GEOJSON)
        case {"bbox": list(numbers), "crs": str(crs)}:
            return _of_numbers(numbers, BoxForm.OBJECT, crs)
        case {"bbox": list(numbers)}:
            return _of_numbers(numbers, BoxForm.OBJECT)
        case {"type": "Feature", "geometry": dict(geometry)}:
            return read_extent(geometry)
        case {"type": "FeatureCollection", "features": list(features)}:
            geometries = [one.get("geometry") for one in features if isinstance(one, dict)]
            return _around(geometries, BoxForm.GEOJSON)
        case {"type": "Polygon" | "MultiPolygon", "coordinates": list(coordinates)}:
            return _around(coordinates, BoxForm.GEOJSON)
        case dict():
            return _of_corners(value)
    return None


def _of_text(text: str) -> Extent | None:
    parts = re.split(r"[,;\s]+", text.strip("[()] \t\n"))
    if len(parts) in (4, 6) and all(re.fullmatch(NUMBER, part) for part in parts):
        return _of_numbers([float(part) for part in parts], BoxForm.TEXT)
    if text.lstrip().startswith(("{", "[")):
        try:
            return read_extent(json.loads(text))
        except (ValueError, RecursionError):
            return None
    found = WKT.match(text)
    if not found:
        return None
    plain: list[JsonValue] = [float(one) for one in re.findall(NUMBER, text[found.end() :])]
    crs = f"EPSG:{found[1]}" if found[1] else None
    if found[2].upper() == "ENVELOPE" and len(plain) == 4:  # minx, maxx, maxy, miny (OGC 07-006r1)
        west, east, north, south = plain
        return _of_numbers([west, south, east, north], BoxForm.WKT, crs)
    if found[2].upper() in ("BBOX", "BOX", "ENVELOPE"):
        return _of_numbers(plain, BoxForm.WKT, crs)
    size = 3 if re.match(r"\W*" + rf"{NUMBER}\s+{NUMBER}\s+{NUMBER}", text[found.end() :]) else 2
    pairs: list[JsonValue] = [plain[at : at + 2] for at in range(0, len(plain) - 1, size)]
    box = _around(pairs, BoxForm.WKT)
    return replace(box, crs=crs) if box else None


def _of_numbers(numbers: list[JsonValue], form: BoxForm, crs: str | None = None) -> Extent | None:
    found = [
        float(one) for one in numbers if isinstance(one, int | float) and not isinstance(one, bool) and _is_finite(one)
    ]
    if len(found) != len(numbers) or len(found) not in (4, 6):
        return None
    west, south, east, north = found if len(found) == 4 else [*found[:2], *found[3:5]]
    return Extent(west, south, east, north, form, crs, heights=len(found) == 6)


def _of_corners(value: JsonObject) -> Extent | None:
    plain = {name.casefold(): one for name, one in value.items()}
    for names in CORNERS:
        if set(names) <= set(plain):
            crs = plain.get("crs")
            return _of_numbers([plain[name] for name in names], BoxForm.CORNERS, crs if isinstance(crs, str) else None)
    return None


def _around(value: JsonValue, form: BoxForm) -> Extent | None:
    """The box around every position in nested arrays and geometries."""
    xs: list[float] = []
    ys: list[float] = []
    waiting = [value]
    while waiting and len(xs) < MOST_POSITIONS:
        match waiting.pop():
            case [int() | float() as x, int() | float() as y, *_] if _is_finite(x) and _is_finite(y):
                xs.append(float(x))
                ys.append(float(y))
            case list(parts):
                waiting += parts
            case {"coordinates": list(parts)} | {"geometries": list(parts)}:
                waiting += parts
    if not xs:
        return None
    return Extent(min(xs), min(ys), max(xs), max(ys), form)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond floating point
        return False


def _short(number: float) -> float | int:
    """Without a fraction where there is none, as people write it."""
    return int(number) if number == int(number) and abs(number) < 1e15 else number


def writes_commas(text: str) -> bool:
    """Whether a text is `minx,miny,maxx,maxy`."""
    return bool(COMMAS.fullmatch(text)) and len(text) < MOST_CHARACTERS


def is_latitude_first(crs: str | None) -> bool:
    """Whether a CRS is named in a way whose authority has latitude first: `…/def/crs/EPSG/0/4326`, `urn:…:EPSG::4326`.

    Some heed that and some don't, so nothing can be said of the order of its numbers.
    """
    return (
        bool(crs) and is_geographic(crs) and bool(re.search(r"/EPSG/|^urn:ogc:def:crs:EPSG", crs or "", re.IGNORECASE))
    )
