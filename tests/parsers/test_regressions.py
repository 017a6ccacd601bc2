"""Inputs that were once too much for a parser: each file of `tests/data/fuzzed/PARSER/` is one, under what is wrong."""

from pathlib import Path

import pytest

from tests.parsers.fuzzing import read_or_refuse, without_waiting
from tests.parsers.registry import PARSERS

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[1] / "data" / "fuzzed"
BY_FOLDER = {parser.folder: parser for parser in PARSERS}


@pytest.mark.parametrize("file", [path.relative_to(FOLDER).as_posix() for path in sorted(FOLDER.glob("*/*"))])
async def test_what_was_too_much_once_is_read_or_refused_in_our_words(file: str) -> None:
    path = FOLDER / file
    with without_waiting():
        await read_or_refuse(BY_FOLDER[path.parent.name], path.read_bytes())
