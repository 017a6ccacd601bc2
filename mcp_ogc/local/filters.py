"""The query parameters of lists: paging of both, and the filters of the job list (/req/job-list/…)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode

from mcp_ogc.local.problems import INVALID_PARAMETER, Problem
from mcp_ogc.local.store import JobRow
from mcp_ogc.ogc.models import JobStatus, Link

T = TypeVar("T")

DEFAULT_LIMIT = 100
LARGEST_LIMIT = 10_000
"""More is not refused: so many come, and a link to the next (/req/core/pl-limit-response)."""
MOST = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the link to the next."""

    offset: int
    limit: int

    def cut(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of this page."""
        return rows[self.offset : self.offset + self.limit]

    def links(self, url: str, query: Mapping[str, str], count: int) -> tuple[Link, ...]:
        """`self`, and `next` where there is more; filters stay in both."""
        links = [Link(href=_with(url, query), rel="self", type="application/json")]
        if self.offset + self.limit < count:
            following = {**query, "limit": str(self.limit), "offset": str(self.offset + self.limit)}
            links.append(Link(href=_with(url, following), rel="next", type="application/json"))
        return tuple(links)


def page_of(query: Mapping[str, str]) -> Page:
    """`limit` (/req/core/pl-limit-definition) and our `offset`.

    Raises:
        Problem: Not a number, or out of its range.
    """
    limit = min(_number(query, "limit", DEFAULT_LIMIT, 1, MOST), LARGEST_LIMIT)
    return Page(_number(query, "offset", 0, 0, MOST), limit)


def matching(rows: Iterable[JobRow], query: Mapping[str, str]) -> list[JobRow]:
    """The jobs a query asks for.

    Raises:
        Problem: A value that no job can have.
    """
    types, processes, statuses = (_listed(query, name) for name in ("type", "processID", "status"))
    if unknown := statuses - set(JobStatus):
        raise _invalid("status", ", ".join(sorted(unknown)), f"one of {', '.join(JobStatus)}")
    begin, end = _interval(query.get("datetime"))
    shortest = _number(query, "minDuration", 0, 0, MOST)
    longest = _number(query, "maxDuration", MOST, 0, MOST)
    timed = "minDuration" in query or "maxDuration" in query
    return [
        row
        for row in rows
        if (not types or "process" in types)
        and (not processes or row.process_id in processes)
        and (not statuses or row.status in statuses)
        and begin <= datetime.fromisoformat(row.created) <= end
        and (not timed or shortest <= _seconds(row) <= longest)
    ]


def _seconds(row: JobRow) -> float:
    """How long a job runs or ran; less than nothing before it started, so that no filter takes it."""
    if row.started is None:
        return -1
    end = datetime.fromisoformat(row.finished) if row.finished else datetime.now(UTC)
    return (end - datetime.fromisoformat(row.started)).total_seconds()


def _listed(query: Mapping[str, str], name: str) -> set[str]:
    return {value for value in query.get(name, "").split(",") if value}


def _interval(text: str | None) -> tuple[datetime, datetime]:
    """RFC 3339 time or interval, `..` or nothing for an open end (/req/job-list/datetime-definition)."""
    earliest, latest = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    if not text:
        return earliest, latest
    begin, slash, end = text.partition("/")
    try:
        first = earliest if begin in ("", "..") else _time(begin)
        last = (latest if end in ("", "..") else _time(end)) if slash else first
    except ValueError:
        raise _invalid("datetime", text, "a time such as 2026-06-01T00:00:00Z, or an interval begin/end") from None
    return first, last


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _number(query: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[0-9]{1,10}", text) or not least <= int(text) <= most:
        raise _invalid(name, text, f"a whole number from {least} to {most}")
    return int(text)


def _invalid(name: str, value: str, right: str) -> Problem:
    return Problem(400, f"{name} is {value!r}", f"It must be {right}", type=INVALID_PARAMETER)


def _with(url: str, query: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(query)}" if query else url
