"""Results in every shape of the standard and of STAC, read into one: outputs, items, assets.

Shapes (OGC 18-062r2 §7.13, and what servers send): a document keyed by output id or by nothing of the kind (quirk Q32),
a bare STAC object or value of a single output, raw bytes, `Link` headers and multipart (Q31), lists. STAC's own shapes
are in `stac.py`.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import Garbled, JobFailed, OgcError, UnknownName, UnreadableAnswer
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
    text_or_none,
)
from mcp_ogc.ogc.exchange import page_of_another
from mcp_ogc.ogc.inputs.checking import nearest
from mcp_ogc.ogc.models import Link, ProcessDescription
from mcp_ogc.ogc.problems import is_problem, read_problem
from mcp_ogc.ogc.results.multipart import read_parts
from mcp_ogc.ogc.results.stac import Asset, Catalogue, Fetch, ItemDocument, Locate, Output, is_stac, read_stac

T = TypeVar("T")
Keep = Callable[[str, bytes, str], Awaitable[str]]
"""Writes a file that came inside an answer, of an output and a media type; gives its `file:` URL."""

DEFAULT_OUTPUT = "result"
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format", "type"}
PLACES = {"id", "links", "title", "description", "type"}
"""Members of an output that is told by the places it is at (MAAP)."""
NO_OUTPUT = ("self", "monitor", "status", "alternate", "up", "collection", "describedby", "profile", "license")
"""Relations of `Link` headers that are about the results."""
NUMBERED = re.compile(r"(.+)\.(\d+)")
"""Of an array, Weaver links each member: `rel="maps.0"`."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """How to get at what an answer points to."""

    fetch: Fetch
    """Reads a linked STAC document (https, s3, file)."""
    locate: Locate
    """Where a reference leads from here."""
    keep: Keep
    max_pages: int
    """Linked documents that are read at most; what is beyond is counted."""
    base_url: str
    """What relative references are relative to, where the answer does not say."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a job made, by output."""

    outputs: tuple[Output, ...]
    digest: str = ""
    """Of the answer they were read from: `sha256:…`."""
    changed: bool = False
    """Whether it is another than when it was last read; links that are signed anew are enough for that."""

    def asset(self, output_id: str, item_id: str, asset_key: str) -> Asset:
        """The file a raster handle names: an asset of an item, or a plain file where the item is `-`.

        Raises:
            UnknownName: There is none; names those there are.
            UnreadableAnswer: The item can't be read.
        """
        output = _named("output", output_id, {output.id: output for output in self.outputs})
        if item_id == "-":
            files = {"-": output} if output.href else {}
            files |= {str(n): member for n, member in enumerate(output.members) if member.href}
            return _named("file", asset_key, files).as_asset()
        item = self.item(output_id, item_id).read()
        return _named("asset", asset_key, {asset.key: asset for asset in item.assets})

    def item(self, output_id: str, item_id: str) -> ItemDocument:
        """An item as it came.

        Raises:
            UnknownName: There is none; names those there are.
        """
        output = _named("output", output_id, {output.id: output for output in self.outputs})
        return _named("item", item_id, {item.id: item for item in output.items})


def _named(noun: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        near = nearest(name, known) or tuple(known)[:5]
        raise UnknownName(noun, name, near, remedy="ogc_get_results shows what there is")
    return known[name]


async def read_results(answer: Answer, description: ProcessDescription | None, around: Surroundings) -> Results:
    """Read an answer.

    Args:
        answer: As it came.
        description: Names the output of a raw answer and its media type; None where the process is gone.
        around: How to get at what it points to.

    Raises:
        JobFailed: The answer is an exception, whatever its status.
        UnreadableAnswer: It is none of the shapes.
    """
    catalogue = Catalogue(around.fetch, around.locate, around.max_pages, answer.url or around.base_url)
    reading = _Reading(catalogue, around.keep, description)
    return Results(tuple([await reading.output(raw) for raw in _outputs(answer, description)]))


def check_whole(answer: Answer, description: ProcessDescription | None) -> None:
    """Check that an answer may be results at all: something in between may have answered, or have cut it off.

    Raises:
        UnreadableAnswer: It is a page of HTML, of which the process makes none, or JSON that ends too early.
    """
    if is_page(answer.body) and not makes_pages(description):
        raise page_of_another(answer.url or "The endpoint", answer.body)
    if is_cut_off(answer.media_type, answer.body):
        raise Garbled(
            "The results say they are JSON, and are damaged or end too early",
            detail=excerpt(answer.body),
            remedy="Call again",
        )


@dataclass(frozen=True, slots=True)
class _Raw:
    """One output before STAC in it is read: a value, a reference, or a file that came inside the answer."""

    id: str
    value: JsonValue = None
    href: str | None = None
    body: bytes | None = None
    media_type: str | None = None
    size: int | None = None
    checksum: str | None = None


def _outputs(answer: Answer, description: ProcessDescription | None) -> Iterator[_Raw]:
    name = _only_output(description)
    check_whole(answer, description)
    if answer.status != 204 and answer.url and not answer.body and is_file(answer.media_type):
        yield _Raw(name, href=answer.url, media_type=answer.media_type)
        return
    if answer.status == 204 or not answer.body.strip():
        yield from _from_links(answer.links, description, name)
        return
    media_type = answer.media_type.split(";", 1)[0].strip().lower()
    if media_type.startswith("multipart/"):
        for part in read_parts(answer.media_type, answer.body):
            if part.location:
                yield _Raw(part.output_id, href=part.location, media_type=part.media_type)
            else:
                yield _from_bytes(part.output_id, part.body, part.media_type)
        return
    document = json_or_none(answer.body)
    if document is None and media_type.endswith("json") and answer.body.lstrip()[:1] in (b"{", b"["):
        document = mended_json(answer.body)  # quirk Q44
    if is_problem(answer.status, answer.body, description.outputs if description else ()):
        problem = read_problem(answer.status, answer.body, url=answer.url, subject="results")
        raise JobFailed("The results are an exception", status=answer.status, type=problem.type, detail=problem.detail)
    if document is None and answer.body.strip() != b"null":
        yield _from_bytes(name, answer.body, answer.media_type or "application/octet-stream")
    else:
        yield from _from_document(document, description, name)


def _from_links(links: Sequence[Link], description: ProcessDescription | None, name: str) -> Iterator[_Raw]:
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
            yield _Raw(
                link.rel or (name if len(told) == 1 else f"output-{number}"), href=link.href, media_type=link.type
            )
    for output_id, members in arrays.items():
        yield _Raw(output_id, members)


def _numbered(link: Link, known: Mapping[str, object]) -> str | None:
    """The array a link is a member of."""
    found = NUMBERED.fullmatch(link.rel or "")
    return found[1] if found and link.rel not in known and (not known or found[1] in known) else None


def _from_document(document: JsonValue, description: ProcessDescription | None, name: str) -> Iterator[_Raw]:
    if is_stac(document) or not isinstance(document, dict | list):
        yield _Raw(name, document)
        return
    if isinstance(document, dict) and not _declared(document, description):
        listed = document.get("outputs")
        if isinstance(listed, list | dict) and len(document) == 1:
            document = listed
        elif isinstance(document.get("id"), str) and {"value", "href"} & set(document):
            document = [document]  # pygeoapi: {"id": "echo", "value": …}
    if isinstance(document, list):
        if document and all(isinstance(one, dict) and isinstance(one.get("id"), str) for one in document):
            for one in document:
                assert isinstance(one, dict)
                yield _unwrapped(str(one["id"]), {k: v for k, v in one.items() if k != "id"})
        else:
            yield _Raw(name, document)
        return
    assert isinstance(document, dict)
    for output_id, value in document.items():
        yield _unwrapped(output_id, value)


def _declared(document: JsonValue, description: ProcessDescription | None) -> bool:
    """Whether a document has members that are outputs of the process."""
    return (
        isinstance(document, dict) and description is not None and not document.keys().isdisjoint(description.outputs)
    )


def _unwrapped(output_id: str, value: JsonValue) -> _Raw:
    """One member of a results document: qualified, by reference, by its places, or the bare value."""
    if not isinstance(value, dict) or is_stac(value):
        return _Raw(output_id, value)
    members, media_type = set(value), _media_type(value)
    if "value" in members and members <= QUALIFIED:
        inner = value["value"]
        if isinstance(inner, dict) and isinstance(inner.get("href"), str):
            return _unwrapped(output_id, inner)  # a reference as a value (ECMWF)
        if value.get("encoding") == "base64" and isinstance(inner, str) and (body := _from_base64(inner)) is not None:
            return _from_bytes(output_id, body, media_type or "application/octet-stream")
        return _Raw(output_id, inner, media_type=media_type)
    if isinstance(href := value.get("href"), str):
        size, checksum = value.get("file:size"), value.get("file:checksum")
        return _Raw(
            output_id,
            href=href,
            media_type=media_type,
            size=size if isinstance(size, int) and not isinstance(size, bool) else None,
            checksum=checksum if isinstance(checksum, str) else None,
        )
    if "links" in members and members <= PLACES and (place := _place(value["links"])):
        named = value.get("id")
        return _Raw(named if isinstance(named, str) and named else output_id, href=place)
    return _Raw(output_id, value)


def _place(links: JsonValue) -> str | None:
    """Of several links to the same files (MAAP: web, s3, console) the one that can be read with credentials."""
    places = [
        str(link["href"])
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, dict) and isinstance(link.get("href"), str)
    ]
    return next((place for place in places if place.startswith("s3://")), places[0] if places else None)


def _media_type(members: Mapping[str, JsonValue]) -> str | None:
    form = members.get("format")
    named = (
        members.get("mediaType") or members.get("type") or (form.get("mediaType") if isinstance(form, dict) else None)
    )
    return named if isinstance(named, str) else None


def _from_base64(text: str) -> bytes | None:
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=False)
    except ValueError:
        return None


def _from_bytes(output_id: str, body: bytes, media_type: str) -> _Raw:
    """A value where it is text of some kind, else a file."""
    name = media_type.split(";", 1)[0].strip().lower()
    if name.endswith("json") and (document := json_or_none(body)) is not None:
        return _Raw(output_id, document, media_type=name)
    if (is_generic(name) or not is_file(name)) and (text := text_or_none(body, media_type)) is not None:
        return _Raw(output_id, text, media_type=name)
    return _Raw(output_id, body=body, media_type=name)


def _only_output(description: ProcessDescription | None) -> str:
    outputs = list(description.outputs) if description else []
    return outputs[0] if len(outputs) == 1 else DEFAULT_OUTPUT


class _Reading:
    """Outputs of one answer, the STAC in them read."""

    def __init__(self, catalogue: Catalogue, keep: Keep, description: ProcessDescription | None) -> None:
        self._catalogue = catalogue
        self._keep = keep
        self._description = description

    async def output(self, raw: _Raw) -> Output:
        """One output."""
        media_type = self._described_type(raw)
        if raw.body is not None:
            href = await self._keep(raw.id, raw.body, media_type or "")
            return Output(id=raw.id, kind="file", href=href, media_type=media_type, size=len(raw.body))
        if raw.href is not None:
            return await self._linked(raw, raw.href, media_type)
        value = raw.value
        if isinstance(value, str) and is_stac(parsed := json_or_none(value.encode())):
            value = parsed  # a STAC document inside a string
        if is_stac(value):
            assert isinstance(value, dict)
            return await read_stac(raw.id, value, self._catalogue, self._catalogue.url)
        if isinstance(value, list) and value and all(isinstance(one, dict) and "href" in one for one in value):
            members = tuple([await self.output(_unwrapped(raw.id, one)) for one in value])
            return Output(id=raw.id, kind="array", members=members)
        if value in (None, {}, []):
            return Output(id=raw.id, kind="empty", media_type=media_type)
        try:
            return Output(id=raw.id, kind="value", value=value, media_type=media_type)
        except ValidationError as error:
            raise UnreadableAnswer(f"The value of output {raw.id!r} is nested too deep to be read") from error

    async def _linked(self, raw: _Raw, reference: str, media_type: str | None) -> Output:
        """An output by reference: STAC where it is and can be read, else a file."""
        try:
            href = self._catalogue.locate(self._catalogue.url, reference)
        except UnreadableAnswer as error:
            return Output(id=raw.id, kind="empty", media_type=media_type, unreadable=(str(error),))
        file = Output(id=raw.id, kind="file", href=href, media_type=media_type, size=raw.size, checksum=raw.checksum)
        if not _looks_like_stac(href, media_type):
            return file
        try:
            document = await self._catalogue.document(href)
        except OgcError as error:  # what else the job made is there all the same
            return file.model_copy(update={"unreadable": (str(error),)})
        if document is None or not is_stac(document):  # GeoJSON that is no STAC is a file like any other
            return file
        return await read_stac(raw.id, document, self._catalogue, href)

    def _described_type(self, raw: _Raw) -> str | None:
        """The media type that was told; where that says nothing, the one the process description has."""
        if raw.media_type and not is_generic(raw.media_type):
            return raw.media_type
        described = self._description.outputs.get(raw.id) if self._description else None
        schema = described.schema_ if described else {}
        told = schema.get("contentMediaType")
        return told if isinstance(told, str) and schema.get("type") in (None, "string") else raw.media_type


def _looks_like_stac(href: str, media_type: str | None) -> bool:
    """Whether a referenced output is worth reading as STAC: a catalogue is named so by everybody."""
    name = href.split("?", 1)[0].rsplit("/", 1)[-1].lower()
    return name in ("catalog.json", "collection.json") or (media_type or "").startswith("application/geo+json")
