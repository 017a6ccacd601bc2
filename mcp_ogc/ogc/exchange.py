"""One request and its answer: sent once, bounded in size and time, read as JSON where JSON is expected."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import anyio
import httpx

from mcp_ogc.errors import (
    AccessDenied,
    AskedTooOften,
    AuthenticationRequired,
    Garbled,
    HostRefused,
    RemoteProblem,
    TimedOut,
    Unreachable,
    UnreadableAnswer,
)
from mcp_ogc.net.http import ENDPOINT, ENTRY, call_again, read_bounded, retry_after
from mcp_ogc.net.refusal import Entry, is_login_page, joined
from mcp_ogc.ogc.addresses import Addresses, with_query
from mcp_ogc.ogc.answers import excerpt, is_page, json_or_none, link_headers, mended_json, says_json
from mcp_ogc.ogc.clock import ServerClock
from mcp_ogc.ogc.models import JsonObject, Link
from mcp_ogc.ogc.problems import is_exception, is_report, read_problem

if TYPE_CHECKING:
    from mcp_ogc.ogc.rules import Rules
    from mcp_ogc.settings import Limits

JSON = "application/json"
READ_AGAIN_SECONDS = 0.5


class Exchange:
    """Requests to one endpoint.

    Args:
        http: Sends them.
        addresses: The endpoint's: whose credentials go with them.
        limits: Bounds on bodies and times.
        rules: What may be sent at all.
    """

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses, limits: Limits, rules: Rules) -> None:
        self._http = http
        self._addresses = addresses
        self._limits = limits
        self._rules = rules
        self.format_parameter: str | None = None
        """Query parameter that asks for JSON, once the server turned out to need it (quirk Q40)."""
        self.clock = ServerClock()

    async def document(
        self, url: str, *, subject: str = "", missing: type[RemoteProblem] = RemoteProblem
    ) -> tuple[JsonObject, tuple[Link, ...]]:
        """`GET` a JSON object, and the links in its headers.

        Damaged JSON is asked for once more and then mended as far as it goes (quirk Q44); a page of HTML is asked for
        as JSON by query parameter (Q40).

        Raises:
            RemoteProblem: The server says so, also where it says so with a status of success.
            UnreadableAnswer: It is no JSON object; with the beginning of what it is.
        """
        response, body = await self._get(url, subject=subject, missing=missing)
        document = json_or_none(body)
        if not isinstance(document, dict) and body.lstrip()[:1] == b"<" and self.format_parameter is None:
            self.format_parameter = "f"
            response, body = await self._get(url, subject=subject, missing=missing)
            document = json_or_none(body)
            if not isinstance(document, dict):
                self.format_parameter = None
        if document is None and body.lstrip()[:1] in (b"{", b"["):
            await anyio.sleep(READ_AGAIN_SECONDS)
            response, body = await self._get(url, subject=subject, missing=missing)
            document = mended_json(body)
        if is_report(body) or is_exception(document):
            raise read_problem(response.status_code, body, url=url, subject=subject, missing=missing)
        if not isinstance(document, dict):
            raise _no_document(response, body, url, is_damaged=document is None)
        return document, link_headers(response.headers.get_list("link"), str(response.url))

    async def _get(self, url: str, *, subject: str, missing: type[RemoteProblem]) -> tuple[httpx.Response, bytes]:
        wanted = with_query(url, **{self.format_parameter: "json"}) if self.format_parameter else url
        response, body = await self.send("GET", wanted, headers={"Accept": JSON})
        if response.status_code >= 300:
            raise self.problem_of(response, body, url=url, subject=subject, missing=missing)
        return response, body

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | AsyncIterator[bytes] | None = None,
        read: Callable[[httpx.Response, int], Awaitable[bytes]] = read_bounded,
    ) -> tuple[httpx.Response, bytes]:
        """One request, and its answer whatever its status, unless it lets nobody in.

        Raises:
            NotPermitted: The operator's rules exclude it; nothing was sent.
            AuthenticationRequired, AccessDenied: 401, 403 or a login page; with what to do at this endpoint.
            Unreachable, TimedOut, TooLarge, UnreadableAnswer: No answer, or none that can be taken.
        """
        self._rules.check_method(method)
        # ZOO-Project's /temp is outside the base URL, and wants this endpoint's credentials all the same.
        extensions, seconds = {ENDPOINT: self._addresses.base}, self._limits.request_seconds
        try:
            request = self._http.build_request(method, url, headers=headers, content=content, extensions=extensions)
        except httpx.InvalidURL as error:
            raise UnreadableAnswer(f"{url!r} is not a URL: {error}") from error
        try:
            with anyio.fail_after(seconds):
                async with self._sent(request) as response:
                    body = await read(response, self._limits.document_bytes)
                    _check_let_in(response, body)
                    return response, body
        except (Unreachable, HostRefused, AuthenticationRequired, AccessDenied) as error:
            error.remedy = joined(error.remedy, self._addresses.advice(url))
            raise
        except TimeoutError:
            raise TimedOut(f"{url} did not answer to its end within {seconds:g} s", remedy="Try again") from None

    def problem_of(
        self,
        response: httpx.Response,
        body: bytes,
        *,
        url: str,
        subject: str = "",
        missing: type[RemoteProblem] = RemoteProblem,
    ) -> RemoteProblem:
        """The error an answer is, as of `read_problem`, and how long the server wants to be left alone."""
        problem = read_problem(response.status_code, body, url=url, subject=subject, missing=missing)
        problem.retry_after = retry_after(response) or 0.0
        if isinstance(problem, AskedTooOften) or (problem.status == 503 and problem.retry_after):
            problem.remedy = call_again(response)
        if not problem.type:  # whoever says what is wrong is the endpoint itself
            problem.remedy = joined(problem.remedy, self._addresses.advice(url))
        return problem

    @asynccontextmanager
    async def _sent(self, request: httpx.Request) -> AsyncIterator[httpx.Response]:
        try:
            sent = datetime.now(UTC)
            response = await self._http.send(request, stream=True)
            self.clock.read(response.headers, sent, datetime.now(UTC))
            try:
                yield response
            finally:
                await response.aclose()
        except httpx.TimeoutException as error:
            raise TimedOut(f"{request.url} did not answer in time", remedy="Try again, or raise limits") from error
        except httpx.TransportError as error:
            raise Unreachable(
                f"{request.url} can't be reached: {error}", remedy="Check the URL and the network"
            ) from error


def _no_document(response: httpx.Response, body: bytes, url: str, *, is_damaged: bool) -> UnreadableAnswer:
    if is_page(body):
        return page_of_another(url, body)
    media_type = response.headers.get("content-type", "")
    if is_damaged and says_json(media_type, body):
        return Garbled(
            f"{url} answered with JSON that is damaged or ends too early", detail=excerpt(body), remedy="Call again"
        )
    return UnreadableAnswer(
        f"{url} answered with {media_type or 'no media type'} that is not a JSON object",
        detail=excerpt(body),
        remedy="Is it an OGC API - Processes endpoint? ogc_list_endpoints tells what answers there",
    )


def page_of_another(url: str, body: bytes) -> Garbled:
    """The error of a page of HTML where the endpoint's own answer should be."""
    return Garbled(
        f"{url} answered with a page of HTML: it is for people, or of a gateway in between",
        detail=excerpt(body),
        remedy="Call again; if it stays so, ogc_list_endpoints tells what answers there",
    )


def _check_let_in(response: httpx.Response, body: bytes) -> None:
    """Raise where the answer is that nobody is, or that this one may not."""
    entry = response.extensions.get(ENTRY)
    if not isinstance(entry, Entry):
        return
    if response.status_code in (401, 403):
        problem = read_problem(response.status_code, body, url=str(response.url))
        if isinstance(problem, AuthenticationRequired | AccessDenied):
            raise entry.refused(response.status_code, problem.detail)
    elif response.status_code < 300 and is_login_page(body):
        raise entry.login_page()
