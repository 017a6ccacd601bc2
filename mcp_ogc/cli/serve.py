"""`mcp-ogc` and `mcp-ogc serve`."""

from __future__ import annotations

import argparse
import sys

from mcp_ogc.errors import SettingsError
from mcp_ogc.settings import load

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument(
        "--http",
        metavar="[HOST:]PORT",
        help="serve streamable HTTP at /mcp instead of stdio, on loopback (127.0.0.1 unless HOST is given)",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the client leaves, or the process is told to stop."""
    settings = load(options.config)
    level = options.log_level or settings.log_level
    from mcp_ogc.net.redaction import configure_logging

    # Before the SDK's constructor, which would install a handler of its own, and imports rich for it whether it is
    # needed or not (mcp 2.3): a twentieth of the cold start. Nothing that serves uses rich.
    redaction = configure_logging(level, settings)
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    from mcp_ogc.server import build_server

    server = build_server(settings, redaction)
    if options.http:
        host, port = listening_address(options.http)
        _serve_http(server.streamable_http_app(host=host), host, port, level)
    else:
        server.run("stdio")
    return 0


def listening_address(text: str) -> tuple[str, int]:
    """Host and port of `--http`.

    Raises:
        SettingsError: Not `[HOST:]PORT`, or a host that is not this machine's own.
    """
    host, _, port = text.rpartition(":")
    host = host.strip("[]") or LOOPBACK[0]
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise SettingsError(f"--http {text!r} is not [HOST:]PORT", remedy="For instance --http 8000")
    if host not in LOOPBACK:
        raise SettingsError(
            f"--http {text!r} would let others in without authentication",
            remedy="Serve on 127.0.0.1, behind a proxy that authenticates",
        )
    return host, int(port)


def _serve_http(app: object, host: str, port: int, level: str) -> None:
    import uvicorn

    # log_config=None: uvicorn's own would write access lines to stdout.
    uvicorn.run(app, host=host, port=port, log_level=level, log_config=None)  # type: ignore[arg-type]
