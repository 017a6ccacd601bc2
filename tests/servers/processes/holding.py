"""An endpoint that holds one request up: a moment that a test can see, and end a program at."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable
from functools import partial
from typing import Literal

import anyio
from starlette.types import Message, Receive, Scope, Send

from tests.servers.processes.endpoint import TestEndpoint


class Holding:
    """The endpoint's app, but that one request gets no answer, or half of one, until its client is gone.

    What is held in the midst goes on to its end once it is released.

    Args:
        endpoint: Answers all others.
        method: Of the request.
        path: A pattern of what its path ends with.
        when: Whether it is held before it has any effect, after, or in the midst of its answer's body.
    """

    def __init__(
        self, endpoint: TestEndpoint, method: str, path: str, when: Literal["before", "after", "midst"]
    ) -> None:
        self._endpoint = endpoint
        self._held = (method, path)
        self._when = when
        self.reached = threading.Event()
        self._release: Callable[[], object] = lambda: None

    def release(self) -> None:
        """Let what is held in the midst, and has been reached, go on; from any thread."""
        self._release()

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        method, path = self._held
        if self.reached.is_set() or scope["method"] != method or not re.search(f"{path}$", scope["path"]):
            await self._endpoint.app(scope, receive, send)
            return
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message.get("more_body"):
                break

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        rest: list[Message] = []

        async def half(message: Message) -> None:
            if self._when == "midst":
                whole = message.get("body", b"")
                await send({**message, **({"body": whole[: len(whole) // 2], "more_body": True} if whole else {})})
                if message["type"] == "http.response.body":
                    rest.append({**message, "body": whole[len(whole) // 2 :]})

        if self._when != "before":
            await self._endpoint.app(scope, again, half)
        released = anyio.Event()
        self._release = partial(asyncio.get_running_loop().call_soon_threadsafe, released.set)
        self.reached.set()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._gone, receive, tasks.cancel_scope)
            await released.wait()
            for message in rest:
                await send(message)
            tasks.cancel_scope.cancel()

    async def _gone(self, receive: Receive, held: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        held.cancel()
