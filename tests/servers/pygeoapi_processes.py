"""Processes that pygeoapi runs for the tests; it imports this file, in an environment of its own."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from typing import Any

from pygeoapi.process.base import BaseProcessor, ProcessorExecuteError  # type: ignore[import-not-found]

CSV = "name,area_km2\nnorth,1.76\nsouth,8.43\n"
POINT = {
    "type": "Feature",
    "geometry": {"type": "Point", "coordinates": [-34.9, -8.0]},
    "properties": {"name": "Recife"},
}


def metadata(process_id: str, title: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "1.2.0",
        "id": process_id,
        "title": {"en": title, "fr": f"{title} (fr)"},
        "description": {"en": f"{title}, for the tests"},
        "jobControlOptions": ["sync-execute", "async-execute"],
        "keywords": ["test"],
        "links": [],
        "inputs": inputs,
        "outputs": outputs,
        "example": {"inputs": {}},
    }


class Greeting(BaseProcessor):  # type: ignore[misc]
    """A literal of a literal; a name that is `nobody` is an error."""

    def __init__(self, definition: dict[str, Any]) -> None:
        name = {"title": "Name", "schema": {"type": "string"}, "minOccurs": 1, "maxOccurs": 1}
        times = {"title": "Times", "schema": {"type": "integer", "minimum": 1, "default": 1}, "minOccurs": 0}
        outputs = {"greeting": {"title": "Greeting", "schema": {"type": "string"}}}
        super().__init__(definition, metadata("greeting", "Greeting", {"name": name, "times": times}, outputs))

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        if data["name"] == "nobody":
            raise ProcessorExecuteError("there is nobody to greet")
        return "application/json", {"id": "greeting", "value": "Hello " * int(data.get("times", 1)) + data["name"]}


class Slow(BaseProcessor):  # type: ignore[misc]
    """Ends when the file that is named is there, so that no test waits by the clock."""

    def __init__(self, definition: dict[str, Any]) -> None:
        until = {"title": "Until", "schema": {"type": "string"}, "minOccurs": 1, "maxOccurs": 1}
        outputs = {"done": {"title": "Done", "schema": {"type": "boolean"}}}
        super().__init__(definition, metadata("slow", "Slow", {"until": until}, outputs))

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        while not Path(data["until"]).exists():
            time.sleep(0.05)
        return "application/json", {"id": "done", "value": True}


class Files(BaseProcessor):  # type: ignore[misc]
    """Outputs of each kind: a table, a feature, a picture, a real scene."""

    def __init__(self, definition: dict[str, Any]) -> None:
        kind = {"title": "Kind", "schema": {"type": "string", "enum": ["table", "feature", "picture", "raster"]}}
        outputs = {"file": {"title": "File", "schema": {"type": "string"}}}
        super().__init__(definition, metadata("files", "Files", {"kind": kind}, outputs))

    def execute(self, data: dict[str, Any], outputs: Any = None) -> tuple[str, Any]:
        match data["kind"]:
            case "table":
                return "text/csv", CSV.encode()
            case "feature":
                return "application/geo+json", POINT
            case "raster":
                return "image/tiff; application=geotiff", Path(__file__).with_name("scene.tif").read_bytes()
        return "image/png", base64.b64decode(PIXEL)


# One transparent pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg=="
