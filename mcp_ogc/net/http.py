"""The one way out: every request to another machine goes through here.

Hosts are checked before each connection and the checked address is the one connected to; redirects are followed here,
each hop checked; credentials go to their own origin only; a GET is tried again, nothing else ever is.
"""

from __future__ import annotations

import math
import random
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import httpx

from mcp_ogc import __version__
from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication
from mcp_ogc.errors import HostRefused, Moved, TimedOut, TooLarge, Unreachable
from mcp_ogc.net.auth import Credentials, Learn, Realm
from mcp_ogc.net.body import decoded, told
from mcp_ogc.net.connections import Connections
from mcp_ogc.net.hosts import Hosts, is_inside, name, origin, port, shown
from mcp_ogc.net.realms import realms_of
from mcp_ogc.net.refusal import Entry, is_login_address
from mcp_ogc.telemetry import Requests

if TYPE_CHECKING:
    from mcp_ogc.settings import Limits, Settings, StorageSettings

REDIRECTS = 5
REDIRECT_STATUSES = (301, 302, 303, 307, 308)
TRIES = 3
RETRIED_STATUSES = (429, 502, 503, 504)
LONGEST_PAUSE = 8.0
LONGEST_TOLD = 86400
"""Seconds after which somebody may be told to call again."""
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
        "x-amz-request-payer",
    )
)
SIGNED = "AWS4-HMAC-SHA256 "
ENDPOINT = "endpoint"
"""The request extension that names the base URL of the endpoint a request is for."""
AUTHORIZATION = "authorization"
"""The request extension with the Authorization header of a request that brings its own."""
ENTRY = "entry"
"""The response extension that tells how the request presented itself: an `Entry`, where it is an endpoint's."""


def _unheard(secret: str) -> None:
    """Where nothing is written, nothing has to be masked."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """Checks, follows, authenticates and repeats, in front of the transports that connect.

    Args:
        credentials: Decides what goes with a request.
        connections: Decides what may be reached, and reaches it.
        limits: Times.
    """

    def __init__(self, credentials: Credentials, connections: Connections, limits: Limits) -> None:
        self._credentials = credentials
        self._connections = connections
        self._limits = limits
        self._requests = Requests()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and follow it to its answer, whose body is still to be read.

        Raises:
            HostRefused: An address, or one it redirects to, may not be reached.
            Unreachable, TimedOut: No answer.
        """
        with self._requests.measured(request.method, name(request.url), port(request.url)) as outcome:
            response = await self._in_time(request)
            outcome.status = response.status_code
            return response

    async def aclose(self) -> None:
        """Close every connection."""
        await self._connections.aclose()

    async def _in_time(self, request: httpx.Request) -> httpx.Response:
        try:
            with anyio.fail_after(self._limits.request_seconds):
                return await self._follow(request)
        except TimeoutError:
            raise TimedOut(
                f"{shown(request.url)} did not answer within {self._limits.request_seconds:g} s",
                remedy="Try again; limits.request_seconds in the settings sets this bound",
            ) from None

    async def _follow(self, started: httpx.Request) -> httpx.Response:
        request = started
        for _ in range(REDIRECTS + 1):
            response = await self._tried(request, started)
            if response.status_code not in REDIRECT_STATUSES or "location" not in response.headers:
                return response
            if _is_refused(request, response):
                return response  # nobody is there to sign in: the redirect itself is the answer
            await response.aclose()
            request = _redirected(request, response, started.extensions.get(ENDPOINT))
        raise Unreachable(f"{shown(started.url)} redirects more than {REDIRECTS} times")

    async def _tried(self, request: httpx.Request, started: httpx.Request) -> httpx.Response:
        """One request, a GET up to three times. Nothing else is ever sent twice."""
        for number in range(1, TRIES if request.method == "GET" else 1):
            try:
                response = await self._authenticated(request, started)
            except TimedOut:
                raise
            except Unreachable:
                await anyio.sleep(_backoff(number))
                continue
            pause = _pause(response, number)
            if pause is None:
                return response
            await response.aclose()
            await anyio.sleep(pause)
        return await self._authenticated(request, started)

    async def _authenticated(self, request: httpx.Request, started: httpx.Request) -> httpx.Response:
        """One request with the credentials of where it goes; a GET once more with new ones if they are refused.

        Anything else is not sent again: a 401 says that nothing was done (RFC 9110 §15.5.2), but it is the gateway's
        word for what is behind it, the body may be gone by now, and "never sent twice" would have an exception. What
        was refused is renewed before the next request, so the same call made again goes through.

        Raises:
            AuthenticationRequired: Nobody is signed in, or it leads to a login page.
        """
        own = _brought(request, started)
        endpoint = started.extensions.get(ENDPOINT)
        realm = None if own else self._credentials.realm(request.url, httpx.URL(endpoint) if endpoint else None)
        if realm is None:
            return await self._once(request, own)
        sent = await realm.credential.headers()
        response = await self._presented(request, realm, sent)
        if request.method == "GET" and _is_refused(request, response):
            renewed = await self._renewed(realm, response)
            if renewed != sent:
                await response.aclose()
                sent, response = renewed, await self._presented(request, realm, renewed)
        entry = Entry(realm, sent, will_renew=request.method != "GET" and realm.is_renewable)
        if response.status_code != 401 and _is_refused(request, response):
            await response.aclose()
            raise entry.login_page()
        response.extensions[ENTRY] = entry
        return response

    async def _presented(self, request: httpx.Request, realm: Realm, sent: Mapping[str, str]) -> httpx.Response:
        response = await self._once(request, sent)
        if _is_refused(request, response):
            realm.credential.refused(sent)
        return response

    async def _renewed(self, realm: Realm, response: httpx.Response) -> Mapping[str, str]:
        try:
            return await realm.credential.headers()
        except BaseException:
            await response.aclose()
            raise

    async def _once(self, request: httpx.Request, credentials: Mapping[str, str]) -> httpx.Response:
        transport = await self._connections.transport(request.url)
        with told(request.url):
            response = await transport.handle_async_request(_outgoing(request, credentials))
        return decoded(response, request.url)


def open_http(settings: Settings, learn: Learn = _unheard) -> httpx.AsyncClient:
    """The one client for everything on other machines.

    Args:
        settings: Say what may be reached, and what authenticates where.
        learn: Told of secrets that are found at run time.
    """
    connections = _connections(settings)
    # It shares the connections, which are closed with the other one.
    providers = _client(settings, Credentials(), connections)
    return _client(settings, Credentials(realms_of(settings, providers, learn)), connections)


def open_provider_http(settings: Settings) -> httpx.AsyncClient:
    """A client for identity providers, as guarded as any: it has no credentials of endpoints."""
    return _client(settings, Credentials(), _connections(settings))


def _connections(settings: Settings) -> Connections:
    return Connections(Hosts(_configured(settings)), _ca_files(settings))


def _client(settings: Settings, credentials: Credentials, connections: Connections) -> httpx.AsyncClient:
    limits = settings.limits
    return httpx.AsyncClient(
        transport=GuardedTransport(credentials, connections, limits),
        timeout=httpx.Timeout(limits.read_seconds, connect=limits.connect_seconds),
        headers={"User-Agent": f"mcp-ogc/{__version__}", "Accept-Encoding": "gzip"},
        follow_redirects=False,
        trust_env=False,
    )


def _configured(settings: Settings) -> Iterator[str]:
    """Every URL the settings name: what may be reached, wherever it is."""
    for endpoint in settings.configured_endpoints().values():
        yield endpoint.url
        if isinstance(endpoint.authentication, OidcAuthentication | ClientCredentialsAuthentication):
            yield endpoint.authentication.issuer
    if settings.http.issuer:
        yield settings.http.issuer
    yield from (catalogue.url for catalogue in settings.catalogues.values())
    for storage in settings.storage.values():
        yield from _addresses(storage)
        if storage.workspace_url:
            yield storage.workspace_url


def _ca_files(settings: Settings) -> Mapping[str, Path]:
    """The certificate authority's file by origin; an endpoint's own is good for its identity provider too."""
    files: dict[str, Path] = {}
    for endpoint in settings.configured_endpoints().values():
        if endpoint.ca_file:
            files[origin(httpx.URL(endpoint.url))] = endpoint.ca_file
            if isinstance(endpoint.authentication, OidcAuthentication | ClientCredentialsAuthentication):
                files.setdefault(origin(httpx.URL(endpoint.authentication.issuer)), endpoint.ca_file)
    if settings.http.issuer and settings.http.ca_file:
        files[origin(httpx.URL(settings.http.issuer))] = settings.http.ca_file
    return files


async def answered(http: httpx.AsyncClient, request: httpx.Request, limit: int) -> tuple[httpx.Response, bytes]:
    """Send a request and read its answer, whatever its status, up to a bound; raises as `read_bounded`."""
    response = await http.send(request, stream=True)
    try:
        return response, await read_bounded(response, limit)
    finally:
        await response.aclose()


async def read_bounded(response: httpx.Response, limit: int) -> bytes:
    """The body of a response, decoded, up to a bound.

    Raises:
        TooLarge: It is longer.
        Unreachable, TimedOut: It broke off.
    """
    return b"".join([chunk async for chunk in stream_bounded(response, limit)])


async def stream_bounded(response: httpx.Response, limit: int) -> AsyncGenerator[bytes, None]:
    """The body of a response piece by piece, decoded, up to a bound; raises as `read_bounded`."""
    size = 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > limit:
            raise TooLarge(
                f"{shown(response.url)} is longer than {limit:,} bytes",
                remedy="[limits] in the settings sets the bound",
            )
        yield chunk


def _addresses(storage: StorageSettings) -> tuple[str, ...]:
    """Where a storage is: its endpoint, and with virtual hosts every name below it."""
    if not storage.endpoint:
        return ()
    return (storage.endpoint,) if storage.path_style else (storage.endpoint, storage.endpoint.replace("://", "://*."))


def _brought(request: httpx.Request, started: httpx.Request) -> Mapping[str, str]:
    """The credentials a request brings, a signature or its extension's: for the origin it was made for."""
    if origin(request.url) != origin(started.url):
        return {}
    if request.headers.get("authorization", "").startswith(SIGNED):
        signed = [name for name in request.headers if name == "authorization" or name.startswith("x-amz-")]
        return {name: request.headers[name] for name in signed}
    brought = started.extensions.get(AUTHORIZATION)
    return {"Authorization": brought} if brought else {}


def _outgoing(request: httpx.Request, credentials: Mapping[str, str]) -> httpx.Request:
    """The request as it leaves: allowed headers, and the credentials of where it goes."""
    headers = httpx.Headers([(name, value) for name, value in request.headers.items() if name in SENT_HEADERS])
    headers["Host"] = request.url.netloc.decode("ascii")
    headers.update(credentials)
    return httpx.Request(
        request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
    )


def _is_refused(request: httpx.Request, response: httpx.Response) -> bool:
    """Whether an answer says that nobody is signed in: 401, or a redirect to where people do."""
    if response.status_code not in REDIRECT_STATUSES or "location" not in response.headers:
        return response.status_code == 401
    try:
        return is_login_address(request.url.join(response.headers["location"]))
    except httpx.InvalidURL:
        return False


def _redirected(request: httpx.Request, response: httpx.Response, endpoint: str | None) -> httpx.Request:
    """The request a redirect asks for.

    Behind a proxy a server redirects to the name it has inside (quirks Q4, Q50): that is the endpoint's own address.

    Raises:
        HostRefused: It leads from https to http, or would send again what is not a GET.
        Moved: It says that what was sent belongs elsewhere. A 302 may come after it was done, as in a browser.
        Unreachable: It leads nowhere.
    """
    try:
        target = request.url.join(response.headers["location"])
        if endpoint is not None and is_inside(target.host):
            base = httpx.URL(endpoint)
            target = target.copy_with(scheme=base.scheme, host=base.host, port=base.port)
    except httpx.InvalidURL as error:
        raise Unreachable(f"{shown(request.url)} redirects to what is not a URL: {error}") from error
    if request.url.scheme == "https" and target.scheme != "https":
        raise HostRefused(f"{shown(request.url)} redirects from https to {shown(target)}")
    if request.method in ("GET", "HEAD"):
        return httpx.Request(request.method, target, headers=request.headers, extensions=request.extensions)
    if response.status_code == 303:
        headers = [(name, value) for name, value in request.headers.items() if not name.startswith("content-")]
        return httpx.Request("GET", target, headers=headers, extensions=request.extensions)
    refusal = HostRefused if response.status_code == 302 else Moved
    raise refusal(
        f"{shown(request.url)} redirects a {request.method} to {shown(target)}, and only a GET is sent again",
        remedy="Configure the endpoint with the URL it redirects to",
    )


def _pause(response: httpx.Response, number: int) -> float | None:
    """Seconds before a GET is tried again; None where its answer stands, or the time left does not allow it."""
    if response.status_code not in RETRIED_STATUSES:
        return None
    told_to = retry_after(response)
    pause = _backoff(number) if told_to is None else told_to
    left = anyio.current_effective_deadline() - anyio.current_time()
    return pause if pause < min(LONGEST_PAUSE, left) else None


def retry_after(response: httpx.Response) -> float | None:
    """Seconds the server wants to be left alone, which may come as a date (RFC 9110 §10.2.3)."""
    text = response.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None


def call_again(response: httpx.Response) -> str:
    """When a server that was asked too often may be asked again, as far as it tells and it is soon."""
    told_to = retry_after(response) or 0.0
    return f"Call again in {math.ceil(told_to)} s" if 0 < told_to <= LONGEST_TOLD else "Call again in a while"


def _backoff(number: int) -> float:
    """Twice as long each time, with jitter, so that clients do not return together."""
    return 0.3 * 2.0 ** (number - 1) * random.uniform(0.5, 1.5)  # noqa: S311 - no secret
