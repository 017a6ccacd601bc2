"""The body of an answer: decoded in bounded pieces, its failures in our words."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx

from mcp_ogc.errors import TimedOut, Unreachable
from mcp_ogc.net.hosts import shown

PIECE = 2**20
GZIP = 16 + zlib.MAX_WBITS


@contextmanager
def told(url: httpx.URL) -> Iterator[None]:
    """What a connection fails of becomes ours; the cause stays the library's.

    Raises:
        TimedOut, Unreachable: No answer, or not to its end.
    """
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimedOut(f"{shown(url)} did not answer in time", remedy="Try again") from error
    except httpx.TransportError as error:
        raise Unreachable(
            f"{shown(url)} can't be reached: {error or type(error).__name__}",
            remedy="Check the URL, the network, and for TLS the endpoint's ca_file",
        ) from error


def decoded(response: httpx.Response, url: httpx.URL) -> httpx.Response:
    """The same answer with a body that is decoded here: httpx decodes a piece whole, however much comes out of it.

    Only gzip is asked for, so only gzip is decoded; any other coding is left as it came.
    """
    gzip = response.headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip")
    left_out = (b"content-encoding", b"content-length") if gzip else (b"content-encoding",)
    stream = response.stream
    assert isinstance(stream, httpx.AsyncByteStream)
    return httpx.Response(
        response.status_code,
        headers=[(name, value) for name, value in response.headers.raw if name.lower() not in left_out],
        stream=_Body(stream, url, gzip),
        extensions=response.extensions,
    )


class _Body(httpx.AsyncByteStream):
    def __init__(self, stream: httpx.AsyncByteStream, url: httpx.URL, gzip: bool) -> None:
        self._stream = stream
        self._url = url
        self._gzip = _Gzip(url) if gzip else None

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with told(self._url):
            async for raw in self._stream:
                if self._gzip is None:
                    yield raw
                    continue
                for piece in self._gzip.pieces(raw):
                    yield piece
        if self._gzip is not None:
            self._gzip.close()

    async def aclose(self) -> None:
        """Give the connection back."""
        await self._stream.aclose()


class _Gzip:
    """Decodes gzip members (RFC 1952), never more than a piece at once."""

    def __init__(self, url: httpx.URL) -> None:
        self._url = url
        self._member = zlib.decompressobj(GZIP)
        self._begun = False

    def pieces(self, raw: bytes) -> Iterator[bytes]:
        """What comes out of these bytes."""
        while raw:
            if self._member.eof:
                self._member = zlib.decompressobj(GZIP)
            self._begun = True
            try:
                piece = self._member.decompress(raw, PIECE)
            except zlib.error as error:
                raise self._broken(f"it says gzip and is not: {error}") from error
            if piece:
                yield piece
            # A member ends with its checksum, so where output is held back there is input left to ask for it.
            raw = self._member.unused_data if self._member.eof else self._member.unconsumed_tail

    def close(self) -> None:
        """The end: a member that goes on was cut off."""
        if self._begun and not self._member.eof:
            raise self._broken("it ends in the middle")

    def _broken(self, why: str) -> Unreachable:
        return Unreachable(f"The answer of {shown(self._url)} can't be decoded: {why}", remedy="Try again")
