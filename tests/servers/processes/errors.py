"""Errors, in the form of each kind of server."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from tests.servers.processes.personality import ErrorForm

PART1 = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
PART2 = "http://www.opengis.net/def/exceptions/ogcapi-processes-2/1.0/"
OF_PART2 = ("duplicated-process", "immutable-process", "unsupported-media-type", "workflow-not-found")
OF_PART1 = ("no-such-process", "no-such-job", "result-not-ready", "no-such-output")
# What pygeoapi says where others have a word of their own.
PYGEOAPI_CODES = {"invalid-parameter": "InvalidParameterValue", "job-failed": "InvalidParameterValue"}
GATEWAY_PAGE = (
    "<html>\r\n<head><title>{told}</title></head>\r\n<body>\r\n<center><h1>{told}</h1></center>\r\n"
    "<hr><center>openresty</center>\r\n</body>\r\n</html>\r\n"
)


def camel(kind: str) -> str:
    return "".join(word.capitalize() for word in kind.split("-"))


def uri(kind: str) -> str:
    return f"{PART2 if kind in OF_PART2 else PART1}{kind}"


def standard_error(kind: str, status: int, detail: str) -> dict[str, Any]:
    """RFC 7807, OGC 18-062r2 §7.7."""
    return {"type": uri(kind), "title": kind.replace("-", " ").capitalize(), "status": status, "detail": detail}


def error_of(form: ErrorForm, kind: str, status: int, detail: str) -> dict[str, Any] | str:
    """The body of an error: JSON, or XML as text."""
    if form is ErrorForm.ZOO:
        if status in (406, 415):
            return ows_report(camel(kind), detail)
        if kind in OF_PART1:
            # helm's exceptionsUrl, which is another URI than the standard's.
            return {
                "title": camel(kind),
                "type": f"http://www.opengis.net/def/rel/ogc/1.0/exception/{kind}",
                "detail": detail,
            }
        if kind in OF_PART2:
            return {"title": camel(kind), "type": uri(kind).replace("http:", "https:"), "detail": detail}
        return {"title": camel(kind), "type": camel(kind), "detail": detail}
    if form is ErrorForm.PYGEOAPI:
        code = PYGEOAPI_CODES.get(kind, camel(kind))
        return {"code": code, "type": code, "description": detail}
    if form is ErrorForm.WEAVER:
        code = camel(kind)
        said = {"code": code, "description": detail, "type": uri(kind).replace("http:", "https:"), "title": code}
        return {**said, "detail": detail, "status": status, "cause": {"error": code}, "error": code, "value": None}
    if form is ErrorForm.GEOSERVER:
        return {"type": uri(kind), "code": camel(kind), "title": detail}
    if form is ErrorForm.MAAP:
        if status == 404:
            return {"message": detail}
        return {"type": uri(kind), "title": detail, "status": status, "detail": detail}
    if form is ErrorForm.ECMWF:
        return {**standard_error(kind, status, detail), "trace_id": "0af7651916cd43dd8448eb211c80319c"}
    return ows_report(camel(kind), detail)


def ows_report(code: str, text: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows/1.1" '
        f'xml:lang="en-US" version="1.1.0">\n  <ows:Exception exceptionCode="{code}">\n    <ows:ExceptionText>'
        f"{escape(text)}</ows:ExceptionText>\n  </ows:Exception>\n</ows:ExceptionReport>\n"
    )
