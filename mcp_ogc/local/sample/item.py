"""A STAC item as the steps read it: from a file or over http(s), its assets signed where their host wants it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urljoin, urlsplit
from urllib.request import url2pathname, urlopen

from mcp_ogc.local.sample.step import StepError

SECONDS = 60
LARGEST = 16 << 20
# The Planetary Computer's own layout: items below /api/stac/v1/, links signed by /api/sas/v1/sign.
PLANETARY_STAC, PLANETARY_SIGN = "/api/stac/v1/", "/api/sas/v1/sign"


def read_item(href: str) -> dict[str, Any]:
    """The item an href names."""
    try:
        if urlsplit(href).scheme in ("http", "https"):
            with urlopen(href, timeout=SECONDS) as response:  # noqa: S310 - the scheme is http or https
                document = json.loads(response.read(LARGEST))
        else:
            document = json.loads(_path(href).read_bytes())
    except (OSError, URLError) as error:
        raise StepError(f"The item {href} can't be read: {error}") from None
    except ValueError as error:
        raise StepError(f"The item {href} is not JSON: {error}") from None
    if (
        not isinstance(document, dict)
        or document.get("type") != "Feature"
        or not isinstance(document.get("assets"), dict)
    ):
        raise StepError(f"{href} is not a STAC item")
    return document


def asset_href(item: dict[str, Any], item_href: str, band: str) -> str:
    """Where a band of an item is: the asset of that key, else the one with a band of that common name or name."""
    assets = item["assets"]
    found = assets.get(band) or next((one for one in assets.values() if band in _names(one)), None)
    if found is None:
        raise StepError(f"The item {item.get('id')} has no band {band!r}; it has: {', '.join(assets)}")
    href = str(found["href"])
    if urlsplit(href).scheme in ("http", "https", "file"):
        return href
    if urlsplit(item_href).scheme in ("http", "https"):
        return urljoin(item_href, href)
    return str(_path(item_href).parent / href)


def readable(href: str, item_href: str) -> str:
    """An address GDAL can open: a path, or an http(s) URL, signed where the item comes from a Planetary Computer.

    Its assets are on another host that answers nothing unsigned, and an item in this layout always can be signed for:
    asking first costs a refusal for every band.
    """
    parts = urlsplit(href)
    if parts.scheme == "file":
        return str(_path(href))
    origin = urlsplit(item_href)
    if (
        parts.scheme in ("http", "https")
        and origin.scheme in ("http", "https")
        and origin.path.startswith(PLANETARY_STAC)
    ):
        return _signed(href, f"{origin.scheme}://{origin.netloc}{PLANETARY_SIGN}")
    return href


def _signed(href: str, service: str) -> str:
    url = f"{service}?href={quote(href, safe='')}"
    try:
        with urlopen(url, timeout=SECONDS) as response:  # noqa: S310 - the item's own scheme, http or https
            signed = json.loads(response.read(LARGEST))["href"]
    except (HTTPError, URLError, OSError, ValueError, KeyError) as error:
        raise StepError(f"{href} could not be signed by {service}: {error}") from None
    return str(signed)


def _names(asset: dict[str, Any]) -> set[str]:
    bands = [*asset.get("bands", []), *asset.get("eo:bands", [])]
    return {str(band[name]) for band in bands for name in ("eo:common_name", "common_name", "name") if name in band}


def _path(href: str) -> Path:
    return Path(url2pathname(urlsplit(href).path)) if urlsplit(href).scheme == "file" else Path(href)
