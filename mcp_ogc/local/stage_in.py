"""Stage-in, as ZOO-Project-DRU does it: what a File or Directory input refers to, brought into the job's folder.

A File is downloaded. A Directory given as a STAC item or collection becomes a folder with `catalog.json`, its items and
local copies of their assets. Runs in the driver, where blocking is fine.
"""

from __future__ import annotations

import ipaddress
import json
import shutil
import socket
from collections.abc import Sequence
from http.client import HTTPMessage
from pathlib import Path
from typing import IO, Any
from urllib.error import URLError
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener, url2pathname

from mcp_ogc.errors import FileRefused, HostRefused, OgcError, Unreachable, UnreadableAnswer

SECONDS = 60
DOCUMENT_BYTES = 16 << 20
FILE_BYTES = 16 << 30
ITEMS = 1000


class StageInError(OgcError):
    """An input that can't be brought."""


class Reader:
    """Reads http(s) URLs and files.

    Args:
        folders: Below which files may be read.
        allowed_hosts: Hosts, with port where it is not the scheme's own, that may be reached although private.
    """

    def __init__(self, folders: Sequence[Path], allowed_hosts: Sequence[str]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._allowed = set(allowed_hosts)
        self._opener = build_opener(_CheckedRedirects(self))

    def path(self, href: str) -> Path | None:
        """The permitted local path behind an href; None where it is on another machine."""
        parts = urlsplit(href)
        if parts.scheme in ("http", "https"):
            return None
        if parts.scheme not in ("file", ""):
            raise HostRefused(f"{href[:200]} can't be staged in", remedy="Give an http(s) URL")
        path = Path(url2pathname(parts.path) if parts.scheme else href).resolve()
        if not any(path.is_relative_to(folder) for folder in self._folders):
            raise FileRefused(f"{path} is not below a permitted folder", remedy="Add it to permitted_folders")
        return path

    def check(self, url: str) -> None:
        """Refuse a private host that is not allowed."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise HostRefused(f"{url[:200]} can't be staged in", remedy="Give an http(s) URL without user name")
        if parts.netloc in self._allowed or parts.hostname in self._allowed:
            return
        try:
            found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unreachable(f"The name {parts.hostname} can't be resolved: {error}") from error
        for *_, address in found:
            if not ipaddress.ip_address(str(address[0]).split("%", 1)[0]).is_global:
                raise HostRefused(f"{parts.hostname} is {address[0]}, which is not a public address")

    def save(self, href: str, target: Path, limit: int = FILE_BYTES) -> None:
        """Copy what an href refers to into a file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        local = self.path(href)
        if local is not None:
            shutil.copyfile(local, target)
            return
        self.check(href)
        try:
            # The scheme is http or https: `check` holds it, for redirects too.
            with self._opener.open(Request(href), timeout=SECONDS) as response, target.open("wb") as file:  # noqa: S310
                left = limit
                while chunk := response.read(min(1 << 20, left + 1)):
                    left -= len(chunk)
                    if left < 0:
                        raise StageInError(f"{href} is longer than {limit:,} bytes")
                    file.write(chunk)
        except (URLError, OSError) as error:
            raise Unreachable(f"{href} can't be fetched: {error}") from error

    def document(self, href: str, folder: Path) -> dict[str, Any]:
        """A JSON document."""
        part = folder / ".document"
        self.save(href, part, DOCUMENT_BYTES)
        try:
            document = json.loads(part.read_bytes())
        except ValueError as error:
            raise UnreadableAnswer(f"{href} is not JSON: {error}") from error
        finally:
            part.unlink()
        if not isinstance(document, dict):
            raise UnreadableAnswer(f"{href} is not a JSON object")
        return document


class _CheckedRedirects(HTTPRedirectHandler):
    max_redirections = 5

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Each hop is checked, and https never becomes http."""
        self._reader.check(newurl)
        if req.full_url.startswith("https:") and not newurl.startswith("https:"):
            raise HostRefused(f"{req.full_url} redirects from https to {newurl}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def stage_in(value: Any, cwl_type: Any, folder: Path, reader: Reader) -> Any:
    """An input's value as CWL wants it: files and directories brought into `folder`, everything else as it is."""
    value = _plain(value)
    if isinstance(cwl_type, list):
        others = [one for one in cwl_type if one != "null"]
        return value if value is None else stage_in(value, others[0] if len(others) == 1 else "Any", folder, reader)
    if isinstance(cwl_type, dict) and cwl_type.get("type") == "array":
        items = cwl_type["items"]
        values = value if isinstance(value, list) else [value]
        return [stage_in(one, items, folder / str(number), reader) for number, one in enumerate(values)]
    if cwl_type == "File":
        return {"class": "File", "location": _file(_href(value), folder, reader).as_uri()}
    if cwl_type == "Directory":
        return {"class": "Directory", "location": _directory(_href(value), folder, reader).as_uri()}
    return value


def _plain(value: Any) -> Any:
    """A qualified value is its value."""
    if (
        isinstance(value, dict)
        and "value" in value
        and set(value) <= {"value", "mediaType", "encoding", "schema", "format"}
    ):
        return value["value"]
    return value


def _href(value: Any) -> str:
    href = value.get("href") if isinstance(value, dict) else value
    if not isinstance(href, str) or not href:
        raise StageInError(f"{str(value)[:100]!r} is not a URL", remedy="A File or Directory input is given by its URL")
    return href


def _file(href: str, folder: Path, reader: Reader) -> Path:
    local = reader.path(href)
    if local is not None:
        return local
    target = folder / _name(href)
    reader.save(href, target)
    return target


def _directory(href: str, folder: Path, reader: Reader) -> Path:
    local = reader.path(href)
    if local is not None and local.is_dir():
        return local
    folder.mkdir(parents=True, exist_ok=True)
    items = _items(href, folder, reader)
    links = []
    for href_of_item, item in items:
        name = _name(str(item["id"]))
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
    document = reader.document(href, folder)
    if document.get("type") == "Feature":
        return [(href, document)]
    if document.get("type") == "FeatureCollection":
        return [(href, feature) for feature in document.get("features", [])[:ITEMS]]
    links = [urljoin(href, link["href"]) for link in document.get("links", []) if link.get("rel") == "item"]
    if not links:
        raise StageInError(f"{href} is neither a STAC item nor a collection with items")
    return [(link, reader.document(link, folder)) for link in links[:ITEMS]]


def _save_item(item: dict[str, Any], href: str, folder: Path, reader: Reader) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    assets = {}
    for key, asset in item.get("assets", {}).items():
        name = f"{_name(key)}-{_name(asset['href'])}"
        reader.save(urljoin(href, asset["href"]), folder / name)
        assets[key] = {**asset, "href": f"./{name}"}
    links = [
        {"rel": "root", "href": "../catalog.json", "type": "application/json"},
        {"rel": "parent", "href": "../catalog.json", "type": "application/json"},
    ]
    staged = {**item, "assets": assets, "links": links}
    staged.pop("collection", None)  # it is not staged in, and pystac would look for it
    (folder / f"{folder.name}.json").write_text(json.dumps(staged), encoding="utf-8")


def _name(href: str) -> str:
    """The last segment of a URL or id, fit for a file name."""
    name = unquote(urlsplit(href).path.rstrip("/").rsplit("/", 1)[-1]) or "file"
    return "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:120].lstrip(".") or "file"
