"""The logs of a job, wherever its kind of server keeps them (quirk Q30), and what its results say in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import OgcError, ResultNotReady
from mcp_ogc.ogc.dialects.dialect import LogSource

if TYPE_CHECKING:
    from pydantic import JsonValue

    from mcp_ogc.ogc.models import Link, StatusInfo
    from mcp_ogc.workspace import Endpoint

LOG_CHARACTERS = 20_000
LOGS = 20
LOG_SECONDS = 20.0
RESOURCES = (LogSource.LOGS, LogSource.EXCEPTIONS)


@dataclass(frozen=True, slots=True)
class Log:
    """One log's end. `title` and `text` are the server's: untrusted."""

    title: str
    text: str
    problem: str | None = None


async def read_logs(
    endpoint: Endpoint, info: StatusInfo, *, newest: int = LOGS, seconds: float = LOG_SECONDS
) -> tuple[Log, ...]:
    """The ends of the last `newest` logs, as far as they come within `seconds`.

    One that can't be read says why, and the others are read all the same.
    """
    sources = (await endpoint.client.dialect()).logs
    links = _links(info)[-newest:] if LogSource.LINKS in sources else ()
    names = [source for source in RESOURCES if source in sources]
    found: list[Log | None] = [None] * (len(links) + len(names))

    async def linked(number: int, link: Link) -> None:
        title = link.title or link.href.rsplit("/", 1)[-1]
        found[number] = Log(title, "", f"It did not come within {seconds:.0f} s")
        with anyio.move_on_after(seconds):
            found[number] = await _linked(endpoint, link, title)

    async def resource(number: int, name: str) -> None:
        found[number] = Log(name, "", f"It did not come within {seconds:.0f} s")
        with anyio.move_on_after(seconds):
            found[number] = await _resource(endpoint, info.job_id, name)

    async with anyio.create_task_group() as tasks:
        for number, link in enumerate(links):
            tasks.start_soon(linked, number, link)
        for number, name in enumerate(names, start=len(links)):
            tasks.start_soon(resource, number, name)
    logs = [log for log in found if log]
    if LogSource.METADATA in sources and info.metadata and (text := _text(info.metadata.get("log"))):
        logs.append(Log("log", text[-LOG_CHARACTERS:]))
    return tuple(logs)


async def read_problem_of_results(endpoint: Endpoint, info: StatusInfo) -> str:
    """What the results of a failed job say: of some servers' failures the only word (ECMWF, MAAP); "" if nothing."""
    from mcp_ogc.ogc.answers import json_or_none
    from mcp_ogc.ogc.problems import read_problem

    try:
        answer = await endpoint.client.beside(info.job_id, "results")
    except OgcError:
        return ""  # the diagnosis goes by what else there is
    problem = read_problem(answer.status, answer.body, url=answer.url)
    if isinstance(problem, ResultNotReady):
        return ""  # GeoServer says so of a failed job too (quirk Q28)
    document = json_or_none(answer.body)
    more = [_text(document.get(name)) for name in ("cause", "traceback")] if isinstance(document, dict) else []
    return "\n".join(one for one in (problem.detail, *more) if one)[-LOG_CHARACTERS:]


def _links(info: StatusInfo) -> tuple[Link, ...]:
    """The links of a status document that are logs, in its order."""
    return tuple(
        link
        for link in info.links
        if any(link.is_rel(rel) for rel in ("related", "log", "runlog"))
        and (link.type or "text/plain").startswith("text/plain")
    )


async def _linked(endpoint: Endpoint, link: Link, title: str) -> Log:
    try:
        return Log(title, await endpoint.client.text(link.href, limit=LOG_CHARACTERS))
    except OgcError as error:
        return Log(title, "", str(error))


async def _resource(endpoint: Endpoint, job_id: str, name: str) -> Log | None:
    """Weaver's `/logs` and `/exceptions`: arrays of strings, of objects, or such an array in an object."""
    from mcp_ogc.ogc.answers import json_or_none

    try:
        answer = await endpoint.client.beside(job_id, name)
    except OgcError as error:
        return Log(name, "", str(error))
    if answer.status >= 300:
        return None  # it has none, though its kind usually does
    document = json_or_none(answer.body)
    if isinstance(document, dict):
        document = document.get(name, document)
    text = _text(document) or ("" if document is not None else answer.body.decode("utf-8", errors="replace"))
    return Log(name, text[-LOG_CHARACTERS:]) if text else None


def _text(value: JsonValue) -> str:
    """A text, or an array of lines: each a text, a pair of a time and a text, or an OWS exception."""
    return "\n".join(_line(one) for one in value) if isinstance(value, list) else _line(value)


def _line(value: JsonValue) -> str:
    if isinstance(value, list):
        return " ".join(one for one in value if isinstance(one, str))
    if isinstance(value, dict):
        value = value.get("Text") or value.get("text") or value.get("message") or value.get("detail")
    return value if isinstance(value, str) else ""
