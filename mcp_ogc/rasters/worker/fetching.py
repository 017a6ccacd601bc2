"""The byte ranges of remote files that a worker asks for, read by the server within the bounds of one task."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from mcp_ogc.errors import OgcError, RasterError, TooLarge
from mcp_ogc.rasters.worker.frames import Read
from mcp_ogc.rasters.worker.tasks import RasterFile


@dataclass(frozen=True, slots=True)
class Given:
    """A file of a task, and how the server reads it for the worker."""

    file: RasterFile
    head: bytes | None = None
    """The first bytes of a remote file, fetched already."""
    ranges: Callable[[int, int], Awaitable[bytes]] | None = None
    """`ranges(start, length)`, of a remote file."""


class Fetching:
    """The ranges of one order: what the worker asks for, within bounds, and the first failure."""

    def __init__(self, given: Sequence[Given], most_bytes: int) -> None:
        self._given = given
        self._left = most_bytes
        self.failure: OgcError | None = None

    async def fetch(self, wanted: Read) -> bytes | None:
        """A range; None where it can't be had."""
        try:
            ranges = self._given[wanted.file].ranges if wanted.file < len(self._given) else None
            if ranges is None:
                raise RasterError("The raster worker asked for a file that it was not given")
            self._left -= wanted.length
            if self._left < 0:
                raise TooLarge(
                    "More bytes than limits.asset_bytes were asked for",
                    remedy="Name fewer bands (bands=[1]), or raise limits.asset_bytes in the settings",
                )
            return await ranges(wanted.start, wanted.length)
        except OgcError as error:
            self.failure = self.failure or error
            return None
