"""Which picture suits a raster: its own colours, its classes, or one band from dark to bright."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.rasters.bands import Band, is_classified
from mcp_ogc.rasters.pictures.chart import draw_histogram
from mcp_ogc.rasters.pictures.preview import (
    LEGEND_STEPS,
    Samples,
    draw_classes,
    draw_colours,
    draw_continuous,
    draw_palette,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_ogc.rasters.pictures.picture import Preview, PreviewStyle
    from mcp_ogc.rasters.statistics.counting import Grid
    from mcp_ogc.rasters.statistics.tally import Distribution
    from mcp_ogc.rasters.summary import BandSummary


def shown_bands(bands: Sequence[Band]) -> Sequence[Band]:
    """The bands of the picture: red, green and blue where the file says so, three byte bands, else the first."""
    named = {band.interpretation: band for band in bands}
    if {"red", "green", "blue"} <= named.keys():
        return [named["red"], named["green"], named["blue"]]
    return bands[:3] if len(bands) >= 3 and all(band.dtype == "uint8" for band in bands[:3]) else bands[:1]


def samples_for(bands: Sequence[Band], grid: Grid, style: PreviewStyle | None) -> Samples | None:
    """What the pass over a grid's pixels has to fill, None where no map is wanted."""
    if style is None or style.of == "histogram":
        return None
    kinds = {band.number: np.dtype(band.dtype) for band in shown_bands(bands)}
    return Samples(grid, kinds, style.longest_side)


def picture_of(
    samples: Samples | None,
    bands: Sequence[Band],
    found: Sequence[Distribution],
    summaries: Sequence[BandSummary],
    style: PreviewStyle | None,
) -> Preview | None:
    """The picture of what was counted, None where none is wanted."""
    if style and style.of == "histogram":
        return draw_histogram(summaries[0], style.longest_side)
    if samples is None or style is None:
        return None
    by_number = {band.number: one for band, one in zip(bands, found, strict=True)}
    return _draw(samples, [(band, by_number[band.number]) for band in shown_bands(bands)], summaries, style)


def _draw(
    samples: Samples,
    shown: Sequence[tuple[Band, Distribution]],
    summaries: Sequence[BandSummary],
    style: PreviewStyle,
) -> Preview:
    band, found = shown[0]
    if len(shown) == 3:
        numbers = ", ".join(str(band.number) for band, _ in shown)
        if band.interpretation == "red" and band.dtype == "uint8":
            return draw_colours(samples, [(0, 255)] * 3, f"bands {numbers} as red, green and blue", style)
        doubt = "" if band.interpretation == "red" else "; the file does not say their colours, bands=[r, g, b] does"
        what = f"bands {numbers} as red, green and blue, each stretched from 2 to 98 %{doubt}"
        return draw_colours(samples, [_stretch(found) for _, found in shown], what, style)
    if is_classified(band, found):
        classes = next(summary.classes for summary in summaries if summary.band == band.number)
        labels = [f"{share.value} {share.name}" if share.name else str(share.value) for share in classes]
        return draw_classes(
            samples, [share.value for share in classes], [share.colour for share in classes], labels, style
        )
    if band.colour_table and band.dtype == "uint8":
        return draw_palette(samples, [band.colour_table[value][:3] for value in range(256)], style)
    low, high = _stretch(found)
    steps = [band.real(low + (high - low) * step / (LEGEND_STEPS - 1)) for step in range(LEGEND_STEPS)]
    return draw_continuous(samples, (low, high), [f"{value:.4g}" for value in steps], style)


def _stretch(found: Distribution) -> tuple[float, float]:
    """Stored values between which colours are spread: 2 to 98 % of the pixels, else what there is."""
    ends = found.percentiles((2, 98)) or (found.low or 0.0, found.high or 1.0)
    return (ends[0], ends[1]) if ends[0] < ends[1] else (found.low or 0.0, found.high or 1.0)
