"""Stage-out: what a job made, moved below its `published` folder and told in a result document.

A Directory with a STAC catalogue becomes a STAC Collection (id = job id) with its items, real extents, sizes and
checksums; any other Directory the list of its files. Files are named `published:<path>` until they are answered.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import PUBLISHED

if TYPE_CHECKING:
    import pystac

INLINE_ITEMS = 500
SHA2_256 = "1220"
"""Multihash prefix: SHA-2, 256 bits, 32 bytes long (STAC file extension)."""
MEDIA_TYPES = {
    ".tif": "image/tiff; application=geotiff",
    ".tiff": "image/tiff; application=geotiff",
    ".geojson": "application/geo+json",
    ".json": "application/json",
}


class StageOutError(OgcError):
    """A result that can't be published."""


def publish(outputs: Mapping[str, Any], published: Path, job_id: str) -> dict[str, Any]:
    """Move the files of a CWL output object below `published`; the result document, by output id."""
    return {name: _output(value, published / _safe(name), published, job_id) for name, value in outputs.items()}


def _output(value: Any, target: Path, published: Path, job_id: str) -> Any:
    if isinstance(value, list):
        return [_output(one, target / str(number), published, job_id) for number, one in enumerate(value)]
    if not isinstance(value, dict) or value.get("class") not in ("File", "Directory"):
        return value
    source = _path(value)
    if value["class"] == "File":
        return _link(_moved(source, target / _safe(value.get("basename") or source.name)), published)
    for name in ("catalog.json", "collection.json"):
        if (source / name).is_file():
            return {"value": _stac(source / name, target, published, job_id)}
    files = sorted(path for path in source.rglob("*") if path.is_file() and not path.is_symlink())
    if not files:
        return {"value": {}}  # as ZOO-Project-DRU answers where stage-out found nothing (quirk Q34)
    return [_link(_moved(path, target / path.relative_to(source)), published) for path in files]


def _stac(catalogue: Path, target: Path, published: Path, job_id: str) -> dict[str, Any]:
    import pystac

    try:
        root = pystac.read_file(str(catalogue))
        items = list(root.get_items(recursive=True)) if isinstance(root, pystac.Catalog) else []
    except Exception as error:  # pystac raises what it likes on a catalogue that is none
        raise StageOutError(f"stage-out: {catalogue.name} is not a STAC catalogue: {error}") from error
    if not items:
        return {}
    base = catalogue.parent.resolve()
    features = [_item(item, base, target, published, job_id) for item in items]
    collection = _collection(items, features, target, published, job_id)
    if len(features) > INLINE_ITEMS:
        return collection
    links = [
        {"rel": "collection", "href": _reference(target / "collection.json", published), "type": "application/json"}
    ]
    return {"type": "FeatureCollection", "id": job_id, "features": features, "links": links}


def _item(item: pystac.Item, base: Path, target: Path, published: Path, job_id: str) -> dict[str, Any]:
    """One item, its files moved and measured: written beside them with relative links, given with published ones."""
    folder = target / _safe(item.id)
    document = item.to_dict(include_self_link=False, transform_hrefs=False)
    document["collection"] = job_id
    document["stac_extensions"] = sorted(
        {*document.get("stac_extensions", []), "https://stac-extensions.github.io/file/v2.1.0/schema.json"}
    )
    here: dict[str, Any] = {}
    there: dict[str, Any] = {}
    for key, asset in document.get("assets", {}).items():
        source = _inside(item.get_self_href(), asset["href"], base)
        if source is None:  # an asset on another machine stays where it is
            here[key] = there[key] = asset
            continue
        moved = _moved(source, folder / _safe(source.name))
        told = {**asset, "file:size": moved.stat().st_size, "file:checksum": SHA2_256 + _sha256(moved)}
        here[key] = {**told, "href": f"./{quote(moved.name)}"}
        there[key] = {**told, "href": _reference(moved, published)}
    folder.mkdir(parents=True, exist_ok=True)
    beside = {
        **document,
        "assets": here,
        "links": [
            {"rel": "root", "href": "../collection.json", "type": "application/json"},
            {"rel": "parent", "href": "../collection.json", "type": "application/json"},
            {"rel": "collection", "href": "../collection.json", "type": "application/json"},
        ],
    }
    path = folder / f"{folder.name}.json"
    path.write_text(json.dumps(beside), encoding="utf-8")
    links = [{"rel": "self", "href": _reference(path, published), "type": "application/geo+json"}]
    return {**document, "assets": there, "links": links}


def _collection(
    items: list[pystac.Item], features: list[dict[str, Any]], target: Path, published: Path, job_id: str
) -> dict[str, Any]:
    import pystac

    document: dict[str, Any] = {
        "type": "Collection",
        "stac_version": features[0].get("stac_version", "1.0.0"),
        "id": job_id,
        "description": f"Results of job {job_id}",
        "license": "other",
        "extent": pystac.Extent.from_items(items).to_dict(),
    }
    root = {"rel": "root", "href": "./collection.json", "type": "application/json"}
    names = [_safe(item.id) for item in items]
    kind = "application/geo+json"
    beside = [root, *({"rel": "item", "href": f"./{quote(name)}/{quote(name)}.json", "type": kind} for name in names)]
    (target / "collection.json").write_text(json.dumps({**document, "links": beside}), encoding="utf-8")
    links = [
        {"rel": "item", "href": _reference(target / name / f"{name}.json", published), "type": kind} for name in names
    ]
    return {**document, "links": links}


def _link(path: Path, published: Path) -> dict[str, Any]:
    kind = MEDIA_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return {"href": _reference(path, published), "type": kind}


def _reference(path: Path, published: Path) -> str:
    return PUBLISHED + quote(path.relative_to(published).as_posix())


def _moved(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target = target.with_name(f"{target.stem}-{_sha256(source)[:8]}{target.suffix}")
    if source.is_symlink():  # an input passed through: it stays where it is
        shutil.copyfile(source, target)
    else:
        shutil.move(source, target)
    return target


def _inside(item_href: str | None, href: str, base: Path) -> Path | None:
    """The file of an asset, where it is one below the directory that is published.

    Raises:
        StageOutError: It leads out of it, or is not there.
    """
    parts = urlsplit(href)
    if parts.scheme in ("http", "https", "s3"):
        return None
    name = url2pathname(parts.path) if parts.scheme == "file" else unquote(href)
    path = (Path(item_href or base).parent / name).resolve()
    if not path.is_relative_to(base) or not path.is_file():
        raise StageOutError(f"stage-out: the asset {href} is not a file of the catalogue")
    return path


def _path(value: Mapping[str, Any]) -> Path:
    location = value.get("location") or value.get("path") or ""
    return Path(url2pathname(urlsplit(location).path) if location.startswith("file:") else location)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _safe(name: str) -> str:
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:120].lstrip(".") or "_"


def replaced(document: Any, base: str) -> Any:
    """A stored result document with its `published:` references made absolute below `base`."""
    if isinstance(document, dict):
        return {name: replaced(value, base) for name, value in document.items()}
    if isinstance(document, list):
        return [replaced(value, base) for value in document]
    if isinstance(document, str) and document.startswith(PUBLISHED):
        return f"{base}/{document.removeprefix(PUBLISHED)}"
    return document
