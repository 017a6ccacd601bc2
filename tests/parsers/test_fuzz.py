"""Parsers given what nobody meant to send, every time something else: a short run of what `make bench NAME=fuzz` runs.

What fails is made again with the seed that is printed, and becomes a file of `tests/data/fuzzed/`:

    python -m tests.parsers.fuzzing SEED
"""

import secrets
import sys
from random import Random

import pytest

from tests.parsers.fuzzing import FEW, fuzz
from tests.parsers.mutation import mutated
from tests.parsers.parser import Parser
from tests.parsers.registry import PARSERS


@pytest.mark.skipif(sys.platform == "win32", reason="what takes too long is interrupted by a signal of POSIX")
def test_no_input_raises_anything_but_our_own_errors_or_takes_over_a_second() -> None:
    seed = secrets.randbits(32)
    found = fuzz(PARSERS, FEW, seed)
    assert found.count == FEW
    assert not found.findings, f"python -m tests.parsers.fuzzing {seed}\n" + "\n".join(map(str, found.findings))


async def _broken(data: bytes) -> object:
    raise ZeroDivisionError


def test_what_raises_something_else_or_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Parser("broken", _broken, lambda: [b"x"])
    assert "ZeroDivisionError" in fuzz([broken], 1, 0).findings[0].what
    monkeypatch.setattr("tests.parsers.fuzzing.SECONDS", -1.0)
    assert "took" in fuzz(PARSERS[:1], 1, 0).findings[0].what


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_what_is_given_follows_from_the_seed_and_is_not_what_is_usual(parser: Parser) -> None:
    first, again = ([mutated(parser.seeds[0], parser.words, Random(n)) for n in range(20)] for _ in range(2))
    assert first == again
    assert len(set(first) - set(parser.seeds)) > 5
