"""Schemas that descriptions refer to by their URL, shipped: no reference is ever fetched.

Each says as little as a server needs to tell one kind of value from another; what it is called is in its `$comment`,
a word of JSON Schema that asserts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from mcp_ogc.ogc.models import JsonObject

NAME = "$comment"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
GEOMETRIES = ("Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection")


def _object(name: str, required: tuple[str, ...] = (), **properties: JsonObject) -> JsonObject:
    return {NAME: name, "type": "object", "required": list(required), "properties": dict(properties)}


def _typed(name: str, *types: str, required: tuple[str, ...] = ()) -> JsonObject:
    """An object whose `type` tells what it is, as in GeoJSON and STAC."""
    return _object(name, ("type", *required), type={"type": "string", "enum": list(types)})


def _string(name: str) -> JsonObject:
    return {"type": "string", "format": name}


NUMBERS: JsonObject = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 6}
BBOX = _object("bbox object {bbox: [minx, miny, maxx, maxy], crs}", ("bbox",), bbox=NUMBERS, crs={"type": "string"})
LINK = _object("link {href}", ("href",), href={"type": "string", "format": "uri-reference"}, type={"type": "string"})
FORMAT = _object("format {mediaType, encoding, schema}", mediaType={"type": "string"}, encoding={"type": "string"})
QUALIFIED = _object("qualified value {value, mediaType}", ("value",), mediaType={"type": "string"})
STATUS = _object("status document of a job", ("status",), status={"type": "string"})
GEOMETRY = _typed("GeoJSON geometry", *GEOMETRIES)
FEATURE = _typed("GeoJSON feature", "Feature")
FEATURES = _typed("GeoJSON feature collection", "FeatureCollection")
ANY_GEOJSON = _typed("GeoJSON", *GEOMETRIES, "Feature", "FeatureCollection")
ITEM = _typed("STAC item", "Feature")
ITEMS = _typed("STAC item collection", "FeatureCollection")
COLLECTION = _typed("STAC collection", "Collection", required=("id",))
CATALOG = _typed("STAC catalog", "Catalog", required=("id",))
ANY_STAC = _typed("STAC", "Feature", "FeatureCollection", "Collection", "Catalog")

BY_FORMAT: Mapping[str, JsonObject] = {
    "ogc-bbox": BBOX,
    "geojson-feature-collection": FEATURES,
    "geojson-feature": FEATURE,
    "geojson-geometry": GEOMETRY,
    "stac-item": ITEM,
    "stac-item-collection": ITEMS,
    "stac-collection": COLLECTION,
    "stac-catalog": CATALOG,
    "stac": ANY_STAC,
}
"""The short codes of OGC 18-062r2's `format`, which stand for a schema where there is no other."""

OGC: Mapping[str, JsonObject] = {
    "bbox": BBOX,
    "link": LINK,
    "format": FORMAT,
    "qualifiedinputvalue": QUALIFIED,
    "statusinfo": STATUS,
}
GEOJSON: Mapping[str, JsonObject] = {
    "geojson": ANY_GEOJSON,
    "geometry": GEOMETRY,
    "feature": FEATURE,
    "featurecollection": FEATURES,
    **{name.casefold(): _typed(f"GeoJSON {name}", name) for name in GEOMETRIES},
}
OGC_GEOJSON: Mapping[str, JsonObject] = {f"{name}geojson": schema for name, schema in GEOJSON.items()}
STAC: Mapping[str, JsonObject] = {
    "item": ITEM,
    "itemcollection": ITEMS,
    "collection": COLLECTION,
    "catalog": CATALOG,
}
# https://github.com/eoap/schemas: CWL types that are texts of a format (JSON Schema §7.3).
STRINGS: Mapping[str, JsonObject] = {
    name.replace("-", ""): _string(name)
    for name in (
        *("date", "date-time", "time", "duration", "email", "hostname", "idn-email", "idn-hostname", "ipv4", "ipv6"),
        *("iri", "iri-reference", "json-pointer", "password", "regex", "relative-json-pointer", "uri"),
        *("uri-reference", "uri-template", "uuid"),
    )
}
EOAP = "raw.githubusercontent.com/eoap/schemas/"
# Where a schema of a name is what it is taken for; a stranger's of the same name may be anything.
PUBLISHERS: tuple[tuple[str, Mapping[str, JsonObject]], ...] = (
    (r"(beta\.)?schemas\.opengis\.net/ogcapi/", {**OGC, **OGC_GEOJSON}),
    (r"raw\.githubusercontent\.com/opengeospatial/ogcapi-", {**OGC, **OGC_GEOJSON}),
    (r"(www\.)?zoo-project\.org/", OGC),
    (r"schemas\.stacspec\.org/", STAC),
    (r"raw\.githubusercontent\.com/radiantearth/stac-", {**STAC, **OGC_GEOJSON}),
    (r"(www\.)?geojson\.org/schema/", GEOJSON),
    (rf"{re.escape(EOAP)}[\w./-]*string_format\.yaml$", STRINGS),
    (rf"{re.escape(EOAP)}[\w./-]*ogc\.yaml$", OGC),
    (rf"{re.escape(EOAP)}[\w./-]*geojson\.yaml$", GEOJSON),
    (rf"{re.escape(EOAP)}[\w./-]*stac\.yaml$", STAC),
)


def referenced(reference: str) -> JsonObject:
    """The schema a URL stands for; of one that is not known, only its name, which accepts anything."""
    try:
        parts = urlsplit(reference)
    except ValueError:
        return {}
    name = _name(parts.fragment) or _name(parts.path).rsplit(".", 1)[0]
    address = f"{parts.netloc.casefold()}{parts.path}"
    for publisher, schemas in PUBLISHERS:
        if re.match(publisher, address):
            known = schemas.get(re.sub(r"[^a-z0-9]", "", name.casefold()))
            if known is not None:
                return known
    shown = re.sub(r"[^\w.-]", "", name)[:40]
    return {NAME: shown} if shown else {}


def formatted(name: str) -> JsonObject | None:
    """The schema a `format` stands for, given as a short code or as its URI."""
    return BY_FORMAT.get(name.rsplit("/", 1)[-1])


def _name(path: str) -> str:
    return path.rstrip("/").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
