"""Which credentials go with which request: an endpoint's own, to its own origin, and to nothing else."""

from __future__ import annotations

import base64
from collections.abc import Mapping
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

    def headers(self, url: httpx.URL, started: httpx.URL) -> Mapping[str, str]:
        """What goes with a request.

        The endpoint with the longest base path the URL is below, of those of its origin: namespaces of one ZOO-Project
        share an origin and have tokens of their own. A path outside every base, such as ZOO-Project's `/temp/…`, gets
        what the URL the request started from has, on the same origin. Any other origin gets nothing.
        """
        realm = self._realm(url)
        if realm is None and origin(url) == origin(started):
            realm = self._realm(started)
        return realm.headers if realm else {}

    def _realm(self, url: httpx.URL) -> _Realm | None:
        path = url.path.rstrip("/") + "/"
        matching = (realm for realm in self._realms if realm.origin == origin(url) and path.startswith(realm.path))
        return next(matching, None)


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
