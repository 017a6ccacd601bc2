"""Which credentials go with which request: an endpoint's own, to its own origin, and to nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import httpx

from mcp_ogc.authentication import (
    Authentication,
    BasicAuthentication,
    BearerAuthentication,
    ClientCredentialsAuthentication,
    CookieAuthentication,
    HeaderAuthentication,
    OidcAuthentication,
)
from mcp_ogc.net.hosts import origin

Learn = Callable[[str], None]
"""Told of each secret that is found at run time, so that it is masked where something is written."""


class Credential(Protocol):
    """What authenticates at one endpoint."""

    async def headers(self) -> Mapping[str, str]:
        """What is sent now.

        Raises:
            AuthenticationRequired: A person has to sign in first.
            SettingsError: The token is not where the settings say.
        """

    def refused(self, sent: Mapping[str, str]) -> None:
        """It was answered with 401: what `headers` gives from now on is new, where there is a way to renew it."""


@dataclass(frozen=True, slots=True)
class Realm:
    """Where credentials go: below one URL."""

    name: str
    """The endpoint's, in the settings."""
    url: str
    authentication: Authentication
    credential: Credential
    login: str
    """The command that signs in there."""
    is_endpoint: bool = True
    """Or a workspace, which its endpoint's credentials open: of its origin only what is below its URL."""

    @property
    def is_renewable(self) -> bool:
        """Whether something new can be presented without a person: after a refusal it will be."""
        match self.authentication:
            case OidcAuthentication() | ClientCredentialsAuthentication():
                return True
            case BearerAuthentication(token_command=command):
                return command is not None
        return False

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return origin(httpx.URL(self.url))

    @property
    def path(self) -> str:
        """Of the base URL, with a slash at its end."""
        return httpx.URL(self.url).path.rstrip("/") + "/"


class Credentials:
    """What authenticates, by the endpoint a request belongs to."""

    def __init__(self, realms: Iterable[Realm] = ()) -> None:
        self._realms: dict[str, list[Realm]] = {}
        for realm in sorted(realms, key=lambda realm: len(realm.path), reverse=True):
            self._realms.setdefault(realm.origin, []).append(realm)

    def realm(self, url: httpx.URL, endpoint: httpx.URL | None = None) -> Realm | None:
        """Whose credentials go with a request to a URL, on behalf of the endpoint of that base URL where one is known.

        The endpoint with the longest base path the URL is below, of those of its origin: namespaces of one ZOO-Project
        share an origin and have tokens of their own. A path outside every base, such as ZOO-Project's `/temp/…`, gets
        what the endpoint on whose behalf it is read has, else what all endpoints of the origin have alike. Any other
        origin gets nothing.
        """
        own = self._realms.get(origin(url), [])
        found = _below(own, url)
        if found is None and endpoint is not None and origin(endpoint) == origin(url):
            found = _below(own, endpoint)
        if found is not None:
            return found
        endpoints = [realm for realm in own if realm.is_endpoint]
        alike = endpoints and all(other.authentication == endpoints[0].authentication for other in endpoints)
        return endpoints[0] if alike else None


def _below(realms: Sequence[Realm], url: httpx.URL) -> Realm | None:
    """The realm of a URL, of those of its origin: they come with the longest path first."""
    path = url.path.rstrip("/") + "/"
    return next((realm for realm in realms if path.startswith(realm.path)), None)


class Fixed:
    """The same header always: nothing renews it but the operator."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    async def headers(self) -> Mapping[str, str]:
        """As given."""
        return self._headers

    def refused(self, sent: Mapping[str, str]) -> None:
        """Nothing else is there to send."""


def headers_of(authentication: Authentication) -> Mapping[str, str]:
    """The header that is written in the settings; none where it has to be found."""
    match authentication:
        case BearerAuthentication(token=token) if token is not None:
            return bearer(token.get_secret_value())
        case BasicAuthentication(username=username, password=password):
            pair = f"{username}:{password.get_secret_value()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case HeaderAuthentication(name=name, value=value):
            return {name: value.get_secret_value()}
        case CookieAuthentication(name=name, value=value):
            return {"Cookie": f"{name}={value.get_secret_value()}"}
    return {}


def bearer(token: str) -> Mapping[str, str]:
    """RFC 6750 §2.1."""
    return {"Authorization": f"Bearer {token}"}
