"""Exact statistics, kept: every pixel of a band is counted once for one state of a file and one method.

Whatever is asked later of the same bands, alone or with others, in another picture or in none, is told from that.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic import TypeAdapter, ValidationError

from mcp_ogc.rasters.summary import MOST_BANDS, Summarized
from mcp_ogc.rasters.worker.tasks import Wanted

if TYPE_CHECKING:
    from mcp_ogc.rasters.classes import ClassLabel
    from mcp_ogc.rasters.worker.tasks import Compare, MeasureZones, RasterFile

METHOD = 4
"""Changes whenever the same pixels give other numbers."""
KEPT_FILES = 200
KEPT_COUNTS = 4
"""Of one file: each may have a picture."""


@dataclass(frozen=True, slots=True)
class Counted:
    """An exact count, and what was asked of it."""

    wanted: Wanted
    found: Summarized

    @property
    def bands(self) -> tuple[int, ...]:
        """Those that were counted."""
        return tuple(band.band for band in self.found.summary.bands)


COUNTS = TypeAdapter(tuple[Counted, ...])


class Store:
    """One JSON file for each state of a raster, the newest 200.

    Args:
        folder: Made when the first is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def find(self, key: str, wanted: Wanted) -> Summarized | None:
        """What is known under a key of the bands that are wanted; None unless all of them were counted.

        Its picture is the one that is wanted, None where that was not drawn yet.
        """
        return known(await anyio.to_thread.run_sync(_read, self._folder / f"{key}.json"), wanted)

    async def keep(self, key: str, counted: Counted) -> None:
        """Keep a count; where the disk does not allow it, it is counted again another time."""
        await anyio.to_thread.run_sync(_write, self._folder, key, counted)


def key_of(file: RasterFile, state: str | None, *asked: ClassLabel | Wanted | MeasureZones | Compare) -> str | None:
    """The name of a count; None where nothing tells one state of the file from the next.

    Args:
        file: Its name and size.
        state: Its ETag, or when it was modified.
        asked: What the answer depends on.
    """
    if state is None or file.size is None:
        return None
    what = [METHOD, file.name, str(file.path or ""), file.size, state, *map(asdict, asked)]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:32]


def known(counts: Sequence[Counted], wanted: Wanted) -> Summarized | None:
    """What counts of one file, the newest last, tell of the bands that are wanted; as `Store.find`."""
    unnamed = [count.bands for count in counts if count.wanted.bands is None]
    bands = tuple(dict.fromkeys(wanted.bands)) if wanted.bands else unnamed[-1] if unnamed else ()
    found = {band.band: (count.found.summary, band) for count in counts for band in count.found.summary.bands}
    if not 0 < len(bands) <= MOST_BANDS or not found.keys() >= set(bands):
        return None
    summaries = [found[band][0] for band in bands]
    notes = dict.fromkeys(note for summary in summaries for note in summary.file_notes)
    # The one with most to say: what was skipped for one band is not to be lost.
    told = max(summaries, key=lambda summary: (len(summary.file_notes), summary.provenance.time))
    summary = told.model_copy(update={"bands": tuple(found[band][1] for band in bands), "file_notes": tuple(notes)})
    drawn = (
        one.found.preview for one in reversed(counts) if (one.bands, one.wanted.preview) == (bands, wanted.preview)
    )
    return Summarized(summary, next(drawn, None))


def _read(path: Path) -> tuple[Counted, ...]:
    try:
        return COUNTS.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return ()


def _write(folder: Path, key: str, counted: Counted) -> None:
    path, written = folder / f"{key}.json", folder / f"{key}.{os.getpid()}.part"
    counts = [count for count in _read(path) if count.wanted != counted.wanted]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written.write_bytes(COUNTS.dump_json((*counts[1 - KEPT_COUNTS :], counted)))
        written.replace(path)
        kept = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for path in kept[:-KEPT_FILES]:
            path.unlink(missing_ok=True)
    except OSError:  # a full disk, a file where the folder should be, or another server that tidied up just now
        with suppress(OSError):
            written.unlink(missing_ok=True)
