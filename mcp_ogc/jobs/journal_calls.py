"""How the journal is called: in threads, because SQLite blocks, and with its failures in our words."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

import anyio.to_thread

from mcp_ogc.errors import JournalError


class HasPath(Protocol):
    """What is kept in a file."""

    path: Path


P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound=HasPath)

REMEDIES = {
    sqlite3.SQLITE_FULL: "Make room on its disk",
    sqlite3.SQLITE_IOERR: "Make room on its disk, or see that it is there",
    sqlite3.SQLITE_READONLY: "Make it and its folder writable",
    sqlite3.SQLITE_CANTOPEN: "Make its folder writable",
    sqlite3.SQLITE_BUSY: "Another program holds it: wait a moment",
    sqlite3.SQLITE_NOTADB: "Move the file away: a new one is made",
    sqlite3.SQLITE_CORRUPT: "Move the file away: a new one is made",
}
"""What to do about SQLite's primary result codes."""


def in_thread(method: Callable[Concatenate[S, P], T]) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Have a method run in a thread.

    Raises:
        JournalError: SQLite can't.
    """

    async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await anyio.to_thread.run_sync(lambda: method(self, *args, **kwargs))
        except sqlite3.Error as error:
            remedy = REMEDIES.get(primary_code(error), "Look at the file, or name another folder with data_folder")
            raise JournalError(
                f"The journal {self.path} can't be used: {error}", remedy=f"{remedy}; then call again"
            ) from error

    return functools.update_wrapper(call, method)


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the lowest byte of an extended one; -1 where the module itself refused."""
    return error.sqlite_errorcode & 0xFF if hasattr(error, "sqlite_errorcode") else -1
