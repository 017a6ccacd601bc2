"""A time after which connections end whatever they are at: heads and bodies that never end, a byte now and then."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """Ends the connections that were made while it holds, once its time is over.

    A time-out of a socket is between two bytes of it, and what reads them blocks: so this shuts the sockets down.
    """

    def __init__(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._mutex = threading.Lock()
        self._connections: list[socket.socket] = []
        self.is_over = False

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._mutex:
            for connection in self._connections:
                connection.close()
            self._connections.clear()

    def holds(self, connection: socket.socket) -> None:
        """End this connection too; what TLS is spoken over later is the same."""
        with self._mutex:
            self._connections.append(connection.dup())
            if self.is_over:
                self._shut_down()

    def _end(self) -> None:
        with self._mutex:
            self.is_over = True
            self._shut_down()

    def _shut_down(self) -> None:
        for connection in self._connections:
            with suppress(OSError):  # it has ended by itself
                connection.shutdown(socket.SHUT_RDWR)
