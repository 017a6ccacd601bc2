"""A server that answers what a real one answered: recorded exchanges, by method and path."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tests.ogc.transcripts import recorded


class RecordedServer:
    """Exchanges of one path are answered one after the other, the last again and again.

    Args:
        base: Path of the landing page, without its last slash.
        names: Of the exchanges, `SERVER/FILE`.
    """

    def __init__(self, base: str, names: Iterable[str]) -> None:
        self._base = base
        self._answers: dict[tuple[str, str], list[Response]] = {}
        self.asked: list[tuple[str, str]] = []
        for name in names:
            told = recorded(name)
            response = Response(told.response.content, told.response.status_code)
            # Set as they came: a media type may have parameters that nobody would write.
            response.raw_headers[:] = [(key.lower(), value) for key, value in told.response.headers.raw]
            response.headers["content-length"] = str(len(told.response.content))
            self._answers.setdefault((told.method, urlsplit(told.target).path), []).append(response)

    def base(self, namespace: str) -> str:
        """Path of the landing page."""
        return self._base

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive)
        await request.body()
        key = (request.method, request.url.path)
        self.asked.append(key)
        answers = self._answers.get(key, [Response("Not recorded", 404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        await answer(scope, receive, send)
