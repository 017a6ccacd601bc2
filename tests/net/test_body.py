"""Bodies: decoded in bounded pieces, and to their end."""

import gzip
import zlib
from collections.abc import AsyncIterator, Sequence

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import Unreachable
from mcp_ogc.net.body import PIECE, decoded

pytestmark = pytest.mark.anyio
URL = httpx.URL("https://a.example/body")


class Chunks(httpx.AsyncByteStream):
    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


async def pieces(chunks: Sequence[bytes], coding: str = "gzip") -> list[bytes]:
    response = decoded(httpx.Response(200, headers={"Content-Encoding": coding}, stream=Chunks(chunks)), URL)
    return [piece async for piece in response.stream]  # type: ignore[union-attr]


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 500))
def test_what_was_compressed_comes_back_however_it_is_cut(members: list[bytes], size: int) -> None:
    raw = b"".join(gzip.compress(member) for member in members)
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
    assert b"".join(anyio.run(pieces, chunks)) == b"".join(members)


@given(st.binary(min_size=1, max_size=500), st.data())
def test_what_was_cut_off_is_a_failure(content: bytes, data: st.DataObject) -> None:
    raw = gzip.compress(content)
    cut = data.draw(st.integers(1, len(raw) - 1))
    with pytest.raises(Unreachable, match="in the middle"):
        anyio.run(pieces, [raw[:cut]])


@given(st.binary(min_size=1, max_size=100))
def test_what_is_not_gzip_is_a_failure_of_ours(content: bytes) -> None:
    with pytest.raises(Unreachable, match="can't be decoded"):
        anyio.run(pieces, [content])


async def test_a_bomb_comes_out_piece_by_piece() -> None:
    size = 64 * PIECE
    lengths = [len(piece) for piece in await pieces([gzip.compress(bytes(size), 9)])]
    assert max(lengths) <= PIECE
    assert sum(lengths) == size


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "deflate", "aws-chunked", "identity"])
async def test_a_coding_that_was_not_asked_for_is_left_as_it_came(coding: str) -> None:
    raw = zlib.compress(b"content")
    assert await pieces([raw], coding) == [raw]


async def test_an_answer_without_a_body_is_one() -> None:
    assert await pieces([]) == []
