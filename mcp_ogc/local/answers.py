"""Results as they are answered: a document, raw values, references, one output; and a job's status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from mcp_ogc.local.problems import NO_SUCH_OUTPUT, Problem
from mcp_ogc.local.publish import replaced
from mcp_ogc.ogc.models import RELATIONS, JobStatus, Link, StatusInfo

if TYPE_CHECKING:
    from starlette.responses import Response

    from mcp_ogc.local.folder import JobFolder
    from mcp_ogc.local.store import JobRow

JSON = "application/json"


def status_info(row: JobRow, base: str, folder: JobFolder) -> StatusInfo:
    """/req/core/job-success: with links to itself, its results once there are some, and the log of each step."""
    job = f"{base}/jobs/{row.job_id}"
    links = [Link(href=job, rel="self", type=JSON, title="This document")]
    if row.status == JobStatus.SUCCESSFUL:
        links.append(Link(href=f"{job}/results", rel=f"{RELATIONS}results", type=JSON, title="Results"))
    links += [
        Link(href=f"{job}/logs/{name}", rel="related", type="text/plain", title=f"Tool log {name}.log")
        for name in folder.log_names()
    ]
    return StatusInfo(
        job_id=row.job_id,
        process_id=row.process_id,
        status=JobStatus(row.status),
        message=row.message,
        progress=row.progress,
        created=row.created,
        started=row.started,
        finished=row.finished,
        updated=row.updated,
        links=tuple(links),
    )


def results_response(stored: Mapping[str, Any], request: Mapping[str, Any], asset_base: str) -> Response:
    """The results as the execute request asked for them.

    `response: document` is a JSON object by output id; `raw`, the default of the standard, is one value as it is,
    references as Link headers with 204, and several values as multipart/related (/req/core/job-results-async-…).
    """
    from starlette.responses import JSONResponse, Response

    outputs = wanted(stored, request)
    document = {name: replaced(value, asset_base) for name, value in outputs.items()}
    if request.get("response", "raw") == "document":
        return JSONResponse(document)
    if not document:
        return Response(status_code=204)
    if all(_is_reference(value) for value in document.values()):
        links = [f'<{value["href"]}>; rel="{name}"; type="{value["type"]}"' for name, value in document.items()]
        return Response(status_code=204, headers={"Link": ", ".join(links)})
    if len(document) == 1:
        return _raw(next(iter(document.values())))
    return _multipart(document)


def output_response(stored: Mapping[str, Any], output_id: str, asset_base: str) -> Response:
    """One output: its value, or where it is."""
    from starlette.responses import RedirectResponse

    if output_id not in stored:
        raise Problem(404, f"No output {output_id!r}", f"There are: {', '.join(stored)}", type=NO_SUCH_OUTPUT)
    value = replaced(stored[output_id], asset_base)
    if _is_reference(value) and str(value["href"]).startswith("http"):
        return RedirectResponse(value["href"], status_code=303)
    return _raw(value)


def wanted(stored: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs a request asks for: all where it names none (/req/core/process-execute-default-outputs)."""
    asked = request.get("outputs")
    return dict(stored) if asked is None else {name: value for name, value in stored.items() if name in asked}


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("href"), str)


def _raw(value: Any) -> Response:
    from starlette.responses import JSONResponse, PlainTextResponse

    inner = value["value"] if isinstance(value, dict) and set(value) <= {"value", "mediaType"} and value else value
    return PlainTextResponse(inner) if isinstance(inner, str) else JSONResponse(inner)


def _multipart(document: Mapping[str, Any]) -> Response:
    from starlette.responses import Response

    boundary = uuid4().hex
    parts = []
    for name, value in document.items():
        head = [f"--{boundary}", f"Content-ID: <{name}>"]
        if _is_reference(value):
            parts.append(
                "\r\n".join([*head, f"Content-Type: {value['type']}", f"Content-Location: {value['href']}", "", ""])
            )
            continue
        raw = _raw(value)
        kind = str(raw.media_type or JSON)
        parts.append("\r\n".join([*head, f"Content-Type: {kind}", "", bytes(raw.body).decode("utf-8")]))
    body = "\r\n".join([*parts, f"--{boundary}--", ""])
    return Response(body, headers={"Content-Type": f"multipart/related; boundary={boundary}"})
