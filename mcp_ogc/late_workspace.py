"""The workspace, opened when the first tool needs it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import anyio

from mcp_ogc.errors import SettingsError

if TYPE_CHECKING:
    from mcp_ogc.workspace import Workspace


class LateWorkspace:
    """A workspace that opens when the first tool needs it, and closes with the server.

    It is opened and closed in one task of its own (`run`), because what it holds may own cancel scopes.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[Workspace]]) -> None:
        self._opening = opening
        self._wanted = anyio.Event()
        self._opened = anyio.Event()
        self._closing = anyio.Event()
        self._workspace: Workspace | None = None
        self._failure: Exception | None = None

    async def get(self) -> Workspace:
        """The workspace, opened by now.

        Raises:
            OgcError: It could not be opened.
        """
        self._wanted.set()
        await self._opened.wait()
        if self._workspace is None:
            raise self._failure or SettingsError("The server is closing")
        return self._workspace

    async def run(self) -> None:
        """Wait until it is wanted, open it, hold it until `close`."""
        await self._wanted.wait()
        if self._closing.is_set():
            return
        try:
            async with self._opening() as workspace:
                self._workspace = workspace
                self._opened.set()
                await self._closing.wait()
        except Exception as error:
            if self._workspace is not None:
                raise
            self._failure = error
        finally:
            self._opened.set()

    @property
    def opened(self) -> Workspace | None:
        """The workspace, where it is open by now."""
        return None if self._closing.is_set() else self._workspace

    @property
    def failed(self) -> bool:
        """Whether it could not be opened."""
        return self._failure is not None

    def close(self) -> None:
        """Let `run` end."""
        self._closing.set()
        self._wanted.set()
