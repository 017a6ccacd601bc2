"""Results that come as multipart/related or multipart/mixed (/req/core/process-execute-sync-raw-value-multi)."""

from __future__ import annotations

from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from urllib.parse import unquote

from mcp_ogc.errors import UnreadableAnswer

PARTS = 1000


@dataclass(frozen=True, slots=True)
class Part:
    """One part: an output's value, or where it is."""

    output_id: str
    media_type: str
    body: bytes
    location: str | None
    """`Content-Location`: the result is by reference."""


def read_parts(content_type: str, body: bytes) -> tuple[Part, ...]:
    """The parts, named by their Content-ID; by their number where they have none.

    Raises:
        UnreadableAnswer: It is not multipart, or has too many parts.
    """
    head = f"MIME-Version: 1.0\r\nContent-Type: {content_type}\r\n\r\n".encode("utf-8", errors="replace")
    message = BytesParser(policy=policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise UnreadableAnswer("The results say they are multipart and have no parts")
    parts = []
    for number, part in enumerate(message.iter_parts()):
        if number >= PARTS:
            raise UnreadableAnswer(f"The results have more than {PARTS} parts")
        content = part.get_payload(decode=True)
        name = str(part.get("Content-ID", "")).strip().strip("<>").split("@", 1)[0]
        parts.append(
            Part(
                output_id=unquote(name) or f"output-{number + 1}",
                media_type=part.get_content_type(),
                body=content if isinstance(content, bytes) else b"",
                location=str(part["Content-Location"]).strip() if part.get("Content-Location") else None,
            )
        )
    return tuple(parts)
