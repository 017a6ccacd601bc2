"""Errors as servers send them, read into the tree of `errors.py`.

The standard's form is RFC 7807 with a type URI (OGC 18-062r2 §7.7); servers also send bare codes, other base URIs,
`code` and `description`, OWS XML and a gateway's HTML (wire facts, quirk Q27), so the last segment of the type or code
decides, then the HTTP status, and the body is read by what it is rather than by what its header says (Q45).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue

from mcp_ogc import errors
from mcp_ogc.errors import RemoteProblem

DETAIL_CHARACTERS = 2000
READ_BYTES = 256 * 1024

# Last segment of the type URI or code, lower case, without hyphens -> error.
KINDS: Mapping[str, type[RemoteProblem]] = {
    "nosuchprocess": errors.NoSuchProcess,
    "nosuchjob": errors.NoSuchJob,
    "nosuchoutput": errors.NoSuchOutput,
    "resultnotready": errors.ResultNotReady,
    "jobresultsfailed": errors.JobFailed,
    "duplicatedprocess": errors.DuplicatedProcess,
    "immutableprocess": errors.ImmutableProcess,
    "unsupportedmediatype": errors.UnsupportedMediaType,
    "workflownotfound": errors.WorkflowNotFound,
    "invalidparametervalue": errors.InvalidParameter,
    "missingparametervalue": errors.InvalidParameter,
    "invalidqueryparametervalue": errors.InvalidParameter,
}


class _Status(NamedTuple):
    error: type[RemoteProblem]
    message: str
    remedy: str


STATUSES: Mapping[int, _Status] = {
    400: _Status(errors.InvalidParameter, "refused the request", "Mend what the server says, then call again"),
    401: _Status(
        errors.AuthenticationRequired,
        "wants authentication, or does not take the one it got",
        "Check the endpoint's authentication in the settings; is the namespace in its URL yours?",
    ),
    403: _Status(errors.AccessDenied, "does not allow this", "Is the namespace in the endpoint's URL yours?"),
    409: _Status(errors.DuplicatedProcess, "already has it", "Replace it, or choose another id"),
    415: _Status(errors.UnsupportedMediaType, "does not take this media type", ""),
    422: _Status(errors.InvalidParameter, "refused the request", "Mend what the server says, then call again"),
}


def read_problem(status: int, body: bytes, *, url: str, subject: str = "") -> RemoteProblem:
    """The error a response is.

    Args:
        status: HTTP status code.
        body: Of the response; its first 256 KiB are read, whatever its media type claims.
        url: Where it came from.
        subject: What was asked for, such as "process 'x'".
    """
    code, detail = _code_and_detail(body[:READ_BYTES])
    kind = _kind(code)
    by_status = STATUSES.get(status) or _by_range(status)
    error = kind or by_status.error
    message = f"{url} {by_status.message} (HTTP {status})"
    if subject and error in (errors.NoSuchProcess, errors.NoSuchJob, errors.NoSuchOutput):
        message = f"There is no {subject} at {url}"
    elif subject:
        message = f"{subject}: {message}"
    remedy = "" if kind and kind is not by_status.error else by_status.remedy
    return error(message, status=status, type=code, detail=detail[:DETAIL_CHARACTERS], remedy=remedy)


def is_exception(document: JsonValue) -> bool:
    """Whether a document that came with a 2xx status is an exception (ZOO-Project's results of a failed job)."""
    if not isinstance(document, dict) or "value" in document or "href" in document:
        return False
    kind = document.get("type") or document.get("code")
    told = {"detail", "description", "title"} & set(document)
    return (
        isinstance(kind, str)
        and bool(told)
        and set(document) <= {"type", "code", "title", "detail", "description", "status", "instance", "cause"}
    )


def _kind(code: str) -> type[RemoteProblem] | None:
    """The error of a type URI or code: its last segment, letters only."""
    return KINDS.get(re.sub(r"[^a-z]", "", code.rstrip("/").rsplit("/", 1)[-1].lower()))


def _by_range(status: int) -> _Status:
    if status >= 500:
        return _Status(
            errors.EndpointFault, "failed", "It is the server's own failure: try again, or tell its operators"
        )
    if status in (301, 302, 303, 307, 308):
        return _Status(errors.AuthenticationRequired, "sent to another page, as for signing in", STATUSES[401].remedy)
    return _Status(RemoteProblem, "answered with an error", "")


def _code_and_detail(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", errors="replace").strip()
    if text.startswith(("{", "[")):
        try:
            return _from_json(json.loads(text))
        except (ValueError, RecursionError):
            return "", text
    if text.startswith("<"):
        return _from_markup(text)
    return "", text


def _from_json(document: JsonValue) -> tuple[str, str]:
    if not isinstance(document, dict):
        return "", json.dumps(document)
    nested = document.get("exception")
    inner = nested if isinstance(nested, dict) else {}
    # A type that is only a MIME-like or "about:blank" default says nothing; the code does.
    codes = [document.get(name) for name in ("type", "code")] + [inner.get("type")]
    named = [code for code in codes if isinstance(code, str) and code not in ("", "about:blank")]
    title = document.get("title")  # ZOO-Project has the code there: "NoSuchJob"
    known = [code for code in [*named, *([title] if isinstance(title, str) else [])] if _kind(code)]
    texts = [document.get(name) for name in ("detail", "description", "message", "title")] + [inner.get("message")]
    detail = next((text for text in texts if isinstance(text, str) and text), "")
    return (known or named or [""])[0], detail or json.dumps(document, ensure_ascii=False)


def _from_markup(text: str) -> tuple[str, str]:
    """OWS exception reports and HTML pages, by pattern: parsing XML from strangers is not worth its dangers."""
    code = re.search(r'exceptionCode="([^"]{1,100})"', text)
    told = re.search(r"ExceptionText>(.{1,4000}?)</", text, re.DOTALL)
    if told is None:
        without_scripts = re.sub(r"<(script|style)\b.*?(</\1>|$)", " ", text, flags=re.DOTALL | re.IGNORECASE)
        plain = re.sub(r"<[^>]*>", " ", without_scripts)
        return code.group(1) if code else "", re.sub(r"\s+", " ", html.unescape(plain)).strip()[:300]
    return code.group(1) if code else "", html.unescape(told.group(1)).strip()
