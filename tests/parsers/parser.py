"""A parser of remote data: what reads it, and what it is usually given."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import cache, cached_property

from tests.ogc.transcripts import FOLDER, recorded
from tests.parsers.message import Message
from tests.parsers.mutation import Words


@dataclass(frozen=True)
class Parser:
    """One way remote data comes in, read to where it is a value of ours."""

    name: str
    read: Callable[[bytes], Awaitable[object]]
    """Raises nothing but our own errors, whatever it is given."""
    usual: Callable[[], Iterable[bytes]]
    """What a well-behaved server sends, in each of its shapes."""
    share: float = 1
    """How often it is taken, beside the others: less where reading one takes long."""

    @property
    def folder(self) -> str:
        """Of `tests/data/fuzzed`: where inputs that were too much once are kept."""
        return re.sub(r"\W+", "-", self.name)

    @cached_property
    def seeds(self) -> tuple[bytes, ...]:
        return tuple(self.usual())

    @cached_property
    def words(self) -> Words:
        return Words.of(self.seeds)


@cache
def transcripts() -> dict[str, bytes]:
    """What real servers answered, by `SERVER/FILE`."""
    names = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in sorted(FOLDER.rglob("*.txt"))]
    found = {}
    for name in names:
        response = recorded(name).response
        fields = tuple((key, value) for key, value in response.headers.multi_items())
        found[name] = Message(response.status_code, fields, response.content).wire
    return found


def answered(*numbers: str) -> tuple[bytes, ...]:
    """The transcripts whose names begin so, such as `07`, of every server."""
    return tuple(wire for name, wire in transcripts().items() if name.split("/")[1].startswith(numbers))
