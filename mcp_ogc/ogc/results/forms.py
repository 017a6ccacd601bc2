"""The forms in which an answer tells its outputs (OGC 18-062r2 §7.13, and what servers send).

A document keyed by output id or by nothing of the kind (quirk Q32), the bare value of a single output, raw bytes,
`Link` headers and multipart (Q31), lists. What STAC there is in them is read in `reading.py`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from mcp_ogc.errors import Garbled, JobFailed
from mcp_ogc.ogc.answers import (
    Answer,
    excerpt,
    is_cut_off,
    is_file,
    is_generic,
    is_page,
    json_or_none,
    makes_pages,
    mended_json,
    says_json,
    text_or_none,
)
from mcp_ogc.ogc.exchange import page_of_another
from mcp_ogc.ogc.inputs.schemas import plain
from mcp_ogc.ogc.models import JsonObject, Link, ProcessDescription
from mcp_ogc.ogc.problems import is_failure, read_problem
from mcp_ogc.ogc.results.encoded import decoded, media_type_of, of_elements
from mcp_ogc.ogc.results.geojson import features_of
from mcp_ogc.ogc.results.multipart import read_parts
from mcp_ogc.ogc.results.stac import as_stac, is_stac

DEFAULT_OUTPUT = "result"
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format", "type"}
PLACES = {"id", "links", "title", "description", "type"}
"""Members of an output that is told by the places it is at (MAAP)."""
VALUES = {"value", "href"}
TELLING = {"mediaType", "encoding", "format"}
"""Members that make a value a qualified one beyond doubt."""
COVERAGES = ("Coverage", "CoverageCollection", "Domain")
"""Of CoverageJSON (OGC 21-069r2)."""
NO_OUTPUT = ("self", "monitor", "status", "alternate", "up", "collection", "describedby", "profile", "license")
"""Relations of `Link` headers that are about the results."""
NUMBERED = re.compile(r"(.+)\.(\d+)")
"""Of an array, Weaver links each member: `rel="maps.0"`."""


@dataclass(frozen=True, slots=True)
class Raw:
    """One output before STAC in it is read: a value, a reference, or a file that came inside the answer."""

    id: str
    value: JsonValue = None
    href: str | None = None
    body: bytes | None = None
    media_type: str | None = None
    size: int | None = None
    checksum: str | None = None


def check_whole(answer: Answer, description: ProcessDescription | None) -> None:
    """Check that an answer may be results at all: something in between may have answered, or have cut it off.

    Raises:
        UnreadableAnswer: It is a page of HTML, of which the process makes none, or JSON that ends too early.
    """
    _check_page(answer, description)
    if is_cut_off(answer.media_type, answer.body):
        raise _garbled(answer)


def outputs_of(answer: Answer, description: ProcessDescription | None) -> list[Raw]:
    """The outputs an answer tells. It may take seconds: a document is as long as documents may be.

    Raises:
        JobFailed: The answer is an exception, whatever its status.
        UnreadableAnswer: It is none of the forms, or as of `check_whole`.
    """
    name = _only_output(description)
    media_type = answer.media_type.split(";", 1)[0].strip().lower()
    _check_page(answer, description)
    if answer.is_elsewhere:
        return [Raw(name, href=answer.url, media_type=answer.media_type)]
    if answer.status == 204 or not answer.body.strip():
        return list(_from_links(answer.links, description, name))
    if media_type.startswith("multipart/"):
        return list(_from_parts(answer))
    document = json_or_none(answer.body)
    is_json = document is not None or answer.body.strip() == b"null"
    if not is_json and says_json(media_type, answer.body):
        document = mended_json(answer.body)  # quirk Q44
        if document is None:
            raise _garbled(answer)
        is_json = True
    if is_failure(answer.status, answer.body, description.outputs if description else ()):
        problem = read_problem(answer.status, answer.body, url=answer.url, subject="results")
        raise JobFailed("The results are an exception", status=answer.status, type=problem.type, detail=problem.detail)
    if not is_json:
        return [_from_bytes(name, answer.body, answer.media_type or "application/octet-stream")]
    return list(_from_document(document, description, name))


def _check_page(answer: Answer, description: ProcessDescription | None) -> None:
    if is_page(answer.body) and not makes_pages(description):
        raise page_of_another(answer.url or "The endpoint", answer.body)


def _garbled(answer: Answer) -> Garbled:
    return Garbled(
        "The results say they are JSON, and are damaged or end too early",
        detail=excerpt(answer.body),
        remedy="Call again",
    )


def _from_parts(answer: Answer) -> Iterator[Raw]:
    for part in read_parts(answer.media_type, answer.body):
        if part.location:
            yield Raw(part.output_id, href=part.location, media_type=part.media_type)
        else:
            yield _from_bytes(part.output_id, part.body, part.media_type)


def _from_links(links: Sequence[Link], description: ProcessDescription | None, name: str) -> Iterator[Raw]:
    """A link for each output, its relation the output's id (/req/core/process-execute-sync-raw-ref)."""
    known = description.outputs if description else {}
    told = [link for link in links if link.rel not in NO_OUTPUT]
    if named := [link for link in told if link.rel in known or (known and _numbered(link, known))]:
        told = named
    arrays: dict[str, list[JsonValue]] = {}
    for number, link in enumerate(told, 1):
        if array := _numbered(link, known):
            arrays.setdefault(array, []).append({"href": link.href, "type": link.type})
        else:
            yield Raw(
                link.rel or (name if len(told) == 1 else f"output-{number}"), href=link.href, media_type=link.type
            )
    for output_id, members in arrays.items():
        yield Raw(output_id, members)


def _numbered(link: Link, known: Mapping[str, object]) -> str | None:
    """The array a link is a member of."""
    found = NUMBERED.fullmatch(link.rel or "")
    return found[1] if found and link.rel not in known and (not known or found[1] in known) else None


def _from_document(document: JsonValue, description: ProcessDescription | None, name: str) -> Iterator[Raw]:
    outputs = description.outputs if description else {}
    if not isinstance(document, dict | list):
        yield unwrapped(name, document, schema_of(name, description))
    elif as_stac(document) is not None or _tells_itself(document, outputs):
        yield Raw(name, document)
    elif isinstance(document, list):
        yield from _from_list(document, description, name)
    elif not document.keys().isdisjoint(outputs):
        for output_id, value in document.items():
            if output_id != "links" or output_id in outputs or not isinstance(value, list):
                yield unwrapped(output_id, value, schema_of(output_id, description))
    elif isinstance(listed := document.get("outputs"), list | dict) and document.keys() <= {"outputs", "links"}:
        yield from (
            _from_entries(listed, description, name) if isinstance(listed, list) else _from_members(listed, description)
        )
    elif isinstance(document.get("id"), str) and not VALUES.isdisjoint(document):
        yield from _from_entries([document], description, name)  # pygeoapi: {"id": "echo", "value": …}
    elif _is_wrapped(document) or (len(outputs) == 1 and document and not any(map(_is_wrapped, document.values()))):
        yield unwrapped(name, document, schema_of(name, description))  # of a single output, raw
    else:
        yield from _from_members(document, description)


def _from_list(listed: list[JsonValue], description: ProcessDescription | None, name: str) -> Iterator[Raw]:
    """A list at the root: entries of outputs, or the value of a single output whose members have ids of their own."""
    outputs = description.outputs if description else {}
    ids = [str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one and not VALUES.isdisjoint(one)]
    if listed and len(ids) == len(listed) and (not outputs or not set(ids).isdisjoint(outputs)):
        yield from _from_entries(listed, description, name)
    else:
        yield Raw(name, listed)


def _from_entries(entries: list[JsonValue], description: ProcessDescription | None, name: str) -> Iterator[Raw]:
    """Outputs that are told one by one, each with its id; a list of anything else is the value."""
    named = [one for one in entries if isinstance(one, dict) and isinstance(one.get("id"), str)]
    if len(named) < len(entries):
        yield Raw(name, entries)
        return
    for one in named:
        output_id = str(one["id"])
        yield unwrapped(output_id, {k: v for k, v in one.items() if k != "id"}, schema_of(output_id, description))


def _from_members(members: Mapping[str, JsonValue], description: ProcessDescription | None) -> Iterator[Raw]:
    for output_id, value in members.items():
        yield unwrapped(output_id, value, schema_of(output_id, description))


def _tells_itself(document: JsonValue, outputs: Collection[str]) -> bool:
    """Whether a document is of a kind that is known for what it is, and so none of outputs: GeoJSON, CoverageJSON."""
    if not isinstance(document, dict) or "type" in outputs:
        return False
    is_coverage = document.get("type") in COVERAGES and not {"domain", "coverages", "axes"}.isdisjoint(document)
    return is_coverage or features_of(document) is not None


def _is_wrapped(value: JsonValue) -> bool:
    """Whether a member of a document is an output in one of the forms that servers have for those, not a bare value."""
    if as_stac(value) is not None:
        return True
    if not isinstance(value, dict):
        return isinstance(value, list) and bool(value) and all(isinstance(one, dict) and "href" in one for one in value)
    is_qualified = "value" in value and value.keys() <= QUALIFIED
    is_place = "links" in value and value.keys() <= PLACES
    return is_qualified or is_place or isinstance(value.get("href"), str)


def elements_of(output_id: str, values: Sequence[JsonValue], schema: JsonObject) -> list[Raw]:
    """The elements of an array that are told as outputs are, or are files; none where any of them is a bare value."""
    element = of_elements(schema)
    found: list[Raw] = []
    for one in values:
        raw = unwrapped(output_id, one, element)
        is_decoded = raw.body is not None or (isinstance(one, str) and raw.value is not one)
        if not (is_decoded or _is_told(one)):
            return []
        found.append(raw)
    return found


def _is_told(element: JsonValue) -> bool:
    """Whether an element is a reference or qualified; `{value}` alone may be an object of the process's own."""
    if not isinstance(element, dict):
        return False
    return "href" in element or ("value" in element and element.keys() <= QUALIFIED and not TELLING.isdisjoint(element))


def unwrapped(output_id: str, value: JsonValue, schema: JsonObject) -> Raw:
    """One member of a results document: qualified, by reference, by its places, or the bare value.

    Args:
        output_id: Whose it is.
        value: Of the member.
        schema: Of the output, as `schemas.plain` reads it: it may tell that a text is a file.
    """
    if isinstance(value, str) and (file := decoded(value, {}, schema)):
        return _from_bytes(output_id, *file)
    if not isinstance(value, dict) or is_stac(value):
        return Raw(output_id, value)
    members, media_type = set(value), media_type_of(value)
    if "value" in members and members <= QUALIFIED:
        inner = value["value"]
        if isinstance(inner, dict) and isinstance(inner.get("href"), str):
            return unwrapped(output_id, inner, schema)  # a reference as a value (ECMWF)
        if isinstance(inner, str) and (file := decoded(inner, value, schema)):
            return _from_bytes(output_id, *file)
        return Raw(output_id, inner, media_type=media_type)
    if isinstance(href := value.get("href"), str):
        size, checksum = value.get("file:size"), value.get("file:checksum")
        return Raw(
            output_id,
            href=href,
            media_type=media_type,
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            checksum=checksum if isinstance(checksum, str) else None,
        )
    if "links" in members and members <= PLACES and (place := _place(value["links"])):
        named = value.get("id")
        return Raw(named if isinstance(named, str) and named else output_id, href=place)
    return Raw(output_id, value)


def _place(links: JsonValue) -> str | None:
    """Of several links to the same files (MAAP: web, s3, console) the one that can be read with credentials."""
    places = [
        str(link["href"])
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict) and isinstance(link.get("href"), str)
    ]
    return next((place for place in places if place.startswith("s3://")), places[0] if places else None)


def _from_bytes(output_id: str, body: bytes, media_type: str) -> Raw:
    """A value where it is text of some kind, else a file."""
    name = media_type.split(";", 1)[0].strip().lower()
    if name.endswith("json") and (document := json_or_none(body)) is not None:
        return Raw(output_id, document, media_type=name)
    if (is_generic(name) or not is_file(name)) and (text := text_or_none(body, media_type)) is not None:
        return Raw(output_id, text, media_type=name)
    return Raw(output_id, body=body, media_type=name)


def schema_of(output_id: str, description: ProcessDescription | None) -> JsonObject:
    """The schema of an output, as `schemas.plain` reads it; empty where it is not described."""
    described = description.outputs.get(output_id) if description else None
    return plain(described.schema_) if described else {}


def _only_output(description: ProcessDescription | None) -> str:
    outputs = list(description.outputs) if description else []
    return outputs[0] if len(outputs) == 1 else DEFAULT_OUTPUT
