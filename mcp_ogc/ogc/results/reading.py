"""Results in every form of the standard and of STAC, read into one: outputs, items, assets.

The forms of answers are in `forms.py`, STAC's own in `stac.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio.to_thread
from pydantic import JsonValue

from mcp_ogc.errors import OgcError, UnknownName, UnreadableAnswer
from mcp_ogc.ogc.answers import Answer, is_generic, json_or_none
from mcp_ogc.ogc.inputs.checking import nearest
from mcp_ogc.ogc.models import ProcessDescription
from mcp_ogc.ogc.results.forms import Raw, elements_of, outputs_of, schema_of
from mcp_ogc.ogc.results.items import Asset, ItemDocument, Locate
from mcp_ogc.ogc.results.stac import Catalogue, Fetch, Output, as_stac, is_stac, read_stac

T = TypeVar("T")
MOST_DEPTH = 200
Keep = Callable[[str, bytes, str], Awaitable[str]]
"""Writes a file that came inside an answer, of an output and a media type; gives its `file:` URL."""


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
    told = await anyio.to_thread.run_sync(partial(outputs_of, answer, description))
    return Results(tuple([await reading.output(raw) for raw in told]))


class _Reading:
    """Outputs of one answer, the STAC in them read."""

    def __init__(self, catalogue: Catalogue, keep: Keep, description: ProcessDescription | None) -> None:
        self._catalogue = catalogue
        self._keep = keep
        self._description = description

    async def output(self, raw: Raw) -> Output:
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
        if isinstance(value, list):
            schema = schema_of(raw.id, self._description)
            elements = await anyio.to_thread.run_sync(elements_of, raw.id, value, schema)
            if any(one.href is not None or one.body is not None for one in elements):
                return Output(id=raw.id, kind="array", members=tuple([await self.output(one) for one in elements]))
            value = [one.value for one in elements] or value
        if (stac := as_stac(value)) is not None:
            return await read_stac(raw.id, stac, self._catalogue, self._catalogue.url)
        if value in (None, {}, []):
            return Output(id=raw.id, kind="empty", media_type=media_type)
        if isinstance(value, dict | list) and await anyio.to_thread.run_sync(_is_deep, value):
            raise UnreadableAnswer(f"The value of output {raw.id!r} is nested too deep to be read")
        return Output(id=raw.id, kind="value", value=value, media_type=media_type)

    async def _linked(self, raw: Raw, reference: str, media_type: str | None) -> Output:
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

    def _described_type(self, raw: Raw) -> str | None:
        """The media type that was told; where that says nothing, the one the process description has."""
        if raw.media_type and not is_generic(raw.media_type):
            return raw.media_type
        described = self._description.outputs.get(raw.id) if self._description else None
        schema = described.schema_ if described else {}
        told = schema.get("contentMediaType")
        return told if isinstance(told, str) and schema.get("type") in (None, "string") else raw.media_type


def _is_deep(value: JsonValue) -> bool:
    """Whether a value is nested so deep that who reads or writes it later may not get to its end."""
    level = [value]
    for _ in range(MOST_DEPTH):
        inner = [member for one in level for member in (one.values() if isinstance(one, dict) else _members(one))]
        level = [one for one in inner if isinstance(one, dict | list)]
        if not level:
            return False
    return True


def _members(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _looks_like_stac(href: str, media_type: str | None) -> bool:
    """Whether a referenced output is worth reading as STAC: a catalogue is named so by everybody."""
    name = href.split("?", 1)[0].rsplit("/", 1)[-1].lower()
    return name in ("catalog.json", "collection.json") or (media_type or "").startswith("application/geo+json")
