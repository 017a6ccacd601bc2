"""How a driver reads what its inputs refer to: http and https with urllib, and files of permitted folders.

The driver lives without a server, so this way out is its own: the host is checked at each hop, and the address that was
checked is the one that is connected to.
"""

from __future__ import annotations

import ipaddress
import json
import re
import shutil
import socket
from collections.abc import Sequence
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPMessage, HTTPSConnection
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlsplit, urlunsplit
from urllib.request import (
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    Request,
    build_opener,
    getproxies,
    url2pathname,
)

from mcp_ogc import __version__
from mcp_ogc.errors import FileRefused, HostRefused, TimedOut, TooLarge, Unreachable, UnreadableAnswer
from mcp_ogc.local.deadline import Deadline
from mcp_ogc.net.addresses import is_public

SECONDS = 60
"""Without a byte."""
MOST_SECONDS = 6 * 3600
"""For one file, whatever comes: as for those that go to the download folder."""
DOCUMENT_BYTES = 16 << 20
ABSENT = (403, 404, 410)
"""Object storages answer 403 for what is not there to those who may not list."""
FILE_BYTES = 16 << 30
BARE_PERCENT = "%(?![0-9A-Fa-f]{2})"
SENT = "%/?:@!$&'()*+,;=[]|"
"""Beside letters, digits and -._~: what path and query may have, and what servers take there all the same."""
PIECE = 1 << 20


class FileMissing(FileRefused):
    """A path below a permitted folder where there is nothing."""


class Absent(Unreachable):
    """A server answers that there is nothing at this address, as far as it tells."""


class Reader:
    """Reads http(s) URLs and files.

    Args:
        folders: Below which files may be read.
        allowed_hosts: Hosts, with port where it is not the scheme's own, that may be reached although private.
    """

    def __init__(self, folders: Sequence[Path], allowed_hosts: Sequence[str]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._allowed = set(allowed_hosts)
        self._deadline = Deadline(MOST_SECONDS)
        """Of what is fetched now: one after the other."""
        # A proxy is the operator's choice, and resolves names itself.
        self._proxies = {proxy.rsplit("@", 1)[-1] for proxy in (urlsplit(one).netloc for one in getproxies().values())}
        self._opener = build_opener(_Http(self), _Https(self), _CheckedRedirects(self))
        self._opener.addheaders = [("User-Agent", f"mcp-ogc/{__version__}")]

    def path(self, href: str) -> Path | None:
        """The permitted local path behind an href; None where it is on another machine.

        Raises:
            FileRefused: It is not below a permitted folder.
            FileMissing: It is, and is not there.
            HostRefused: It is neither a file nor http(s), or no URL.
        """
        try:
            parts = urlsplit(href)
        except ValueError as error:
            raise HostRefused(f"{href[:200]!r} is not a URL: {error}", remedy="Give an http(s) URL") from error
        if parts.scheme in ("http", "https"):
            return None
        if parts.scheme not in ("file", "") or parts.netloc not in ("", "localhost"):
            raise HostRefused(f"{href[:200]} can't be staged in", remedy="Give an http(s) URL")
        path = Path(url2pathname(parts.path) if parts.scheme else href).resolve()
        if not self.permits(path):
            raise FileRefused(f"{path} is not below a permitted folder", remedy="Add it to permitted_folders")
        if not path.exists():
            escapes = ", where # is %23 and ? is %3F" if parts.scheme and (parts.query or parts.fragment) else ""
            raise FileMissing(f"{path} does not exist", remedy=f"Check the input's URL{escapes}")
        return path

    def permits(self, path: Path) -> bool:
        """Whether a path, without links on its way, is below a permitted folder."""
        return any(path.is_relative_to(folder) for folder in self._folders)

    def check(self, url: str) -> None:
        """Refuse what is no http(s) URL, and a private host that is not allowed.

        Raises:
            HostRefused: With the reason.
            Unreachable: The name has no address.
        """
        parts = urlsplit(url)
        try:
            port = parts.port or (80 if parts.scheme == "http" else 443)
        except ValueError:
            raise HostRefused(f"{url[:200]} has no valid port") from None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
            raise HostRefused(f"{url[:200]} can't be staged in", remedy="Give an http(s) URL without user name")
        self.addresses(parts.hostname, port)

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host that may be connected to.

        Raises:
            HostRefused: One of them is private, and the host is not allowed to be.
            Unreachable: The name has no address.
        """
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"The name {host[:200]} can't be resolved: {error}") from error
        addresses = [str(address[0]) for *_, address in found]
        if {host, f"{host}:{port}"} & (self._allowed | self._proxies):
            return addresses
        for address in addresses:
            if not is_public(ipaddress.ip_address(address.split("%", 1)[0])):
                told = host if host.strip("[]") == address else f"{host} is {address}, which"
                raise HostRefused(
                    f"{told} is not a public address",
                    remedy="Inputs come from public hosts, or from files of permitted_folders",
                )
        return addresses

    def save(self, href: str, target: Path, limit: int = FILE_BYTES) -> None:
        """Copy what an href refers to into a file.

        Raises:
            FileRefused, HostRefused: It may not be read.
            Unreachable: It can't be.
            TimedOut: It took longer than a file may.
            TooLarge: It is longer than `limit` bytes.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        local = self.path(href)
        if local is not None:
            shutil.copyfile(local, target)
            return
        url = escaped(href)
        self.check(url)
        with Deadline(MOST_SECONDS) as self._deadline:
            try:
                self._fetch(url, target, limit)
            except Unreachable as error:
                if not self._deadline.is_over:
                    raise
                failure: Unreachable | None = error
            else:
                failure = None
        # A body of no told length ends like one that is whole.
        if self._deadline.is_over:
            raise TimedOut(f"{href} did not come within {MOST_SECONDS / 3600:g} h") from failure

    def _fetch(self, href: str, target: Path, limit: int) -> None:
        try:
            # The scheme is http or https: `check` holds it, for redirects too.
            with self._opener.open(Request(href), timeout=SECONDS) as response, target.open("wb") as file:  # noqa: S310
                expected, size = response.headers.get("Content-Length"), 0
                while chunk := response.read(PIECE):
                    size += len(chunk)
                    if size > limit:
                        raise TooLarge(f"{href} is longer than {limit:,} bytes")
                    file.write(chunk)
        except HTTPError as error:
            with error:
                kind = Absent if error.code in ABSENT else Unreachable
                raise kind(f"{href} can't be fetched: the server answered {error.code} {error.reason}") from None
        except (URLError, HTTPException, OSError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise Unreachable(f"{href} can't be fetched: {reason}") from error
        if expected is not None and expected.isdigit() and int(expected) != size:
            raise Unreachable(f"{href} was cut off: {size:,} of {int(expected):,} bytes came")

    def document(self, href: str, folder: Path) -> dict[str, Any]:
        """A JSON object; `folder` is for the while that it takes.

        Raises:
            UnreadableAnswer: It is none.
        """
        part = folder / ".document"
        self.save(href, part, DOCUMENT_BYTES)
        try:
            document = json.loads(part.read_bytes())
        except (ValueError, RecursionError) as error:
            raise UnreadableAnswer(f"{href} is not JSON: {error}") from error
        finally:
            part.unlink()
        if not isinstance(document, dict):
            raise UnreadableAnswer(f"{href} is not a JSON object")
        return document

    def connect(self, address: tuple[str, int], timeout: Any = SECONDS, source_address: Any = None) -> socket.socket:
        """What `socket.create_connection` does, to checked addresses only (DNS rebinding)."""
        host, port = address
        failure: OSError | None = None
        for one in self.addresses(host, port):
            try:
                connection = socket.create_connection((one, port), timeout, source_address)
            except OSError as error:
                failure = error
            else:
                self._deadline.holds(connection)
                return connection
        raise failure or Unreachable(f"{host} has no address")


def escaped(url: str) -> str:
    """A URL as it is sent: people write letters and blanks as they are (RFC 3986 §2.1); what is escaped stays so."""
    parts = urlsplit(url)
    path, query = (
        quote(re.sub(BARE_PERCENT, "%25", part), safe=SENT, errors="surrogatepass")
        for part in (parts.path, parts.query)
    )
    return urlunsplit(parts._replace(path=path, query=query, fragment=""))


class _Http(HTTPHandler):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def http_open(self, req: Request) -> Any:
        return self.do_open(partial(_checked, HTTPConnection, self._reader), req)


class _Https(HTTPSHandler):
    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self._reader = reader

    def https_open(self, req: Request) -> Any:
        return self.do_open(partial(_checked, HTTPSConnection, self._reader), req)


def _checked(kind: type[HTTPConnection], reader: Reader, host: str, **options: Any) -> HTTPConnection:
    connection = kind(host, **options)
    # Private, and the one place http.client connects at; a test holds that it is used.
    connection._create_connection = reader.connect  # type: ignore[attr-defined]
    return connection


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
            raise HostRefused(f"{req.full_url} redirects from https to {newurl[:200]}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
