"""Stage-in, as ZOO-Project-DRU does it: what a File or Directory input refers to, brought into the job's folder.

A File is downloaded. A Directory given as a STAC item or collection becomes a folder with `catalog.json`, its items and
local copies of their assets. Runs in the driver, where blocking is fine.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import safe_name
from mcp_ogc.local.reader import Reader

ITEMS = 1000
QUALIFIED = {"value", "mediaType", "encoding", "schema", "format"}


class StageInError(OgcError):
    """An input that can't be brought."""


def stage_in(value: Any, cwl_type: Any, folder: Path, reader: Reader) -> Any:
    """An input's value as CWL wants it: files and directories brought into `folder`, everything else as it is.

    Args:
        value: As executed, or a CWL default.
        cwl_type: As cwltool resolved it.
        folder: The input's own.
        reader: Reads what it refers to.

    Raises:
        StageInError: It is not what the type says.
        OgcError: It can't be read.
    """
    if isinstance(value, dict) and "value" in value and set(value) <= QUALIFIED:
        value = value["value"]
    kind = _chosen(value, cwl_type) if isinstance(cwl_type, list) else cwl_type
    if value is None:
        return None
    if isinstance(kind, dict) and kind.get("type") == "array":
        values = value if isinstance(value, list) else [value]
        return [stage_in(one, kind["items"], folder / str(number), reader) for number, one in enumerate(values)]
    if kind == "File":
        return {"class": "File", "location": _file(_href(value), folder, reader).as_uri()}
    if kind == "Directory":
        return {"class": "Directory", "location": _directory(_href(value), folder, reader).as_uri()}
    return value


def _chosen(value: Any, kinds: list[Any]) -> Any:
    """Which type of a union a value is of, as far as staging in goes: a link is a file, an array goes to the array."""
    kinds = [kind for kind in kinds if kind != "null"]
    if len(kinds) == 1:
        return kinds[0]
    wanted = [kind for kind in kinds if isinstance(kind, dict) == isinstance(value, list)]
    is_link = isinstance(value, dict) and bool({"href", "location", "path"} & set(value))
    return next((kind for kind in wanted if is_link == (kind in ("File", "Directory"))), None)


def _href(value: Any) -> str:
    """Of a link, of a URL, or of a CWL File or Directory."""
    hrefs = [value.get(name) for name in ("href", "location", "path")] if isinstance(value, dict) else [value]
    href = next((one for one in hrefs if isinstance(one, str) and one), None)
    if href is None:
        raise StageInError(f"{str(value)[:100]!r} is not a URL", remedy="A File or Directory input is given by its URL")
    return href


def _file(href: str, folder: Path, reader: Reader) -> Path:
    local = reader.path(href)
    if local is not None:
        if not local.is_file():
            raise StageInError(f"{local} is not a file")
        return local
    target = folder / _name(href)
    reader.save(href, target)
    return target


def _directory(href: str, folder: Path, reader: Reader) -> Path:
    local = reader.path(href)
    if local is not None and local.is_dir():
        return local
    folder.mkdir(parents=True, exist_ok=True)
    links = []
    for number, (href_of_item, item) in enumerate(_items(href, folder, reader)):
        name = _name(str(item.get("id", "item")))
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
    return folder


def _items(href: str, folder: Path, reader: Reader) -> list[tuple[str, dict[str, Any]]]:
    """The items an item, an item collection, a collection or a catalogue has, each with the URL it is from."""
    document = reader.document(href, folder)
    if document.get("type") == "Feature":
        return [(href, document)]
    features = _objects(document, "features")
    links = [
        _joined(href, link["href"])
        for link in _objects(document, "links")
        if link.get("rel") == "item" and isinstance(link.get("href"), str)
    ]
    count = len(features) or len(links)
    if not count:
        raise StageInError(
            f"{href} has no STAC items", remedy="A Directory input is the URL of a STAC item or of a collection of them"
        )
    if count > ITEMS:
        raise StageInError(f"{href} has {count:,} items", remedy=f"Give one with at most {ITEMS:,}")
    return [(href, one) for one in features] or [(link, reader.document(link, folder)) for link in links]


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
        name = f"{_name(key)}-{_name(asset['href'])}"
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


def _name(href: str) -> str:
    """The last segment of a URL or id, fit for a file name."""
    try:
        path = urlsplit(href).path
    except ValueError:  # an id may be anything
        path = href
    return safe_name(unquote(path.rstrip("/").rsplit("/", 1)[-1]) or "file")
