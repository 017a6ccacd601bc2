"""Ctrl-C in a terminal that serves over stdio: the server ends as when its client leaves."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

STDIN = 0
CHUNK = 65536


@contextmanager
def ending_at_interrupt() -> Iterator[None]:
    """While this holds, the first interrupt is the end of the input, and is raised once everything is closed.

    The SDK reads its input in a thread that nothing can interrupt (mcp 2.3): it would wait for the next line before it
    ends, and the interpreter for the thread. So the input comes through a pair of sockets, whose end can be given to it
    at any time. A second interrupt is Python's own.

    Raises:
        KeyboardInterrupt: There was one.
    """
    if sys.platform == "win32":  # a socket is no descriptor there
        yield
        return
    interrupted = False
    source = os.dup(STDIN)
    reading, writing = socket.socketpair()
    os.dup2(reading.fileno(), STDIN)
    reading.close()

    def end(*_: object) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(OSError):  # the client left before
            writing.shutdown(socket.SHUT_RDWR)

    # A daemon: it may be reading when the process ends, by system calls alone, which hold no lock of Python's.
    threading.Thread(target=_pass_on, args=(source, writing), daemon=True).start()
    before = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        os.dup2(source, STDIN)
    if interrupted:
        raise KeyboardInterrupt


def _pass_on(source: int, writing: socket.socket) -> None:
    with suppress(OSError):  # it was shut down, or the terminal is gone
        while data := os.read(source, CHUNK):
            writing.sendall(data)
    with suppress(OSError):
        writing.shutdown(socket.SHUT_WR)
