"""Classes of a classified raster: names and colours, from whoever knows them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

MOST_CLASSES = 32
"""An integer band with at most this many distinct values is shown as classes."""
BACKGROUND = "#bbbbbb"
"""Of the value 0, which in most classifications is "none of these"."""
# Okabe and Ito's palette, told apart with every kind of colour vision (jfly.uni-koeln.de/color); black left out.
DISTINCT = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
COLOUR = re.compile(r"#?([0-9a-fA-F]{6})\Z")

RGBA = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ClassLabel:
    """What a stored value stands for, as the STAC classification extension says it. `name` is the publisher's text."""

    value: int
    name: str | None = None
    colour: str | None = None
    """RRGGBB, with or without `#`; anything else is ignored."""
    band: int | None = None
    """1-based: the band whose value it is; None stands for every band."""


def labels_of(labels: Sequence[ClassLabel], band: int) -> dict[int, ClassLabel]:
    """The labels of one band, by the value."""
    return {label.value: label for label in labels if label.band in (None, band)}


def class_colours(
    values: Sequence[int], colour_table: Mapping[int, RGBA] | None, labels: Mapping[int, ClassLabel]
) -> tuple[str, ...]:
    """A colour `#rrggbb` for each value: of the file's colour table, else of its label, else of a safe palette."""
    spare = iter(_spare())
    return tuple(
        _of_table(colour_table, value)
        or _of_label(labels.get(value))
        or (BACKGROUND if value == 0 else next(spare, BACKGROUND))
        for value in values
    )


def hexadecimal(red: float, green: float, blue: float) -> str:
    """`#rrggbb` of three numbers from 0 to 255."""
    return f"#{round(red):02x}{round(green):02x}{round(blue):02x}"


def components(colour: str) -> tuple[int, int, int]:
    """Red, green and blue of `#rrggbb`."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _of_table(colour_table: Mapping[int, RGBA] | None, value: int) -> str | None:
    entry = (colour_table or {}).get(value)
    return hexadecimal(*entry[:3]) if entry else None


def _of_label(label: ClassLabel | None) -> str | None:
    found = COLOUR.match(label.colour or "") if label else None
    return f"#{found[1].lower()}" if found else None


def _spare() -> list[str]:
    """The distinct colours, then darker, lighter, very dark and very light ones: 35."""
    shades = ((1.0, 0), (0.6, 0), (0.5, 127), (0.3, 0), (0.25, 191))
    return [
        hexadecimal(*(factor * part + base for part in components(colour)))
        for factor, base in shades
        for colour in DISTINCT
    ]
