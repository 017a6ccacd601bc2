"""Which hosts may be reached: those that are configured, private or not; any other only where it is public.

Addresses are judged by `ipaddress` after the resolver has read them, never by reading them here: 2130706433 and 0x7f.1
are what the resolver says they are.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import anyio
import httpx

from mcp_ogc.errors import HostRefused, TimedOut, Unreachable
from mcp_ogc.net.addresses import is_public

RESOLVE_SECONDS = 10
SIGNATURE = re.compile(r"(^|&)(X-Amz-Signature|X-Goog-Signature|Signature)=", re.IGNORECASE)

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system's resolver."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class Hosts:
    """The hosts that may be reached.

    Args:
        configured: URLs of endpoints, storages and catalogues: their origins are allowed because they are configured.
            A host that begins with `*.` stands for all below it.
        resolver: Finds a host's addresses.
    """

    def __init__(self, configured: Iterable[str], resolver: Resolver = resolve) -> None:
        self._origins = {origin(httpx.URL(url)) for url in configured}
        self._resolver = resolver

    def is_configured(self, url: httpx.URL) -> bool:
        """Whether a URL's origin is configured."""
        if origin(url) in self._origins:
            return True
        labels = name(url).split(".")
        above = (".".join(["*", *labels[number:]]) for number in range(1, len(labels)))
        return any(origin(url.copy_with(host=host)) in self._origins for host in above)

    async def check(self, url: httpx.URL) -> None:
        """Decide before any connection.

        Raises:
            HostRefused: With the reason.
            Unreachable, TimedOut: The name can't be resolved.
        """
        check_form(url)
        if not self.is_configured(url):
            await self.public_addresses(name(url), port(url))

    async def public_addresses(self, host: str, port: int) -> Sequence[str]:
        """The addresses of a host that is not configured: whoever connects must connect to one of these.

        Raises:
            HostRefused: One of them is not public.
            Unreachable, TimedOut: The name can't be resolved.
        """
        found = await self._resolve(host, port)
        for text in found:
            address = ipaddress.ip_address(text)
            if not is_public(address):
                told = host if host.strip("[]") == text else f"{host} is {address}, which"
                raise HostRefused(
                    f"{told} is not a public address",
                    remedy="If it is meant, put its URL under [endpoints], [storage] or [catalogues] in the settings",
                )
        return found

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        try:
            with anyio.fail_after(RESOLVE_SECONDS):
                # A trailing dot names the same host (RFC 1034 §3.1).
                found = await self._resolver(host.rstrip("."), port)
        except TimeoutError:
            raise TimedOut(f"The name {host} was not resolved within {RESOLVE_SECONDS} s", remedy="Try again") from None
        except (OSError, UnicodeError) as error:
            raise Unreachable(
                f"The name {host} can't be resolved: {error}",
                remedy="Check the name; one that only a proxy resolves has to be under [catalogues] in the settings",
            ) from error
        if not found:
            raise Unreachable(f"The name {host} has no address")
        return found


def check_form(url: httpx.URL) -> None:
    """Refuse what is not a plain http(s) URL, whatever its host.

    Raises:
        HostRefused: With the reason.
    """
    if url.scheme not in ("http", "https"):
        raise HostRefused(f"{shown(url)} is not http or https", remedy="Only http(s) and configured s3 are read")
    if url.userinfo:
        raise HostRefused(f"{shown(url)} has a user name in it", remedy="Credentials belong in the settings")
    if not name(url):
        raise HostRefused(f"{shown(url)} names no host")


def is_inside(host: str) -> bool:
    """Whether a host is one that only the network it is in knows by that name: of a cluster, or of a machine."""
    plain = host.rstrip(".").lower()
    return ("." not in plain and ":" not in plain) or plain.endswith((".svc", ".cluster.local", ".internal", ".local"))


def is_signed(url: str) -> bool:
    """Whether an http URL has a storage's signature in its query, which is good for its host only."""
    return SIGNATURE.search(url.partition("?")[2]) is not None


def name(url: httpx.URL) -> str:
    """The host as it is asked for: ASCII, IDNA 2008. `url.host` would decode it, and fail on labels that are none."""
    return url.raw_host.decode("ascii")


def port(url: httpx.URL) -> int:
    """The port of a URL, the scheme's own where none is named."""
    return url.port or (443 if url.scheme == "https" else 80)


def origin(url: httpx.URL) -> str:
    """Scheme, host and port (RFC 6454)."""
    return f"{url.scheme}://{name(url).rstrip('.').lower()}:{port(url)}"


def shown(url: httpx.URL) -> str:
    """A URL fit to be shown: no user name, no query."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
