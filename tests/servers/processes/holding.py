"""An endpoint that holds one request up: a moment that a test can see, and end a program at."""

from __future__ import annotations

import re
import threading
from typing import Literal

from starlette.types import Message, Receive, Scope, Send

from tests.servers.processes.endpoint import TestEndpoint


class Holding:
    """The endpoint's app, but that one request gets no answer, or half of one, until its client is gone.

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

        async def half(message: Message) -> None:
            if self._when == "midst":
                whole = message.get("body", b"")
                await send({**message, **({"body": whole[: len(whole) // 2], "more_body": True} if whole else {})})

        if self._when != "before":
            await self._endpoint.app(scope, again, half)
        self.reached.set()
        while (await receive())["type"] != "http.disconnect":
            pass
