"""How a raster is cut into pieces that are read one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """A window of a raster, in pixels from its upper left corner."""

    row: int
    column: int
    rows: int
    columns: int


def windows(width: int, height: int, block: tuple[int, int], pixels: int) -> Iterator[Block]:
    """Windows that cover a raster, whole blocks (rows, columns) of about `pixels` each, top to bottom.

    A block far larger than that (a strip that is the whole image) is taken in slices: it is decoded once either way.
    """
    block_rows, block_columns = min(block[0], height), min(block[1], width)
    across = max(1, pixels // (block_rows * block_columns))
    columns = min(width, across * block_columns)
    rows = block_rows * max(1, pixels // (block_rows * columns))
    if rows * columns > 4 * pixels:
        rows = max(1, pixels // columns)
    for row in range(0, height, rows):
        for column in range(0, width, columns):
            yield Block(row, column, min(rows, height - row), min(columns, width - column))


def split(at: Block, block: tuple[int, int]) -> Iterator[Block]:
    """The parts of a window that lie in one block (rows, columns) each."""
    for top in range(at.row // block[0] * block[0], at.row + at.rows, block[0]):
        for left in range(at.column // block[1] * block[1], at.column + at.columns, block[1]):
            row, column = max(top, at.row), max(left, at.column)
            bottom, right = min(top + block[0], at.row + at.rows), min(left + block[1], at.column + at.columns)
            yield Block(row, column, bottom - row, right - column)
