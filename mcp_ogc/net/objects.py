"""Bytes behind a file, http(s) or s3 URL: known, read in part, streamed; local ones below permitted folders only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import anyio
import anyio.to_thread
import httpx

from mcp_ogc.errors import (
    AccessDenied,
    AuthenticationRequired,
    EndpointFault,
    FileRefused,
    RemoteProblem,
    TooLarge,
    UnknownName,
)
from mcp_ogc.net.hosts import shown
from mcp_ogc.net.http import read_bounded, stream_bounded

if TYPE_CHECKING:
    from mcp_ogc.net.storage import Storage, StorageHint
    from mcp_ogc.settings import Limits

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What is known of an object without reading it. `modified` is UTC."""

    size: int | None
    etag: str | None
    media_type: str | None
    modified: datetime | None


class Objects:
    """Reads objects.

    Args:
        http: The guarded client.
        storage: Locates and signs s3 URLs.
        folders: Below which local files may be read.
        limits: Bounds.
    """

    def __init__(self, http: httpx.AsyncClient, storage: Storage, folders: Sequence[Path], limits: Limits) -> None:
        self._http = http
        self._storage = storage
        self._folders = [folder.resolve() for folder in folders]
        self._limits = limits

    async def info(self, href: str, hint: StorageHint | None = None) -> ObjectInfo:
        """What is known of an object: asked with a one-byte range, which every storage answers and a HEAD not.

        Raises:
            FileRefused, HostRefused, StorageError, Unreachable, RemoteProblem: It can't be read.
        """
        path = self.local_path(href)
        if path is not None:
            return await anyio.to_thread.run_sync(_file_info, path)
        async with self._get(href, hint, (0, 0)) as response:
            total = re.fullmatch(r"bytes \d+-\d+/(\d+)", response.headers.get("content-range", ""))
            length = response.headers.get("content-length") if response.status_code == 200 else None
            return ObjectInfo(
                size=int(total.group(1)) if total else int(length) if length and length.isdigit() else None,
                etag=response.headers.get("etag"),
                media_type=response.headers.get("content-type"),
                modified=_http_date(response.headers.get("last-modified")),
            )

    async def read(
        self, href: str, hint: StorageHint | None = None, *, start: int = 0, length: int | None = None
    ) -> bytes:
        """The bytes of an object, all of them or `length` from `start` on; fewer where it ends before.

        Raises:
            TooLarge: More than `limits.document_bytes`.
            FileRefused, HostRefused, StorageError, Unreachable, RemoteProblem: It can't be read.
        """
        limit = self._limits.document_bytes
        if length is not None and length > limit:
            raise TooLarge(f"{length:,} bytes are more than the {limit:,} that are read at once")
        path = self.local_path(href)
        if path is not None:
            return await anyio.to_thread.run_sync(_read_file, path, start, length, limit)
        whole = start == 0 and length is None
        range_ = None if whole else (start, start + length - 1 if length is not None else start + limit - 1)
        async with self._get(href, hint, range_) as response:
            if response.status_code == 416:
                return b""
            if range_ is not None and response.status_code == 200:  # a server that ignores ranges
                found = b""
                async for chunk in stream_bounded(response, limit + start):
                    found += chunk
                    if len(found) > range_[1]:
                        break
                return found[start : range_[1] + 1]
            return await read_bounded(response, limit)

    async def stream(self, href: str, hint: StorageHint | None = None) -> AsyncIterator[bytes]:
        """The bytes of an object piece by piece, up to `limits.asset_bytes`; raises as `read`."""
        limit = self._limits.asset_bytes
        path = self.local_path(href)
        if path is not None:
            async with await anyio.open_file(path, "rb") as file:
                while chunk := await file.read(CHUNK):
                    yield chunk
            return
        async with self._get(href, hint, None) as response:
            async for chunk in stream_bounded(response, limit):
                yield chunk

    def local_path(self, href: str) -> Path | None:
        """The file behind a `file:` URL or an absolute path; None where the href is on another machine.

        Raises:
            FileRefused: It is outside the permitted folders once links are followed, or its scheme is not one of ours.
        """
        scheme = urlsplit(href).scheme.lower()
        if scheme in ("http", "https", "s3"):
            return None
        path = _path_of(href)
        if path is None:
            raise FileRefused(
                f"{href[:200]!r} can't be read", remedy="Give an https or s3 URL, or a file below a permitted folder"
            )
        resolved = path.resolve()
        if not any(resolved.is_relative_to(folder) for folder in self._folders):
            raise FileRefused(
                f"{path} is not below a permitted folder",
                remedy="Add its folder to permitted_folders in the settings, or give an https or s3 URL",
            )
        if not resolved.is_file():
            raise UnknownName("file", str(path))
        return resolved

    @asynccontextmanager
    async def _get(
        self, href: str, hint: StorageHint | None, range_: tuple[int, int] | None
    ) -> AsyncIterator[httpx.Response]:
        headers: Mapping[str, str] = {"Range": f"bytes={range_[0]}-{range_[1]}"} if range_ else {}
        url = href
        if href.startswith("s3://"):
            signed = await self._storage.sign(href, hint, range_=range_)
            url, headers = signed.url, signed.headers
        # Ranges are of the bytes as stored: no compression on the way.
        request = self._http.build_request("GET", url, headers={"Accept-Encoding": "identity", **headers})
        response = await self._http.send(request, stream=True)
        try:
            if response.status_code >= 300 and response.status_code != 416:
                raise _problem(response)
            yield response
        finally:
            await response.aclose()


def _path_of(href: str) -> Path | None:
    """The path of a `file:` URL of this machine, or of an absolute path; None for anything else, GDAL's names too."""
    parts = urlsplit(href)
    if parts.scheme.lower() == "file" and parts.netloc in ("", "localhost") and not parts.query:
        path = Path(url2pathname(parts.path))
    else:
        path = Path(href)
    if not path.is_absolute() or "\x00" in href or str(path).startswith(("//", "\\\\", "/vsi")):
        return None
    return path


def _file_info(path: Path) -> ObjectInfo:
    stat = path.stat()
    return ObjectInfo(
        size=stat.st_size,
        etag=f"{stat.st_size:x}-{stat.st_mtime_ns:x}",
        media_type=None,
        modified=datetime.fromtimestamp(stat.st_mtime, UTC),
    )


def _read_file(path: Path, start: int, length: int | None, limit: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        found = file.read(limit + 1 if length is None else length)
    if len(found) > limit:
        raise TooLarge(f"{path.name} is longer than {limit:,} bytes")
    return found


def _problem(response: httpx.Response) -> RemoteProblem:
    url, status = shown(response.url), response.status_code
    message = f"{url} answered with HTTP {status}"
    if status == 401:
        return AuthenticationRequired(message, status=status, remedy="Configure credentials for its host")
    if status == 403:
        return AccessDenied(
            message, status=status, remedy="Is the link signed and not expired; are its storage's credentials right?"
        )
    if status >= 500:
        return EndpointFault(message, status=status, remedy="Try again")
    return RemoteProblem(message, status=status, remedy="Is the link still right?" if status in (404, 410) else "")


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
