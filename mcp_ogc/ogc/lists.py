"""Lists of processes and of jobs, in whatever form a server gives them: entries that can't be read are left out."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.ogc.answers import validated
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.models import JobList, JobStatus, JsonObject, Link, ProcessList, ProcessSummary
from mcp_ogc.ogc.pages import next_page
from mcp_ogc.ogc.statuses import job_or_none


def read_processes(page: str, document: JsonObject, links: tuple[Link, ...], dialect: Dialect) -> ProcessList:
    """A page of processes.

    Args:
        page: Its URL, as it was asked for.
        document: Its body.
        links: Of its headers.
        dialect: How pages are counted.
    """
    entries = _entries(document, "processes")
    readable = [one for one in map(_process, entries) if one]
    found = validated(ProcessList, {**document, "processes": readable}, page)
    return found.model_copy(update=_following(page, found, links, len(entries), dialect))


def read_jobs(
    page: str,
    document: JsonObject,
    links: tuple[Link, ...],
    dialect: Dialect,
    *,
    process_id: str | None,
    status: JobStatus | None,
) -> JobList:
    """A page of jobs, with the filters applied that the server did not heed (quirk Q16); other arguments as above."""
    entries = _entries(document, "jobs")
    readable = [info for one in entries if (info := job_or_none(one, dialect))]
    wanted = tuple(
        info
        for info in readable
        if process_id in (None, info.process_id or process_id) and status in (None, info.status)
    )
    found = validated(JobList, {**document, "jobs": ()}, page)
    following = _following(page, found, links, len(entries), dialect)
    ids = tuple(one for one in entries if isinstance(one, str))
    return found.model_copy(update={"jobs": wanted, "ids_only": ids, **following})


def _following(
    page: str, found: ProcessList | JobList, links: tuple[Link, ...], count: int, dialect: Dialect
) -> Mapping[str, str | bool | None]:
    """Where the list goes on, or that this can't be asked for."""
    try:
        return {"next_page": next_page(page, (*found.links, *links), count, dialect, found.number_total)}
    except UnreadableAnswer:
        return {"is_cut_short": True}


def _entries(document: JsonObject, member: str) -> list[JsonValue]:
    listed = document.get(member)
    return listed if isinstance(listed, list) else []


def _process(one: JsonValue) -> JsonObject | None:
    """An entry of a process list; by its id alone where Weaver lists only that, or the rest can't be read."""
    process_id = one.get("id") if isinstance(one, dict) else one
    if not isinstance(process_id, str):
        return None
    try:
        ProcessSummary.model_validate(one)
    except ValidationError:
        return {"id": process_id}
    return one if isinstance(one, dict) else None
