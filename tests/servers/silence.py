"""Servers that say nothing: one takes every connection, the other none."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

FILLED = 16


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes every connection and never answers; gives its origin."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listening:
        yield _origin(listening)


@contextmanager
def unreachable() -> Iterator[str]:
    """A server that never takes a connection: its queue is full, so that the system lets others wait; its origin."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(FILLED):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield _origin(listening)


def _origin(listening: socket.socket) -> str:
    return f"http://127.0.0.1:{listening.getsockname()[1]}"
