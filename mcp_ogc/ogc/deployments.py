"""Application packages on the wire: what is sent to deploy one, and what comes back (wire facts §1.4 to §1.7)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import JsonValue

from mcp_ogc.errors import NotOffered, UnreadableAnswer
from mcp_ogc.ogc.addresses import last_segment
from mcp_ogc.ogc.answers import json_or_none, validated
from mcp_ogc.ogc.dialects.dialect import Dialect, UnitForm
from mcp_ogc.ogc.models import JsonObject, ProcessSummary

if TYPE_CHECKING:
    import httpx

CWL = "application/cwl"
# What a package is asked as, one precise type at a time: ZOO-Project answers 406 to anything else (quirk Q25).
PACKAGE_TYPES = (CWL, "application/cwl+yaml", "application/cwl+json", "application/ogcapppkg+json")


def bodies(package: str, href: str | None, dialect: Dialect) -> Iterator[tuple[str, bytes]]:
    """What to send, most likely first: media type and body. The next one is for a server that answers 415 (Q18).

    Args:
        package: CWL text.
        href: Where the server could fetch it.
        dialect: Which types it takes, and how an execution unit is written.

    Raises:
        NotOffered: It takes packages by reference only, and there is no reference.
    """
    for media_type in dialect.deploy_types:
        if media_type.startswith(CWL):
            yield media_type, package.encode()
        else:
            yield media_type, json.dumps(_application_package(package, href, dialect), ensure_ascii=False).encode()


def _application_package(package: str, href: str | None, dialect: Dialect) -> JsonObject:
    match dialect.unit_form:
        case UnitForm.FORMATTED:
            return {"executionUnit": [{"value": package, "format": {"mediaType": CWL}}]}
        case UnitForm.UNIT:
            return {"executionUnit": [{"unit": _as_json(package)}]}
        case UnitForm.TEXT:
            return {"cwlRawText": package}
        case UnitForm.HREF:
            if href is None:
                raise NotOffered(
                    f"{dialect.title} takes a package by its URL only",
                    remedy="Publish the CWL where the server can fetch it, and give that URL as package",
                )
            return {"executionUnit": {"href": href, "type": CWL}}
    return {"executionUnit": {"value": _as_json(package), "mediaType": "application/cwl+json"}}


def _as_json(package: str) -> JsonValue:
    """CWL text as the JSON it stands for: what `application/cwl+json` by value is (OGC 20-044, /req/cwl)."""
    from ruamel.yaml import YAML

    document: JsonValue = json.loads(json.dumps(YAML(typ="safe", pure=True).load(package), default=str))
    return document


def deployed(response: httpx.Response, body: bytes, known_as: str | None) -> ProcessSummary:
    """The process a deployment became (Q20): as the body has it, by its Location, or by the package's own id.

    Raises:
        UnreadableAnswer: Nothing says which.
    """
    document = json_or_none(body)
    summary = document.get("processSummary", document) if isinstance(document, dict) else None
    location = last_segment(response.headers.get("location", ""))
    if isinstance(summary, dict) and isinstance(summary.get("id"), str) and "status" not in summary:
        return validated(ProcessSummary, summary, str(response.url))
    is_a_job = response.status_code == 202 or "/deploymentJobs/" in response.headers.get("location", "")
    process_id = known_as if is_a_job or not location else location
    if not process_id:
        raise UnreadableAnswer(f"{response.url} deployed something and did not say what", remedy="List the processes")
    return ProcessSummary(id=process_id)
