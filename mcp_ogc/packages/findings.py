"""What a lint finds, and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_ogc.packages.parts import Subject


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    """It can't be deployed, or no job of it can succeed."""
    WARNING = "warning"
    """It works, and not as well or not everywhere."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule is broken: 1-based line and column, and what is wrong there."""

    place: tuple[int, int]
    message: str
    repair: str = ""
    """What would be right, where that is not the same for every breach."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing a package is held to."""

    id: str
    severity: Severity
    why: str
    """What happens to those who break it."""
    repair: str
    """What would be right."""
    provenance: str
    """A requirement of OGC 20-089, a clause of CWL, or a quirk's number."""
    check: Callable[[Subject], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One breach of a rule. Line and column are 1-based; 0 where unknown."""

    severity: Severity
    source: str
    line: int
    column: int
    rule: str
    message: str
    why: str
    repair: str
    provenance: str

    @property
    def place(self) -> str:
        """`package.cwl:12:3`."""
        return f"{self.source}:{self.line}:{self.column}"
