"""Where a browser comes back to after a sign-in: a port of this machine that listens until it does (RFC 8252 §7.3)."""

from __future__ import annotations

import html
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from urllib.parse import parse_qsl, urlsplit

import anyio
import anyio.to_thread

from mcp_ogc.errors import SettingsError

PATH = "/callback"
CONNECTION_SECONDS = 5
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>mcp-ogc</title>
<body style="font-family: system-ui; margin: 4rem auto; max-width: 32rem"><h1>{title}</h1><p>{text}</p></body></html>
"""


class Redirect:
    """A listening port, and the query a browser comes back with."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.uri = f"http://127.0.0.1:{server.server_address[1]}{PATH}"

    def expect(self, state: str) -> None:
        """Take the request with this state; any other is turned away, whoever sent it."""
        self._server.state = state

    async def returned(self) -> Mapping[str, str]:
        """Its query parameters, once it came."""
        while True:
            try:
                return self._server.returned.get_nowait()
            except Empty:
                await anyio.sleep(0.05)


@asynccontextmanager
async def open_redirect(port: int) -> AsyncIterator[Redirect]:
    """Listen on loopback.

    Args:
        port: Any that is free if 0.

    Raises:
        SettingsError: It is taken.
    """
    try:
        server = _Server(port)
    except OSError as error:
        raise SettingsError(
            f"The redirect_port {port} can't be used: {error.strerror}", remedy="Free it, or leave redirect_port out"
        ) from None
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield Redirect(server)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(server.shutdown)
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False  # on Windows another program could listen on the same port

    def __init__(self, port: int) -> None:
        self.state: str | None = None
        self.returned: Queue[Mapping[str, str]] = Queue()
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    timeout = CONNECTION_SECONDS
    server: _Server

    def do_GET(self) -> None:
        """Take the query where the state is the one that was sent out."""
        parts = urlsplit(self.path)
        query = dict(parse_qsl(parts.query))
        if parts.path != PATH or self.server.state is None or query.get("state") != self.server.state:
            self._answer(404, "Nothing here", "This is not the sign-in that mcp-ogc is waiting for.")
            return
        self.server.returned.put(query)
        if "error" in query:
            self._answer(200, "Not signed in", "The provider refused. The terminal tells more.")
        else:
            self._answer(200, "Almost there", "Go back to the terminal; this page can be closed.")

    def _answer(self, status: int, title: str, text: str) -> None:
        body = PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """Nothing: the line would have the code in it."""
