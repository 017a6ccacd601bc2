"""The picture of a raster as a value: what is wanted, and what came of it. Drawing is `preview.py`'s."""

from dataclasses import dataclass
from typing import Literal

from pydantic import Base64Bytes


@dataclass(frozen=True, slots=True)
class PreviewStyle:
    """What picture is wanted."""

    longest_side: int = 512
    """Pixels, at most."""
    encoding: Literal["smallest", "png"] = "smallest"
    """`png`: always a palette PNG; else true colour without nodata is a JPEG."""
    of: Literal["map", "histogram"] = "map"
    """The raster as it lies, or how the values of its first band are distributed."""


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour stands for. A label may hold the publisher's class name."""

    label: str
    colour: str
    """`#rrggbb`."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A picture, ready to be shown."""

    data: Base64Bytes
    """The encoded picture; base64 is only how JSON carries it."""
    media_type: str
    width: int
    height: int
    legend: tuple[LegendEntry, ...]
    description: str
