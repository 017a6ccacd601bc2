"""Which credentials go with which request: an endpoint's own, to its own origin, and to nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from mcp_ogc.net.hosts import origin
from mcp_ogc.settings import (
    Authentication,
    BasicAuthentication,
    BearerAuthentication,
    EndpointSettings,
    HeaderAuthentication,
)


@dataclass(frozen=True, slots=True)
class _Realm:
    origin: str
    path: str
    headers: Mapping[str, str]


class Credentials:
    """The headers that authenticate, by the endpoint a request belongs to."""

    def __init__(self, endpoints: Mapping[str, EndpointSettings]) -> None:
        realms = [
            _Realm(
                origin(httpx.URL(endpoint.url)),
                httpx.URL(endpoint.url).path.rstrip("/") + "/",
                headers_of(endpoint.authentication),
            )
            for endpoint in endpoints.values()
        ]
        self._realms = sorted(realms, key=lambda realm: len(realm.path), reverse=True)

    def headers(self, url: httpx.URL, endpoint: httpx.URL | None = None) -> Mapping[str, str]:
        """What goes with a request to a URL, on behalf of the endpoint of that base URL where one is known.

        The endpoint with the longest base path the URL is below, of those of its origin: namespaces of one ZOO-Project
        share an origin and have tokens of their own. A path outside every base, such as ZOO-Project's `/temp/…`, gets
        what the endpoint on whose behalf it is read has, else what all endpoints of the origin have alike. Any other
        origin gets nothing.
        """
        own = [realm for realm in self._realms if realm.origin == origin(url)]
        realm = _below(own, url) or (_below(own, endpoint) if endpoint is not None else None)
        if realm is not None:
            return realm.headers
        alike = own and all(other.headers == own[0].headers for other in own)
        return own[0].headers if alike else {}


def _below(realms: Sequence[_Realm], url: httpx.URL) -> _Realm | None:
    """The realm of a URL: realms come with the longest path first."""
    path = url.path.rstrip("/") + "/"
    return next((realm for realm in realms if realm.origin == origin(url) and path.startswith(realm.path)), None)


def headers_of(authentication: Authentication) -> Mapping[str, str]:
    """The header a way of authentication sends."""
    match authentication:
        case BearerAuthentication(token=token):
            return {"Authorization": f"Bearer {token.get_secret_value()}"}
        case BasicAuthentication(username=username, password=password):
            pair = f"{username}:{password.get_secret_value()}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        case HeaderAuthentication(name=name, value=value):
            return {name: value.get_secret_value()}
    return {}
