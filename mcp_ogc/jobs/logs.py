"""The logs of a job, where its status links them (`rel: related`, text/plain: ZOO-Project and the local endpoint)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_ogc.errors import OgcError

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import Link, StatusInfo
    from mcp_ogc.workspace import Endpoint

LOG_CHARACTERS = 20_000
LOGS = 20


@dataclass(frozen=True, slots=True)
class Log:
    """One log's end. `title` and `text` are the server's: untrusted."""

    title: str
    text: str
    problem: str | None = None


def log_links(info: StatusInfo) -> tuple[Link, ...]:
    """The links of a status document that are logs, in its order."""
    return tuple(
        link
        for link in info.links
        if (link.is_rel("related") or link.is_rel("log")) and (link.type or "text/plain").startswith("text/plain")
    )


async def read_logs(endpoint: Endpoint, info: StatusInfo, *, newest: int = LOGS) -> tuple[Log, ...]:
    """The ends of the last `newest` logs. One that can't be read says why, and the others are read all the same."""
    return tuple([await _read(endpoint, link) for link in log_links(info)[-newest:]])


async def _read(endpoint: Endpoint, link: Link) -> Log:
    title = link.title or link.href.rsplit("/", 1)[-1]
    try:
        return Log(title, await endpoint.client.text(link.href, limit=LOG_CHARACTERS))
    except OgcError as error:
        return Log(title, "", str(error))
