"""Results in every shape of the standard and of STAC, read into one: outputs, items, assets.

Shapes (OGC 18-062r2 §7.13, and what servers send): a document keyed by output id, a bare STAC object or value of a
single output, raw bytes, `Link` headers, multipart, lists. STAC's own shapes are in `stac.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import JobFailed, OgcError, UnknownName, UnreadableAnswer
from mcp_ogc.ogc.addresses import absolute
from mcp_ogc.ogc.answers import Answer, is_file, json_or_none
from mcp_ogc.ogc.inputs import nearest
from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.ogc.multipart import read_parts
from mcp_ogc.ogc.problems import is_exception, read_problem
from mcp_ogc.ogc.stac import Asset, Catalogue, Fetch, Output, is_stac, read_stac

T = TypeVar("T")

DEFAULT_OUTPUT = "result"
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format", "type"}


class Results:
    """What a job made, by output."""

    def __init__(self, outputs: tuple[Output, ...]) -> None:
        self.outputs = outputs

    def asset(self, output_id: str, item_id: str, asset_key: str) -> Asset:
        """The file a raster handle names: an asset of an item, or a plain file where the item is `-`.

        Raises:
            UnknownName: There is none; names those there are.
        """
        output = _named("output", output_id, {output.id: output for output in self.outputs})
        if item_id == "-":
            files = {"-": output} if output.href else {}
            files |= {str(n): member for n, member in enumerate(output.members) if member.href}
            return _named("file", asset_key, files).as_asset()
        item = _named("item", item_id, {item.id: item for item in output.items})
        return _named("asset", asset_key, {asset.key: asset for asset in item.assets})


def _named(noun: str, name: str, known: Mapping[str, T]) -> T:
    if name not in known:
        near = nearest(name, known) or tuple(known)[:5]
        raise UnknownName(noun, name, near, remedy="ogc_get_results shows what there is")
    return known[name]


async def read_results(
    answer: Answer, description: ProcessDescription | None, fetch: Fetch, *, max_pages: int, base_url: str
) -> Results:
    """Read an answer.

    Args:
        answer: As it came.
        description: Names the output of a raw answer; None where the process is gone.
        fetch: Reads a linked STAC document (https, s3, file).
        max_pages: Linked documents that are read at most; what is beyond is counted.
        base_url: What relative references are relative to, where the document does not say.

    Raises:
        JobFailed: The answer is an exception, whatever its status.
        UnreadableAnswer: It is none of the shapes.
    """
    catalogue = Catalogue(fetch, max_pages, answer.url or base_url)
    return Results(tuple([await _read(output, catalogue) for output in _outputs(answer, description)]))


class _Raw:
    """One output before STAC in it is read."""

    def __init__(
        self, output_id: str, value: JsonValue = None, *, href: str | None = None, media_type: str | None = None
    ):
        self.id = output_id
        self.value = value
        self.href = href
        self.media_type = media_type


def _outputs(answer: Answer, description: ProcessDescription | None) -> Iterator[_Raw]:
    name = _only_output(description)
    if answer.status != 204 and answer.url and is_file(answer.media_type):
        yield _Raw(name, href=answer.url, media_type=answer.media_type)
        return
    if answer.status == 204 or not answer.body.strip():
        for number, link in enumerate(
            link for link in answer.links if link.rel not in ("self", "monitor", "alternate")
        ):
            yield _Raw(link.rel or f"output-{number + 1}", href=link.href, media_type=link.type)
        return
    media_type = answer.media_type.split(";", 1)[0].strip().lower()
    if media_type.startswith("multipart/"):
        for part in read_parts(answer.media_type, answer.body):
            yield _from_bytes(part.output_id, part.body, part.media_type, part.location)
        return
    document = json_or_none(answer.body)
    if document is None and answer.body.strip() != b"null":
        yield _from_bytes(name, answer.body, media_type or "application/octet-stream", None)
    elif is_exception(document) and not _declared(document, description):
        problem = read_problem(answer.status, answer.body, url=answer.url, subject="results")
        raise JobFailed("The results are an exception", status=answer.status, type=problem.type, detail=problem.detail)
    else:
        yield from _from_document(document, description, name)


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
    """One member of a results document: qualified, by reference, or the bare value."""
    if isinstance(value, dict):
        members = set(value)
        if "value" in members and members <= QUALIFIED:
            return _Raw(output_id, value["value"], media_type=_media_type(value))
        href = value.get("href")
        if isinstance(href, str) and not is_stac(value):
            return _Raw(output_id, href=href, media_type=_media_type(value))
    return _Raw(output_id, value)


def _media_type(members: Mapping[str, JsonValue]) -> str | None:
    form = members.get("format")
    named = (
        members.get("mediaType") or members.get("type") or (form.get("mediaType") if isinstance(form, dict) else None)
    )
    return named if isinstance(named, str) else None


def _from_bytes(name: str, body: bytes, media_type: str, location: str | None) -> _Raw:
    if location:
        return _Raw(name, href=location, media_type=media_type)
    if media_type.endswith("json") and (document := json_or_none(body)) is not None:
        return _Raw(name, document, media_type=media_type)
    try:
        return _Raw(name, body.decode("utf-8"), media_type=media_type)
    except UnicodeDecodeError:
        return _Raw(name, f"{len(body):,} bytes of {media_type}", media_type=media_type)


def _only_output(description: ProcessDescription | None) -> str:
    outputs = list(description.outputs) if description else []
    return outputs[0] if len(outputs) == 1 else DEFAULT_OUTPUT


async def _read(raw: _Raw, catalogue: Catalogue) -> Output:
    if raw.href is not None:
        return await _read_linked(raw.id, raw.href, raw.media_type, catalogue)
    value = raw.value
    if isinstance(value, str) and is_stac(parsed := json_or_none(value.encode())):
        value = parsed  # a STAC document inside a string
    if is_stac(value):
        assert isinstance(value, dict)
        return await read_stac(raw.id, value, catalogue, catalogue.url)
    if isinstance(value, list) and value and all(isinstance(one, dict) and "href" in one for one in value):
        members = tuple([await _read(_unwrapped(raw.id, one), catalogue) for one in value])
        return Output(id=raw.id, kind="array", members=members)
    if value in (None, {}, []):
        return Output(id=raw.id, kind="empty", media_type=raw.media_type)
    try:
        return Output(id=raw.id, kind="value", value=value, media_type=raw.media_type)
    except ValidationError as error:
        raise UnreadableAnswer(f"The value of output {raw.id!r} is nested too deep to be read") from error


async def _read_linked(output_id: str, reference: str, media_type: str | None, catalogue: Catalogue) -> Output:
    """An output by reference: STAC where it is and can be read, else a file."""
    try:
        href = absolute(catalogue.url, reference)
    except UnreadableAnswer as error:
        return Output(id=output_id, kind="empty", media_type=media_type, unreadable=(str(error),))
    if not _looks_like_stac(href, media_type):
        return Output(id=output_id, kind="file", href=href, media_type=media_type)
    try:
        document = await catalogue.document(href)
    except OgcError as error:  # what else the job made is there all the same
        return Output(id=output_id, kind="file", href=href, media_type=media_type, unreadable=(str(error),))
    if document is None:
        return Output(id=output_id, kind="file", href=href, media_type=media_type)
    return await read_stac(output_id, document, catalogue, href)


def _looks_like_stac(href: str, media_type: str | None) -> bool:
    """Whether a referenced output is worth reading as STAC: a catalogue is named so by everybody."""
    name = href.split("?", 1)[0].rsplit("/", 1)[-1].lower()
    return name in ("catalog.json", "collection.json") or (media_type or "").startswith("application/geo+json")
