"""The two built-in test processes: `echo` gives back every kind of input, `pause` takes its time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

BBOX = {
    "type": "object",
    "format": "ogc-bbox",
    "required": ["bbox"],
    "properties": {
        "bbox": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6},
        "crs": {"type": "string", "default": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
    },
}
ECHOED: dict[str, tuple[str, dict[str, Any]]] = {
    "string": ("A string", {"type": "string"}),
    "number": ("A number", {"type": "number"}),
    "integer": ("An integer", {"type": "integer"}),
    "boolean": ("A boolean", {"type": "boolean"}),
    "choice": ("One of three words", {"type": "string", "enum": ["one", "two", "three"]}),
    "datetime": ("A time", {"type": "string", "format": "date-time"}),
    "array": ("Numbers", {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 10}),
    "measurement": (
        "A number with its unit",
        {
            "type": "object",
            "required": ["measurement", "uom"],
            "properties": {
                "measurement": {"type": "number"},
                "uom": {"type": "string"},
                "reference": {"type": "string"},
            },
        },
    ),
    "geometry": ("A GeoJSON geometry", {"type": "object", "format": "geojson-geometry", "required": ["type"]}),
    "bbox": ("A bounding box", BBOX),
    "image": (
        "A picture, base64 or by reference",
        {"type": "string", "contentEncoding": "base64", "contentMediaType": "image/tiff; application=geotiff"},
    ),
}
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}
LINK = {"href", "rel", "type", "hreflang", "title", "length", "format"}
SECONDS = {"type": "number", "minimum": 0, "maximum": 3600, "default": 0}

DESCRIPTIONS: Mapping[str, Mapping[str, Any]] = {
    "echo": {
        "id": "echo",
        "version": "1.0.0",
        "title": "Echo",
        "description": "Gives back what it is given: a test process with every kind of input.",
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "mutable": False,
        "inputs": {
            **{name: {"title": title, "schema": schema, "minOccurs": 0} for name, (title, schema) in ECHOED.items()},
            "strings": {"title": "Strings, one or more", "schema": {"type": "string"}, "minOccurs": 0, "maxOccurs": 5},
            "pause": {"title": "Seconds before the answer", "schema": SECONDS, "minOccurs": 0},
        },
        "outputs": {
            **{name: {"title": title, "schema": schema} for name, (title, schema) in ECHOED.items()},
            "strings": {"title": "Strings", "schema": {"type": "array", "items": {"type": "string"}}},
        },
    },
    "pause": {
        "id": "pause",
        "version": "1.0.0",
        "title": "Pause",
        "description": "Waits some seconds, with progress: a test process for following and dismissing jobs.",
        "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "mutable": False,
        "inputs": {"seconds": {"title": "Seconds to wait", "schema": {**SECONDS, "default": 1}, "minOccurs": 0}},
        "outputs": {"waited": {"title": "Seconds waited", "schema": {"type": "number"}}},
    },
}


def seconds_of(process_id: str, inputs: Mapping[str, Any]) -> float:
    """How long a built-in process takes.

    Raises:
        ValueError: It is asked by reference.
    """
    name, default = ("pause", 0.0) if process_id == "echo" else ("seconds", 1.0)
    given = inputs.get(name, default)
    value = given.get("value") if isinstance(given, dict) else given
    if not isinstance(value, int | float):
        raise ValueError(f"{name} is a number, given by value")  # noqa: TRY004 - of what was asked, not of the call
    return float(value)


def outputs_of(process_id: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a built-in process gives: of `echo`, the inputs that were given, objects qualified."""
    if process_id == "pause":
        return {"waited": seconds_of("pause", inputs)}
    return {name: _result(value) for name, value in inputs.items() if name != "pause"}


def _result(value: Any) -> Any:
    """A value as a result document has it (inlineOrRefData.yaml): an object is qualified, a box and a link are not."""
    if not isinstance(value, dict):
        return value
    is_one_of = ({"value", *value} <= QUALIFIED, {"href", *value} <= LINK, {"bbox", *value} <= {"bbox", "crs"})
    return value if any(is_one_of) and {"value", "href", "bbox"} & set(value) else {"value": value}


def pause(seconds: float, tell: Callable[[float], None]) -> None:
    """Wait, telling the share of the time that is over, 0 to 1, ten times."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, max(seconds / 10, 0.01)))
        tell(1 - max(0.0, end - time.monotonic()) / seconds)
