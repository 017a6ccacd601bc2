"""Pages of a list, and how the next one is asked for (Q14)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from tests.servers.processes.personality import Paging
from tests.servers.processes.quirk import Quirk
from tests.servers.processes.voice import Voice

T = TypeVar("T")
LIMITS = {Paging.SKIP: 1000}
"""Entries of a page where none are asked for."""


def page_of(
    voice: Voice, request: Request, path: str, entries: Sequence[T], filters: Sequence[str] = ()
) -> tuple[Sequence[T], dict[str, Any]]:
    """One page, and what is told beside it: links, and totals where the server counts."""
    query = request.query_params
    paging = voice.personality.paging if voice.has(Quirk.Q14) else None
    limit = max(1, int(query.get("limit", LIMITS.get(paging, 10) if paging else 10)))
    parameter = str(paging or Paging.OFFSET)
    start = int(query.get(parameter, 0)) * (limit if paging is Paging.PAGE else 1)
    if paging is Paging.OFFSET and path == "processes" and not voice.personality.pages_processes:
        start = 0
    shown = entries[start : start + limit]
    more: dict[str, Any] = {"links": [voice.link(request, "self", path)]}
    if paging is Paging.SKIP:
        more["numberTotal"] = len(entries)
    if paging is Paging.PAGE:
        more |= {"page": start // limit, "limit": limit, "count": len(shown), "total": len(entries)}
    if start + limit < len(entries) and paging in (None, Paging.SKIP):
        kept = {} if paging else {name: query[name] for name in filters if name in query}
        values = {**kept, "limit": limit, parameter: start + limit}
        more["links"].append(voice.link(request, "next", f"{path}?{urlencode(values)}"))
    return shown, more
