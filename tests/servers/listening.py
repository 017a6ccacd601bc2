"""An ASGI app on a loopback port."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import uvicorn

START_SECONDS = 10


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The app in a thread of its own; gives its origin."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, interface="asgi3", log_config=None, log_level="warning", lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        with anyio.fail_after(START_SECONDS):
            while not server.started:
                await anyio.sleep(0.005)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await anyio.to_thread.run_sync(thread.join)
