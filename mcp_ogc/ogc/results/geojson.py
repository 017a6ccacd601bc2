"""GeoJSON (RFC 7946): the features of a document, and where they are."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.ogc.models import JsonObject

GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


@dataclass(frozen=True, slots=True)
class Geometry:
    """What the geometries of features are. `bbox` is longitude, latitude unless `is_lonlat` is false."""

    types: Mapping[str, int]
    """How many there are of each type; `none` where a feature has no geometry."""
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north of all positions; one across the antimeridian is as wide as the world."""
    is_lonlat: bool = True


def features_of(value: JsonValue) -> list[JsonObject] | None:
    """The features of a document, a bare geometry as one; None where it is no GeoJSON."""
    if not isinstance(value, dict):
        return None
    features = value.get("features")
    if value.get("type") == "FeatureCollection" and isinstance(features, list):
        return [one for one in features if isinstance(one, dict)]
    if value.get("type") == "Feature" and "geometry" in value:
        return [value]
    if value.get("type") in GEOMETRIES and ("coordinates" in value or "geometries" in value):
        return [{"geometry": value}]
    return None


def geometry_of(features: Sequence[JsonObject]) -> Geometry:
    """What the geometries of features are."""
    geometries = [geometry for one in features if isinstance(geometry := one.get("geometry"), dict)]
    types = Counter(str(kind) if (kind := one.get("type")) in GEOMETRIES else "unknown" for one in geometries)
    if without := len(features) - len(geometries):
        types["none"] = without
    box = _box(geometries)
    is_lonlat = box is None or (min(box[0], box[2]) >= -180 and box[2] <= 180 and box[1] >= -90 and box[3] <= 90)
    return Geometry(dict(types.most_common()), box, is_lonlat)


def _box(geometries: Iterable[JsonValue]) -> tuple[float, float, float, float] | None:
    """The box of all positions; they are found without a call, however deep they are."""
    box: tuple[float, float, float, float] | None = None
    left: list[JsonValue] = list(geometries)
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [one.get("coordinates"), one.get("geometries")]
        elif isinstance(one, list):
            x, y = (finite(one[0]), finite(one[1])) if len(one) > 1 else (None, None)
            if x is None or y is None:
                left += [inner for inner in one if isinstance(inner, dict | list)]
            else:
                box = (min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)) if box else (x, y, x, y)
    return box


def bbox_of(told: JsonValue) -> tuple[float, float, float, float] | None:
    """A `bbox` member, without its heights; None where it is none."""
    if not isinstance(told, list) or len(told) not in (4, 6):
        return None
    # Six numbers have heights in between (RFC 7946 §5).
    chosen = (*told[:2], *(told[2:] if len(told) == 4 else told[3:5]))
    numbers = [number for one in chosen if (number := finite(one)) is not None]
    return (numbers[0], numbers[1], numbers[2], numbers[3]) if len(numbers) == 4 else None


def finite(value: JsonValue) -> float | None:
    """A number of JSON; None where it is none, or none that a float holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
