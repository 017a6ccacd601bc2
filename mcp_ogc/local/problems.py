"""Refusals of the local endpoint, as RFC 7807 problems with the standard's type URIs."""

from __future__ import annotations

from collections.abc import Iterable

from mcp_ogc.ogc.inputs.checking import nearest
from mcp_ogc.ogc.models import EXCEPTIONS, EXCEPTIONS_PART2

NO_SUCH_PROCESS = f"{EXCEPTIONS}no-such-process"
NO_SUCH_JOB = f"{EXCEPTIONS}no-such-job"
NO_SUCH_OUTPUT = f"{EXCEPTIONS}no-such-output"
RESULT_NOT_READY = f"{EXCEPTIONS}result-not-ready"
INVALID_PARAMETER = f"{EXCEPTIONS}invalid-parameter-value"
DUPLICATED_PROCESS = f"{EXCEPTIONS_PART2}duplicated-process"
IMMUTABLE_PROCESS = f"{EXCEPTIONS_PART2}immutable-process"
UNSUPPORTED_MEDIA_TYPE = f"{EXCEPTIONS_PART2}unsupported-media-type"
WORKFLOW_NOT_FOUND = f"{EXCEPTIONS_PART2}workflow-not-found"

PACKAGE_REFUSED = "urn:mcp-ogc:problem/package-refused"
"""Our own: the standard has no word for it."""


class Problem(Exception):
    """An answer that refuses.

    Args:
        status: HTTP status code.
        title: What is wrong.
        detail: What would be right.
        type: Type URI, of the standard where it has one; else `about:blank` (RFC 7807 §4.2).
    """

    def __init__(self, status: int, title: str, detail: str = "", *, type: str = "about:blank") -> None:  # noqa: A002
        super().__init__(title)
        self.status = status
        self.title = title
        self.detail = detail
        self.type = type

    def document(self) -> dict[str, str | int]:
        """The problem as JSON."""
        document: dict[str, str | int] = {"type": self.type, "title": self.title, "status": self.status}
        return {**document, "detail": self.detail} if self.detail else document


def no_such_process(process_id: str, known: Iterable[str]) -> Problem:
    """404, with the names that are nearest."""
    near = nearest(process_id, known)
    told = f"Did you mean {', '.join(near)}? " if near else ""
    return Problem(404, f"No process {process_id!r}", f"{told}GET /processes lists them", type=NO_SUCH_PROCESS)


def invalid(title: str, detail: str) -> Problem:
    """400 of a parameter or a body (/req/core/process-execute-input-validation)."""
    return Problem(400, title, detail, type=INVALID_PARAMETER)
