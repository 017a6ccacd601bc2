"""What the local endpoint writes into its answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcp_ogc.local.store import ProcessRow
from mcp_ogc.ogc.inputs.sendable import as_sendable
from mcp_ogc.ogc.models import RELATIONS, Link, ProcessDescription, ProcessSummary, Value


def base_of(request: Request) -> str:
    """The base URL as the client reached it, without slash."""
    return str(request.base_url).rstrip("/")


def answer(value: Value, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A value of the standard as JSON."""
    return JSONResponse(value.wire(), status, headers)


def described(row: ProcessRow) -> ProcessDescription:
    """The description of a deployed process; earlier versions wrote defaults that no JSON can carry."""
    return ProcessDescription.model_validate(as_sendable(json.loads(row.description)))


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
