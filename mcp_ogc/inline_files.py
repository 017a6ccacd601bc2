"""Files that came inside an answer, such as a raw GeoTIFF, written so that they can be read as any other.

They are as long-lived as the server: the answer they come from is in the journal, or is asked for again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import anyio.to_thread

from mcp_ogc.errors import DiskError
from mcp_ogc.file_names import safe_name, suffix_of
from mcp_ogc.scratch import scratch_folder


class InlineFiles:
    """A folder of them, each once, whatever it is named.

    Args:
        folder: Where, and from where they may be read.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def keep(self, name: str, body: bytes, media_type: str) -> str:
        """Write a file, if it is not there; its `file:` URL.

        Raises:
            DiskError: It can't be written.
        """
        try:
            return await anyio.to_thread.run_sync(self._written, name, body, media_type)
        except OSError as error:
            raise DiskError(
                f"A file of the answer can't be written to {self.folder}: {error.strerror or error}",
                remedy="Make room on the disk of temporary files, or set TMPDIR to another; then call again",
            ) from error

    def _written(self, name: str, body: bytes, media_type: str) -> str:
        place = self.folder / hashlib.sha256(body).hexdigest()
        path = place / f"{safe_name(name)}{suffix_of(media_type)}"
        if not path.exists():
            place.mkdir(exist_ok=True)
            part = path.with_name(f"{os.urandom(8).hex()}.part")
            try:
                part.write_bytes(body)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        return path.as_uri()


@contextmanager
def inline_files() -> Iterator[InlineFiles]:
    """A folder that is gone with the server.

    Raises:
        DiskError: There is no place for it.
    """
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(scratch_folder())
        except OSError as error:
            raise DiskError(
                f"There is no folder for temporary files: {error.strerror or error}",
                remedy="Make room on the disk of temporary files, or set TMPDIR to another folder; then call again",
            ) from error
        yield InlineFiles(folder)
