"""What the local endpoint reads from requests and writes into answers."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcp_ogc.local.problems import Problem
from mcp_ogc.local.store import ProcessRow
from mcp_ogc.ogc.models import RELATIONS, Link, ProcessDescription, ProcessSummary, Value

LARGEST_BODY = 32 << 20


def base_of(request: Request) -> str:
    """The base URL as the client reached it, without slash."""
    return str(request.base_url).rstrip("/")


def answer(value: Value, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value of the standard as JSON."""
    return JSONResponse(value.wire(), status, headers)


def described(row: ProcessRow) -> ProcessDescription:
    """The description of a deployed process."""
    return ProcessDescription.model_validate_json(row.description)


def summary_of(description: ProcessDescription, base: str) -> ProcessSummary:
    """The summary of a description (/req/core/pl-links)."""
    members = {name: getattr(description, name) for name in ProcessSummary.model_fields}
    return ProcessSummary(**{**members, "links": process_links(description.id, base)})


def process_links(process_id: str, base: str) -> tuple[Link, ...]:
    """Links of a process: itself, and its execution (/req/core/process-summary-links)."""
    here = f"{base}/processes/{quote(process_id, safe='')}"
    return (
        Link(href=here, rel="self", type="application/json", title="Process description"),
        Link(href=f"{here}/execution", rel=f"{RELATIONS}execute", type="application/json", title="Execution"),
    )


async def body_of(request: Request) -> bytes:
    """The body, up to 32 MiB."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"The body is longer than {LARGEST_BODY:,} bytes", "Give large values by reference")
    return bytes(body)
