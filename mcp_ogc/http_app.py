"""What is served over HTTP: MCP at `/mcp`, who may issue tokens for it, and whether it is well."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
import anyio.to_thread
from mcp.server.auth.middleware.auth_context import AuthContextMiddleware
from mcp.server.auth.middleware.bearer_auth import BearerAuthBackend, RequireAuthMiddleware
from mcp.server.auth.routes import build_resource_metadata_url, create_protected_resource_routes
from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl, ConfigDict, TypeAdapter
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.authentication import AuthenticationMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mcp_ogc.bearers import UserToken, Verifier
from mcp_ogc.errors import OgcError
from mcp_ogc.jobs.journal import Journal
from mcp_ogc.net.access_token import AccessTokens
from mcp_ogc.net.http import open_provider_http
from mcp_ogc.net.provider import Issuer
from mcp_ogc.users import Permission

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from mcp_ogc.server import OgcServer
    from mcp_ogc.settings import Settings

MCP_PATH = "/mcp"
READY_SECONDS = 10
BODY_BYTES = 4 * 2**20
"""Of one message, as the SDK has it."""
SENT_BY_PAGES = (
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
)

Check = Callable[[], Awaitable[object]]


def http_app(server: OgcServer, settings: Settings, permissions: Mapping[str, Permission]) -> Starlette:
    """The app; it opens the server with itself.

    Args:
        server: Answers MCP.
        settings: Whose `[http]` says who may come.
        permissions: What each tool needs.
    """
    http = settings.http
    sessions = StreamableHTTPSessionManager(
        server._lowlevel_server,
        security_settings=TransportSecuritySettings(allowed_hosts=list(http.hosts), allowed_origins=list(http.origins)),
        max_request_body_size=BODY_BYTES,
    )
    path = urlsplit(http.url).path or "/" if http.url else MCP_PATH
    endpoint: ASGIApp = StreamableHTTPASGIApp(sessions)
    checks: dict[str, Check] = {"journal": partial(anyio.to_thread.run_sync, Journal, settings.journal_path)}
    routes: list[Route] = []
    middleware: list[Middleware] = []
    if http.allowed_origins:
        middleware.append(_cors(http.allowed_origins))
    providers = open_provider_http(settings)
    if http.url and http.issuer:
        tokens = AccessTokens(Issuer(providers, http.issuer), http.audience or http.url)
        checks["issuer"] = tokens.keys
        # As they are written: clients compare them so (RFC 8414 §3.3, RFC 9728 §3.3), and pydantic would add a slash.
        written = TypeAdapter(AnyHttpUrl, config=ConfigDict(url_preserve_empty_path=True))
        resource, issuer = written.validate_python(http.url), written.validate_python(http.issuer)
        metadata = build_resource_metadata_url(resource)
        names = http.scopes.by_permission
        endpoint = ToolScopes(endpoint, permissions, names, str(metadata))
        endpoint = RequireAuthMiddleware(endpoint, [names["read"]], metadata)
        routes += create_protected_resource_routes(
            resource, [issuer], list(dict.fromkeys(names.values())), resource_name="mcp-ogc"
        )
        backend = BearerAuthBackend(Verifier(tokens, http))
        middleware.append(Middleware(AuthenticationMiddleware, backend=backend, on_error=_unavailable))
        middleware.append(Middleware(AuthContextMiddleware))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with providers, sessions.run():
            yield

    routes += [
        Route(path, endpoint),
        Route("/health", _health),
        Route("/ready", _Readiness(checks)),
    ]
    return Starlette(routes=routes, middleware=middleware, lifespan=lifespan)


class ToolScopes:
    """Answers a call of a tool that the token does not allow with what it would need, so that the client can ask for it
    (MCP authorization, Scope Challenge Handling; RFC 6750 §3.1).

    The server refuses such a call whoever sends it (`OgcServer.call_tool`); this is how clients understand it.
    """

    def __init__(
        self, app: ASGIApp, permissions: Mapping[str, Permission], names: Mapping[Permission, str], metadata: str
    ) -> None:
        self._app = app
        self._permissions = permissions
        self._names = names
        self._metadata = metadata

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI; the request is authenticated."""
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        needed = self._needed(body)
        token = scope["user"].access_token
        if needed and isinstance(token, UserToken) and needed not in token.user.permissions:
            await self._challenge(needed, token.scopes)(scope, receive, send)
            return
        await self._app(scope, _again(body, receive), send)

    def _needed(self, body: bytes | None) -> Permission | None:
        try:
            message = json.loads(body or b"null")
        except (ValueError, RecursionError):
            return None
        if not isinstance(message, dict) or message.get("method") != "tools/call":
            return None
        params = message.get("params")
        name = params.get("name") if isinstance(params, dict) else None
        return self._permissions.get(name) if isinstance(name, str) else None

    def _challenge(self, needed: Permission, granted: list[str]) -> Response:
        name = self._names[needed]
        scopes = " ".join([*(one for one in self._names.values() if one in granted), name])
        told = f"Required scope: {name}"
        header = (
            f'Bearer error="insufficient_scope", error_description="{told}", scope="{scopes}", '
            f'resource_metadata="{self._metadata}"'
        )
        body = {"error": "insufficient_scope", "error_description": told}
        return JSONResponse(body, 403, {"WWW-Authenticate": header})


async def _body(receive: Receive) -> bytes | None:
    """The body of a request; None where it is longer than any message, or was not sent to its end."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES:
            return bytes(body)  # the session manager says that it is too long
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes | None, receive: Receive) -> Receive:
    """The body as it came, then whatever comes."""
    told = False

    async def replay() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.disconnect"} if body is None else {"type": "http.request", "body": body}

    return replay


class _Readiness:
    """Whether requests can be served now: each check is named, and why it fails is in the log only."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        found: dict[str, bool] = {}
        for name, check in self._checks.items():
            try:
                with anyio.fail_after(READY_SECONDS):
                    await check()
            except (OgcError, TimeoutError):
                found[name] = False
            else:
                found[name] = True
        ready = all(found.values())
        await JSONResponse({"ready": ready, **found}, 200 if ready else 503)(scope, receive, send)


async def _health(_: Request) -> Response:
    return JSONResponse({"healthy": True})


def _unavailable(_: HTTPConnection, error: Exception) -> Response:
    return JSONResponse(
        {"error": "temporarily_unavailable", "error_description": str(error)}, 503, {"Retry-After": "5"}
    )


def _cors(origins: tuple[str, ...]) -> Middleware:
    return Middleware(
        CORSMiddleware,
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=list(SENT_BY_PAGES),
        expose_headers=["Mcp-Session-Id", "WWW-Authenticate"],
        max_age=3600,
    )
