"""Results as they are answered: a document, raw values, references, one output; and a job's status."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote
from uuid import uuid4

from mcp_ogc.local.folder import PUBLISHED
from mcp_ogc.local.problems import NO_SUCH_OUTPUT, Problem
from mcp_ogc.ogc.inputs.sendable import unsendable
from mcp_ogc.ogc.models import RELATIONS, JobStatus, Link, StatusInfo

if TYPE_CHECKING:
    from starlette.responses import Response

    from mcp_ogc.local.folder import JobFolder
    from mcp_ogc.local.store import JobRow

JSON, BYTES = "application/json", "application/octet-stream"
URL_CHARACTERS = "/:?#[]@!$&'()*+,;=%~"
T = TypeVar("T")
LARGEST_INLINE = 1 << 20
"""A file within a document or a multipart answer; a larger one is referred to."""
TOLD_CHARACTERS = 10_000
"""An execute request of which a job's status has the inputs; a list of jobs with longer ones would be too long."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the files of a job are: the folder, and the URL it is told as."""

    published: Path
    base: str

    @classmethod
    def nowhere(cls) -> Place:
        """Of results without files."""
        return cls(Path(), "")

    def absolute(self, document: Any) -> Any:
        """A stored document with its `published:` references made absolute."""
        if isinstance(document, dict):
            return {name: self.absolute(value) for name, value in document.items()}
        if isinstance(document, list):
            return [self.absolute(value) for value in document]
        if isinstance(document, str) and document.startswith(PUBLISHED):
            return f"{self.base}/{document.removeprefix(PUBLISHED)}"
        return document

    def file(self, value: Any) -> Path | None:
        """The file of a stored result; None where it is no file, or is elsewhere."""
        href = value.get("href") if isinstance(value, dict) else None
        if not isinstance(href, str) or not href.startswith(PUBLISHED):
            return None
        return self.published / unquote(href.removeprefix(PUBLISHED))


def status_info(row: JobRow, base: str, folder: JobFolder) -> StatusInfo:
    """/req/core/job-success: with links to itself, its results once there are some, and the log of each step.

    Its inputs tell it from others where the answer to an execution was lost, unless they are long. Those that no JSON
    carries, which earlier versions let in, are left out: one job must not make the whole list unreadable.
    """
    job = f"{base}/jobs/{row.job_id}"
    links = [Link(href=job, rel="self", type=JSON, title="This document")]
    if row.status == JobStatus.SUCCESSFUL:
        links.append(Link(href=f"{job}/results", rel=f"{RELATIONS}results", type=JSON, title="Results"))
    links += [
        Link(href=f"{job}/logs/{name}", rel="related", type="text/plain", title=f"Tool log {name}.log")
        for name in folder.log_names()
    ]
    inputs = json.loads(row.request).get("inputs") if len(row.request) <= TOLD_CHARACTERS else None
    return StatusInfo(
        job_id=row.job_id,
        inputs=None if any(unsendable(inputs)) else inputs,
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


def results_response(stored: Mapping[str, Any], request: Mapping[str, Any], place: Place) -> Response:
    """The results as the execute request asked for them.

    `response: document` is a JSON object by output id; `raw`, the default of the standard, is one value as it is,
    references as Link headers with 204, and several values as multipart/related (/req/core/job-results-async-…).
    `transmissionMode` is heeded where it was given; where not, a document refers to files and a raw answer is the file.
    """
    from starlette.responses import JSONResponse, Response

    asked = request.get("outputs")
    outputs = dict(stored) if asked is None else {name: value for name, value in stored.items() if name in asked}
    modes = {name: (asked or {}).get(name, {}).get("transmissionMode") for name in outputs}
    outputs = {name: _referred(value) if modes[name] == "reference" else value for name, value in outputs.items()}
    if request.get("response", "raw") == "document":
        inlined = {name: _inlined(value, place) if modes[name] == "value" else value for name, value in outputs.items()}
        return JSONResponse(place.absolute(inlined))
    if not outputs:
        return Response(status_code=204)
    if all(
        _is_link(value) and (modes[name] == "reference" or not place.file(value)) for name, value in outputs.items()
    ):
        links = (_link_header(name, place.absolute(value)) for name, value in outputs.items())
        return Response(status_code=204, headers={"Link": ", ".join(links)})
    if len(outputs) == 1:
        return _raw(next(iter(outputs.values())), place)
    return _multipart(outputs, modes, place)


def output_response(stored: Mapping[str, Any], output_id: str, place: Place) -> Response:
    """One output: its value, its file, or where it is."""
    from starlette.responses import RedirectResponse

    if output_id not in stored:
        raise Problem(404, f"No output {output_id!r}", f"There are: {', '.join(stored)}", type=NO_SUCH_OUTPUT)
    value = stored[output_id]
    if _is_link(value) and place.file(value) is None:
        return RedirectResponse(value["href"], status_code=303)
    return _raw(value, place)


def _is_link(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("href"), str)


def _referred(value: Any) -> Any:
    """A STAC result by reference: the collection that was published beside its items."""
    document = value.get("value") if isinstance(value, dict) else None
    links = document.get("links", ()) if isinstance(document, dict) else ()
    here = "self" if isinstance(document, dict) and document.get("type") == "Collection" else "collection"
    href = next((link["href"] for link in links if link.get("rel") == here and "href" in link), None)
    return {"href": href, "type": JSON} if isinstance(href, str) and href.startswith(PUBLISHED) else value


def _inlined(value: Any, place: Place) -> Any:
    """A file by value: JSON and text as they are, anything else in base64."""
    path = place.file(value)
    if path is None or path.stat().st_size > LARGEST_INLINE:
        return value
    kind, content = value["type"], path.read_bytes()
    try:
        if kind.split(";", 1)[0].endswith("json") and not any(unsendable(document := json.loads(content))):
            return {"value": document, "mediaType": kind}
        if kind.startswith("text/"):
            return {"value": content.decode("utf-8"), "mediaType": kind}
    except (ValueError, RecursionError):
        pass  # it is not what its name says: as bytes, then
    return {"value": base64.b64encode(content).decode("ascii"), "encoding": "base64", "mediaType": kind}


def _raw(value: Any, place: Place) -> Response:
    """A value as it is, with its own media type (/req/core/process-execute-sync-raw-value-one)."""
    from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response

    path = place.file(value)
    if path is not None:
        return FileResponse(path, media_type=value["type"])
    qualified = value if isinstance(value, dict) and "value" in value else {"value": value}
    inner, kind = qualified["value"], _media_type(qualified.get("mediaType"), None)
    if qualified.get("encoding") == "base64":
        try:
            return Response(base64.b64decode(inner, validate=True), media_type=kind or BYTES)
        except (binascii.Error, TypeError):
            return PlainTextResponse(str(inner))
    if isinstance(inner, str):
        return PlainTextResponse(inner, media_type=kind or "text/plain")
    return JSONResponse(place.absolute(inner), media_type=kind or JSON)


def _link_header(name: str, link: Mapping[str, Any]) -> str:
    href = quote(link["href"], safe=URL_CHARACTERS)
    return f'<{href}>; rel="{name}"; type="{_media_type(link.get("type"), BYTES)}"'


def _media_type(told: Any, otherwise: T) -> str | T:
    """A media type, where it is one: an input may have brought it, and it becomes a header."""
    return (
        told
        if isinstance(told, str) and re.fullmatch(r"[\w.+-]+/[\w.+-]+(; ?[\w.+-]+=[\w.+/-]+)*", told)
        else otherwise
    )


def _multipart(outputs: Mapping[str, Any], modes: Mapping[str, str | None], place: Place) -> Response:
    from starlette.responses import Response

    boundary = uuid4().hex
    parts = []
    for name, value in outputs.items():
        path = place.file(value)
        is_large = path is not None and path.stat().st_size > LARGEST_INLINE
        if _is_link(value) and (path is None or is_large or modes[name] == "reference"):
            link = place.absolute(value)
            where = quote(link["href"], safe=URL_CHARACTERS)
            head, body = {"Content-Type": _media_type(link.get("type"), BYTES), "Content-Location": where}, b""
        elif path is not None:
            head, body = {"Content-Type": value["type"]}, path.read_bytes()
        else:
            raw = _raw(value, place)
            head, body = {"Content-Type": raw.headers["content-type"]}, bytes(raw.body)
        lines = [
            f"--{boundary}",
            f"Content-ID: <{name}>",
            *(f"{field}: {text}" for field, text in head.items()),
            "",
            "",
        ]
        parts.append("\r\n".join(lines).encode() + body + b"\r\n")
    content = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    return Response(content, headers={"Content-Type": f"multipart/related; boundary={boundary}"})
