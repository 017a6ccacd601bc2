"""Stage-out: what a job made, put below its `published` folder and told in a result document.

A Directory with a STAC catalogue becomes a STAC Collection (id = job id) with its items, real extents, sizes and
checksums; any other Directory the list of its files. Files are named `published:<path>` until they are answered.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit
from urllib.request import url2pathname

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import PUBLISHED, safe_name
from mcp_ogc.ogc.inputs.sendable import as_sendable

if TYPE_CHECKING:
    import pystac

INLINE_ITEMS = 500
COLLECTION = "collection.json"
FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
SHA2_256 = "1220"
"""Multihash prefix: SHA-2, 256 bits, 32 bytes long (STAC file extension)."""
JSON, GEOJSON = "application/json", "application/geo+json"
MEDIA_TYPES = {
    ".tif": "image/tiff; application=geotiff",
    ".tiff": "image/tiff; application=geotiff",
    ".geojson": GEOJSON,
    ".json": JSON,
}


class StageOutError(OgcError):
    """A result that can't be published."""


class Publication:
    """The published files of one job.

    Args:
        folder: Where they go.
        job_id: The id of the collection they become.
        may_be_read: Whether a file outside of the job may be: one of its inputs, which a result may be a link to.
    """

    def __init__(self, folder: Path, job_id: str, may_be_read: Callable[[Path], bool]) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder.resolve()
        self._job = self._folder.parent
        self._job_id = job_id
        self._may_be_read = may_be_read

    def document(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        """Put the files of a CWL output object here; the result document, by output id.

        Raises:
            StageOutError: A catalogue that is no STAC catalogue, or a result that leads out of the job.
        """
        return {name: self._result(value, self._folder / safe_name(name)) for name, value in outputs.items()}

    def _result(self, value: Any, target: Path) -> Any:
        """An output as the result document has it: an object is qualified (OGC 18-062r2, inlineOrRefData.yaml)."""
        if isinstance(value, list):
            return [self._result(one, target / str(number)) for number, one in enumerate(value)]
        made, is_file = self._value(value, target), isinstance(value, dict) and value.get("class") == "File"
        return {"value": made} if isinstance(made, dict) and not is_file else made

    def _value(self, value: Any, target: Path) -> Any:
        """A value with its files placed, those in the fields of a record too."""
        match value:
            case list():
                return [self._value(one, target / str(number)) for number, one in enumerate(value)]
            case {"class": "File"}:
                return self._file(value, target)
            case {"class": "Directory"}:
                return self._directory(_path(value), target)
            case dict():
                return {name: self._value(one, target / safe_name(name)) for name, one in value.items()}
        return value

    def _file(self, value: Mapping[str, Any], target: Path) -> dict[str, Any]:
        placed = self._placed(_path(value), target / _name(value))
        self._beside(value, target)
        return self._link(placed)

    def _beside(self, value: Mapping[str, Any], target: Path) -> None:
        """What belongs to a file, such as the .shx of a .shp: it is found beside, and no result itself."""
        for one in value.get("secondaryFiles") or ():
            if one.get("class") == "Directory":
                self._copied(_path(one), target / _name(one))
            else:
                self._placed(_path(one), target / _name(one))
            self._beside(one, target)

    def _directory(self, source: Path, target: Path) -> Any:
        """The collection of its STAC items, or links to its files; `{}` of an empty one.

        So answers ZOO-Project-DRU where stage-out found nothing (quirk Q34).
        """
        for name in ("catalog.json", COLLECTION):
            if (source / name).is_file():
                return self._stac((source / name).resolve(), target)
        return [self._link(placed) for placed in self._copied(source, target)] or {}

    def _copied(self, source: Path, target: Path) -> list[Path]:
        """The files of a folder, placed as they lie in it."""
        return [self._placed(path, target / path.relative_to(source)) for path in _files(source)]

    def _stac(self, catalogue: Path, target: Path) -> dict[str, Any]:
        import pystac

        try:
            # As a URL: of a path pystac would leave out what follows a # or a ?.
            root = pystac.read_file(catalogue.as_uri(), stac_io=_only_below(catalogue.parent))
            items = list(root.get_items(recursive=True)) if isinstance(root, pystac.Catalog) else []
        except Exception as error:  # pystac raises what it likes on a catalogue that is none
            reason = f"{error} ({error.__cause__})" if error.__cause__ else error
            raise StageOutError(f"stage-out: {catalogue.name} is not a STAC catalogue: {reason}") from error
        if not items:
            return {}
        names = _distinct([safe_name(item.id) for item in items])
        features = [self._item(item, catalogue.parent, target / name) for item, name in zip(items, names, strict=True)]
        collection = self._collection(features, names, target)
        if len(features) > INLINE_ITEMS:
            return collection
        links = [{"rel": "collection", "href": self._reference(target / COLLECTION), "type": JSON}]
        return {"type": "FeatureCollection", "id": self._job_id, "features": features, "links": links}

    def _item(self, item: pystac.Item, base: Path, folder: Path) -> dict[str, Any]:
        """One item, its files placed and measured: relative links beside them, published ones in the answer."""
        document = item.to_dict(include_self_link=False, transform_hrefs=False)
        document["collection"] = self._job_id
        document["stac_extensions"] = sorted({*document.get("stac_extensions", []), FILE_EXTENSION})
        here: dict[str, Any] = {}
        there: dict[str, Any] = {}
        for key, asset in document.get("assets", {}).items():
            source = _asset_file(_below(item.get_self_href() or "", base).parent, asset["href"], base)
            if source is None:  # an asset on another machine stays where it is
                here[key] = there[key] = asset
                continue
            placed = self._placed(source, folder / safe_name(source.name))
            told = {**asset, "file:size": placed.stat().st_size, "file:checksum": SHA2_256 + _sha256(placed)}
            here[key] = {**told, "href": f"./{quote(placed.name)}"}
            there[key] = {**told, "href": self._reference(placed)}
        folder.mkdir(parents=True, exist_ok=True)
        up = [{"rel": rel, "href": f"../{COLLECTION}", "type": JSON} for rel in ("root", "parent", "collection")]
        path = _free(folder / f"{folder.name}.json")
        path.write_text(json.dumps({**document, "assets": here, "links": up}), encoding="utf-8")
        return {**document, "assets": there, "links": [{"rel": "self", "href": self._reference(path), "type": GEOJSON}]}

    def _collection(self, features: Sequence[Mapping[str, Any]], names: Sequence[str], target: Path) -> dict[str, Any]:
        document: dict[str, Any] = {
            "type": "Collection",
            "stac_version": features[0].get("stac_version", "1.0.0"),
            "id": self._job_id,
            "description": f"Results of job {self._job_id}",
            "license": "other",
            "extent": _extent(features),
        }
        items = [feature["links"][0]["href"] for feature in features]
        beside = [
            {"rel": "root", "href": f"./{COLLECTION}", "type": JSON},
            *(
                {"rel": "item", "href": f"./{quote(name)}/{href.rsplit('/', 1)[1]}", "type": GEOJSON}
                for name, href in zip(names, items, strict=True)
            ),
        ]
        path = target / COLLECTION
        path.write_text(json.dumps({**document, "links": beside}), encoding="utf-8")
        links = [{"rel": "self", "href": self._reference(path), "type": JSON}]
        return {**document, "links": [*links, *({"rel": "item", "href": href, "type": GEOJSON} for href in items)]}

    def _placed(self, source: Path, target: Path) -> Path:
        """A file put where it is published. It stays where it was too: results may have files in common.

        Raises:
            StageOutError: It is a link to what is not the job's, or is not there.
        """
        target = _free(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        real = source.resolve()
        if not real.is_relative_to(self._job) and not self._may_be_read(real):
            raise StageOutError(f"stage-out: the result {source.name} is a link to a file that is not the job's")
        if not real.is_file():
            raise StageOutError(f"stage-out: the result {source.name} is not a file that is there")
        if real.is_relative_to(self._job) and not real.is_relative_to(self._job / "tmp" / "in"):
            with suppress(OSError):  # a file system without links, or a file that another user's container made
                os.link(real, target)  # no byte is copied: the other name goes with tmp
                return target
        shutil.copyfile(real, target)
        return target

    def _link(self, path: Path) -> dict[str, Any]:
        told = {"file:size": path.stat().st_size, "file:checksum": SHA2_256 + _sha256(path)}
        return {"href": self._reference(path), "type": media_type_of(path), **told}

    def _reference(self, path: Path) -> str:
        return PUBLISHED + quote(path.relative_to(self._folder).as_posix())


def media_type_of(path: Path) -> str:
    """The media type of a file, by its name."""
    return MEDIA_TYPES.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"


def _only_below(base: Path) -> pystac.StacIO:
    """Reads of a catalogue what is in its folder, and nothing its links may name beside: tools are strangers."""
    from pystac.stac_io import DefaultStacIO

    class OnlyBelow(DefaultStacIO):
        def read_text_from_href(self, href: str) -> str:
            path = _below(href, base)
            if "://" in href.removeprefix("file://") or not path.resolve().is_relative_to(base):
                raise ValueError("it is not below the catalogue")
            return path.read_text(encoding="utf-8")

        def json_loads(self, txt: str, *_: Any, **__: Any) -> dict[str, Any]:
            """NaN is what `json.dump` writes for the nodata of most rasters; a faster parser would refuse it."""
            document: dict[str, Any] = as_sendable(json.loads(txt))
            return document

    return OnlyBelow()


def _below(href: str, base: Path) -> Path:
    """The path that pystac means: it puts what links say after the URL of the base, escaped or not."""
    if not href.startswith("file:"):
        return Path(href)
    path, as_written = Path(url2pathname(urlsplit(href).path)), base / href.removeprefix(f"{base.as_uri()}/")
    return path if path.exists() or not as_written.exists() else as_written


def _asset_file(folder: Path, href: str, base: Path) -> Path | None:
    """The file of an asset, below the directory that is published; None where it is on another machine.

    Args:
        folder: Of its item.
        href: Of the asset, escaped or not.
        base: The directory.

    Raises:
        StageOutError: It leads out of the directory, or is not there.
    """
    parts = urlsplit(href)
    if parts.scheme in ("http", "https", "s3"):
        return None
    names = [url2pathname(parts.path)] if parts.scheme == "file" else [unquote(href), href]
    # Links on the way are followed when it is placed.
    paths = (Path(os.path.normpath(folder / name)) for name in names)
    found = next((path for path in paths if path.is_relative_to(base) and path.is_file()), None)
    if found is None:
        raise StageOutError(f"stage-out: the asset {href[:200]} is not a file of the catalogue")
    return found


def _files(folder: Path, inside: tuple[Path, ...] = ()) -> Iterator[Path]:
    """The files of a folder by name, those of linked folders with them; a link to a folder it is in is none."""
    real = folder.resolve()
    if real in inside:
        return
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _files(path, (*inside, real))
        else:
            yield path


def _extent(features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The bounds (west, south, east, north in degrees) and the times that the items span; items may lack either."""
    boxes = [[*box[: len(box) // 2][:2], *box[len(box) // 2 :][:2]] for one in features if (box := _box_of(one))]
    west, south, east, north = zip(*(boxes or [[-180, -90, 180, 90]]), strict=True)
    times = [
        time
        for one in features
        for name in ("datetime", "start_datetime", "end_datetime")
        if isinstance(time := (one.get("properties") or {}).get(name), str)
    ]
    span = [min(times, key=_instant), max(times, key=_instant)] if times else [None, None]
    return {
        "spatial": {"bbox": [[min(west), min(south), max(east), max(north)]]},
        "temporal": {"interval": [span]},
    }


def _box_of(feature: Mapping[str, Any]) -> list[float]:
    """The bounding box of an item, empty where it has none, or one that is not of numbers."""
    match feature.get("bbox"):
        case list(box) if len(box) in (4, 6) and all(isinstance(one, int | float) for one in box):
            return box
    return []


def _instant(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise StageOutError(f"stage-out: {text[:60]!r} is not a time as STAC has them") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _free(target: Path) -> Path:
    """A path that is not taken, by another file of the same name or by the collection's."""
    free, number = target, 1
    while free.exists() or free.name == COLLECTION:
        free = target.with_name(f"{target.stem}-{number}{target.suffix}")
        number += 1
    return free


def _distinct(names: Sequence[str]) -> list[str]:
    """Names, those that come again with a number."""
    taken: list[str] = []
    for name in names:
        taken.append(name if name not in taken else f"{name}-{len(taken)}")
    return taken


def _path(value: Mapping[str, Any]) -> Path:
    location = value.get("location") or value.get("path") or ""
    return Path(url2pathname(urlsplit(location).path) if location.startswith("file:") else location)


def _name(value: Mapping[str, Any]) -> str:
    return safe_name(value.get("basename") or _path(value).name)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
