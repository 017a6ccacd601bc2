"""The bundled packages, by name; their digests are trusted, because they came with the program."""

from __future__ import annotations

import hashlib
from pathlib import Path

from mcp_ogc.errors import UnknownName
from mcp_ogc.ogc.models import JsonObject

HERE = Path(__file__).parent
NAMES = ("water-bodies",)
SCENES = ("l7-recife-north", "l7-recife-south")
AOI = "-34.88,-8.035,-34.83,-7.955"


def names() -> tuple[str, ...]:
    """The names of the samples."""
    return NAMES


def package_text(name: str) -> str:
    """The CWL of a sample.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in NAMES:
        raise UnknownName("sample", name, NAMES)
    return (HERE / f"{name}.cwl").read_text(encoding="utf-8")


def digest(name: str) -> str:
    """`sha256:` and the digest of a sample's CWL."""
    return f"sha256:{hashlib.sha256(package_text(name).encode()).hexdigest()}"


def trusted_digests() -> tuple[str, ...]:
    """The digests of all samples."""
    return tuple(digest(name) for name in NAMES)


def scene_folder() -> Path:
    """Where the bundled scenes are."""
    return HERE / "scene"


def example_inputs(name: str) -> JsonObject:
    """Inputs that run a sample on its bundled scenes.

    Raises:
        UnknownName: There is none of that name.
    """
    if name not in NAMES:
        raise UnknownName("sample", name, NAMES)
    items = [(scene_folder() / scene / f"{scene}.json").as_uri() for scene in SCENES]
    return {"stac_items": list(items), "aoi": AOI, "epsg": "EPSG:4326", "bands": ["green", "nir08"]}
