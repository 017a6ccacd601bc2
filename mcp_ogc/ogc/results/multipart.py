"""Results that come as multipart/related or multipart/mixed (/req/core/process-execute-sync-raw-value-multi)."""

from __future__ import annotations

import binascii
import quopri
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from email.parser import BytesParser
from urllib.parse import unquote

from mcp_ogc.errors import UnreadableAnswer

PARTS = 1000
HEAD_END = re.compile(rb"\A\r?\n|\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: an output's value, or where it is."""

    output_id: str
    media_type: str
    body: bytes
    location: str | None
    """`Content-Location`: the result is by reference."""


def read_parts(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts, named by their Content-ID; by their number where they have none. One that is multipart itself is kept
    as it came.

    Raises:
        UnreadableAnswer: It is not multipart, or has too many parts.
    """
    boundary = Message()
    boundary["Content-Type"] = re.sub(r"[\r\n]+", " ", content_type)
    chunks = list(_chunks(body, boundary.get_boundary("")))
    if not chunks:
        raise UnreadableAnswer("The results say they are multipart and have no parts")
    return tuple(_part(number, chunk) for number, chunk in enumerate(chunks, start=1))


def _chunks(body: bytes, boundary: str) -> Iterator[bytes]:
    """What is between the delimiter lines (RFC 2046 §5.1.1). The email package would read parts within parts, each a
    call deeper.
    """
    name = re.escape(boundary.encode("utf-8", errors="replace"))
    begun: int | None = None
    for number, found in enumerate(re.finditer(rb"--%s(--)?[ \t]*(?=\r?\n|\Z)" % name, body) if boundary else ()):
        if number > PARTS:
            raise UnreadableAnswer(f"The results have more than {PARTS} parts")
        before = body[max(0, found.start() - 2) : found.start()]
        if before and not before.endswith(b"\n"):
            continue  # in the middle of a line
        if begun is not None:
            # The line end before a delimiter belongs to it.
            line_end = 2 if before == b"\r\n" else 1
            yield _without_line_end(body[begun : max(begun, found.start() - line_end)])
        if found[1]:
            return
        begun = found.end()
    if begun is not None:  # cut off, or without an end
        yield _without_line_end(body[begun:])


def _without_line_end(chunk: bytes) -> bytes:
    """Without the line end that belongs to the delimiter line before."""
    return chunk[2:] if chunk.startswith(b"\r\n") else chunk.removeprefix(b"\n")


def _part(number: int, chunk: bytes) -> Part:
    found = HEAD_END.search(chunk)
    head, content = (chunk[: found.start()], chunk[found.end() :]) if found else (b"", chunk)
    # Only the header goes through the email package: it would take a large file line by line.
    fields = BytesParser().parsebytes(head + b"\n\n", headersonly=True)
    name = str(fields.get("Content-ID", "")).strip().strip("<>").split("@", 1)[0]
    return Part(
        output_id=unquote(name) or f"output-{number}",
        media_type=fields.get_content_type(),
        body=_decoded(content, str(fields.get("Content-Transfer-Encoding", "")).strip().lower()),
        location=str(fields["Content-Location"]).strip() if fields.get("Content-Location") else None,
    )


def _decoded(content: bytes, encoding: str) -> bytes:
    """Content as it was before its transfer encoding (RFC 2045 §6); as it came where it is not so encoded."""
    if encoding == "quoted-printable":
        return quopri.decodestring(content)
    if encoding == "base64":
        with suppress(binascii.Error):
            return binascii.a2b_base64(content)
    return content
