"""Servers as they are on PyPI, run in an environment of their own that `make test` makes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HERE = Path(__file__).parent
BIN = HERE.parents[1] / os.environ.get("SERVERS_VENV", ".venv-servers") / "bin"
STARTS_WITHIN = 90
STOPS_WITHIN = 20


def executable(name: str) -> str:
    """A program of that environment.

    Skips where the environment was not made, but never in CI.
    """
    if not (BIN / name).exists():
        if os.environ.get("CI"):
            pytest.fail(f"{BIN / name} is missing: make test makes it")
        pytest.skip(f"{name} is not installed: make test does it")
    return str(BIN / name)


def variables(**more: str) -> dict[str, str]:
    """What a server sees of this environment: little, and what it is told."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    return {**kept, **more}


@contextmanager
def running(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A program, until the end of the block, and where its words go."""
    log = folder / f"{Path(command[0]).name}.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, cwd=folder, stdout=output, stderr=output) as process,
    ):
        try:
            yield process, log
        finally:
            process.terminate()
            try:
                process.wait(STOPS_WITHIN)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until a URL answers."""
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    print(log.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
    pytest.fail(f"{log.stem} does not start")


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
