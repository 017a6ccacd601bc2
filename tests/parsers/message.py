"""An answer over HTTP as bytes, so that it can be damaged, kept in a file and answered with again."""

from __future__ import annotations

import re
from dataclasses import dataclass

import httpx

NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
UNSENDABLE = re.compile(r"[\x00\r\n]")


@dataclass(frozen=True)
class Message:
    """One answer. Whatever bytes are read, they are one that an HTTP library would hand on."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes

    @classmethod
    def of(cls, body: bytes | str, media_type: str = "application/json", status: int = 200, **fields: str) -> Message:
        """An answer as a well-behaved server would give it; `_` in the names of fields is `-`."""
        content = body if isinstance(body, bytes) else body.encode()
        told = (("content-type", media_type), *((name.replace("_", "-"), text) for name, text in fields.items()))
        return cls(status, told, content)

    @classmethod
    def read(cls, data: bytes) -> Message:
        """What `wire` wrote, damaged or not: whatever has no head is a body."""
        head, mark, body = data.partition(b"\n\n")
        first, *lines = head.decode("latin-1").split("\n")
        if not mark or not first.startswith("HTTP "):
            return cls(200, (("content-type", "application/json"),), data)
        status = first.removeprefix("HTTP ").strip()
        pairs = [line.partition(": ") for line in lines]
        fields = tuple((name, UNSENDABLE.sub("", value)) for name, _, value in pairs if NAME.fullmatch(name))
        known = status.isascii() and status.isdecimal() and 200 <= int(status[:4]) <= 599
        return cls(int(status[:4]) if known else 200, fields, body)

    @property
    def wire(self) -> bytes:
        head = [f"HTTP {self.status}", *(f"{name}: {value}" for name, value in self.fields)]
        return _bytes("\n".join(head)) + b"\n\n" + self.body

    def response(self) -> httpx.Response:
        """As it comes from a connection: its body is still to be read."""
        headers = [(name.encode(), _bytes(value)) for name, value in self.fields]
        return httpx.Response(self.status, headers=headers, stream=httpx.ByteStream(self.body))


def _bytes(text: str) -> bytes:
    """Bytes of a head are read as Latin-1; what is none is written as UTF-8."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", errors="replace")
