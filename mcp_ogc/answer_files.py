"""Files that were the answer to an execution and are too long for the journal: they stay as long as it does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import anyio

from mcp_ogc.errors import DiskError
from mcp_ogc.file_names import suffix_of


class AnswerFiles:
    """A folder of them.

    Args:
        folder: Where, and from where they may be read; made with the first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    async def keep(self, pieces: AsyncIterator[bytes], media_type: str) -> str:
        """Write a file as it comes; its `file:` URL once it is whole.

        Raises:
            DiskError: It can't be written.
            OgcError: It does not come to its end.
        """
        path = self.folder / f"{uuid4()}{suffix_of(media_type)}"
        part = anyio.Path(path.with_name(f"{path.name}.part"))
        try:
            await part.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                async with await part.open("wb") as file:
                    async for piece in pieces:
                        await file.write(piece)
                await part.replace(path)
            finally:
                with anyio.CancelScope(shield=True):
                    await part.unlink(missing_ok=True)
        except OSError as error:
            raise DiskError(
                f"It can't be written to {self.folder}: {error.strerror or error}",
                remedy="Make room on its disk, or name another data_folder in the settings",
            ) from error
        return path.as_uri()
