"""Which class became which, between two classified rasters of one grid."""

from __future__ import annotations

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

    from mcp_ogc.rasters.bands import Band
    from mcp_ogc.rasters.windows import Block

GONE = "#333333"
"""Of what became "none of these": its usual grey is too near to that of what did not change."""
REACH = 256
"""Classes are the integers from 0 (in int8: from -128), so many."""


@dataclass(frozen=True, slots=True)
class _Joint:
    """Counts of pairs, of shape (256 · 256,), before × 256 + after, each from its band's least class."""

    compared: Compared
    counts: NDArray[np.int64]
    km2: NDArray[np.float64] | None


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
        RasterError: These are no classes: not integers from 0 to 255, or more than 32; or `stopped` was set.
        OgcError: What the handles raised.
    """
    for band in (reader.before, reader.after):
        if np.dtype(band.dtype).kind not in "iu" or band.scaled:
            raise _no_classes(f"{'scaled' if band.scaled else band.dtype} numbers")
    grid, area = reader.grid, reader.area
    every = reader.windows()
    kinds: dict[int, np.dtype[np.generic]] = {1: np.dtype(np.int16), 2: np.dtype(np.uint8)}
    samples = Samples(grid.width, grid.height, kinds, style.longest_side) if style else None

    def visit(two: Two, at: Block) -> _Joint:
        pair = reader.read(two, at)
        found = _joint(pair, reader.row_km2(at))
        if samples:
            samples.add(1, at, pair.after, pair.valid, _as_masked)
            samples.add(2, at, pair.before != pair.after, pair.valid, _as_masked)
        return found

    compared = []
    counts = np.zeros(REACH * REACH, dtype=np.int64)
    km2 = np.zeros(REACH * REACH) if area.row_km2 else None
    for done, found in enumerate(scan(handles, every, visit, stopped), start=1):
        compared.append(found.compared)
        counts += found.counts
        if km2 is not None and found.km2 is not None:
            km2 += found.km2
        told(done / len(every))
    transitions = _transitions(counts, km2, reader)
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
    before, after = pair.before, pair.after
    # Bytes that only nodata makes invalid are counted as they are: nodata is forgotten at the end.
    as_they_are = pair.valid is None or (not pair.masked and before.dtype == after.dtype == np.uint8)
    chosen = None if as_they_are or pair.valid is None else pair.valid.ravel()
    keys = _places(before, chosen)
    keys <<= 8
    keys |= _places(after, chosen)
    weights: NDArray[np.float64] | None = None
    if row_km2 is not None:
        each = np.broadcast_to(row_km2[:, None], before.shape).ravel()
        chosen_km2 = each if chosen is None else np.compress(chosen, each)
        weights = np.bincount(keys, chosen_km2, minlength=REACH * REACH).astype(np.float64)
    return _Joint(pair.compared, np.bincount(keys, minlength=REACH * REACH), weights)


def _places(block: NDArray[np.generic], chosen: NDArray[np.bool_] | None) -> NDArray[np.uint16]:
    """Distances from the least class, which all values have to be within reach of."""
    values = block.ravel() if chosen is None else np.compress(chosen, block.ravel())
    if values.dtype == np.int8:
        return (values.astype(np.int16) + 128).astype(np.uint16)
    if values.dtype != np.uint8 and values.size and not 0 <= int(values.min()) <= int(values.max()) < REACH:
        raise _no_classes(f"values from {int(values.min())} to {int(values.max())}")
    return values.astype(np.uint16)


def _least(band: Band) -> int:
    return -128 if band.dtype == "int8" else 0


def _transitions(
    counts: NDArray[np.int64], km2: NDArray[np.float64] | None, reader: PairReader
) -> tuple[Transition, ...]:
    table = counts.reshape(REACH, REACH)
    first, second = _least(reader.before), _least(reader.after)
    for axis, (nodata, least) in enumerate(zip(reader.nodata, (first, second), strict=True)):
        if nodata is not None and 0 <= int(nodata) - least < REACH:
            np.moveaxis(table, axis, 0)[int(nodata) - least] = 0
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
        area = weighed if km2 is None else float(km2[row * REACH + column])
        found.append(Transition(row + first, column + second, count, area, 100 * count / pixels))
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
        f"These are no classes: {what}; classes are at most {MOST_CLASSES} integers from 0 to {REACH - 1}",
        remedy='Compare the values by their difference: by="values"',
    )
