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

from mcp_ogc.errors import FileRefused, HostRefused, TimedOut, TooLarge, UnknownName, Unreachable, UnreadableAnswer
from mcp_ogc.net.http import read_bounded, stream_bounded
from mcp_ogc.net.object_problems import problem_of
from mcp_ogc.net.storage import beyond_reach
from mcp_ogc.net.traffic import Traffic

if TYPE_CHECKING:
    from mcp_ogc.net.storage import Storage, StorageHint
    from mcp_ogc.settings import Limits

CHUNK = 1 << 20
CONTENT_RANGE = re.compile(r"bytes (?:(\d{1,19})-\d{1,19}|\*)/(\d{1,19}|\*)")
LENGTH = re.compile(r"\d{1,19}")


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
        traffic: Counts what is read, and says when it was enough.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        storage: Storage,
        folders: Sequence[Path],
        limits: Limits,
        traffic: Traffic | None = None,
    ) -> None:
        self._http = http
        self._storage = storage
        self._folders = [folder.resolve() for folder in folders]
        self._limits = limits
        self._traffic = traffic or Traffic()

    async def info(self, href: str, hint: StorageHint | None = None) -> ObjectInfo:
        """What is known of an object: asked with a one-byte range, which every storage answers and a HEAD not.

        Raises:
            FileRefused, HostRefused, StorageError, Unreachable, RemoteProblem: It can't be read.
        """
        path = await self._local(href)
        if path is not None:
            return await anyio.to_thread.run_sync(_file_info, path)
        async with self._get(href, hint, (0, 0)) as response:
            return _remote_info(response)

    async def head(self, href: str, hint: StorageHint | None = None, *, length: int) -> tuple[ObjectInfo, bytes]:
        """What is known of an object on another machine and its first `length` bytes, in one request.

        Raises:
            HostRefused, StorageError, Unreachable, RemoteProblem: It can't be read.
        """
        async with self._in_time(href), self._get(href, hint, (0, length - 1)) as response:
            body = b"" if response.status_code == 416 else await _beginning(response, length)
            return _remote_info(response), body

    async def read(
        self,
        href: str,
        hint: StorageHint | None = None,
        *,
        start: int = 0,
        length: int | None = None,
        unchanged: str | None = None,
    ) -> bytes:
        """The bytes of an object, all of them or `length` from `start` on; fewer where it ends before.

        Args:
            href: Its address.
            hint: How to reach its object storage.
            start: The first byte.
            length: Bytes, all where None.
            unchanged: The ETag that a remote object must still have; a weak one tells nothing of bytes.

        Raises:
            TooLarge: More than `limits.document_bytes`.
            TimedOut: Not all of it came within `limits.request_seconds`.
            FileRefused, HostRefused, StorageError, Unreachable, RemoteProblem: It can't be read.
        """
        limit = self._limits.document_bytes
        if length is not None and length > limit:
            raise TooLarge(f"{length:,} bytes are more than the {limit:,} that are read at once")
        path = await self._local(href)
        if path is not None:
            return await anyio.to_thread.run_sync(_read_file, path, start, length, limit)
        if length == 0:
            return b""
        async with self._in_time(href):
            if start == 0 and length is None:
                async with self._get(href, hint, None) as response:
                    return await read_bounded(response, limit)
            return await self._range(href, hint, start, limit if length is None else length, unchanged)

    @asynccontextmanager
    async def _in_time(self, href: str) -> AsyncIterator[None]:
        seconds = self._limits.request_seconds
        try:
            with anyio.fail_after(seconds):
                yield
        except TimeoutError:
            raise TimedOut(
                f"{_label(href)} did not come within {seconds:g} s",
                remedy="Try again; limits.request_seconds in the settings sets this bound",
            ) from None

    async def stream(self, href: str, hint: StorageHint | None = None) -> AsyncIterator[bytes]:
        """The bytes of an object piece by piece, up to `limits.asset_bytes`; raises as `read`, but for the time."""
        limit = self._limits.asset_bytes
        path = await self._local(href)
        if path is None:
            async with self._get(href, hint, None) as response:
                async for chunk in stream_bounded(response, limit):
                    yield chunk
            return
        left = limit
        async with await anyio.open_file(path, "rb") as file:
            while chunk := await file.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise TooLarge(f"{path.name} is longer than {limit:,} bytes")
                yield chunk

    def is_mapped(self, href: str) -> bool:
        """Whether an http URL is on a storage that the settings say how to reach."""
        return self._storage.advertised(href) is not None

    def local_path(self, href: str) -> Path | None:
        """The file behind a `file:` URL or an absolute path; None where the href is on another machine.

        Raises:
            FileRefused: It is outside the permitted folders once links are followed, or its scheme is not one of ours.
        """
        try:
            if urlsplit(href).scheme.lower() in ("http", "https", "s3"):
                return None
            path = _path_of(href)
        except ValueError:  # brackets that are no IPv6 address
            path = None
        if path is None:
            raise FileRefused(
                f"{href[:200]!r} can't be read",
                remedy="Give a handle from ogc_get_results, an https or s3 URL, or a file below a permitted folder",
            )
        try:
            resolved = path.resolve()
            is_file = resolved.is_file()
        except (OSError, RuntimeError) as error:  # a name too long, links in a circle
            raise FileRefused(f"{str(path)[:200]!r} can't be followed: {error}") from error
        if not any(resolved.is_relative_to(folder) for folder in self._folders):
            raise FileRefused(
                f"{path} is not below a permitted folder",
                remedy="Add its folder to permitted_folders in the settings, or give an https or s3 URL",
            )
        if not is_file:
            raise UnknownName(
                "file", str(path), remedy="Give the path of one that is there, or a handle from ogc_get_results"
            )
        return resolved

    async def _local(self, href: str) -> Path | None:
        return await anyio.to_thread.run_sync(self.local_path, href)

    async def _range(
        self, href: str, hint: StorageHint | None, start: int, length: int, unchanged: str | None
    ) -> bytes:
        end = start + length
        async with self._get(href, hint, (start, end - 1), unchanged) as response:
            match response.status_code:
                case 416:
                    return b""
                case 206:
                    told = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
                    if told is None or told[1] is None or int(told[1]) != start:
                        raise UnreadableAnswer(f"{_label(href)} answered with another range than it was asked for")
                    body = await read_bounded(response, length)
                    total = _total(response)
                    if total is not None and len(body) < min(length, total - start):
                        raise Unreachable(
                            f"{_label(href)} broke off: {len(body):,} bytes came of a range of {length:,}",
                            remedy="Try again",
                        )
                    return body
            # A server that knows no ranges sends the whole: its beginning is taken, a far end would be all of it.
            if end > self._limits.document_bytes:
                raise TooLarge(
                    f"{_label(href)} is on a server without byte ranges, so it can't be read from byte {start:,}",
                    remedy="ogc_export_job brings the whole file",
                )
            return (await _beginning(response, end))[start:]

    @asynccontextmanager
    async def _get(
        self, href: str, hint: StorageHint | None, range_: tuple[int, int] | None, unchanged: str | None = None
    ) -> AsyncIterator[httpx.Response]:
        headers: Mapping[str, str] = {"Range": f"bytes={range_[0]}-{range_[1]}"} if range_ else {}
        href, hint = self._storage.advertised(href) or (href, hint)
        condition = {"If-Match": unchanged} if unchanged and unchanged.startswith('"') else {}
        url, signed = href, urlsplit(href).scheme.lower() == "s3"
        if signed:
            request = await self._storage.sign(href, hint, range_=range_)
            url, headers = request.url, request.headers
        try:
            # Ranges are of the bytes as stored: no compression on the way.
            prepared = self._http.build_request(
                "GET", url, headers={"Accept-Encoding": "identity", **condition, **headers}
            )
        except httpx.InvalidURL as error:
            raise HostRefused(f"{_label(href)!r} is not a URL: {error}") from error
        self._traffic.check()
        try:
            response = await self._http.send(prepared, stream=True)
        except (Unreachable, HostRefused) as error:
            if signed or (told := beyond_reach(href, error)) is None:
                raise
            raise told from error
        try:
            if response.status_code >= 300 and response.status_code != 416:
                raise await problem_of(response, href if signed else None)
            yield response
        finally:
            self._traffic.add(response.num_bytes_downloaded)
            await response.aclose()


def _path_of(href: str) -> Path | None:
    """The path of a `file:` URL of this machine, or of an absolute path; None for anything else, GDAL's names too."""
    parts = urlsplit(href)
    if parts.scheme.lower() == "file" and parts.netloc in ("", "localhost") and not parts.query:
        path = Path(url2pathname(parts.path))
    else:
        path = Path(href)
    if not path.is_absolute() or "\x00" in str(path) or str(path).startswith(("//", "\\\\", "/vsi")):
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


def _total(response: httpx.Response) -> int | None:
    """The size of the whole object, as far as the answer to a ranged request tells."""
    if response.status_code == 200:
        length = response.headers.get("content-length", "")
        return int(length) if LENGTH.fullmatch(length) else None
    told = CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
    return int(told[2]) if told and told[2] != "*" else None


def _remote_info(response: httpx.Response) -> ObjectInfo:
    return ObjectInfo(
        size=_total(response),
        etag=response.headers.get("etag"),
        media_type=response.headers.get("content-type") if response.status_code != 416 else None,
        modified=_http_date(response.headers.get("last-modified")),
    )


async def _beginning(response: httpx.Response, length: int) -> bytes:
    """The first bytes of a body; what follows them is left."""
    found = bytearray()
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) >= length:
            break
    return bytes(found[:length])


def _label(href: str) -> str:
    """An address fit to be shown: no user name, no query, not without end."""
    parts = urlsplit(href)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except (ValueError, OverflowError):  # a date only to show
        return None
