"""Counts o200k tokens, as models that assistants use do: npm's gpt-tokenizer, which needs no network to count."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.npm import node

FOLDER = Path(__file__).parent / "benchmarks" / "tokenizer"


class Tokenizer:
    """A counting process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def count(self, texts: Sequence[str]) -> list[int]:
        """The tokens of each text."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(list(texts)) + "\n")
        self._process.stdin.flush()
        counted: list[int] = json.loads(self._process.stdout.readline())
        return counted


@contextmanager
def open_tokenizer() -> Iterator[Tokenizer | None]:
    """The tokenizer; None where Node or the package is not installed: `make test` and `make bench` install it."""
    if not (FOLDER / "node_modules").is_dir():
        yield None
        return
    command = [node(FOLDER), "count.mjs"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=FOLDER, stdin=pipe, stdout=pipe, encoding="utf-8") as process:
        try:
            yield Tokenizer(process)
        finally:
            assert process.stdin
            process.stdin.close()
