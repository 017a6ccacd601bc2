"""STAC in results: item collections, collections and catalogues with their links, single items; 1.0 and 1.1.

What a catalogue links is read through our own way out; items are read when they are asked for. One document that can't
be read does not lose the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from anyio.lowlevel import checkpoint
from pydantic import JsonValue, SkipValidation

from mcp_ogc.errors import OgcError, UnreadableAnswer
from mcp_ogc.net.storage import StorageHint
from mcp_ogc.ogc.answers import json_or_none
from mcp_ogc.ogc.models import JsonObject, Value
from mcp_ogc.ogc.results.items import Asset, Item, ItemDocument, Locate, storage_of

Fetch = Callable[[str, StorageHint | None], Awaitable[bytes]]
LINKING = ("Catalog", "Collection", "FeatureCollection")
STAC_TYPES = ("Feature", *LINKING)
AT_ONCE = 1000
"""Items of a collection that are taken before others get their turn."""
DEPTH = 8
"""Of catalogues in catalogues."""


class Output(Value):
    """One output of a job."""

    id: str
    kind: Literal["value", "file", "stac", "array", "empty"]
    value: Annotated[JsonValue, SkipValidation] = None
    href: str | None = None
    media_type: str | None = None
    items: Annotated[tuple[ItemDocument, ...], SkipValidation] = ()
    items_left_out: int = 0
    unreadable: tuple[str, ...] = ()
    """Linked documents that could not be read, each with the reason."""
    members: tuple[Output, ...] = ()
    size: int | None = None
    checksum: str | None = None

    def as_asset(self) -> Asset:
        """A plain file as an asset."""
        return Asset(
            key=self.id,
            href=self.href or "",
            media_type=self.media_type,
            size=self.size,
            checksum=self.checksum,
        )

    def readable_items(self) -> Iterator[Item]:
        """Those that can be read."""
        for item in self.items:
            with suppress(UnreadableAnswer):
                yield item.read()

    @property
    def is_raster(self) -> bool:
        """Whether it is a file that can be summarised."""
        return bool(self.href) and self.as_asset().is_raster


class Catalogue:
    """Reads linked STAC documents, so many at most, none twice."""

    def __init__(self, fetch: Fetch, locate: Locate, max_documents: int, url: str) -> None:
        self.url = url
        self.locate = locate
        self._fetch = fetch
        self._left = max_documents
        self._seen: set[str] = set()

    @property
    def exhausted(self) -> bool:
        """Whether the bound is reached."""
        return self._left <= 0

    async def document(self, href: str, hint: StorageHint | None = None) -> JsonObject | None:
        """A linked document; None where it was read before, the bound is reached, or it is not a JSON object.

        Raises:
            OgcError: It can't be fetched.
        """
        if href in self._seen or self.exhausted:
            return None
        self._seen.add(href)
        self._left -= 1
        document = json_or_none(await self._fetch(href, hint))
        return document if isinstance(document, dict) else None


def is_stac(value: JsonValue) -> bool:
    """Whether a value is a STAC object or an item collection, of which an item may lack its assets."""
    if not isinstance(value, dict):
        return False
    match value.get("type"):
        case "FeatureCollection":
            features = value.get("features")
            return isinstance(features, list) and (not features or any(_has_assets(one) for one in features))
        case "Feature":
            return _has_assets(value)
        case "Collection" | "Catalog":
            return "stac_version" in value or isinstance(value.get("links"), list)
    return False


def as_stac(value: JsonValue) -> JsonObject | None:
    """A value as a STAC object, a list of such objects as a collection of them; None where it is no STAC."""
    if isinstance(value, dict):
        return value if is_stac(value) else None
    if isinstance(value, list) and any(is_stac(one) for one in value):
        is_list_of_them = all(isinstance(one, dict) and one.get("type") in STAC_TYPES for one in value)
        return {"type": "FeatureCollection", "features": value} if is_list_of_them else None
    return None


def _has_assets(value: JsonValue) -> bool:
    return isinstance(value, dict) and isinstance(value.get("assets"), dict)


async def read_stac(output_id: str, document: JsonObject, catalogue: Catalogue, url: str) -> Output:
    """The items of a STAC document, its links followed within the catalogue's bound."""
    reading = _Reading(catalogue)
    await reading.read(document, _self_href(document) or url)
    kind: Literal["stac", "empty"] = "stac" if reading.items or reading.left_out or reading.unreadable else "empty"
    return Output(
        id=output_id,
        kind=kind,
        items=tuple(reading.items),
        items_left_out=reading.left_out,
        unreadable=tuple(reading.unreadable),
    )


class _Reading:
    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self.items: list[ItemDocument] = []
        self.left_out = 0
        self.unreadable: list[str] = []

    async def read(self, document: JsonObject, url: str, depth: int = 0) -> None:
        """One document, and what it links: items and children, and the next page of an item collection."""
        if document.get("type") == "Feature":
            self._item(document, url)
            return
        if document.get("assets"):  # files of a collection as a whole
            self._item(document, url)
        features = document.get("features")
        for number, feature in enumerate(features if isinstance(features, list) else []):
            if number % AT_ONCE == AT_ONCE - 1:
                await checkpoint()
            if isinstance(feature, dict):
                place = _self_href(feature) or url
                if feature.get("type") in LINKING and depth < DEPTH:
                    await self.read(feature, place, depth + 1)
                else:
                    self._item(feature, place)
        if depth < DEPTH:
            hint = storage_of(document, {})
            for href in _links(document, ("item", "child", "next")):
                await self._follow(url, href, hint, depth + 1)

    async def _follow(self, url: str, href: str, hint: StorageHint | None, depth: int) -> None:
        if self._catalogue.exhausted:
            self.left_out += 1
            return
        try:
            place = self._catalogue.locate(url, href)
            linked = await self._catalogue.document(place, hint)
        except OgcError as error:
            self.unreadable.append(f"{href}: {error.message}")
            return
        if linked is not None:
            await self.read(linked, place, depth)

    def _item(self, document: JsonObject, url: str) -> None:
        self.items.append(ItemDocument(document, url, self._catalogue.locate))


def _links(document: JsonObject, rels: tuple[str, ...]) -> Iterator[str]:
    links = document.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") in rels and isinstance(link.get("href"), str):
            yield str(link["href"])


def _self_href(document: JsonObject) -> str | None:
    """Where a document says it is; nothing where that is relative, or no URL."""
    return next((href for href in _links(document, ("self",)) if _is_absolute(href)), None)


def _is_absolute(href: str) -> bool:
    try:
        return urlsplit(href).scheme in ("https", "http", "s3", "file")
    except ValueError:
        return False
