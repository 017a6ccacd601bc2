"""Objects whose ranges are answered by the test."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import anyio

from mcp_ogc.net.objects import ObjectInfo

MODIFIED = datetime(2026, 11, 1, tzinfo=UTC)


class RemoteObjects:
    """One object behind every address; `gate`, where there is one, holds up what is read after its head."""

    def __init__(self, data: bytes, etag: str | None = '"1"', modified: datetime | None = MODIFIED) -> None:
        self.data = data
        self.etag = etag
        self.modified = modified
        self.reads: list[tuple[int, int | None]] = []
        self.gate: anyio.Event | None = None
        self.held = anyio.Event()

    def local_path(self, href: str) -> Path | None:
        return None

    async def head(self, href: str, hint: object = None, *, length: int) -> tuple[ObjectInfo, bytes]:
        self.reads.append((0, length))
        return ObjectInfo(len(self.data), self.etag, "image/tiff", self.modified), self.data[:length]

    async def read(
        self,
        href: str,
        hint: object = None,
        *,
        start: int = 0,
        length: int | None = None,
        unchanged: str | None = None,
    ) -> bytes:
        self.reads.append((start, length))
        if self.gate:
            self.held.set()
            await self.gate.wait()
        return self.data[start : start + (length or len(self.data))]
