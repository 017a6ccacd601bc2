"""Recorded answers of real servers: one request and its answer a file, as curl showed them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from mcp_ogc.errors import Unreachable
from mcp_ogc.ogc.addresses import absolute
from mcp_ogc.ogc.answers import Answer
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.models import StatusInfo
from mcp_ogc.ogc.results.reading import Surroundings, read_results

FOLDER = Path(__file__).parents[1] / "data" / "transcripts"
ClientOf = Callable[[Callable[[httpx.Request], httpx.Response]], ProcessesClient]
DONE = {"jobID": "j1", "status": "successful"}
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


def replaying(client_of: ClientOf, name: str) -> ProcessesClient:
    """A client whose server answers everything as recorded, and has a job that is done where results are asked for."""
    told = recorded(name)
    results = "/results" in told.target

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/ogc-api/"):
            return httpx.Response(200, json={"links": []})
        if results and not request.url.path.endswith("/results"):
            return httpx.Response(200, json=DONE)
        return httpx.Response(told.response.status_code, headers=told.response.headers, content=told.response.content)

    return client_of(answer)


async def outputs(answer: StatusInfo | Answer) -> dict[str, object]:
    """Values or references, by output."""
    assert isinstance(answer, Answer)

    async def fetch(href: str, hint: object) -> bytes:
        raise Unreachable(href)

    async def keep(name: str, body: bytes, media_type: str) -> str:
        return f"file:///{name}"

    around = Surroundings(fetch, absolute, keep, 1, "https://ogc.example")
    read = await read_results(answer, None, around)
    return {output.id: output.href or output.value for output in read.outputs}
