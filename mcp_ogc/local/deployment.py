"""What is deployed: the body of a deploy or replace request, read into a process (OGC 20-044)."""

from __future__ import annotations

import json
from typing import Any

from mcp_ogc.errors import PackageError, UnknownName
from mcp_ogc.local.problems import UNSUPPORTED_MEDIA_TYPE, WORKFLOW_NOT_FOUND, Problem
from mcp_ogc.local.store import ProcessRow

CWL_TYPES = ("application/cwl", "application/cwl+yaml", "application/cwl+json", "application/x-cwl")
PACKAGE_TYPES = ("application/ogcapppkg+json", "application/json")


def read_deployment(body: bytes, media_type: str, workflow_id: str | None) -> ProcessRow:
    """A process of a request body.

    Raises:
        Problem: 415 for another media type, 400 where the package can't be used, with line and column.
    """
    from mcp_ogc.packages.cwl import load, short_id
    from mcp_ogc.packages.description import describe

    told: dict[str, Any] = {}
    kind = media_type.split(";", 1)[0].strip().lower()
    if kind in CWL_TYPES:
        text = _text(body)
    elif kind in PACKAGE_TYPES:
        text, told = _execution_unit(body)
    else:
        accepted = ", ".join((*CWL_TYPES[:3], PACKAGE_TYPES[0]))
        raise Problem(415, f"{kind or 'no media type'} can't be deployed", accepted, type=UNSUPPORTED_MEDIA_TYPE)
    try:
        package = load(text)
        description = describe(package, workflow_id)
    except PackageError as error:
        raise Problem(400, "The package can't be used", str(error)) from error
    except UnknownName as error:
        raise Problem(400, error.message, error.remedy, type=WORKFLOW_NOT_FOUND) from error
    if told.get("title") or told.get("description"):
        description = description.model_copy(
            update={name: told[name] for name in ("title", "description") if isinstance(told.get(name), str)}
        )
    process = package.workflow(workflow_id)
    return ProcessRow(
        process_id=description.id,
        description=json.dumps(description.wire()),
        package=text,
        digest=package.digest,
        workflow_id=short_id(process.id) if "$graph" in text else None,
        body=body,
        media_type=kind,
    )


def needs_container(package: str) -> bool:
    """Whether a package asks for a container image anywhere."""
    return "DockerRequirement" in package


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(400, "The package is not UTF-8 text", str(error)) from error


def _execution_unit(body: bytes) -> tuple[str, dict[str, Any]]:
    """The CWL of an OGC application package by value, and the process description beside it."""
    try:
        document = json.loads(body)
    except ValueError as error:
        raise Problem(400, "The body is not JSON", str(error)) from error
    if not isinstance(document, dict):
        raise Problem(400, "The body is not an OGC application package", "It is an object with executionUnit")
    told = document.get("processDescription")
    units = document.get("executionUnit")
    unit = units[0] if isinstance(units, list) and len(units) == 1 else units
    described = told if isinstance(told, dict) else {}
    match unit:
        case {"value": str(text)} | {"unit": str(text)}:
            return text, described
        case {"value": dict(cwl)} | {"unit": dict(cwl)}:
            return json.dumps(cwl, indent=2), described
        case {"href": _}:
            raise Problem(
                400,
                "The local endpoint fetches no packages",
                'Give the CWL by value: {"executionUnit": {"value": …, "mediaType": "application/cwl+json"}}, '
                "or deploy it through mcp-ogc, which fetches it",
            )
    raise Problem(400, "The body has no executionUnit with a CWL by value", "Or send the CWL itself as application/cwl")
