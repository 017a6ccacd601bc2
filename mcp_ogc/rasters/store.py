"""Exact summaries, kept: counting every pixel is done once for one state of a file, one choice of bands, one method."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic import ValidationError

from mcp_ogc.rasters.worker.tasks import SUMMARIZED

if TYPE_CHECKING:
    from mcp_ogc.rasters.summary import Summarized
    from mcp_ogc.rasters.worker.tasks import Compare, MeasureZones, RasterFile, Wanted

METHOD = 1
"""Changes whenever the same pixels give other numbers."""
KEPT = 200


class Store:
    """One JSON file for each summary, the newest 200.

    Args:
        folder: Made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def find(self, key: str) -> Summarized | None:
        """What was kept under a key; None where nothing was, or nothing that can be read."""
        return await anyio.to_thread.run_sync(_read, self._folder / f"{key}.json")

    async def keep(self, key: str, found: Summarized) -> None:
        """Keep a summary; where the disk does not allow it, it is counted again another time."""
        await anyio.to_thread.run_sync(_write, self._folder, key, found)


def key_of(file: RasterFile, state: str | None, asked: Wanted | MeasureZones | Compare) -> str | None:
    """The name of a count; None where nothing tells one state of the file from the next.

    Args:
        file: Its name and size.
        state: Its ETag, or when it was modified.
        asked: What is asked of it.
    """
    if state is None or file.size is None:
        return None
    what = [METHOD, file.name, str(file.path or ""), file.size, state, asdict(asked)]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


def _read(path: Path) -> Summarized | None:
    try:
        return SUMMARIZED.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def _write(folder: Path, key: str, found: Summarized) -> None:
    written = folder / f"{key}.{os.getpid()}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written.write_bytes(SUMMARIZED.dump_json(found))
        written.replace(folder / f"{key}.json")
        kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-KEPT]:
            path.unlink(missing_ok=True)
    except OSError:  # a full disk, or another server that tidied up at the same moment
        written.unlink(missing_ok=True)
