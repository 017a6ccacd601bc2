"""Our own server over HTTP, as people reach it: with tokens of a provider."""

from __future__ import annotations

import socket
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from mcp_ogc.http_server import HttpServer
from mcp_ogc.server import build_server
from mcp_ogc.serving import HttpSettings
from mcp_ogc.settings import Settings
from tests.servers.oidc import OidcProvider

START_SECONDS = 20
EVERYTHING = "mcp-ogc:read mcp-ogc:execute mcp-ogc:deploy"


@dataclass
class McpOverHttp:
    """One server, and who issues tokens for it."""

    url: str
    provider: OidcProvider

    @property
    def origin(self) -> str:
        return self.url.removesuffix("/mcp")

    def token(self, person: str = "ada", scope: str = EVERYTHING, **claims: Any) -> str:
        """A token made for this server."""
        return self.provider.access_token(person, scope, **{"aud": self.url, **claims})

    def headers(self, person: str = "ada", scope: str = EVERYTHING, **claims: Any) -> Mapping[str, str]:
        """What a client sends with each message, for those that are sent by hand."""
        token = self.token(person, scope, **claims)
        return {"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"}

    @asynccontextmanager
    async def client(self, person: str = "ada", era: str = "auto", scope: str = EVERYTHING) -> AsyncIterator[Client]:
        """A client of somebody's."""
        headers = {"Authorization": f"Bearer {self.token(person, scope)}"}
        async with (
            httpx2.AsyncClient(headers=headers, timeout=60) as http,
            Client(streamable_http_client(self.url, http_client=http), mode=era) as client,
        ):
            yield client


@dataclass
class McpInThread(McpOverHttp):
    """One that runs here."""

    server: HttpServer
    thread: threading.Thread

    async def stop(self) -> None:
        """Tell it to stop as a signal does, and wait until it has; none is there afterwards."""
        self.server.should_exit = True
        await anyio.to_thread.run_sync(self.thread.join)


@asynccontextmanager
async def over_http(settings: Settings, provider: OidcProvider, **http: Any) -> AsyncIterator[McpInThread]:
    """The server of these settings on a loopback port, with authentication."""
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
    settings = settings.model_copy(update={"http": HttpSettings(url=url, issuer=provider.url, **http)})
    server = HttpServer(build_server(settings), settings, "warning")
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    ours = McpInThread(url, provider, server, thread)
    try:
        with anyio.fail_after(START_SECONDS):
            while not server.started:
                await anyio.sleep(0.005)
        yield ours
    finally:
        await ours.stop()
        listening.close()
