"""MCP over HTTP until the process is told to stop: streams end then, and calls have a moment left."""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvicorn

from mcp_ogc.http_app import http_app
from mcp_ogc.server import PERMISSIONS

if TYPE_CHECKING:
    import socket

    from mcp_ogc.server import OgcServer
    from mcp_ogc.settings import Settings

GRACE_SECONDS = 5
"""What calls have to end once the server is told to stop; those that do not are cancelled. Docker kills what has not
stopped after 10 s, and workspaces have to close after that: files on their way, rasters being counted."""


class HttpServer(uvicorn.Server):
    """The server that the settings describe.

    Args:
        server: Answers MCP; it opens with this, and closes with it.
        settings: Where to listen, and who may come.
        level: Of the log.
    """

    def __init__(self, server: OgcServer, settings: Settings, level: str) -> None:
        # log_config=None: uvicorn's own would write access lines to stdout. Headers of proxies are not believed.
        super().__init__(
            uvicorn.Config(
                http_app(server, settings, PERMISSIONS),
                host=settings.http.host,
                port=settings.http.port,
                log_level=level,
                log_config=None,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )
        self._subscriptions = server.subscriptions

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what would go on for as long as clients like, then wait for the rest."""
        self._subscriptions.end_streams()
        await super().shutdown(sockets)
