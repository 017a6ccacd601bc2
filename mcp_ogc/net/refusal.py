"""What to do when an endpoint lets nobody in: 401, 403, a login page, a namespace that is someone else's."""

from __future__ import annotations

import re
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import AccessDenied, AuthenticationRequired, RemoteProblem
from mcp_ogc.net.auth import Realm

PERSON = re.compile(r"[\w.@+-]{1,64}")
PASSWORD_FIELD = re.compile(rb"<input[^<>]{0,400}type\s*=\s*[\"']?password", re.IGNORECASE)
LATEST = 1e12
"""Seconds since 1970: later than any token ends."""
LOGIN_PATH = re.compile(r"/(log[-_]?[io]n|sign[-_]?in|oauth2?|openid-connect|sso|saml2?|cas)(/|$)", re.IGNORECASE)
LOGIN_READ = 256 * 1024
AGAIN = "start the server again"
"""What is written in the settings or the environment is read once."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says of itself, unverified: good for advice only."""

    person: str | None = None
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """How a request presented itself at an endpoint."""

    realm: Realm
    sent: Mapping[str, str]
    will_renew: bool = False
    """Whether the next request presents something new: this one could not be sent again."""
    clock: Callable[[], float] = time.time

    def refused(self, status: int, detail: str = "") -> RemoteProblem:
        """The error of a 401 or a 403.

        Args:
            status: HTTP status code.
            detail: The server's own text.
        """
        name, claims = self.realm.name, claims_of(self.sent)
        if status == 403:
            who = f" to {claims.person}" if claims.person else ""
            return AccessDenied(
                f"Endpoint {name} does not allow this{who} (HTTP 403)",
                status=status,
                detail=detail,
                remedy=joined(self._namespace(claims), "Ask its operators for the permission", self._other_person()),
            )
        if self.will_renew:
            message = f"Endpoint {name} refused the token it was sent (HTTP 401), and nothing was done"
            remedy = joined("A new one goes with the next request: call again", self._namespace(claims))
        elif not self.sent:
            message, remedy = f"Endpoint {name} wants to know who asks (HTTP 401)", self._first_time()
        elif claims.expires_at is not None and claims.expires_at < self.clock():
            moment = datetime.fromtimestamp(claims.expires_at, UTC)
            message = f"The token for endpoint {name} expired at {moment:%Y-%m-%d %H:%M} UTC (HTTP 401)"
            remedy = self._renewal()
        else:
            message = f"Endpoint {name} refuses what authenticates there (HTTP 401)"
            remedy = joined(self._renewal(), self._namespace(claims))
        return AuthenticationRequired(message, status=status, detail=detail, remedy=remedy)

    def login_page(self) -> AuthenticationRequired:
        """The error of a login page where an answer should be."""
        remedy = self._renewal() if self.sent else self._first_time()
        if self.will_renew:
            remedy = f"Call again; if it stays so: {remedy}"
        return AuthenticationRequired(
            f"Endpoint {self.realm.name} answered with a login page for people: nobody is signed in there",
            remedy=remedy,
        )

    def _first_time(self) -> str:
        ways = "bearer, basic, header, cookie, oidc or client-credentials"
        section = f"Write authentication into [endpoints.{self.realm.name}] of the settings ({ways})"
        return f"{f'Set MCP_OGC_TOKEN. {section}' if self.realm.name == 'default' else section} and {AGAIN}"

    def _renewal(self) -> str:
        realm = self.realm
        section = f"[endpoints.{realm.name}]"
        match realm.authentication.kind:
            case "oidc":
                return f"Run `{realm.login}` in a terminal, then call again"
            case "client-credentials":
                return f"Check client_id, client_secret and scopes of {section}, and what the client may do; {AGAIN}"
            case "basic":
                return f"Check username and password of {section}, and {AGAIN}"
            case "header" | "cookie":
                return f"Write a new value into the authentication of {section} and {AGAIN}"
        match realm.authentication:
            case BearerAuthentication(token_variable=str(variable)):
                return f"Set the variable {variable} to a new token and {AGAIN}"
            case BearerAuthentication(token_file=file) if file is not None:
                return f"Write a new token into {file}, then call again"
            case BearerAuthentication(token_command=command) if command:
                return f"Does `{shlex.join(command)}` print a token that is good there? It was run again"
        if realm.name == "default":
            return f"Set MCP_OGC_TOKEN to a new token and {AGAIN}"
        return f"Write a new token into {section} and {AGAIN}"

    def _other_person(self) -> str:
        return f"or sign in as someone else: `{self.realm.login}`" if self.realm.authentication.kind == "oidc" else ""

    def _namespace(self, claims: Claims) -> str:
        """Quirk Q42: a token that is good elsewhere gets 401, and an unknown namespace is somebody's."""
        namespace = namespace_of(self.realm.url)
        if namespace is None or claims.person == namespace:
            return ""
        if claims.person is None:
            return (
                f"Is the namespace {namespace!r} in {self.realm.url} yours? A good token for another one is refused too"
            )
        theirs = self.realm.url.replace(f"/{namespace}/", f"/{claims.person}/", 1)
        return (
            f"Wrong namespace? You are {claims.person!r} there, and the URL names {namespace!r}: yours may be {theirs}"
        )


def claims_of(sent: Mapping[str, str]) -> Claims:
    """Who a bearer token is for and until when, where it is a JWT that can be read."""
    scheme, _, token = sent.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or token.count(".") != 2:
        return Claims()
    import jwt

    try:
        told = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, RecursionError):
        return Claims()
    names = [told.get(member) for member in ("preferred_username", "username", "user_name")]
    person = next((name for name in names if isinstance(name, str) and PERSON.fullmatch(name)), None)
    expires_at = told.get("exp")
    if not isinstance(expires_at, int | float) or not abs(expires_at) < LATEST:
        return Claims(person)
    return Claims(person, float(expires_at))


def namespace_of(url: str) -> str | None:
    """The namespace in a base URL: the segment before `ogc-api` (ZOO-Project: `/acme/ogc-api`)."""
    segments = httpx.URL(url).path.strip("/").split("/")
    before = segments.index("ogc-api") if "ogc-api" in segments else 0
    return segments[before - 1] if before else None


def is_login_address(url: httpx.URL) -> bool:
    """Whether a redirect leads to where people sign in: an authorization request (OAuth, SAML), or a path so named."""
    query = set(url.params)
    if {"client_id", "redirect_uri"} <= query or {"client_id", "response_type"} <= query or "SAMLRequest" in query:
        return True
    return LOGIN_PATH.search(url.path) is not None


def is_login_page(body: bytes) -> bool:
    """Whether an answer is a page with a password to fill in, whatever it says it is."""
    return body[:64].lstrip().startswith(b"<") and PASSWORD_FIELD.search(body[:LOGIN_READ]) is not None


def joined(*sentences: str) -> str:
    """Those that there are, one after the other."""
    return ". ".join(sentence for sentence in sentences if sentence)
