"""The classes of a map, written into it: a colour table for programs that show it, names for those that describe it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

NODATA = 255
NAMES = "CLASSES"
"""The tag of a band: a JSON object, value to name."""


@dataclass(frozen=True, slots=True)
class MapClass:
    """One class. `colour` is RRGGBB, as STAC's classification extension has it."""

    value: int
    name: str
    colour: str


def write_classes(target: Any, classes: Sequence[MapClass]) -> None:
    """Give the first band of an open dataset its classes; 255, no data, is transparent."""
    colours = {one.value: (*bytes.fromhex(one.colour), 255) for one in classes}
    target.write_colormap(1, {**colours, NODATA: (0, 0, 0, 0)})
    target.update_tags(1, **{NAMES: json.dumps({one.value: one.name for one in classes})})


def read_classes(dataset: Any) -> tuple[MapClass, ...]:
    """The classes that were written into a dataset; none where it is no class map."""
    names: dict[str, str] = json.loads(dataset.tags(1).get(NAMES, "{}"))
    if not names:
        return ()
    colours = dataset.colormap(1)
    return tuple(
        MapClass(int(value), name, bytes(colours[int(value)][:3]).hex().upper()) for value, name in names.items()
    )
