"""The local endpoint's app, opened by the first request: where its folder can't be used, the other endpoints can."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


class LateApp:
    """Opens when it is asked; while that is not possible, each request is told why, and the next one tries again.

    Args:
        opening: Opens the app.
    """

    def __init__(self, opening: Callable[[], AbstractAsyncContextManager[ASGIApp]]) -> None:
        self._opening = opening
        self._stack = AsyncExitStack()
        self._app: ASGIApp | None = None
        self._one_opens = anyio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            LocalEndpointError: It can't be opened; the transport hands this to whoever asks.
        """
        app = await self._opened()
        await app(scope, receive, send)

    async def _opened(self) -> ASGIApp:
        async with self._one_opens:
            if self._app is None:
                self._app = await self._stack.enter_async_context(self._opening())
            return self._app

    async def aclose(self) -> None:
        """Close it, where it was opened."""
        await self._stack.aclose()
