"""`mcp-ogc` and `mcp-ogc serve`."""

from __future__ import annotations

import argparse
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mcp_ogc.errors import SettingsError
from mcp_ogc.serving import HttpSettings, is_loopback
from mcp_ogc.settings import Settings, load

if TYPE_CHECKING:
    from mcp_ogc.server import OgcServer


NOT_STARTED = 3
"""As uvicorn's own command ends where it could not listen, which the log tells."""
M_ARENA_MAX, ARENAS = -8, 2
"""Of glibc's malloc.h, and how many there may be."""


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument(
        "--http",
        metavar="[HOST:]PORT",
        nargs="?",
        const="",
        help="serve streamable HTTP at /mcp instead of stdio, on loopback unless [http] of the settings has an issuer",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the client leaves, or the process is told to stop."""
    settings = load(options.config)
    if options.http is not None:
        settings = settings.listening(*listening_address(options.http, settings.http))
    elif sys.stdin is None:
        raise SettingsError(
            "There is nothing to serve: stdin is closed", remedy="A client starts it; --http is without"
        )
    level = options.log_level or settings.log_level
    from mcp_ogc.net.redaction import configure_logging

    # Before the SDK's constructor, which would install a handler of its own, and imports rich for it whether it is
    # needed or not (mcp 2.3): a twentieth of the cold start. Nothing that serves uses rich.
    redaction = configure_logging(level, settings)
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]
    with _lasting():
        from mcp_ogc.server import build_server

        server = build_server(settings, redaction)
    if options.http is None:
        from mcp_ogc.cli.interruption import ending_at_interrupt

        with ending_at_interrupt():
            server.run("stdio")
        return 0
    return _serve_http(server, settings, level)


@contextmanager
def _lasting() -> Iterator[None]:
    """What is made here stays: looking through it for garbage is a tenth of the cold start, and finds none."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def listening_address(text: str, configured: HttpSettings) -> tuple[str, int]:
    """Host and port of `--http`, the settings' where it does not say.

    Raises:
        SettingsError: Not `[HOST:]PORT`, or a host that is not this machine's own, and nobody is asked who they are.
    """
    host, _, port = text.rpartition(":")
    host, port = host.strip("[]") or configured.host, port or str(configured.port)
    if not port.isascii() or not port.isdigit() or not 0 <= int(port) <= 65535:
        raise SettingsError(f"--http {text!r} is not [HOST:]PORT", remedy="For instance --http 8000")
    if configured.is_open and not is_loopback(host):
        raise SettingsError(
            f"To serve on {host} would let others in without authentication",
            remedy="Set issuer and url in [http] of the settings (docs/http.md); or serve on 127.0.0.1, behind a proxy "
            "that authenticates",
        )
    return host, int(port)


def _serve_http(server: OgcServer, settings: Settings, level: str) -> int:
    from mcp_ogc.http_server import HttpServer

    _share_arenas()
    serving = HttpServer(server, settings, level)
    with suppress(KeyboardInterrupt):  # raised again once everything is closed
        serving.run()
    return 0 if serving.started else NOT_STARTED


def _share_arenas() -> None:
    """Have all threads allocate from two arenas (mallopt(3)).

    glibc gives threads arenas of their own, eight for each core, and what was freed in one is of no use to another: the
    server grew by a tenth with every 6,000 calls. Its threads wait for disks, and do not compete for memory.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):  # musl, macOS and Windows have none
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)
