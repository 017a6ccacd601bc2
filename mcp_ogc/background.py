"""Task groups that outlive the call that started a task."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from anyio.abc import TaskGroup


@asynccontextmanager
async def open_polling() -> AsyncIterator[TaskGroup]:
    """Where pollers run, rasters are counted and files brought: nothing is lost when they end with the server."""
    async with open_background() as polling:
        yield polling
        polling.cancel_scope.cancel()


@asynccontextmanager
async def open_background() -> AsyncIterator[TaskGroup]:
    """A task group that does not wrap what its own body raises: our errors keep their kind."""
    try:
        async with anyio.create_task_group() as background:
            yield background
    except BaseExceptionGroup as group:
        if len(group.exceptions) == 1:
            raise group.exceptions[0] from None
        raise
