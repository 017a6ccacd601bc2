"""How a connection is made: directly where the host is configured, to a checked address where not, or by a proxy."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from itertools import chain, zip_longest
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

import anyio
import anyio.to_thread
import httpcore
import httpx

from mcp_ogc.errors import SettingsError
from mcp_ogc.net.hosts import Hosts, check_form, name, origin, port

ADDRESSES_TRIED = 4
LOOPBACK = ("localhost", "127.0.0.1", "::1")

Addresses = Callable[[str, int], Awaitable[Sequence[str]]]

KEPT_SECONDS = 3
"""Of an idle connection: less than the five after which uvicorn and Node.js close theirs: a request that meets a
connection that closes is lost, and only a GET is sent again."""


class Connections:
    """The transports that connect, each made when it is first needed.

    Args:
        hosts: Decides what may be reached.
        ca_files: PEM file of the certificate authority, by origin.
        network: Makes the connections to hosts that are not configured.
    """

    def __init__(
        self, hosts: Hosts, ca_files: Mapping[str, Path], network: httpcore.AsyncNetworkBackend | None = None
    ) -> None:
        self._hosts = hosts
        self._ca_files = ca_files
        self._network = network or httpcore.AnyIOBackend()
        self._contexts: dict[Path | None, ssl.SSLContext] = {}
        self._transports: dict[tuple[Path | None, str | None, bool], httpx.AsyncBaseTransport] = {}
        self._making = anyio.Lock()

    async def transport(self, url: httpx.URL) -> httpx.AsyncBaseTransport:
        """The transport for a URL that may be reached.

        Raises:
            HostRefused: It may not, as far as that is known before the connection is made.
            SettingsError: A proxy or a ca_file that can't be used.
        """
        check_form(url)
        configured, proxy, ca_file = self._hosts.is_configured(url), proxy_of(url), self._ca_files.get(origin(url))
        if proxy is not None:
            # The proxy resolves the name again, so this is the most that can be done from here.
            await self._hosts.check(url)
        key = (ca_file, proxy, configured)
        async with self._making:
            if key not in self._transports:
                if ca_file not in self._contexts:
                    self._contexts[ca_file] = await anyio.to_thread.run_sync(_tls, ca_file)
                self._transports[key] = self._make(self._contexts[ca_file], proxy, configured)
            return self._transports[key]

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.aclose()

    def _make(self, context: ssl.SSLContext, proxy: str | None, configured: bool) -> httpx.AsyncBaseTransport:
        if proxy is None and not configured:
            return _PublicTransport(context, _PublicNetwork(self._network, self._hosts.public_addresses))
        try:
            limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=KEPT_SECONDS)
            return httpx.AsyncHTTPTransport(verify=context, proxy=proxy, trust_env=False, limits=limits)
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            raise SettingsError(
                f"The proxy of the environment can't be used: {error}",
                remedy="HTTPS_PROXY and HTTP_PROXY read http://host:port",
            ) from None


class _PublicTransport(httpx.AsyncHTTPTransport):
    """httpx's transport over a network of ours. httpx 0.28 has no public way to name one; the test of T4 holds this."""

    def __init__(self, context: ssl.SSLContext, network: httpcore.AsyncNetworkBackend) -> None:
        super().__init__(verify=context, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=network,
        )


class _PublicNetwork(httpcore.AsyncNetworkBackend):
    """Connects to the very addresses that were checked: a name that is resolved twice may change in between."""

    def __init__(self, network: httpcore.AsyncNetworkBackend, addresses: Addresses) -> None:
        self._network = network
        self._addresses = addresses

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers; the time is shared among those that are tried."""
        addresses = _alternating(await self._addresses(host, port))[:ADDRESSES_TRIED]
        share = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(address, port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._network.connect_tcp(addresses[-1], port, share, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as httpcore asks."""
        await self._network.sleep(seconds)


def _alternating(addresses: Sequence[str]) -> Sequence[str]:
    """IPv6 and IPv4 in turn, the first stays first (RFC 8305 §4): one family may lead nowhere."""
    families: dict[bool, list[str]] = {":" in addresses[0]: [], ":" not in addresses[0]: []}
    for address in addresses:
        families[":" in address].append(address)
    return [address for address in chain.from_iterable(zip_longest(*families.values())) if address]


def proxy_of(url: httpx.URL) -> str | None:
    """The proxy of the environment for a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, and NO_PROXY's exceptions.

    This machine itself is never reached by a proxy: a port that is forwarded to it does not exist on the proxy's side.
    """
    host = name(url)
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or host in LOOPBACK or proxy_bypass(f"{host}:{port(url)}"):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """The system's trust store (SSL_CERT_FILE and SSL_CERT_DIR are honoured), and an endpoint's own authority."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.cafile and not paths.capath:
        import certifi  # Python on macOS may come without the system's store; httpx brings this one

        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise SettingsError(f"The ca_file {ca_file} can't be used: {error}") from error
    return context
