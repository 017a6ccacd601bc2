"""The bundled packages, by name; their digests are trusted, because they came with the program."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from pydantic import JsonValue

from mcp_ogc.errors import UnknownName
from mcp_ogc.ogc.models import JsonObject

HERE = Path(__file__).parent
SCENES = ("l7-recife-north", "l7-recife-south")
AOI = "-34.88,-8.035,-34.83,-7.955"
ZONES: JsonObject = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": name},
            "geometry": {"type": "Polygon", "coordinates": [[list(corner) for corner in corners]]},
        }
        for name, corners in {
            "Olinda": ((-34.87, -8.03), (-34.84, -8.03), (-34.83, -7.99), (-34.86, -7.98), (-34.87, -8.03)),
            "inland": ((-34.915, -7.99), (-34.89, -7.99), (-34.89, -7.96), (-34.915, -7.96), (-34.915, -7.99)),
        }.items()
    ],
}
"""Two zones of the scenes: one that both halves meet, and one of the northern half."""
OWN_INPUTS: dict[str, JsonObject] = {
    "water-bodies": {"aoi": AOI, "epsg": "EPSG:4326", "bands": ["green", "nir08"]},
    "vegetation-index": {"aoi": AOI, "breaks": [0, 0.1, 0.25, 0.4]},
    "zonal-statistics": {"zones": json.dumps(ZONES, separators=(",", ":"))},
}
"""By sample: what its example says beside the scenes."""


def names() -> tuple[str, ...]:
    """The names of the samples."""
    return tuple(OWN_INPUTS)


def package_text(name: str) -> str:
    """The CWL of a sample.

    Raises:
        UnknownName: There is none of that name.
    """
    _check(name)
    return (HERE / f"{name}.cwl").read_text(encoding="utf-8")


def digest(name: str) -> str:
    """`sha256:` and the digest of a sample's CWL."""
    return f"sha256:{hashlib.sha256(package_text(name).encode()).hexdigest()}"


def trusted_digests() -> tuple[str, ...]:
    """The digests of all samples."""
    return tuple(digest(name) for name in names())


def scene_folder() -> Path:
    """Where the bundled scenes are."""
    return HERE / "scene"


def example_inputs(name: str) -> JsonObject:
    """Inputs that run a sample on its bundled scenes.

    Raises:
        UnknownName: There is none of that name.
    """
    _check(name)
    items: list[JsonValue] = [(scene_folder() / scene / f"{scene}.json").as_uri() for scene in SCENES]
    return {"stac_items": items, **OWN_INPUTS[name]}


def _check(name: str) -> None:
    if name not in OWN_INPUTS:
        raise UnknownName("sample", name, names())
