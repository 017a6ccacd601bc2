"""What is sent once and once only: the body of an execution."""

from __future__ import annotations

from collections.abc import AsyncIterator


class Sending:
    """A request body that knows whether it has begun to leave: before that, nothing was sent."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        self.begun = False

    async def content(self) -> AsyncIterator[bytes]:
        """The body, asked for when the connection is there."""
        self.begun = True
        yield self._body
