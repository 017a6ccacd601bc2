"""Parsers given what nobody meant to send, and what comes of it."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import anyio
import anyio.lowlevel

from mcp_ogc.errors import OgcError
from tests.parsers.mutation import mutated
from tests.parsers.parser import Parser

FEW = 2000
"""Inputs of a short run."""
SECONDS = 1.0
"""Of the processor: no input may take longer."""
GIVEN_UP_SECONDS = 5.0
"""After which one is interrupted, so that the others have their turn."""


@dataclass(frozen=True)
class Finding:
    """An input that was too much for its parser."""

    parser: str
    data: bytes
    what: str

    def __str__(self) -> str:
        return f"{self.parser}, {len(self.data)} bytes {self.data[:200]!r}: {self.what}"


@dataclass
class Fuzzed:
    """What a run came to."""

    count: int = 0
    read: int = 0
    """Inputs of which a parser made something; the others it refused in our words."""
    slowest: float = 0
    slowest_parser: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def fuzz(parsers: Sequence[Parser], count: int, seed: int) -> Fuzzed:
    """Give parsers `count` inputs between them; what they are follows from `seed`."""
    return asyncio.run(_fuzz(inputs(parsers, count, seed)))


def inputs(parsers: Sequence[Parser], count: int, seed: int) -> Iterator[tuple[Parser, bytes]]:
    """Each follows from `seed` and its number, so that one is made again without the others."""
    for number in range(count):
        random = Random(f"{seed}/{number}")
        (one,) = random.choices(parsers, [parser.share for parser in parsers])
        yield one, mutated(random.choice(one.seeds), one.words, random)


async def read_or_refuse(parser: Parser, data: bytes) -> tuple[Any, OgcError | None]:
    """What a parser makes of an input, or its refusal; anything else it raises is raised."""
    try:
        return await parser.read(data), None
    except OgcError as error:
        return None, error


@contextmanager
def without_waiting() -> Iterator[None]:
    """Pauses before another try are none, and the loop goes on."""

    async def at_once(_: float) -> None:
        await anyio.lowlevel.checkpoint()

    with mock.patch.object(anyio, "sleep", at_once):
        yield


async def _fuzz(given: Iterable[tuple[Parser, bytes]]) -> Fuzzed:
    found = Fuzzed()
    with without_waiting(), _interrupting():
        for parser, data in given:
            found.count += 1
            if found.count % 20_000 == 0:
                print(f"{found.count:,} inputs, {len(found.findings)} findings", file=sys.stderr, flush=True)
            begun = time.process_time()  # of this process: what else the machine does is nobody's fault here
            signal.setitimer(signal.ITIMER_PROF, GIVEN_UP_SECONDS)
            try:
                _, refusal = await read_or_refuse(parser, data)
                found.read += refusal is None
            except (Exception, TookTooLong, BaseExceptionGroup) as error:
                where = traceback.extract_tb(error.__traceback__)[-1]
                what = f"{error!r} at {Path(where.filename).name}:{where.lineno}"
                found.findings.append(Finding(parser.name, data, what[:600]))
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
            took = time.process_time() - begun
            found.seconds[parser.name] = found.seconds.get(parser.name, 0) + took
            if took > found.slowest:
                found.slowest, found.slowest_parser = took, parser.name
            if took > SECONDS:
                found.findings.append(Finding(parser.name, data, f"took {took:.2f} s"))
    return found


class TookTooLong(BaseException):
    """Raised in whatever runs: no parser catches it."""


@contextmanager
def _interrupting() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGPROF, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGPROF, before)


def main(seed: int, count: int) -> int:
    """A run again, its findings on stdout."""
    from tests.parsers.registry import PARSERS

    found = fuzz(PARSERS, count, seed)
    for finding in found.findings:
        print(finding)
    return len(found.findings)


if __name__ == "__main__":
    sys.exit(bool(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else FEW)))
