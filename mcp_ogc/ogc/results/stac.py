"""STAC in results: item collections, collections and catalogues with their links, single items; 1.0 and 1.1.

pystac parses an item when it is asked for, and opens nothing: linked documents are read through our own way out. Of
thousands of items only those that are shown are parsed. An item that can't be read does not lose the others.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlsplit

from pydantic import JsonValue, SkipValidation, ValidationError

from mcp_ogc.errors import OgcError, UnreadableAnswer
from mcp_ogc.net.storage import StorageHint
from mcp_ogc.ogc.answers import is_generic, json_or_none
from mcp_ogc.ogc.models import JsonObject, Value
from mcp_ogc.ogc.results.bands import ClassLabel, class_labels, of_first_band

if TYPE_CHECKING:
    import pystac

Fetch = Callable[[str, StorageHint | None], Awaitable[bytes]]
Locate = Callable[[str, str], str]
"""A reference, made absolute against the URL it was found at, as it is reached from here."""

RASTER_TYPES = ("image/tiff", "image/vnd.stac.geotiff", "image/png", "image/jpeg", "image/jp2")
RASTER_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".jp2")


class Asset(Value):
    """One file. `title` is the server's text. `storage` is what STAC's storage extension said."""

    key: str
    href: str
    media_type: str | None = None
    title: str | None = None
    roles: tuple[str, ...] = ()
    size: int | None = None
    checksum: str | None = None
    crs: str | None = None
    """Such as `EPSG:32610`, as STAC's projection extension says."""
    data_type: str | None = None
    """Of its first band, such as `uint8`."""
    nodata: float | None = None
    """Of its first band; may be nan or infinite."""
    classes: tuple[ClassLabel, ...] = ()
    storage: StorageHint | None = None

    @property
    def is_raster(self) -> bool:
        """Whether it can be summarised, as far as its type or its name tells."""
        if self.media_type and not is_generic(self.media_type):
            return self.media_type.split(";", 1)[0].strip().lower() in RASTER_TYPES
        return re.split("[?#]", self.href, maxsplit=1)[0].lower().endswith(RASTER_SUFFIXES)


class Item(Value):
    """One STAC item. `bbox` is longitude, latitude: west, south, east, north."""

    id: str
    collection: str | None = None
    when: str | None = None
    """UTC: a time, or an interval with a slash."""
    bbox: tuple[float, ...] | None = None
    assets: tuple[Asset, ...] = ()
    unreadable: tuple[str, ...] = ()
    """Assets that could not be read, each with the reason."""


@dataclass(frozen=True, slots=True)
class ItemDocument:
    """One STAC item as it came: a JSON object that is read when it is asked for."""

    document: JsonObject
    url: str
    """Where it was found."""
    locate: Locate

    @property
    def id(self) -> str:
        """Its id, or a word for it."""
        told = self.document.get("id")
        return told if isinstance(told, str) else "an item"

    @property
    def has_assets(self) -> bool:
        """Whether any file is told of."""
        return bool(self.document.get("assets"))

    @property
    def geometry(self) -> JsonObject | None:
        """Its GeoJSON geometry as it came, in longitude and latitude."""
        told = self.document.get("geometry")
        return told if isinstance(told, dict) else None

    def read(self) -> Item:
        """The item.

        Raises:
            UnreadableAnswer: pystac can't read it.
        """
        try:
            return read_item(self.document, self.url, self.locate)
        except Exception as error:  # pystac raises what it likes on foreign documents
            raise UnreadableAnswer(f"{self.id}: {type(error).__name__}: {error}") from error


class Output(Value):
    """One output of a job."""

    id: str
    kind: Literal["value", "file", "stac", "array", "empty"]
    value: JsonValue = None
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
        """Those that pystac can read."""
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
    """Whether a value is a STAC object or an item collection."""
    if not isinstance(value, dict):
        return False
    match value.get("type"):
        case "FeatureCollection":
            features = value.get("features")
            return isinstance(features, list) and all(
                isinstance(feature, dict) and isinstance(feature.get("assets"), dict) for feature in features
            )
        case "Feature":
            return isinstance(value.get("assets"), dict)
        case "Collection" | "Catalog":
            return "stac_version" in value or isinstance(value.get("links"), list)
    return False


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
        features = document.get("features")
        for feature in features if isinstance(features, list) else []:
            if isinstance(feature, dict):
                self._item(feature, _self_href(feature) or url)
        if depth < 8:
            hint = _storage(document, {})
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


def read_item(document: JsonObject, url: str, locate: Locate) -> Item:
    """One item, its assets as they are reached from here."""
    import pystac

    listed = document.get("assets")
    told = listed if isinstance(listed, dict) else {}
    readable = {key: one for key, one in told.items() if isinstance(one, dict) and isinstance(one.get("href"), str)}
    item = pystac.Item.from_dict({**document, "assets": readable, "links": []}, preserve_dict=True, migrate=False)
    assets: list[Asset] = []
    broken = [f"asset {key}: it has no href" for key in told if key not in readable]
    for key, asset in item.assets.items():
        try:
            assets.append(_asset(key, asset, item, locate(url, asset.href)))
        except (UnreadableAnswer, ValidationError) as error:
            broken.append(f"asset {key}: {error}")
    box = tuple(float(value) for value in item.bbox or ())
    return Item(
        id=item.id,
        collection=item.collection_id,
        when=_when(item),
        # Six numbers have heights in between (RFC 7946 §5).
        bbox=(box[0], box[1], box[3], box[4]) if len(box) == 6 else box or None,
        assets=tuple(assets),
        unreadable=tuple(f"{item.id}: {reason}" for reason in broken),
    )


def _asset(key: str, asset: pystac.Asset, item: pystac.Item, href: str) -> Asset:
    fields = asset.extra_fields
    size, checksum = fields.get("file:size"), fields.get("file:checksum")
    return Asset(
        key=key,
        href=href,
        media_type=asset.media_type,
        title=asset.title,
        roles=tuple(asset.roles or ()),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        checksum=checksum if isinstance(checksum, str) else None,
        crs=_crs(fields) or _crs(item.properties),
        data_type=data_type if isinstance(data_type := of_first_band(fields, "data_type"), str) else None,
        nodata=_number(of_first_band(fields, "nodata")),
        classes=tuple(class_labels(fields)),
        storage=_storage(fields, item.properties),
    )


def _crs(fields: Mapping[str, JsonValue]) -> str | None:
    """The projection extension: 2.0 writes `proj:code`, 1.0 a number in `proj:epsg`."""
    code, epsg = fields.get("proj:code"), fields.get("proj:epsg")
    if isinstance(code, str) and code:
        return code
    return f"EPSG:{epsg}" if isinstance(epsg, int) and not isinstance(epsg, bool) else None


def _number(value: JsonValue) -> float | None:
    """A number; STAC writes those JSON has no way to write as "nan", "inf" and "-inf"."""
    if value in ("nan", "inf", "-inf"):
        return float(str(value))
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _storage(fields: Mapping[str, JsonValue], properties: Mapping[str, JsonValue]) -> StorageHint | None:
    """The storage extension: 1.0 writes `storage:*` on the asset or the item, 2.0 refers to `storage:schemes`."""
    schemes = properties.get("storage:schemes")
    references = fields.get("storage:refs")
    if isinstance(schemes, dict) and isinstance(references, list):
        for reference in references:
            scheme = schemes.get(str(reference))
            if isinstance(scheme, dict):
                return _hint(scheme.get("platform"), scheme.get("region"), scheme.get("requester_pays"), scheme)
    told = {name: fields.get(f"storage:{name}", properties.get(f"storage:{name}")) for name in _STORAGE_FIELDS}
    if all(value is None for value in told.values()):
        return None
    return _hint(told["platform"], told["region"], told["requester_pays"], told)


_STORAGE_FIELDS = ("platform", "region", "requester_pays", "endpoint")


def _hint(
    platform: JsonValue, region: JsonValue, requester_pays: JsonValue, told: Mapping[str, JsonValue]
) -> StorageHint:
    endpoint = told.get("endpoint")
    if endpoint is None and isinstance(platform, str) and platform.startswith(("http://", "https://")):
        # 2.0: platform is a URI template with {bucket} and {region}.
        place = region if isinstance(region, str) else ""
        endpoint = platform.replace("{bucket}.", "").replace("/{bucket}", "").replace("{region}", place).rstrip("/")
    return StorageHint(
        endpoint=endpoint if isinstance(endpoint, str) else None,
        region=region if isinstance(region, str) else None,
        platform=platform if isinstance(platform, str) else None,
        requester_pays=requester_pays is True,
    )


def _when(item: pystac.Item) -> str | None:
    if item.datetime is not None:
        return _utc(item.datetime)
    start, end = item.common_metadata.start_datetime, item.common_metadata.end_datetime
    return f"{_utc(start) if start else '..'}/{_utc(end) if end else '..'}" if start or end else None


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


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
