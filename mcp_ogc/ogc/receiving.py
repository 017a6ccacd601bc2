"""What comes back from an execution: the results themselves may be a file of any size (quirk Q31)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING

from mcp_ogc.errors import DiskError, OgcError, TooLarge
from mcp_ogc.net.http import stream_bounded
from mcp_ogc.ogc.answers import is_generic, is_page
from mcp_ogc.ogc.new_jobs import CREATED

if TYPE_CHECKING:
    import httpx

KeepFile = Callable[[AsyncIterator[bytes], str], Awaitable[str]]
"""Writes a file that comes piece by piece, of a media type, where it stays; gives its `file:` URL."""


class Receiving:
    """One answer on its way.

    Args:
        keep: Where a file goes that is longer than a document may be; nothing longer is taken where absent.
        most_bytes: How long a file may be.
    """

    def __init__(self, keep: KeepFile | None, most_bytes: int) -> None:
        self._keep = keep
        self._most_bytes = most_bytes
        self._is_result = False
        self.place: str | None = None
        """Where the file was kept, of which the body then has nothing."""

    async def read(self, response: httpx.Response, limit: int) -> bytes:
        """The body, up to a bound; none of a file beyond it, which is kept.

        Raises:
            TooLarge: It is longer, and no file or longer than a file may be.
            DiskError: It can't be kept.
            Unreachable, TimedOut: It broke off.
        """
        self._is_result = response.status_code < 300 and response.status_code not in CREATED
        media_type = response.headers.get("content-type", "")
        pieces = stream_bounded(response, self._most_bytes if self._is_result and self._keep else limit)
        begun: list[bytes] = []
        size = 0
        async with aclosing(pieces):
            async for piece in pieces:
                begun.append(piece)
                size += len(piece)
                if size > limit:
                    break
            else:
                return b"".join(begun)
            if self._keep is None or not _may_be_file(media_type, begun[0]):
                raise TooLarge(f"it is longer than the {limit:,} bytes that a document may have")
            async with aclosing(_all_of(begun, pieces)) as whole:
                self.place = await self._keep(whole, media_type)
            return b""

    def lost(self, error: OgcError, process_id: str) -> OgcError | None:
        """What it means that the answer was not taken; None where nobody knows whether there is a job."""
        if not self._is_result or not isinstance(error, TooLarge | DiskError):
            return None
        return type(error)(
            f"{process_id!r} was executed and answered at once, so there is no job, and its result could not be taken: "
            f"{error.message}",
            remedy="It has to be executed again: for fewer outputs (outputs=[…]) or a smaller area, or once "
            "limits.document_bytes (of a document) or limits.asset_bytes (of a file) is raised in the settings"
            if isinstance(error, TooLarge)
            else f"{error.remedy}; it has to be executed again",
        )


def _may_be_file(media_type: str, beginning: bytes) -> bool:
    """Whether what is too long for a document can be one output as it is: not JSON, which may be of several."""
    name = media_type.split(";", 1)[0].strip().lower()
    is_json = name.endswith("json") or (is_generic(name) and beginning.lstrip()[:1] in (b"{", b"["))
    return not is_json and not is_page(beginning) and not name.startswith("multipart/")


async def _all_of(begun: list[bytes], pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """The pieces that came before, then the others."""
    while begun:
        yield begun.pop(0)
    async for piece in pieces:
        yield piece
