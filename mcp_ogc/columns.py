"""The columns of a table while it is read: types, extremes, means, and the first rows; the cells are not kept."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

FIRST_ROWS = 20
COLUMNS = 200
"""What a table has more of is counted."""
TIME = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column. Its name and its times are the server's text; its numbers are of the rows that were read."""

    name: str
    type: str
    """`integer`, `number`, `true or false`, `time`, `text`, `mixed` or `empty`."""
    missing: int = 0
    minimum: float | str | None = None
    maximum: float | str | None = None
    mean: float | None = None


class Columns:
    """A table while it is read.

    Args:
        names: Of its columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names[:COLUMNS]
        self.left_out = len(names) - len(self.names)
        self._columns = [_Reading() for _ in self.names]
        self._rows: list[tuple[str, ...]] = []
        self.count = 0

    @property
    def wants_rows(self) -> bool:
        """Whether these are still the first."""
        return len(self._rows) < FIRST_ROWS

    def add(self, cells: Iterable[tuple[int, JsonValue]], row: Sequence[JsonValue]) -> None:
        """A row: its cells by the number of their column, and how it is shown."""
        self.count += 1
        for number, cell in cells:
            if number < len(self._columns):
                self._columns[number].add(cell)
        if self.wants_rows:
            self._rows.append(tuple(shown_cell(cell) for cell in row[:COLUMNS]))

    @property
    def rows(self) -> tuple[tuple[str, ...], ...]:
        """The first rows, as they are shown."""
        return tuple(self._rows)

    def columns(self, *, whole: bool) -> tuple[Column, ...]:
        """What the columns are; with extremes and mean where the whole table was read."""
        found = zip(self.names, self._columns, strict=True)
        return tuple(column.read(name, self.count, whole) for name, column in found)


@dataclass(slots=True)
class _Reading:
    kinds: set[str] = field(default_factory=set)
    known: int = 0
    low: float | str | None = None
    high: float | str | None = None
    total: float = 0.0

    def add(self, cell: JsonValue) -> None:
        """One cell; None, NaN and infinity are missing."""
        if cell is None or (isinstance(cell, float) and not math.isfinite(cell)):
            return
        self.known += 1
        kind = _type_of(cell)
        self.kinds.add(kind)
        match kind:
            case "integer" | "number" if isinstance(cell, int | float):
                try:
                    number = float(cell)
                except OverflowError:
                    self.kinds.add("text")  # an integer beyond any number: nothing to compute with
                    return
                self.total += number
                self._widen(number)
            case "time":
                self._widen(str(cell).strip())

    def _widen(self, value: float | str) -> None:
        # Of a mixed column nothing is told, so what can't be compared need not be.
        if self.low is None or self.high is None or type(self.low) is not type(value):
            self.low = self.high = value
        elif isinstance(value, str):
            self.low, self.high = min(str(self.low), value), max(str(self.high), value)
        else:
            self.low, self.high = min(float(self.low), value), max(float(self.high), value)

    def read(self, name: str, count: int, whole: bool) -> Column:
        """The column, of so many rows."""
        kinds = {"number"} if self.kinds == {"integer", "number"} else self.kinds
        kind = next(iter(kinds)) if len(kinds) == 1 else "mixed" if kinds else "empty"
        found = Column(name, kind, count - self.known)
        if not whole or kind not in ("integer", "number", "time"):
            return found
        mean = self.total / self.known if kind != "time" else None
        return replace(
            found, minimum=self.low, maximum=self.high, mean=mean if mean is None or math.isfinite(mean) else None
        )


def _type_of(cell: JsonValue) -> str:
    match cell:
        case bool():
            return "true or false"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "time" if TIME.fullmatch(cell.strip()) else "text"
    return "object" if isinstance(cell, dict) else "list"


def shown_cell(cell: JsonValue) -> str:
    """A value as a cell."""
    if cell is None:
        return ""
    return cell if isinstance(cell, str) else json.dumps(cell, ensure_ascii=False)
