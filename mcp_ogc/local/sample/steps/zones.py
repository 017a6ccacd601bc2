"""Zones as the steps read them: the polygons of a GeoJSON document, in longitude and latitude (RFC 7946)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from mcp_ogc.local.sample.steps.item import fetched
from mcp_ogc.local.sample.steps.step import StepError

MOST_ZONES = 1000
POLYGONS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True, slots=True)
class Zone:
    """One zone."""

    name: str
    """Its property `name`, else its id, else its number from 1."""
    geometry: dict[str, Any]
    """A GeoJSON Polygon or MultiPolygon in degrees, longitude first."""

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north."""
        longitudes, latitudes = zip(*_positions(self.geometry["coordinates"]), strict=True)
        return min(longitudes), min(latitudes), max(longitudes), max(latitudes)


def read_zones(given: str) -> list[Zone]:
    """The zones of a GeoJSON text, or of the URL or path of one.

    Raises:
        StepError: It can't be read, or is no GeoJSON with polygons.
    """
    text = given if given.lstrip().startswith("{") else _read(given)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StepError(f"The zones are not JSON: {error}") from None
    zones = [_zone(feature, number) for number, feature in enumerate(_features(document), start=1)]
    if not zones or len(zones) > MOST_ZONES:
        raise StepError(f"There are {len(zones):,} zones; 1 to {MOST_ZONES:,} are read at once")
    return zones


def bounds_of(zones: list[Zone]) -> tuple[float, float, float, float]:
    """West, south, east, north of all zones."""
    west, south, east, north = zip(*(zone.bounds for zone in zones), strict=True)
    return min(west), min(south), max(east), max(north)


def _read(href: str) -> bytes:
    try:
        return fetched(href)
    except OSError as error:
        raise StepError(f"The zones {href[:200]} can't be read: {error}") from None


def _features(document: Any) -> list[Any]:
    match document:
        case {"type": "FeatureCollection", "features": list(features)}:
            return features
        case {"type": "Feature"}:
            return [document]
        case {"type": "Polygon" | "MultiPolygon"}:
            return [{"type": "Feature", "geometry": document}]
    raise StepError("The zones are not GeoJSON: a FeatureCollection, a Feature or a (Multi)Polygon")


def _zone(feature: Any, number: int) -> Zone:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, dict) or geometry.get("type") not in POLYGONS:
        raise StepError(f"The zone {number} is no Polygon or MultiPolygon")
    properties = feature.get("properties")
    named = properties.get("name") if isinstance(properties, Mapping) else None
    zone = Zone(str(named or feature.get("id") or number)[:200], geometry)
    try:
        west, south, east, north = zone.bounds
    except (KeyError, TypeError, ValueError, RecursionError):
        raise StepError(f"The zone {number} has coordinates that are none") from None
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise StepError(f"The zone {number} is not in longitude and latitude: {west}, {south}, {east}, {north}")
    return zone


def _positions(coordinates: Any) -> Iterator[tuple[float, float]]:
    """The positions of nested coordinates.

    Raises:
        ValueError: One is not made of numbers.
    """
    if coordinates and isinstance(coordinates[0], int | float):
        longitude, latitude = float(coordinates[0]), float(coordinates[1])
        if not (isfinite(longitude) and isfinite(latitude)):
            raise ValueError("not finite")
        yield longitude, latitude
        return
    for one in coordinates:
        yield from _positions(one)
