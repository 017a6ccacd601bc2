"""Which hosts may be reached: those that are configured, private or not; any other only where it is public.

Addresses are judged by `ipaddress` after the resolver has read them, never by reading them here: 2130706433 and 0x7f.1
are what the resolver says they are.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence

import anyio
import httpx

from mcp_ogc.errors import HostRefused, TimedOut, Unreachable

RESOLVE_SECONDS = 10

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Addresses that a gateway turns into the IPv4 address in their last four bytes (RFC 6052)."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host, by the system's resolver."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[4][0]) for address in found]


class Hosts:
    """The hosts that may be reached.

    Args:
        configured: URLs of endpoints, storages and catalogues: their origins are allowed because they are configured.
        resolver: Finds a host's addresses.
    """

    def __init__(self, configured: Iterable[str], resolver: Resolver = resolve) -> None:
        self._origins = {origin(httpx.URL(url)) for url in configured}
        self._resolver = resolver

    def is_configured(self, url: httpx.URL) -> bool:
        """Whether a URL's origin is configured."""
        return origin(url) in self._origins

    async def check(self, url: httpx.URL) -> str | None:
        """Decide before any connection.

        Returns:
            The address to connect to, so that what was checked is what is reached; None for a configured host, which is
            left to the connection.

        Raises:
            HostRefused: With the reason.
            Unreachable: The name can't be resolved.
        """
        if url.scheme not in ("http", "https"):
            raise HostRefused(f"{shown(url)} is not http or https", remedy="Only http(s) and configured s3 are read")
        if url.userinfo:
            raise HostRefused(f"{shown(url)} has a user name in it", remedy="Credentials belong into the settings")
        if not url.host:
            raise HostRefused(f"{shown(url)} names no host")
        if self.is_configured(url):
            return None
        addresses = [ipaddress.ip_address(found.split("%", 1)[0]) for found in await self._resolve(url)]
        for address in addresses:
            if not is_public(address):
                raise HostRefused(
                    f"{url.host} is {address}, which is not a public address",
                    remedy="If it is meant, put its URL under [endpoints], [storage] or [catalogues] in the settings",
                )
        return str(addresses[0])

    async def _resolve(self, url: httpx.URL) -> Sequence[str]:
        # A trailing dot names the same host (RFC 1034 §3.1).
        try:
            with anyio.fail_after(RESOLVE_SECONDS):
                found = await self._resolver(url.host.rstrip("."), port(url))
        except TimeoutError:
            raise TimedOut(f"The name {url.host} was not resolved within {RESOLVE_SECONDS} s") from None
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"The name {url.host} can't be resolved: {error}") from error
        if not found:
            raise Unreachable(f"The name {url.host} has no address")
        return found


def is_public(address: Address) -> bool:
    """Whether an address is anybody's to reach: global, and so is the IPv4 address inside, where there is one."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None and not is_public(inner):
            return False
    return address.is_global and not address.is_multicast


def port(url: httpx.URL) -> int:
    """The port of a URL, the scheme's own where none is named."""
    return url.port or (443 if url.scheme == "https" else 80)


def origin(url: httpx.URL) -> str:
    """Scheme, host and port (RFC 6454)."""
    return f"{url.scheme}://{url.host.rstrip('.').lower()}:{port(url)}"


def shown(url: httpx.URL) -> str:
    """A URL fit to be shown: no user name, no query."""
    return str(url.copy_with(userinfo=b"", query=None, fragment=None))
