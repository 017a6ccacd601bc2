"""Which class became which, between two classified rasters of one grid."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mcp_ogc.errors import RasterError
from mcp_ogc.rasters.classes import BACKGROUND, MOST_CLASSES, ClassLabel, class_colours
from mcp_ogc.rasters.compared import ClassChange, Compared, Transition
from mcp_ogc.rasters.comparison.pairs import PairOfBlocks, PairReader, Two, compared_in_all
from mcp_ogc.rasters.pictures.picture import Preview, PreviewStyle
from mcp_ogc.rasters.pictures.preview import Samples, draw_change
from mcp_ogc.rasters.scan import Handles, scan, unheard

if TYPE_CHECKING:
    import threading

    from numpy.typing import NDArray

    from mcp_ogc.rasters.windows import Block

GONE = "#333333"
"""Of what became "none of these": its usual grey is too near to that of what did not change."""
SPAN = 2**16
"""Values that are nearer to each other are told apart without sorting them."""


@dataclass(frozen=True, slots=True)
class _Joint:
    """Counts of pairs, of shape (values before, values after)."""

    before: NDArray[np.generic]
    """Ascending, of the band's type."""
    after: NDArray[np.generic]
    counts: NDArray[np.int64]
    km2: NDArray[np.float64] | None

    def and_of(self, other: _Joint) -> _Joint:
        """The counts of both, over the values of both."""
        before, after = _united(self.before, other.before), _united(self.after, other.after)
        counts, km2 = np.zeros((before.size, after.size), np.int64), np.zeros((before.size, after.size))
        for one in (self, other):
            at = np.ix_(np.searchsorted(before, one.before), np.searchsorted(after, one.after))
            counts[at] += one.counts
            if one.km2 is not None:
                km2[at] += one.km2
        return _Joint(before, after, counts, None if self.km2 is None else km2)


def _united(some: NDArray[np.generic], others: NDArray[np.generic]) -> NDArray[np.generic]:
    """Ascending. Bytes have every value from the start; of other types only those are there that are counted."""
    if np.array_equal(some, others):
        return some
    united = np.union1d(some, others)
    if united.size > MOST_CLASSES:
        raise _no_classes(f"at least {united.size} different values")
    return united


def compare_classes(
    handles: Handles[Two],
    reader: PairReader,
    stopped: threading.Event,
    *,
    labels: Sequence[ClassLabel] = (),
    style: PreviewStyle | None = None,
    told: Callable[[float], None] = unheard,
) -> ClassChange:
    """Count which class became which, in one pass over both; blocking.

    Args:
        handles: Of both rasters.
        reader: Of what is compared in them.
        stopped: Ends the pass before the next window.
        labels: What the publisher calls the values of these bands.
        style: The picture that is wanted, None for none.
        told: Called with the share that is done, between 0 and 1.

    Raises:
        RasterError: These are no classes: no integers, or more than 32; or `stopped` was set.
        OgcError: What the handles raised.
    """
    for band in (reader.before, reader.after):
        if np.dtype(band.dtype).kind not in "iu" or band.scaled:
            raise _no_classes(f"{'scaled' if band.scaled else band.dtype} numbers")
    grid, area = reader.grid, reader.area
    every = reader.windows()
    kinds: dict[int, np.dtype[np.generic]] = {1: np.dtype(reader.after.dtype), 2: np.dtype(np.uint8)}
    samples = Samples(grid, kinds, style.longest_side) if style else None

    def visit(two: Two, at: Block) -> tuple[Compared, _Joint]:
        pair = reader.read(two, at)
        found = _joint(pair, reader.row_km2(at))
        if samples:
            samples.add(1, at, pair.after, pair.valid, _as_masked)
            samples.add(2, at, pair.before != pair.after, pair.valid, _as_masked)
        return pair.compared, found

    compared: list[Compared] = []
    joint: _Joint | None = None
    for done, (pixels, found) in enumerate(scan(handles, every, visit, stopped), start=1):
        compared.append(pixels)
        joint = found if joint is None else joint.and_of(found)
        told(done / len(every))
    transitions = _transitions(joint, reader) if joint else ()
    total = compared_in_all(compared)
    changed = [one for one in transitions if one.before != one.after]
    changed_count = sum(one.count for one in changed)
    return ClassChange(
        compared=total,
        changed_count=changed_count,
        changed_km2=sum(one.km2 or 0.0 for one in changed) if area.known else None,
        changed_percent=100 * changed_count / total.count if total.count else None,
        transitions=transitions,
        picture=_picture(samples, changed, reader, labels, style) if samples and style else None,
    )


def _joint(pair: PairOfBlocks, row_km2: NDArray[np.float64] | None) -> _Joint:
    # Bytes that only nodata makes invalid are counted as they are: nodata is forgotten at the end.
    bytes_only = pair.before.dtype == pair.after.dtype == np.uint8
    as_they_are = pair.valid is None or (bytes_only and not pair.masked)
    chosen = None if as_they_are or pair.valid is None else pair.valid.ravel()
    before, keys = _placed(pair.before, chosen)
    after, places = _placed(pair.after, chosen)
    keys *= np.uint16(after.size)
    keys += places
    shape = before.size, after.size
    counts = np.bincount(keys, minlength=math.prod(shape)).reshape(shape)
    if row_km2 is None:
        return _Joint(before, after, counts, None)
    each = np.broadcast_to(row_km2[:, None], pair.before.shape).ravel()
    weights = each if chosen is None else np.compress(chosen, each)
    weighed = np.bincount(keys, weights, minlength=math.prod(shape)).astype(np.float64)
    return _Joint(before, after, counts, weighed.reshape(shape))


def _placed(
    block: NDArray[np.generic], chosen: NDArray[np.bool_] | None
) -> tuple[NDArray[np.generic], NDArray[np.uint16]]:
    """Ascending values, among them all that were chosen, and the place of each pixel's among them."""
    pixels = block.ravel() if chosen is None else np.compress(chosen, block.ravel())
    if pixels.dtype.itemsize == 1:
        least = np.iinfo(pixels.dtype).min
        return np.arange(least, least + 256).astype(pixels.dtype), (pixels.astype(np.int16) - least).astype(np.uint16)
    low, high = (int(pixels.min()), int(pixels.max())) if pixels.size else (0, 0)
    if pixels.dtype.itemsize < 8 and high - low < SPAN:
        distances = pixels.astype(np.int64) - low
        present = np.bincount(distances) > 0
        values, places = (np.flatnonzero(present) + low).astype(pixels.dtype), (np.cumsum(present) - 1)[distances]
    else:
        values, places = np.unique(pixels, return_inverse=True)
    if values.size > MOST_CLASSES:
        raise _no_classes(f"at least {values.size} different values")
    return values, places.astype(np.uint16)


def _transitions(joint: _Joint, reader: PairReader) -> tuple[Transition, ...]:
    table = joint.counts.copy()
    for axis, (nodata, values) in enumerate(zip(reader.nodata, (joint.before, joint.after), strict=True)):
        if nodata is not None:
            np.moveaxis(table, axis, 0)[values == nodata] = 0
    for axis in (1, 0):
        present = int(np.count_nonzero(table.any(axis=axis)))
        if present > MOST_CLASSES:
            raise _no_classes(f"{present} different values")
    pixels = int(table.sum())
    constant = reader.area.constant_km2
    found = []
    for row, column in np.argwhere(table).tolist():
        count = int(table[row, column])
        weighed = None if constant is None else count * constant
        area = weighed if joint.km2 is None else float(joint.km2[row, column])
        was, became = int(joint.before[row]), int(joint.after[column])
        found.append(Transition(was, became, count, area, 100 * count / pixels))
    return tuple(found)


def _picture(
    samples: Samples,
    changed: Sequence[Transition],
    reader: PairReader,
    labels: Sequence[ClassLabel],
    style: PreviewStyle,
) -> Preview:
    became = sorted({one.after for one in changed})
    by_value = {label.value: label for label in labels}
    names = {value: by_value[value].name for value in became if value in by_value}
    told = class_colours(became, reader.after.colour_table, by_value)
    colours = [GONE if colour == BACKGROUND else colour for colour in told]
    texts = [f"became {value} {names[value]}" if names.get(value) else f"became {value}" for value in became]
    return draw_change(samples, became, colours, texts, style)


def _as_masked(_block: NDArray[np.generic], mask: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
    return mask


def _no_classes(what: str) -> RasterError:
    return RasterError(
        f"These are no classes: {what}; classes are at most {MOST_CLASSES} different integers",
        remedy='Compare the values by their difference: by="values"',
    )
