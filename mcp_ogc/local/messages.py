"""What the local endpoint reads from requests and writes into answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mcp_ogc.errors import InvalidInputs
from mcp_ogc.local import problems
from mcp_ogc.local.problems import Problem
from mcp_ogc.local.store import ProcessRow
from mcp_ogc.ogc.inputs import check
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
    here = f"{base}/processes/{process_id}"
    return (
        Link(href=here, rel="self", type="application/json", title="Process description"),
        Link(href=f"{here}/execution", rel=f"{RELATIONS}execute", type="application/json", title="Execution"),
    )


async def body_of(request: Request) -> bytes:
    """The body, up to 32 MiB."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise Problem(413, f"The body is longer than {LARGEST_BODY:,} bytes")
    return body


async def execute_request(request: Request) -> dict[str, Any]:
    """An execute request (/req/core/process-execute-request)."""
    try:
        asked = json.loads(await body_of(request) or b"{}")
    except (ValueError, RecursionError) as error:
        raise Problem(400, "The body is not JSON", str(error), type=problems.INVALID_PARAMETER) from error
    if not isinstance(asked, dict) or not isinstance(asked.get("inputs", {}), dict):
        raise Problem(400, "The body is not an execute request", '{"inputs": {…}}', type=problems.INVALID_PARAMETER)
    return asked


def check_request(description: ProcessDescription, asked: Mapping[str, Any]) -> None:
    """/req/core/process-execute-input-validation, and outputs that the process has."""
    try:
        check(description, asked.get("inputs") or {})
    except InvalidInputs as error:
        raise Problem(400, "The inputs do not fit", error.message, type=problems.INVALID_PARAMETER) from error
    if unknown := set(asked.get("outputs") or {}) - set(description.outputs):
        known = ", ".join(description.outputs)
        raise Problem(
            400, f"No output {', '.join(sorted(unknown))}", f"There are: {known}", type=problems.NO_SUCH_OUTPUT
        )
