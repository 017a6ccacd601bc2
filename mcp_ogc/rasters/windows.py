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


@dataclass(frozen=True, slots=True)
class Tiling:
    """A raster cut into windows that are alike, but for the last ones of each row and column."""

    width: int
    height: int
    """Of the raster."""
    rows: int
    columns: int
    """Of a window."""

    def covering(self, part: Block) -> Iterator[Block]:
        """The windows that a part of the raster lies in, top to bottom."""
        for row in range(part.row // self.rows * self.rows, part.row + part.rows, self.rows):
            for column in range(part.column // self.columns * self.columns, part.column + part.columns, self.columns):
                yield Block(row, column, min(self.rows, self.height - row), min(self.columns, self.width - column))

    def all(self) -> Iterator[Block]:
        """Every window, top to bottom."""
        return self.covering(Block(0, 0, self.height, self.width))


def tiling(width: int, height: int, block: tuple[int, int], pixels: int) -> Tiling:
    """A raster cut into whole blocks (rows, columns) of about `pixels` a window.

    A block far larger than that (a strip that is the whole image) is taken in slices: it is decoded once either way.
    """
    block_rows, block_columns = min(block[0], height), min(block[1], width)
    across = max(1, pixels // (block_rows * block_columns))
    columns = min(width, across * block_columns)
    rows = block_rows * max(1, pixels // (block_rows * columns))
    if rows * columns > 4 * pixels:
        rows = max(1, pixels // columns)
    return Tiling(width, height, rows, columns)


def split(at: Block, block: tuple[int, int]) -> Iterator[Block]:
    """The parts of a window that lie in one block (rows, columns) each."""
    for top in range(at.row // block[0] * block[0], at.row + at.rows, block[0]):
        for left in range(at.column // block[1] * block[1], at.column + at.columns, block[1]):
            row, column = max(top, at.row), max(left, at.column)
            bottom, right = min(top + block[0], at.row + at.rows), min(left + block[1], at.column + at.columns)
            yield Block(row, column, bottom - row, right - column)
