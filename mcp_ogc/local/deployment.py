"""What is deployed: the body of a deploy or replace request, read into a process (OGC 20-044)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mcp_ogc.errors import PackageError, UnknownName
from mcp_ogc.local.bodies import document_of
from mcp_ogc.local.problems import UNSUPPORTED_MEDIA_TYPE, WORKFLOW_NOT_FOUND, Problem
from mcp_ogc.local.store import ProcessRow
from mcp_ogc.local.trust import containment, files_named
from mcp_ogc.ogc.models import ProcessDescription

CWL_TYPES = ("application/cwl", "application/cwl+yaml", "application/cwl+json", "application/x-cwl")
PACKAGE_TYPES = ("application/ogcapppkg+json", "application/json")
PROCESS_DESCRIPTION = "processDescription is an object with id, version, title, description and keywords of their types"


TOLD_MEMBERS = ("id", "version", "title", "description", "keywords")
"""What of a process description beside the CWL is taken: the rest is the CWL's to say (/req/ogcapppkg/schema)."""


def read_deployment(body: bytes, media_type: str, workflow_id: str | None) -> ProcessRow:
    """A process of a request body.

    Raises:
        Problem: 415 for another media type, 400 where the package can't be used, with line and column.
    """
    from mcp_ogc.packages.cwl import load
    from mcp_ogc.packages.description import describe
    from mcp_ogc.packages.document import short_id

    told: Mapping[str, Any] = {}
    kind = media_type.split(";", 1)[0].strip().lower()
    if kind in CWL_TYPES:
        text = _text(body)
    elif kind in PACKAGE_TYPES:
        text, told = _execution_unit(body)
    else:
        accepted = ", ".join((*CWL_TYPES[:3], PACKAGE_TYPES[0]))
        raise Problem(
            415, f"{kind or 'A body without media type'} can't be deployed", accepted, type=UNSUPPORTED_MEDIA_TYPE
        )
    try:
        package = load(text)
        process = package.workflow(workflow_id)
        description = _described(describe(package, workflow_id), told)
    except PackageError as error:
        raise Problem(400, "The package can't be used", str(error)) from error
    except UnknownName as error:
        raise Problem(400, error.message, error.remedy, type=WORKFLOW_NOT_FOUND) from error
    if named := files_named(text, short_id(process.id)):
        raise Problem(
            400,
            f"The package names files itself: {', '.join(named[:5])}",
            "Only what an input gives is read; a default of an input of the workflow may name a file",
        )
    return ProcessRow(
        process_id=description.id,
        description=json.dumps(description.wire()),
        package=text,
        digest=package.digest,
        workflow_id=short_id(process.id) if "$graph" in text else None,
        body=body,
        media_type=kind,
        containment=containment(text).stored(),
    )


def _described(derived: ProcessDescription, told: Mapping[str, Any]) -> ProcessDescription:
    """The description of the CWL, with what stands beside it in an application package."""
    from pydantic import ValidationError

    said = {name: told[name] for name in TOLD_MEMBERS if told.get(name) is not None}
    try:
        description = ProcessDescription.model_validate({**derived.wire(), **said})
    except ValidationError as error:
        misfits = ", ".join(".".join(map(str, one["loc"])) for one in error.errors())
        raise Problem(400, f"The process description does not fit: {misfits}", PROCESS_DESCRIPTION) from None
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}", description.id):
        raise Problem(
            400,
            f"{description.id[:200]!r} can't be the id of a process",
            "It is part of URLs: letters, digits, - _ and . only, at most 128, and no dot at the beginning",
        )
    return description


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "The package is not UTF-8 text", str(error)) from error


def _execution_unit(body: bytes) -> tuple[str, Mapping[str, Any]]:
    """The CWL of an OGC application package by value, and the process description beside it."""
    document = document_of(body)
    if not isinstance(document, dict):
        raise Problem(400, "The body is not an OGC application package", "It is an object with executionUnit")
    told = document.get("processDescription", {})
    if not isinstance(told, dict):
        raise Problem(400, "processDescription is not an object", PROCESS_DESCRIPTION)
    units = document.get("executionUnit")
    unit = units[0] if isinstance(units, list) and len(units) == 1 else units
    kind = (
        next((unit[name] for name in ("mediaType", "type") if unit.get(name)), None) if isinstance(unit, dict) else None
    )
    if kind is not None and str(kind).split(";", 1)[0].lower() not in CWL_TYPES:
        raise Problem(
            415,
            f"An execution unit of type {str(kind)[:100]!r} can't be run",
            CWL_TYPES[0],
            type=UNSUPPORTED_MEDIA_TYPE,
        )
    match unit:
        case {"value": str(text)} | {"unit": str(text)}:
            return text, told
        case {"value": dict(cwl)} | {"unit": dict(cwl)}:
            return json.dumps(cwl, indent=2), told
        case {"href": _}:
            raise Problem(
                400,
                "The local endpoint fetches no packages",
                'Give the CWL by value: {"executionUnit": {"value": …, "mediaType": "application/cwl+json"}}, '
                "or deploy it through mcp-ogc, which fetches it",
            )
    raise Problem(
        400, "The body has no single executionUnit with a CWL by value", "Or send the CWL itself as application/cwl"
    )
