"""What stands in the place of a defence that is taken away.

It is what a plainer program would have there: it lets pass, follows, believes or keeps what it is given.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import rasterio

from mcp_ogc.audit import Change
from mcp_ogc.net.auth import Credentials, Realm
from mcp_ogc.net.connections import _PublicNetwork
from mcp_ogc.net.http import GuardedTransport
from mcp_ogc.users import OPERATOR, User
from tests.servers import apps_host


def nothing(*_: Any, **__: Any) -> None:
    return None


def yes(*_: Any, **__: Any) -> bool:
    return True


async def nothing_to_wait_for(*_: Any, **__: Any) -> None:
    return None


def as_it_is(text: str | None, *_: Any) -> str:
    return text or ""


def no_text(*_: Any) -> str:
    return ""


class Everything:
    """What has no bound and leaves nothing out."""

    def __contains__(self, _: object) -> bool:
        return True


def first_of_all(self: Credentials, *_: Any) -> Realm | None:
    return next((one for realms in self._realms.values() for one in realms), None)


def whatever_the_origin(request: httpx.Request, *_: Any) -> dict[str, str]:
    return {name: value for name, value in request.headers.items() if name.startswith(("authorization", "x-amz-"))}


async def resolved_again(self: _PublicNetwork, host: str, port: int, **options: Any) -> Any:
    await self._addresses(host, port)
    return await self._network.connect_tcp(host, port, *options.values())


def followed(request: httpx.Request, response: httpx.Response, *_: Any) -> httpx.Request:
    target = request.url.join(response.headers["location"])
    return httpx.Request(request.method, target, headers=request.headers, extensions=request.extensions)


async def tried_twice(self: GuardedTransport, request: httpx.Request, started: httpx.Request) -> httpx.Response:
    response = await self._authenticated(request, started)
    return await self._authenticated(request, started) if response.status_code >= 400 else response


def another_each_time(*_: Any) -> str:
    return uuid.uuid4().hex


def whatever_it_claims(token: str, *_: Any, **__: Any) -> Any:
    return jwt.decode(token, options={"verify_signature": False})


def without_options(session: Any = None, *, _env: Any = rasterio.Env, **_: Any) -> Any:
    return _env(session=session)


@asynccontextmanager
async def unwritten(_: object, tool: str, __: object) -> AsyncIterator[Change]:
    yield Change(tool, "")


def the_operator(*_: Any) -> User:
    return OPERATOR


class Page:
    """The view with other words in its script, in place of its file."""

    def __init__(self, old: str, new: str) -> None:
        self._text = changed(apps_host.VIEW.read_text(encoding="utf-8"), old, new)

    def read_text(self, **_: Any) -> str:
        return self._text


def without_hashes(path: Path, **_: Any) -> str:
    return re.sub(r"--hash=\S+( \\)?", "", path.read_bytes().decode())


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)
