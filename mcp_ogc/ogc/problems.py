"""Errors as servers send them, read into the tree of `errors.py`.

The standard's form is RFC 7807 with a type URI (OGC 18-062r2 §7.7); servers also send bare codes, other base URIs,
`code` and `description`, OWS XML and a gateway's HTML (wire facts, quirk Q27), so the last segment of the type or code
decides, then the HTTP status, and the body is read by what it is rather than by what its header says (Q45).
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from pydantic import JsonValue

from mcp_ogc import errors
from mcp_ogc.errors import RemoteProblem, UnreadableAnswer
from mcp_ogc.ogc.answers import json_or_none, mended_json
from mcp_ogc.ogc.models import JsonObject

DETAIL_CHARACTERS = 2000
READ_BYTES = 256 * 1024
REPORT = re.compile(rb"\s*(<\?xml[^<>]*>\s*)?<(\w{1,40}:)?(Service)?ExceptionReport\b")
"""How a report of OWS Common (OGC 06-121r9, clause 8) or of older services begins."""
MEMBERS = frozenset(
    {
        *("type", "code", "title", "detail", "description", "status", "instance"),  # RFC 7807, and the code of others
        *("cause", "error", "exception", "traceback", "links"),  # of Weaver, and of frameworks that tell all
    }
)
"""What a document that is an exception has; any other member may be an output, unless these leave no doubt."""
NO_RESULTS = frozenset({"exception", "traceback"})
"""Of those, what no result has."""
NAMED = frozenset({"noapplicablecode", "internalerror", "internalservererror", "notenoughstorage", "serverbusy"})
"""Codes of exceptions that say nothing of what is wrong (OGC 06-121r9, OGC 14-065r2, ZOO-Project), written as below."""

# Last segment of the type URI or code, lower case, without hyphens -> error.
KINDS: Mapping[str, type[RemoteProblem]] = {
    "nosuchprocess": errors.NoSuchProcess,
    "nosuchjob": errors.NoSuchJob,
    "nosuchoutput": errors.NoSuchOutput,
    "resultnotready": errors.ResultNotReady,
    "jobresultsfailed": errors.JobFailed,
    "duplicatedprocess": errors.DuplicatedProcess,
    "immutableprocess": errors.ImmutableProcess,
    "processbusy": errors.ProcessBusy,
    "unsupportedmediatype": errors.UnsupportedMediaType,
    "workflownotfound": errors.WorkflowNotFound,
    "packagerefused": errors.PackageRefused,
    "invalidparametervalue": errors.InvalidParameter,
    "missingparametervalue": errors.InvalidParameter,
    "invalidqueryparametervalue": errors.InvalidParameter,
    # What WPS 2.0 (OGC 14-065r2) knows to be wrong with an execution.
    "nosuchmode": errors.InvalidParameter,
    "nosuchinput": errors.InvalidParameter,
    "datanotaccessible": errors.InvalidParameter,
    "sizeexceeded": errors.InvalidParameter,
    "toomanyinputs": errors.InvalidParameter,
    "toomanyoutputs": errors.InvalidParameter,
    "operationnotsupported": errors.NotOffered,
}


class _Told(NamedTuple):
    """What we say of an error: what is wrong, and what would be right."""

    message: str
    remedy: str = ""


NAMESPACE = "Check the endpoint's authentication in the settings; is the namespace in its URL yours?"
TOLD: Mapping[type[RemoteProblem], _Told] = {
    errors.NoSuchProcess: _Told("there is none of that id", "ogc_list_processes shows what there is"),
    errors.NoSuchJob: _Told("there is none of that id", "ogc_list_jobs shows what there is"),
    errors.NoSuchOutput: _Told("there is no such output", "ogc_get_results shows what there is"),
    errors.ResultNotReady: _Told("its results are not ready", "Wait for its end with ogc_get_job"),
    errors.JobFailed: _Told("it failed, so it has no results", "ogc_get_job says why"),
    errors.DuplicatedProcess: _Told("it is there already", "Call again with replace=true, or choose another id"),
    errors.ImmutableProcess: _Told(
        "it is part of the server and can't be changed",
        "Only deployed processes can: ogc_list_processes shows them all",
    ),
    errors.ProcessBusy: _Told(
        "a job of it runs", "Wait for the end of its jobs, or dismiss them: ogc_list_jobs has them"
    ),
    errors.UnsupportedMediaType: _Told(
        "the server does not take this media type", "ogc_list_endpoints shows what each endpoint can do"
    ),
    errors.WorkflowNotFound: _Told(
        "the server did not find the workflow in the package", "ogc_validate_package tells whether workflow_id is there"
    ),
    errors.PackageRefused: _Told(
        "the server does not run this package",
        "Show the person the package and what the server says: they decide, and settings are read when this server "
        "starts. ogc_list_endpoints shows where else it could be deployed",
    ),
    errors.InvalidParameter: _Told("the server refused the request", "Mend what it says, then call again"),
    errors.AuthenticationRequired: _Told("the server wants authentication, or another one", NAMESPACE),
    errors.AccessDenied: _Told("the server does not allow this", NAMESPACE),
    errors.NotOffered: _Told("the server has no such operation", "ogc_list_endpoints shows what each endpoint can do"),
    errors.AskedTooOften: _Told("the server was asked too often", "Call again in a while"),
    errors.EndpointFault: _Told("the server failed", "It is its own failure: call again, or tell its operators"),
    RemoteProblem: _Told("the server answered with an error", "ogc_list_endpoints tells whether the endpoint works"),
}
STATUSES: Mapping[int, type[RemoteProblem]] = {
    400: errors.InvalidParameter,
    401: errors.AuthenticationRequired,
    403: errors.AccessDenied,
    405: errors.NotOffered,
    409: errors.DuplicatedProcess,
    415: errors.UnsupportedMediaType,
    422: errors.InvalidParameter,
    429: errors.AskedTooOften,
    501: errors.NotOffered,
}


def read_problem(
    status: int, body: bytes, *, url: str, subject: str = "", missing: type[RemoteProblem] = RemoteProblem
) -> RemoteProblem:
    """The error a response is.

    Args:
        status: HTTP status code.
        body: Of the response; its first 256 KiB are read, whatever its media type claims.
        url: Where it came from.
        subject: What was asked for, such as "process 'x'".
        missing: What a 404 or 410 means where the body does not say.
    """
    code, detail = _code_and_detail(body[:READ_BYTES])
    error = _kind(code)
    if status in (404, 410) and error in (None, errors.InvalidParameter):
        error = missing  # pygeoapi says InvalidParameterValue of a job that is not there
    error = error or STATUSES.get(status) or _by_range(status)
    told = TOLD[error]
    message = f"{subject or url}: {told.message} (HTTP {status})"
    return error(message, status=status, type=code, detail=detail[:DETAIL_CHARACTERS], remedy=told.remedy)


def is_passing(error: RemoteProblem | UnreadableAnswer) -> bool:
    """Whether an error says nothing of what the endpoint has: it failed, was asked too often, or was not heard."""
    return isinstance(error, errors.EndpointFault | errors.Garbled) or getattr(error, "status", 0) == 429


def is_problem(status: int, body: bytes, outputs: Collection[str] = ()) -> bool:
    """Whether a response is an error: by its status, or by its body where the status is of success (quirk Q28).

    Args:
        status: HTTP status code.
        body: Of the response.
        outputs: What the process makes, if the body may be that: outputs may be called as members of an exception.
    """
    return status >= 300 or is_report(body) or is_exception(_document(body, outputs))


def is_failure(status: int, body: bytes, outputs: Collection[str] = ()) -> bool:
    """Whether what came as the results of a job that is said to be successful is an exception all the same.

    Beyond doubt only: a raw result may resemble one, such as `{code, description}` of a class. Arguments are those of
    `is_problem`.
    """
    if status >= 300 or is_report(body):
        return True
    document = _document(body, outputs)
    if not isinstance(document, dict) or not is_exception(document):
        return False
    return _leaves_no_doubt(document) or not NO_RESULTS.isdisjoint(document)


def _document(body: bytes, outputs: Collection[str]) -> JsonValue:
    """The document a body is, if it may be an exception: an object, not too long, and none that is keyed by output."""
    if body[:64].lstrip()[:1] != b"{" or len(body) > READ_BYTES:
        return None
    document = json_or_none(body) or mended_json(body)
    return document if isinstance(document, dict) and document.keys().isdisjoint(outputs) else None


def is_report(body: bytes) -> bool:
    """Whether a body is an exception report of OWS, which comes with a 2xx status too."""
    return REPORT.match(body) is not None


def is_exception(document: JsonValue) -> bool:
    """Whether a document that came with a 2xx status is an exception (ZOO-Project's results of a failed job)."""
    if not isinstance(document, dict) or not {"value", "href"}.isdisjoint(document):
        return False
    nested = document.get("exception")
    if isinstance(nested, dict) and len(document) == 1:
        return {"value", "href"}.isdisjoint(nested)
    kind = document.get("type") or document.get("code")
    is_kind = kind in range(400, 600) if isinstance(kind, int) else isinstance(kind, str) and kind != "process"
    # A job's status document is of type "process"; a number may be the code of anything, if not of HTTP.
    if not is_kind or {"detail", "description", "title"}.isdisjoint(document):
        return False
    return document.keys() <= MEMBERS or _leaves_no_doubt(document)


def _leaves_no_doubt(document: JsonObject) -> bool:
    """Whether an exception may have members of its own (RFC 7807 §3.2), such as a trace id or a time."""
    status, codes = document.get("status"), [document.get(name) for name in ("type", "code")]
    is_failure = isinstance(status, int) and status in range(400, 600)
    is_told_whole = all(isinstance(document.get(name), str) for name in ("type", "title", "detail"))
    is_named = any(isinstance(code, str) and (_kind(code) or _plain(code) in NAMED) for code in codes)
    return is_failure or is_told_whole or is_named


def _kind(code: str) -> type[RemoteProblem] | None:
    """The error of a type URI or code: its last segment, letters only."""
    return KINDS.get(_plain(code))


def _plain(code: str) -> str:
    return re.sub(r"[^a-z]", "", code.rstrip("/").rsplit("/", 1)[-1].lower())


def _by_range(status: int) -> type[RemoteProblem]:
    if status >= 500:
        return errors.EndpointFault
    # A redirect that was not followed is a login page.
    return errors.AuthenticationRequired if 300 <= status < 400 else RemoteProblem


def _code_and_detail(body: bytes) -> tuple[str, str]:
    text = body.decode("utf-8", errors="replace").strip()
    if text.startswith(("{", "[")):
        try:
            # What comes after the first value is another answer, printed into this one (ZOO-Project).
            return _from_json(json.JSONDecoder().raw_decode(text)[0])
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
    named = [code for code in codes if isinstance(code, str) and code not in ("", "None", "about:blank")]
    title = document.get("title")  # ZOO-Project has the code there: "NoSuchJob"; and "None" for none (quirk Q37)
    known = [code for code in [*named, *([title] if isinstance(title, str) else [])] if _kind(code)]
    texts = [document.get(name) for name in ("detail", "description", "message", "title")] + [inner.get("message")]
    detail = next((text for text in texts if isinstance(text, str) and text), "")
    if isinstance(title, str) and title not in ("", "None", detail) and not _kind(title):
        detail = f"{title}. {detail}"
    return (known or named or [""])[0], detail or json.dumps(document, ensure_ascii=False)


def _from_markup(text: str) -> tuple[str, str]:
    """OWS exception reports and HTML pages, by pattern: parsing XML from strangers is not worth its dangers."""
    code = re.search(r'exceptionCode="([^"]{1,100})"', text)
    told = re.search(r"ExceptionText>(.{1,4000}?)</", text, re.DOTALL)
    if told is None:
        without_scripts = re.sub(r"<(script|style)\b.*?(</\1>|$)", " ", text, flags=re.DOTALL | re.IGNORECASE)
        # Not `[^>]*`: that would go to the end of the text from each of many `<`.
        plain = re.sub(r"<[^<>]*>", " ", without_scripts)
        return code.group(1) if code else "", re.sub(r"\s+", " ", html.unescape(plain)).strip()[:300]
    return code.group(1) if code else "", html.unescape(told.group(1)).strip()
