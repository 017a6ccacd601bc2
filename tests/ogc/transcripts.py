"""Recorded answers of real servers: one request and its answer a file, as curl showed them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import httpx

FOLDER = Path(__file__).parents[1] / "data" / "transcripts"
# How the body came, which is not how it is replayed.
FRAMING = ("content-length", "transfer-encoding", "connection")


@dataclass(frozen=True)
class Recorded:
    method: str
    target: str
    response: httpx.Response


def recorded(name: str) -> Recorded:
    """The exchange of `SERVER/FILE`."""
    text = (FOLDER / f"{name}.txt").read_bytes()
    asked = re.search(rb"^> (\w+) (\S+) HTTP/", text, re.MULTILINE)
    assert asked
    head, _, body = text[text.index(b"\n< HTTP/") + 1 :].partition(b"\n< \n")
    status, *fields = [line[2:] for line in head.decode().splitlines()]
    headers = [tuple(field.split(": ", 1)) for field in fields if field.partition(":")[0].lower() not in FRAMING]
    answer = httpx.Response(int(status.split()[1]), headers=headers, content=body.strip(b"\n"))
    return Recorded(asked[1].decode(), asked[2].decode(), answer)
