"""Who is told that a job changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_ogc.ogc.models import StatusInfo

    Changed = Callable[[str, StatusInfo], Awaitable[None]]


class JobChanges:
    """Who wants to know when a job changes."""

    def __init__(self) -> None:
        self._listeners: list[Changed] = []

    def subscribe(self, listener: Changed) -> None:
        """Tell a listener of every change from now on."""
        self._listeners.append(listener)

    async def publish(self, endpoint: str, info: StatusInfo) -> None:
        """Tell all of them."""
        for listener in self._listeners:
            await listener(endpoint, info)
