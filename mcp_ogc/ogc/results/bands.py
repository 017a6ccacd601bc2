"""What STAC says of the bands of an asset: 1.0 and 1.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from mcp_ogc.ogc.models import Value

BANDS = ("bands", "raster:bands", "eo:bands")
"""Lists of an asset's bands in the order of its file: the first of STAC 1.1, the others of 1.0."""


class ClassLabel(Value):
    """One class of a classification (STAC classification:classes)."""

    value: int
    name: str
    color: str | None = None
    """RGB as six hexadecimal digits, without #."""
    band: int | None = None
    """1-based; None where the asset lists no bands, and its classes are those of all there are."""


def of_first_band(fields: Mapping[str, JsonValue], name: str) -> JsonValue:
    """A field of the asset, or of its first band."""
    found = fields.get(name)
    for bands in map(fields.get, BANDS):
        if found is None and isinstance(bands, list) and bands and isinstance(bands[0], dict):
            found = bands[0].get(name)
    return found


def class_labels(fields: Mapping[str, JsonValue]) -> Iterator[ClassLabel]:
    """Of each band its own; those of the asset where that can only mean its one band, or where it lists none."""
    listed = [bands for name in BANDS if isinstance(bands := fields.get(name), list) and bands]
    for bands in listed:
        if told := [label for number, band in enumerate(bands, start=1) for label in _labels(band, number)]:
            yield from told
            return
    if all(len(bands) == 1 for bands in listed):
        yield from _labels(dict(fields), 1 if listed else None)


def _labels(told: JsonValue, band: int | None) -> Iterator[ClassLabel]:
    found = told.get("classification:classes") if isinstance(told, dict) else None
    for one in found if isinstance(found, list) else []:
        value = one.get("value") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(value, int):
            name = one.get("name") or one.get("title") or one.get("description") or value
            color = one.get("color_hint")
            yield ClassLabel(value=value, name=str(name), color=str(color) if color else None, band=band)
