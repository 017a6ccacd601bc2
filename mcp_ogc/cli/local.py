"""`mcp-ogc local`."""

from __future__ import annotations

import argparse
import socket
import sys

import anyio

from mcp_ogc.errors import SettingsError
from mcp_ogc.settings import load


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("--port", type=int, default=8080, help="on 127.0.0.1 (default: %(default)s; 0 for a free one)")


def run(options: argparse.Namespace) -> int:
    """Serve the local endpoint until told to stop. Jobs that run go on without it."""
    settings = load(options.config)
    from mcp_ogc.net.redaction import configure_logging

    configure_logging(options.log_level or settings.log_level, settings)

    async def serve() -> None:
        import uvicorn

        from mcp_ogc.local.app import open_app
        from mcp_ogc.local.sample.samples import scene_folder, trusted_digests

        opening = open_app(
            settings.local,
            settings.local_folder,
            asset_base="http",
            trusted_digests=trusted_digests(),
            readable_folders=[scene_folder(), *settings.permitted_folders],
        )
        async with opening as app:
            config = uvicorn.Config(app, log_level="warning", log_config=None)
            print(f"OGC API - Processes on http://127.0.0.1:{port} (Ctrl-C to stop)", file=sys.stderr, flush=True)
            await uvicorn.Server(config).serve(sockets=[listener])

    with _listen(options.port) as listener:
        port = listener.getsockname()[1]
        anyio.run(serve)
    return 0


def _listen(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        why = error.strerror if isinstance(error, OSError) else "ports are 0 to 65535"
        raise SettingsError(f"Port {port} can't be used: {why}", remedy="Choose another with --port") from None
