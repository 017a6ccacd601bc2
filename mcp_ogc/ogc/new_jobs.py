"""The job an execution became, and where it is, as far as its answer tells (quirks Q5 to Q8)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit

from pydantic import JsonValue

from mcp_ogc.errors import SubmissionUnconfirmed, UnreadableAnswer
from mcp_ogc.ogc.addresses import DOTS, Addresses, absolute, last_segment
from mcp_ogc.ogc.answers import json_or_none
from mcp_ogc.ogc.models import JobStatus, JsonObject, StatusInfo
from mcp_ogc.ogc.statuses import ID_MEMBERS, is_word, job_id_of, job_or_none

if TYPE_CHECKING:
    import httpx

    from mcp_ogc.ogc.dialects.dialect import Dialect

STATUS_BYTES = 256 * 1024
"""No status document is longer: results, that may be, are not read as one."""
MONITORS = ("monitor", "status", "self", "canonical")
"""Relations of links to a job, the last segment of the standard's URIs among them."""
OWN_MEMBERS = frozenset({"jobID", "jobId", "job_id"})
"""Members that only the status of a job has."""
MEMBERS = frozenset(
    {
        *(*ID_MEMBERS, "processID", "type", "status", "message", "progress", "links", "metadata", "exception"),
        *("created", "started", "finished", "updated", "inputs", "parameters", "request"),
    }
)
"""Those of the standard's statusInfo.yaml, 1.0 and 2.0, and of servers (pygeoapi, ECMWF)."""
JOB = re.compile(r"(?:/processes/[^/]+)?/jobs/([^/]+)")
CREATED = (201, 202)
"""What is answered to an execution that became a job: the standard's, and MAAP's (quirk Q6)."""
OTHER_RESOURCES = (*DOTS, "jobs", "processes", "execution", "results", "conformance")


class Place(NamedTuple):
    """Where a job is, and its id."""

    url: str
    job_id: str


def job_of(
    process_id: str,
    response: httpx.Response,
    body: bytes,
    dialect: Dialect,
    addresses: Addresses,
    outputs: Collection[str] = (),
) -> tuple[StatusInfo, str | None] | None:
    """The job an execution became and where it says it is, or None where the answer is the results themselves.

    The place is sought in Location, in the links and in the body, and its id wins (quirks Q5, Q7, Q8). A synchronous
    200 may carry a Location too (pygeoapi), so a Location alone proves a job only with 201 or 202.

    Args:
        process_id: What was executed.
        response: Its answer.
        body: Of it.
        dialect: How statuses are told.
        addresses: Of the endpoint.
        outputs: What the process makes: results may have an id and a status, too.

    Raises:
        SubmissionUnconfirmed: It was accepted, and nothing says which job it became.
    """
    document = json_or_none(body) if len(body) <= STATUS_BYTES else None
    told: JsonObject = document if isinstance(document, dict) else {}
    known = job_or_none(document, dialect)
    if response.status_code not in CREATED and (known is None or not _is_status(told, dialect, outputs)):
        return None
    job_id = job_id_of(told)
    place = next((one for href in _hrefs(response, told) if (one := _place(response, href, addresses, job_id))), None)
    job_id = place.job_id if place else job_id
    if job_id is None:
        raise SubmissionUnconfirmed(
            f"{process_id!r} was accepted (HTTP {response.status_code}) without saying which job it became",
            remedy="Look for it with ogc_list_jobs",
        )
    if known is None:  # there is a job all the same: its own resource tells the rest
        known = StatusInfo(job_id=job_id, status=JobStatus.ACCEPTED)
    info = known.model_copy(update={"job_id": job_id, "process_id": known.process_id or process_id})
    return info, place.url if place else None


def _is_status(document: JsonObject, dialect: Dialect, outputs: Collection[str]) -> bool:
    """Whether what came with a 200 is the status of a job rather than results with members of the same names."""
    if own := OWN_MEMBERS & document.keys():
        return own.isdisjoint(outputs)
    return (
        is_word(document.get("status"), dialect) and document.keys() <= MEMBERS and document.keys().isdisjoint(outputs)
    )


def _hrefs(response: httpx.Response, told: JsonObject) -> Iterator[str]:
    """Where the answer may say the job is."""
    links = told.get("links")
    known = [link for link in (links if isinstance(links, list) else []) if isinstance(link, dict)]
    monitors = [link.get("href") for name in MONITORS for link in known if _relation(link.get("rel")) == name]
    for href in (response.headers.get("location"), *monitors, told.get("location")):
        if isinstance(href, str):
            yield href


def _relation(rel: JsonValue) -> str:
    return rel.rstrip("/").rsplit("/", 1)[-1].casefold() if isinstance(rel, str) else ""


def _place(response: httpx.Response, href: str, addresses: Addresses, job_id: str | None) -> Place | None:
    """The job's own resource, where a reference leads to it or below it; None where it is of something else.

    It is relative to what was asked (RFC 9110 §10.2.2). Any path may be that of a job (Q5), but one that is not called
    so has to end in the id the body has, if it has one.
    """
    try:
        url = addresses.own(absolute(str(response.url), href))
        path = urlsplit(url).path
    except UnreadableAnswer:
        return None
    base = urlsplit(addresses.base).path
    start = len(base) if path == base or path.startswith(f"{base}/") else 0
    found = JOB.match(path, start) or JOB.search(path, start)
    if found and unquote(found[1]) not in OTHER_RESOURCES:
        return Place(_without_query(url)[: found.end() - len(path) or None], unquote(found[1]))
    last = last_segment(url)
    is_other = last in OTHER_RESOURCES or path.rstrip("/") == base or path.startswith("/processes/", start)
    return None if is_other or job_id not in (None, last) else Place(_without_query(url).rstrip("/"), last)


def _without_query(url: str) -> str:
    return urlsplit(url)._replace(query="", fragment="").geturl()
