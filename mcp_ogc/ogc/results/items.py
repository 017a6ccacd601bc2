"""Items of STAC, 1.0 and 1.1, and their assets.

An item is read when it is asked for: of thousands only those that are shown. pystac reads it; what it refuses, such as
one without `datetime` or `stac_version`, has its files all the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.net.storage import StorageHint
from mcp_ogc.ogc.answers import is_generic
from mcp_ogc.ogc.models import JsonObject, Time, Value
from mcp_ogc.ogc.results.bands import ClassLabel, class_labels, of_first_band
from mcp_ogc.ogc.results.geojson import bbox_of

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
        return _id_of(self.document)

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
            UnreadableAnswer: Its assets are none.
        """
        try:
            return read_item(self.document, self.url, self.locate)
        except UnreadableAnswer as error:
            raise UnreadableAnswer(f"{self.id}: {error.message}") from error


def read_item(document: JsonObject, url: str, locate: Locate) -> Item:
    """One item, or the files of a collection, as they are reached from here.

    What else is odd about it, such as no `stac_version` or a `datetime` that is none, does not lose its files.

    Raises:
        UnreadableAnswer: Its assets are none.
    """
    listed = document.get("assets", {})
    if not isinstance(listed, dict):
        raise UnreadableAnswer("its assets are no object")
    item_id, properties = _id_of(document), _object(document.get("properties"))
    assets: list[Asset] = []
    broken: list[str] = []
    for key, told in listed.items():
        try:
            assets.append(_asset(key, told, properties, url, locate))
        except (UnreadableAnswer, ValidationError) as error:
            broken.append(f"asset {key}: {error}")
    item = _by_pystac(document) or _leniently(document)
    return item.model_copy(
        update={"assets": tuple(assets), "unreadable": tuple(f"{item_id}: {reason}" for reason in broken)}
    )


def _by_pystac(document: JsonObject) -> Item | None:
    """An item without its assets; None where it is none to pystac."""
    import pystac

    try:
        # Its links lead to where nothing is read, and each asset is read by itself: a broken one loses no other.
        item = pystac.Item.from_dict({**document, "assets": {}, "links": []}, preserve_dict=True, migrate=False)
        start, end = item.common_metadata.start_datetime, item.common_metadata.end_datetime
    except Exception:  # pystac raises what it likes on what is no item
        return None
    return Item(
        id=_id_of(document),
        collection=_collection_of(document),
        when=_moment(item.datetime, start, end),
        bbox=_box(document.get("bbox")),
    )


def _leniently(document: JsonObject) -> Item:
    """What is there of an item that is none to pystac, or of a collection, without its assets."""
    properties, place = _object(document.get("properties")), document.get("bbox")
    match document:
        case {"type": "Collection", "extent": dict(extent)}:
            place, properties = _of_extent(extent)
    times = _Times.model_validate(properties)
    return Item(
        id=_id_of(document),
        collection=_collection_of(document),
        when=_moment(times.datetime, times.start_datetime, times.end_datetime),
        bbox=_box(place),
    )


def _collection_of(document: JsonObject) -> str | None:
    told = document.get("collection")
    return told if isinstance(told, str) else None


def _id_of(document: JsonObject) -> str:
    """The id of an item, or a word for it; some number theirs."""
    told = document.get("id")
    is_id = isinstance(told, str | int) and not isinstance(told, bool)
    return str(told) if is_id else "an item"


def _of_extent(extent: JsonObject) -> tuple[JsonValue, JsonObject]:
    """The whole box of a collection, and its whole interval as the properties of an item tell theirs."""
    place: JsonValue = None
    properties: JsonObject = {}
    match extent.get("spatial"):
        case {"bbox": [place, *_]}:
            pass
    match extent.get("temporal"):
        case {"interval": [[start, end], *_]}:
            properties = {"start_datetime": start, "end_datetime": end}
    return place, properties


def _asset(key: str, told: JsonValue, properties: JsonObject, url: str, locate: Locate) -> Asset:
    fields = _object(told)
    href, media_type, title, roles = (fields.get(name) for name in ("href", "type", "title", "roles"))
    if not isinstance(href, str):
        raise UnreadableAnswer("it has no href")
    size, checksum = fields.get("file:size"), fields.get("file:checksum")
    return Asset(
        key=key,
        href=locate(url, href),
        media_type=media_type if isinstance(media_type, str) else None,
        title=title if isinstance(title, str) else None,
        roles=tuple(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else (),
        size=size if isinstance(size, int) and not isinstance(size, bool) else None,
        checksum=checksum if isinstance(checksum, str) else None,
        crs=_crs(fields) or _crs(properties),
        data_type=data_type if isinstance(data_type := of_first_band(fields, "data_type"), str) else None,
        nodata=_number(of_first_band(fields, "nodata")),
        classes=tuple(class_labels(fields)),
        storage=storage_of(fields, properties),
    )


def _object(value: JsonValue) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _box(told: JsonValue) -> tuple[float, ...] | None:
    """A box without its heights; None where it is none."""
    try:
        return bbox_of([float(one) for one in told]) if isinstance(told, list) else None  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None


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


def storage_of(fields: Mapping[str, JsonValue], properties: Mapping[str, JsonValue]) -> StorageHint | None:
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


class _Times(Value):
    """When an item is of, as far as its properties tell."""

    datetime: Time = None
    start_datetime: Time = None
    end_datetime: Time = None


def _moment(time: datetime | None, start: datetime | None, end: datetime | None) -> str | None:
    """UTC: a time, else an interval with a slash."""
    if time is not None:
        return _utc(time)
    return f"{_utc(start) if start else '..'}/{_utc(end) if end else '..'}" if start or end else None


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
