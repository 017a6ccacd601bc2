"""One small picture of a raster, made of the pixels that the statistics were made of.

The pass over the raster leaves an even grid of samples here, up to three a preview pixel in each direction: classes
take the nearest, continuous bands the mean. No second read, and nothing depends on how overviews were made.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mcp_ogc.rasters.classes import components, hexadecimal
from mcp_ogc.rasters.pictures.picture import LegendEntry, Preview, PreviewStyle
from mcp_ogc.rasters.statistics.counts import SINGLE_MAX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mcp_ogc.rasters.statistics.counting import Grid
    from mcp_ogc.rasters.windows import Block

MOST_BYTES = 200_000
SAMPLES_PER_PIXEL = 3
LEVELS = 128
JPEG_QUALITY = 80
# Nine evenly spaced colours of viridis (matplotlib, CC0); between them it is linear to the eye.
VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
# Decrease and increase in two of Okabe and Ito's colours, which are told apart with every kind of colour vision.
DECREASE, NO_CHANGE, INCREASE = "#0072b2", "#f7f7f7", "#d55e00"
UNCHANGED = "#d9d9d9"
LEGEND_STEPS = 5


class Samples:
    """An even grid of a raster's pixels, filled window by window.

    Args:
        grid: Of the raster.
        bands: Number and type of those that are sampled, in the order in which they are drawn.
        longest_side: Of the preview, in pixels.
    """

    def __init__(self, grid: Grid, bands: Mapping[int, np.dtype[np.generic]], longest_side: int) -> None:
        self._places = {number: place for place, number in enumerate(bands)}
        self._shape = (grid.height, grid.width)
        # As slices: samples are kept as the grid has them, and drawn as north is up.
        self._turned = tuple(slice(None, None, -1 if turned else 1) for turned in grid.turning)
        rows, columns = self._size(longest_side * SAMPLES_PER_PIXEL)
        self._rows = _centres(rows, grid.height)
        self._columns = _centres(columns, grid.width)
        # Half the memory; a picture has 256 levels.
        kinds = [np.dtype(np.float32) if dtype.kind == "f" else dtype for dtype in bands.values()]
        self.bands = [np.zeros((rows, columns), dtype=kind) for kind in kinds]
        self.valid = [np.zeros((rows, columns), dtype=np.bool_) for _ in bands]

    def add(
        self,
        band: int,
        at: Block,
        block: NDArray[np.generic],
        mask: NDArray[np.bool_] | None,
        valid: Callable[[NDArray[np.generic], NDArray[np.bool_] | None], NDArray[np.bool_] | None],
    ) -> None:
        """Take the samples within a window, if this is one of the sampled bands; `valid` tells which of them count."""
        if band not in self._places:
            return
        top, bottom = np.searchsorted(self._rows, (at.row, at.row + at.rows))
        left, right = np.searchsorted(self._columns, (at.column, at.column + at.columns))
        if top == bottom or left == right:
            return
        pick = np.ix_(self._rows[top:bottom] - at.row, self._columns[left:right] - at.column)
        samples = block[pick]
        counted = valid(samples, None if mask is None else mask[pick])
        if samples.dtype == np.float64:
            samples = np.clip(samples, -SINGLE_MAX, SINGLE_MAX)
        self.bands[self._places[band]][top:bottom, left:right] = samples
        self.valid[self._places[band]][top:bottom, left:right] = True if counted is None else counted

    def nearest(self, longest_side: int, place: int = 0) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Values of the `place`-th sampled band at the centres of preview pixels, and which are valid."""
        rows, columns = self._size(longest_side)
        pick = np.ix_(_centres(rows, len(self._rows)), _centres(columns, len(self._columns)))
        return self.bands[place][pick][self._turned], self.valid[place][pick][self._turned]

    def mean(self, band: int, longest_side: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Means of the valid samples in each preview pixel, and where there are any."""
        rows, columns = self._size(longest_side)
        valid = self.valid[band]
        values = np.where(valid, self.bands[band], 0).astype(np.float64)
        if values.shape == (rows, columns):
            return values[self._turned], valid[self._turned]
        counts = _boxes(valid.astype(np.float64), rows, columns)
        means = _boxes(values, rows, columns) / np.maximum(counts, 1)
        return means[self._turned], (counts > 0)[self._turned]

    def _size(self, longest_side: int) -> tuple[int, int]:
        factor = min(1.0, longest_side / max(self._shape))
        return max(1, round(self._shape[0] * factor)), max(1, round(self._shape[1] * factor))


def draw_classes(
    samples: Samples, values: Sequence[int], colours: Sequence[str], labels: Sequence[str], style: PreviewStyle
) -> Preview:
    """A palette PNG of classes; what is not valid is transparent. `values` ascend; at most 255 are given."""

    def picture(side: int) -> bytes:
        found, valid = samples.nearest(side)
        places = np.searchsorted(np.asarray(values, dtype=found.dtype), found)
        return _palette_png(places, valid, [components(colour) for colour in colours])

    legend = tuple(LegendEntry(label, colour) for label, colour in zip(labels, colours, strict=True))
    return _preview(picture, "image/png", style, legend, "classes, nodata transparent")


def draw_palette(samples: Samples, palette: Sequence[tuple[int, int, int]], style: PreviewStyle) -> Preview:
    """A PNG in the colours of a byte band's own colour table."""

    def picture(side: int) -> bytes:
        found, valid = samples.nearest(side)
        present, places = np.unique(np.where(valid, found, 0), return_inverse=True)
        # 255 colours and a transparent one: of 256 present, the last two share theirs.
        colours = [palette[int(value)] for value in present][:255]
        return _palette_png(np.minimum(places, len(colours) - 1).reshape(found.shape), valid, colours)

    return _preview(picture, "image/png", style, (), "the file's own colours, nodata transparent")


def draw_continuous(
    samples: Samples, stretch: tuple[float, float], legend_values: Sequence[str], style: PreviewStyle
) -> Preview:
    """A palette PNG of one band from dark (low) to bright (high).

    Args:
        samples: Of which the first band is drawn.
        stretch: Stored values at both ends of the colours.
        legend_values: Labels at even distances, the first of `stretch[0]`, the last of `stretch[1]`.
        style: What is wanted.
    """
    colours = _ramp(VIRIDIS, LEVELS)

    def picture(side: int) -> bytes:
        values, valid = samples.mean(0, side)
        return _palette_png(_levels(values, stretch, LEVELS), valid, colours)

    steps = np.linspace(0, LEVELS - 1, len(legend_values)).round().astype(int)
    legend = tuple(
        LegendEntry(label, hexadecimal(*colours[step])) for label, step in zip(legend_values, steps, strict=True)
    )
    what = f"stretched from {legend_values[0]} (dark) to {legend_values[-1]} (bright), nodata transparent"
    return _preview(picture, "image/png", style, legend, what)


def draw_colours(samples: Samples, stretches: Sequence[tuple[float, float]], what: str, style: PreviewStyle) -> Preview:
    """Three bands as red, green and blue; a pixel is shown where all three are valid."""
    complete = all(valid.all() for valid in samples.valid)
    as_jpeg = complete and style.encoding == "smallest"

    def picture(side: int) -> bytes:
        means = [samples.mean(band, side) for band in range(3)]
        levels = [_levels(values, stretch, 256) for (values, _), stretch in zip(means, stretches, strict=True)]
        image = Image.fromarray(np.stack(levels, axis=-1).astype(np.uint8))
        if as_jpeg:
            return _encoded(image, "JPEG", quality=JPEG_QUALITY)
        valid = means[0][1] & means[1][1] & means[2][1]
        reduced = image.quantize(255, dither=Image.Dither.NONE)
        palette = np.asarray(reduced.getpalette() or [], dtype=int).reshape(-1, 3)
        return _palette_png(np.asarray(reduced), valid, [(int(r), int(g), int(b)) for r, g, b in palette[:255]])

    media_type = "image/jpeg" if as_jpeg else "image/png"
    return _preview(picture, media_type, style, (), what if complete else f"{what}, nodata transparent")


def draw_change(
    samples: Samples, became: Sequence[int], colours: Sequence[str], labels: Sequence[str], style: PreviewStyle
) -> Preview:
    """A palette PNG: what changed in the colour of its new class, the rest grey.

    Args:
        samples: The class after, and whether it is another one.
        became: Classes that something became, ascending.
        colours: Of each.
        labels: Of each.
        style: What is wanted.
    """
    palette = [components(UNCHANGED), *(components(colour) for colour in colours)]

    def picture(side: int) -> bytes:
        after, valid = samples.nearest(side)
        changed, _ = samples.nearest(side, 1)
        places = 1 + np.searchsorted(np.asarray(became, dtype=after.dtype), after)
        return _palette_png(np.where(changed.astype(np.bool_), places, 0), valid, palette)

    legend = (
        LegendEntry("unchanged", UNCHANGED),
        *(LegendEntry(label, colour) for label, colour in zip(labels, colours, strict=True)),
    )
    what = "what changed, in the colour of what it became; nodata in either is transparent"
    return _preview(picture, "image/png", style, legend, what)


def draw_difference(samples: Samples, most: float, style: PreviewStyle) -> Preview:
    """A palette PNG of differences: blue where it is less, orange where it is more; `most` is at both ends."""
    colours = _ramp((DECREASE, NO_CHANGE, INCREASE), LEVELS - 1)  # an odd number: one colour is that of no change

    def picture(side: int) -> bytes:
        values, valid = samples.mean(0, side)
        return _palette_png(_levels(values, (-most, most), len(colours)), valid, colours)

    steps = np.linspace(0, len(colours) - 1, LEGEND_STEPS).round().astype(int)
    values = np.linspace(-most, most, LEGEND_STEPS)
    legend = tuple(
        LegendEntry(f"{value:+.4g}" if value else "0", hexadecimal(*colours[step]))
        for value, step in zip(values.tolist(), steps.tolist(), strict=True)
    )
    what = f"after minus before, from {-most:.4g} (blue) to {most:+.4g} (orange), nodata in either transparent"
    return _preview(picture, "image/png", style, legend, what)


def _preview(
    picture: Callable[[int], bytes],
    media_type: str,
    style: PreviewStyle,
    legend: tuple[LegendEntry, ...],
    description: str,
) -> Preview:
    """Draw, smaller until it is under 200 kB."""
    side = style.longest_side
    data = picture(side)
    while len(data) > MOST_BYTES and side > 64:
        side = side * 7 // 8
        data = picture(side)
    with Image.open(io.BytesIO(data)) as image:
        width, height = image.size
    return Preview(data, media_type, width, height, legend, description)


def _palette_png(
    places: NDArray[np.generic], valid: NDArray[np.bool_], colours: Sequence[tuple[int, int, int]]
) -> bytes:
    """A PNG of mode P; the place after the last colour is transparent."""
    transparent = len(colours)
    image = Image.fromarray(np.where(valid, places, transparent).astype(np.uint8))
    image.putpalette([part for colour in (*colours, (255, 255, 255)) for part in colour])
    return _encoded(image, "PNG", transparency=transparent, optimize=True)


def _encoded(image: Image.Image, encoding: str, **options: int | bool) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, encoding, **options)
    return buffer.getvalue()


def _levels(values: NDArray[np.float64], stretch: tuple[float, float], levels: int) -> NDArray[np.intp]:
    low, high = stretch
    width = high - low or 1.0
    with np.errstate(over="ignore"):
        scaled = (values - low) / width * (levels - 1)
    return np.clip(np.round(scaled), 0, levels - 1).astype(np.intp)


def _ramp(colours: Sequence[str], count: int) -> list[tuple[int, int, int]]:
    stops = np.asarray([components(colour) for colour in colours], dtype=np.float64)
    at = np.linspace(0, len(colours) - 1, count)
    parts = [np.interp(at, range(len(colours)), stops[:, part]).round().astype(int) for part in range(3)]
    return [(int(red), int(green), int(blue)) for red, green, blue in zip(*parts, strict=True)]


def _centres(count: int, size: int) -> NDArray[np.intp]:
    """The pixels at the centres of `count` even parts of `size` pixels."""
    return np.floor((np.arange(count) + 0.5) * size / count).astype(np.intp)


def _boxes(values: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    """Sums over `rows` × `columns` even boxes."""
    tops = np.arange(rows) * values.shape[0] // rows
    lefts = np.arange(columns) * values.shape[1] // columns
    return np.asarray(np.add.reduceat(np.add.reduceat(values, tops, axis=0), lefts, axis=1))
