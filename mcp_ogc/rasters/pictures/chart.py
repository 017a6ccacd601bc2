"""The histogram of a band as a small picture: numbers only, because names are the publisher's."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from mcp_ogc.rasters.pictures.picture import LegendEntry, Preview

if TYPE_CHECKING:
    from mcp_ogc.rasters.summary import BandSummary

BAR = "#0072b2"
INK = "#333333"
MARGIN = 18
GAP = 1


@dataclass(frozen=True, slots=True)
class _Bar:
    label: str
    count: int
    colour: str


def draw_histogram(band: BandSummary, longest_side: int = 512) -> Preview | None:
    """A PNG of a bar for each class or bin, in the colours of the classes; None where no pixel is valid.

    Args:
        band: As it was summarised.
        longest_side: Pixels; the picture is half as high as it is wide.
    """
    bars = _bars(band)
    if not bars:
        return None
    width, height = longest_side, longest_side // 2
    most = max(bar.count for bar in bars)
    image = Image.new("RGB", (width, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.load_default()
    floor, step = height - MARGIN, width / len(bars)
    for place, bar in enumerate(bars):
        # A class of few pixels is seen to be there.
        tall = max(1, round((floor - MARGIN) * bar.count / most)) if bar.count else 0
        left = round(place * step)
        right = max(left, round((place + 1) * step) - 1 - GAP)
        if tall:
            draw.rectangle((left, floor - tall, right, floor - 1), fill=bar.colour)
    draw.line((0, floor, width, floor), fill=INK)
    for centre, label in _ticks(band, bars):
        box = draw.textbbox((0, 0), label, font=font)
        at = min(max(0.0, centre * width - box[2] / 2), width - box[2])
        draw.text((at, floor + 3), label, fill=INK, font=font)
    draw.text((2, 2), f"most: {most:,} pixels", fill=INK, font=font)
    reduced, buffer = image.quantize(64, dither=Image.Dither.NONE), io.BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    legend = tuple(LegendEntry(bar.label, bar.colour) for bar in bars) if band.classes else ()
    what = "a bar for each class" if band.classes else f"{len(bars)} equally wide bins"
    return Preview(buffer.getvalue(), "image/png", width, height, legend, f"histogram of band {band.band}, {what}")


def _bars(band: BandSummary) -> list[_Bar]:
    if band.classes:
        return [_Bar(str(one.value), one.count, one.colour) for one in band.classes]
    if band.histogram is None:
        return []
    return [
        _Bar(f"{edge:.4g}", count, BAR)
        for edge, count in zip(band.histogram.edges, band.histogram.counts, strict=False)
    ]


def _ticks(band: BandSummary, bars: list[_Bar]) -> list[tuple[float, str]]:
    """Labels and where they are, as a share of the width."""
    if band.classes:
        return [((place + 0.5) / len(bars), bar.label) for place, bar in enumerate(bars)]
    edges = band.histogram.edges if band.histogram else ()
    last = len(edges) - 1
    return [(place / last, f"{edges[place]:.4g}") for place in sorted({0, last // 2, last})]
