"""The endpoint of `upstream.py`, beside the server under measure."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mcp_ogc.settings import EndpointSettings, Limits, LocalSettings, Settings


class Beside:
    """A running upstream."""

    def __init__(self, process: subprocess.Popen[str], settings: Settings) -> None:
        self._process = process
        self.settings = settings
        """Of a server whose one endpoint, `far`, it is."""

    def report(self) -> dict[str, Any]:
        """End it, and what it saw."""
        told, _ = self._process.communicate(timeout=60)
        return dict(json.loads(told))


@contextmanager
def upstream(kind: str, count: int, limits: Limits | None = None) -> Iterator[Beside]:
    command = [sys.executable, "-m", "tests.benchmarks.upstream", kind, str(count)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process,
    ):
        assert process.stdout is not None
        port = int(process.stdout.readline())
        settings = Settings(
            endpoints={"far": EndpointSettings(url=f"http://127.0.0.1:{port}")},
            data_folder=Path(folder),
            local=LocalSettings(enabled=False),
            limits=limits or Limits(),
        )
        try:
            yield Beside(process, settings)
        finally:
            process.kill()
