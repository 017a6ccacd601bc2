"""The one way out: every request to another machine goes through here.

Hosts are checked before each connection and the checked address is the one connected to; redirects are followed here,
each hop checked; credentials go to their own origin only; a GET is tried again, nothing else ever is.
"""

from __future__ import annotations

import os
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.request import getproxies, proxy_bypass

import anyio
import httpx

from mcp_ogc import __version__
from mcp_ogc.errors import HostRefused, SettingsError, TimedOut, TooLarge, Unreachable
from mcp_ogc.net.auth import Credentials
from mcp_ogc.net.hosts import Hosts, origin, shown
from mcp_ogc.settings import Limits, Settings

REDIRECTS = 5
TRIES = 3
RETRIED_STATUSES = (429, 502, 503, 504)
LONGEST_PAUSE = 8.0
# What a request may carry; anything else is ours to add or not to send at all.
SENT_HEADERS = frozenset(
    (
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "if-match",
        "if-none-match",
        "prefer",
        "range",
        "transfer-encoding",
        "user-agent",
    )
)
# The headers of a signed S3 request: they belong to the origin they were signed for.
SIGNED_HEADERS = ("authorization", "x-amz-")

Connect = Callable[[ssl.SSLContext, str | None], httpx.AsyncBaseTransport]


class Hop(NamedTuple):
    """What a request leads to: an answer, or the next address."""

    response: httpx.Response
    location: httpx.URL | None


def connect(context: ssl.SSLContext, proxy: str | None) -> httpx.AsyncBaseTransport:
    """A transport that connects: directly, or through a proxy."""
    return httpx.AsyncHTTPTransport(verify=context, proxy=proxy, trust_env=False)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Checks, follows, authenticates and repeats, in front of the transports that connect.

    Args:
        hosts: Decides what may be reached.
        credentials: Decides what goes with a request.
        limits: Times.
        ca_files: PEM file of the certificate authority, by origin.
        connect: Makes the transport behind.
    """

    def __init__(
        self,
        hosts: Hosts,
        credentials: Credentials,
        limits: Limits,
        ca_files: Mapping[str, Path],
        connect: Connect = connect,
    ) -> None:
        self._hosts = hosts
        self._credentials = credentials
        self._limits = limits
        self._ca_files = ca_files
        self._connect = connect
        self._transports: dict[tuple[Path | None, str | None], httpx.AsyncBaseTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and follow it to its answer.

        Raises:
            HostRefused: An address, or one it redirects to, may not be reached.
            Unreachable, TimedOut: No answer.
        """
        try:
            with anyio.fail_after(self._limits.request_seconds):
                return await self._follow(request)
        except TimeoutError:
            raise TimedOut(
                f"{shown(request.url)} did not answer within {self._limits.request_seconds:g} s",
                remedy="Try again; limits.request_seconds in the settings sets this bound",
            ) from None

    async def aclose(self) -> None:
        """Close every connection."""
        for transport in self._transports.values():
            await transport.aclose()

    async def _follow(self, request: httpx.Request) -> httpx.Response:
        started = request.url
        for _ in range(REDIRECTS + 1):
            hop = await self._hop(request, started)
            if hop.location is None:
                return hop.response
            await hop.response.aclose()
            request = _redirected(request, hop.response.status_code, hop.location)
        raise Unreachable(f"{shown(started)} redirects more than {REDIRECTS} times")

    async def _hop(self, request: httpx.Request, started: httpx.URL) -> Hop:
        response = await self._tried(request, started)
        target = response.headers.get("location", "")
        if response.status_code not in (301, 302, 303, 307, 308) or not target:
            return Hop(response, None)
        return Hop(response, request.url.join(target))

    async def _tried(self, request: httpx.Request, started: httpx.URL) -> httpx.Response:
        """One request, a GET up to three times. Nothing else is ever sent twice."""
        tries = TRIES if request.method == "GET" else 1
        for number in range(1, tries + 1):
            last = number == tries
            try:
                response = await self._once(request, started)
            except Unreachable:
                if last:
                    raise
                await anyio.sleep(_pause(number, None))
                continue
            if last or response.status_code not in RETRIED_STATUSES:
                return response
            pause = _pause(number, response.headers.get("retry-after"))
            if pause > LONGEST_PAUSE:
                return response
            await response.aclose()
            await anyio.sleep(pause)
        raise AssertionError("unreachable")

    async def _once(self, request: httpx.Request, started: httpx.URL) -> httpx.Response:
        address = await self._hosts.check(request.url)
        proxy = _proxy(request.url)
        outgoing = self._outgoing(request, started)
        if address is not None and proxy is None:
            outgoing = _pinned(outgoing, address)
        try:
            return await self._transport(request.url, proxy).handle_async_request(outgoing)
        except httpx.TimeoutException as error:
            raise TimedOut(f"{shown(request.url)} did not answer in time", remedy="Try again") from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"{shown(request.url)} can't be reached: {error or type(error).__name__}",
                remedy="Check the URL, the network, and for TLS the endpoint's ca_file",
            ) from error

    def _outgoing(self, request: httpx.Request, started: httpx.URL) -> httpx.Request:
        """The request as it leaves: allowed headers, and the credentials of where it goes."""
        same_origin = origin(request.url) == origin(started)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name in SENT_HEADERS or (same_origin and name.startswith(SIGNED_HEADERS))
        }
        headers["host"] = request.url.netloc.decode("ascii")
        headers.update(self._credentials.headers(request.url, started))
        return httpx.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=dict(request.extensions)
        )

    def _transport(self, url: httpx.URL, proxy: str | None) -> httpx.AsyncBaseTransport:
        ca_file = self._ca_files.get(origin(url))
        if (ca_file, proxy) not in self._transports:
            self._transports[ca_file, proxy] = self._connect(_tls(ca_file), proxy)
        return self._transports[ca_file, proxy]


def open_http(settings: Settings) -> httpx.AsyncClient:
    """The one client for everything on other machines."""
    endpoints = settings.configured_endpoints()
    configured = [endpoint.url for endpoint in endpoints.values()]
    configured += [catalogue.url for catalogue in settings.catalogues.values()]
    configured += [storage.endpoint for storage in settings.storage.values() if storage.endpoint]
    ca_files = {
        origin(httpx.URL(endpoint.url)): endpoint.ca_file for endpoint in endpoints.values() if endpoint.ca_file
    }
    transport = GuardedTransport(Hosts(configured), Credentials(endpoints), settings.limits, ca_files)
    limits = settings.limits
    return httpx.AsyncClient(
        transport=transport,
        timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
        headers={"User-Agent": f"mcp-ogc/{__version__}"},
        follow_redirects=False,
        trust_env=False,
    )


async def read_bounded(response: httpx.Response, limit: int) -> bytes:
    """The body of a response, decompressed, up to a bound.

    Raises:
        TooLarge: It is longer.
        Unreachable, TimedOut: It broke off.
    """
    return b"".join([chunk async for chunk in stream_bounded(response, limit)])


async def stream_bounded(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """The body of a response piece by piece, decompressed, up to a bound; raises as `read_bounded`."""
    size = 0
    try:
        async for chunk in response.aiter_bytes():
            size += len(chunk)
            if size > limit:
                raise TooLarge(
                    f"{shown(response.url)} is longer than {limit:,} bytes",
                    remedy="[limits] in the settings sets the bound",
                )
            yield chunk
    except httpx.TimeoutException as error:
        raise TimedOut(f"{shown(response.url)} stopped in the middle", remedy="Try again") from error
    except (httpx.TransportError, httpx.DecodingError) as error:
        raise Unreachable(f"{shown(response.url)} broke off: {error}", remedy="Try again") from error


def _redirected(request: httpx.Request, status: int, target: httpx.URL) -> httpx.Request:
    if request.url.scheme == "https" and target.scheme != "https":
        raise HostRefused(f"{shown(request.url)} redirects from https to {shown(target)}")
    if request.method in ("GET", "HEAD"):
        return httpx.Request(request.method, target, headers=request.headers, extensions=request.extensions)
    if status == 303:
        headers = {name: value for name, value in request.headers.items() if not name.startswith("content-")}
        return httpx.Request("GET", target, headers=headers, extensions=request.extensions)
    raise HostRefused(
        f"{shown(request.url)} redirects a {request.method} to {shown(target)}, and only a GET is sent again",
        remedy="Configure the endpoint with the URL it redirects to",
    )


def _pinned(request: httpx.Request, address: str) -> httpx.Request:
    """The same request to the address that was checked; name and certificate stay the host's."""
    extensions = dict(request.extensions)
    if request.url.scheme == "https":
        extensions["sni_hostname"] = request.url.host
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions=extensions,
    )


def _pause(number: int, retry_after: str | None) -> float:
    """Seconds before the next try: what the server says, else twice as long each time, with jitter."""
    if retry_after and retry_after.isdigit():
        return float(retry_after)
    return (0.3, 0.6, 1.2)[min(number, 3) - 1] * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def _proxy(url: httpx.URL) -> str | None:
    """The proxy of the environment for a URL: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, and NO_PROXY's exceptions."""
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return None if proxy is None or proxy_bypass(url.host) else proxy


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """The system's trust store (SSL_CERT_FILE and SSL_CERT_DIR are honoured), and an endpoint's own authority."""
    context = ssl.create_default_context()
    if not context.cert_store_stats()["x509_ca"] and not os.environ.get("SSL_CERT_FILE"):
        import certifi  # Python on macOS and Windows may come without the system's store

        context.load_verify_locations(certifi.where())
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:
            raise SettingsError(f"The ca_file {ca_file} can't be used: {error}") from error
    return context
