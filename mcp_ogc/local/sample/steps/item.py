"""A STAC item as the steps read it: from a file or over http(s), its assets signed where their host wants it.

An item is written by strangers: its id becomes the name of a folder, its links are what is opened next.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import url2pathname, urlopen

from mcp_ogc.local.sample.steps.step import StepError

SECONDS = 60
LARGEST = 16 << 20
SAFE_NAME = re.compile(r"[\w-][\w.:@+ -]{0,200}", re.ASCII)
"""Of a file or a folder: no separator, no leading dot."""
# The Planetary Computer's own layout: items below /api/stac/v1/, links signed by /api/sas/v1/sign.
PLANETARY_STAC, PLANETARY_SIGN = "/api/stac/v1/", "/api/sas/v1/sign"


@dataclass(frozen=True, slots=True)
class Band:
    """One band of an asset. What is stored times `scale` plus `offset` is what was measured."""

    href: str
    """As the item has it."""
    number: int
    """1-based, within the asset."""
    scale: float
    offset: float


def read_item(href: str) -> dict[str, Any]:
    """The item an href names.

    Raises:
        StepError: It can't be read, or is not an item.
    """
    try:
        document = json.loads(fetched(href))
    except OSError as error:
        raise StepError(f"The item {href} can't be read: {error}") from None
    except (ValueError, RecursionError) as error:
        raise StepError(f"The item {href} is not JSON: {error}") from None
    match document:
        case {"type": "Feature", "id": str(item_id), "properties": dict(), "assets": dict()}:
            if not SAFE_NAME.fullmatch(item_id):
                raise StepError(f"The item {href} has the id {item_id[:80]!r}, which can't be the name of a folder")
            item: dict[str, Any] = document
            return item
    raise StepError(f"{href} is not a STAC item")


def fetched(href: str) -> bytes:
    """What an http(s) URL, a file: URL or a path names.

    Raises:
        OSError: It can't be read.
    """
    if not _is_remote(href):
        return _path(href).read_bytes()
    try:
        with urlopen(href, timeout=SECONDS) as response:  # noqa: S310 - http or https
            body: bytes = response.read(LARGEST)
            return body
    except HTTPException as error:
        raise OSError(str(error) or type(error).__name__) from error


def find_band(item: dict[str, Any], name: str) -> Band:
    """A band of an item: the asset of that key, else the first asset with a band of that common name or name.

    Its scale and offset are those of STAC 1.1's `bands` or of 1.0's `raster:bands`.

    Raises:
        StepError: There is none.
    """
    assets = {key: asset for key, asset in item["assets"].items() if isinstance(asset, dict)}
    found = (assets[name], 0) if name in assets else next(_named(assets, name), None)
    if found is None:
        raise StepError(f"The item {item['id']} has no band {name!r}; it has: {', '.join(assets)}")
    asset, index = found
    if not isinstance(asset.get("href"), str):
        raise StepError(f"The band {name} of {item['id']} has no href")
    told = {**asset, **_member(asset, "raster:bands", index), **_member(asset, "bands", index)}
    return Band(
        href=asset["href"],
        number=index + 1,
        scale=_number(told.get("raster:scale", told.get("scale"))) or 1.0,
        offset=_number(told.get("raster:offset", told.get("offset"))) or 0.0,
    )


def readable(href: str, item_href: str) -> str:
    """What GDAL can open an asset by: a path, or an http(s) URL, signed where the item comes from a Planetary Computer.

    Its assets are on another host that answers nothing unsigned, and an item in this layout always can be signed for:
    asking first costs a refusal for every band.

    Raises:
        StepError: It is neither, or a remote item names a file of this machine, or it can't be signed.
    """
    scheme = urlsplit(href).scheme
    if scheme not in ("", "file", "http", "https"):
        raise StepError(f"{href} can't be read: this step reads https, http and files")
    if not _is_remote(item_href):
        return href if _is_remote(href) else str(_path(item_href).parent / _path(href))
    if scheme == "file":
        raise StepError(f"{href} can't be read: a remote item names no files of this machine")
    href, origin = urljoin(item_href, href), urlsplit(item_href)
    if origin.path.startswith(PLANETARY_STAC):
        return _signed(href, f"{origin.scheme}://{origin.netloc}{PLANETARY_SIGN}")
    return href


def _signed(href: str, service: str) -> str:
    try:
        signed = json.loads(fetched(f"{service}?href={quote(href, safe='')}"))["href"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StepError(f"{href} could not be signed by {service}: {error}") from None
    if not isinstance(signed, str) or not _is_remote(signed):
        raise StepError(f"{href} could not be signed by {service}: its answer is no URL")
    return signed


def _named(assets: dict[str, dict[str, Any]], name: str) -> Any:
    """Assets with a band of a name, and which of their bands it is."""
    for asset in assets.values():
        for field in ("bands", "eo:bands"):
            for index in range(len(asset.get(field) or ())):
                band = _member(asset, field, index)
                if name in (band.get("eo:common_name"), band.get("common_name"), band.get("name")):
                    yield asset, index


def _member(asset: dict[str, Any], field: str, index: int) -> dict[str, Any]:
    members = asset.get(field)
    member = members[index] if isinstance(members, list) and index < len(members) else None
    return member if isinstance(member, dict) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _is_remote(href: str) -> bool:
    return urlsplit(href).scheme in ("http", "https")


def _path(href: str) -> Path:
    return Path(url2pathname(urlsplit(href).path)) if urlsplit(href).scheme == "file" else Path(href)
