"""Whom a request is served for: somebody with a token, or the person who runs the server."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

Permission = Literal["read", "execute", "deploy"]
EVERYTHING: frozenset[Permission] = frozenset(("read", "execute", "deploy"))


@dataclass(frozen=True, slots=True)
class User:
    """Somebody by the word of an issuer. Without one, over stdio and on loopback: whoever runs the server."""

    issuer: str = ""
    subject: str = ""
    permissions: frozenset[Permission] = EVERYTHING
    """What the token of this request allows; another of the same user may allow more."""

    @property
    def name(self) -> str:
        """Who it is, among the users of every issuer (RFC 7519 §4.1.2); "" for whoever runs the server."""
        return f"{self.issuer}#{self.subject}" if self.issuer else ""

    @property
    def folder(self) -> str:
        """A name for the user's folders: on every platform, and telling nobody who it is."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:32]


OPERATOR = User()

# A context variable belongs to the task that serves a request, and to what that starts: it is no state of the module.
_serving: ContextVar[User] = ContextVar("user", default=OPERATOR)


def current_user() -> User:
    """Whom the request is served for that this runs in."""
    return _serving.get()


@contextmanager
def served(user: User) -> Iterator[None]:
    """Serve a request for a user."""
    before = _serving.set(user)
    try:
        yield
    finally:
        _serving.reset(before)
