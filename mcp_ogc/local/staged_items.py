"""A Directory input given as STAC: a folder with `catalog.json`, its items, and local copies of their assets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import safe_name
from mcp_ogc.local.reader import Reader

ITEMS = 1000


class StageInError(OgcError):
    """An input that can't be brought."""


def bring_items(href: str, folder: Path, reader: Reader) -> None:
    """Write the items behind a URL into a folder, their assets with them.

    Args:
        href: Of an item, an item collection, a collection or a catalogue.
        folder: Made where it is not there.
        reader: Reads what they refer to.

    Raises:
        StageInError: There are no items, or too many.
        OgcError: One of them can't be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for number, (href_of_item, item) in enumerate(_items(href, folder, reader)):
        name = name_of(str(item.get("id", "item")))
        if (folder / name).exists():
            name = f"{name}-{number}"
        _save_item(item, href_of_item, folder / name, reader)
        links.append({"rel": "item", "href": f"./{name}/{name}.json", "type": "application/geo+json"})
    catalog = {
        "type": "Catalog",
        "stac_version": "1.0.0",
        "id": "catalog",
        "description": "Staged in",
        "links": [{"rel": "root", "href": "./catalog.json", "type": "application/json"}, *links],
    }
    (folder / "catalog.json").write_text(json.dumps(catalog), encoding="utf-8")


def _items(href: str, folder: Path, reader: Reader) -> list[tuple[str, dict[str, Any]]]:
    """The items an item, an item collection, a collection or a catalogue has, each with the URL it is from.

    An item collection goes on at its `next` (STAC API - Item Search, paging): a part of it is not what was asked for.
    """
    items: list[tuple[str, dict[str, Any]]] = []
    for url, page in _pages(href, folder, reader):
        if page.get("type") == "Feature":
            return [(url, page)]
        items += [(url, one) for one in _objects(page, "features")]
        matched = page.get("numberMatched")
        _refuse_many(href, max(len(items), matched if isinstance(matched, int) else 0))
        if not items:
            links = [_joined(url, link["href"]) for link in _links(page, "item") if isinstance(link.get("href"), str)]
            _refuse_many(href, len(links))
            items = [(link, reader.document(link, folder)) for link in links]
    if not items:
        raise StageInError(
            f"{href} has no STAC items", remedy="A Directory input is the URL of a STAC item or of a collection of them"
        )
    return items


def _refuse_many(href: str, count: int) -> None:
    if count > ITEMS:
        raise StageInError(
            f"{href} has {count:,} items, and all its pages are brought, up to {ITEMS:,} items",
            remedy="Narrow the search, by its bbox, datetime or ids",
        )


def _pages(href: str, folder: Path, reader: Reader) -> Iterator[tuple[str, dict[str, Any]]]:
    """A document, and those of an item collection that follow it."""
    following: str | None = href
    seen: set[str] = set()
    while following is not None:
        if following in seen or len(seen) > ITEMS:
            raise StageInError(f"{href} goes on without end: after {len(seen):,} pages comes {following[:200]}")
        url = following
        seen.add(url)
        page = reader.document(url, folder)
        yield url, page
        following = _next(url, page) if isinstance(page.get("features"), list) else None


def _next(url: str, page: Mapping[str, Any]) -> str | None:
    link = next(iter(_links(page, "next")), None)
    if link is None:
        return None
    if not isinstance(link.get("href"), str) or str(link.get("method", "GET")).upper() != "GET":
        raise StageInError(
            f"{url} has more items, and does not say where they are read from",
            remedy="Give a URL whose pages are read by GET, or that has all of them on one",
        )
    return _joined(url, link["href"])


def _links(document: Mapping[str, Any], rel: str) -> list[dict[str, Any]]:
    return [link for link in _objects(document, "links") if link.get("rel") == rel]


def _objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects in a member that should be a list of them."""
    value = document.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _save_item(item: Mapping[str, Any], href: str, folder: Path, reader: Reader) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    assets, told = {}, item.get("assets")
    for number, (key, asset) in enumerate(told.items() if isinstance(told, dict) else ()):
        if not isinstance(asset, dict) or not isinstance(asset.get("href"), str):
            raise StageInError(f"The asset {key!r} of {href} has no href")
        name = f"{name_of(key)}-{name_of(asset['href'])}"
        if (folder / name).exists():
            name = f"{number}-{name}"
        reader.save(_joined(href, asset["href"]), folder / name)
        assets[key] = {**asset, "href": f"./{name}"}
    links = [
        {"rel": "root", "href": "../catalog.json", "type": "application/json"},
        {"rel": "parent", "href": "../catalog.json", "type": "application/json"},
    ]
    # Its collection is not staged in, and pystac would look for it.
    staged = {**{name: value for name, value in item.items() if name != "collection"}, "assets": assets, "links": links}
    (folder / f"{folder.name}.json").write_text(json.dumps(staged), encoding="utf-8")


def _joined(base: str, href: str) -> str:
    """A reference of a document. One from another machine has no say in what is read from this one."""
    try:
        joined = urljoin(base, href)
        urlsplit(joined)
    except ValueError as error:
        raise StageInError(f"{base} refers to {href[:200]!r}, which is not a URL") from error
    if base.startswith(("http:", "https:")) and not joined.startswith(("http:", "https:")):
        raise StageInError(f"{base} refers to {joined[:200]}, which can't be staged in")
    return joined


def name_of(href: str) -> str:
    """The last segment of a URL or id, fit for a file name."""
    try:
        path = urlsplit(href).path
    except ValueError:  # an id may be anything
        path = href
    return safe_name(unquote(path.rstrip("/").rsplit("/", 1)[-1]) or "file")
