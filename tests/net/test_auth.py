"""Which credentials go with which URL."""

import base64

import httpx
import pytest

from mcp_ogc.authentication import (
    BasicAuthentication,
    BearerAuthentication,
    CookieAuthentication,
    HeaderAuthentication,
    NoAuthentication,
)
from mcp_ogc.net.auth import Credentials, Fixed, Realm, headers_of

ZOO = "https://zoo.example"


def credentials(**endpoints: tuple[str, str]) -> Credentials:
    """Endpoints of a URL and a bearer token."""
    return Credentials(
        Realm(name, url, settings := BearerAuthentication(token=token), Fixed(headers_of(settings)), "mcp-ogc login")
        for name, (url, token) in endpoints.items()
    )


def token(known: Credentials, url: str, endpoint: str | None = None) -> str | None:
    realm = known.realm(httpx.URL(url), httpx.URL(endpoint) if endpoint else None)
    return headers_of(realm.authentication)["Authorization"].removeprefix("Bearer ") if realm else None


NAMESPACES = credentials(
    root=(f"{ZOO}/ogc-api", "root"),
    acme=(f"{ZOO}/acme/ogc-api/", "acme"),
    lab=(f"{ZOO}/acme/ogc-api/lab", "lab"),
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{ZOO}/ogc-api", "root"),
        (f"{ZOO}/ogc-api/processes", "root"),
        (f"{ZOO}/acme/ogc-api/jobs/1", "acme"),
        (f"{ZOO}/acme/ogc-api/lab/jobs/1", "lab"),
        (f"{ZOO}/acme/ogc-api/laboratory", "acme"),
        (f"{ZOO}/ogc-apis", None),
        (f"{ZOO}/temp/1.json", None),
        ("http://zoo.example/ogc-api", None),
        ("https://zoo.example:8443/ogc-api", None),
        ("https://zoo.example.evil.example/ogc-api", None),
        ("https://evil.example/https://zoo.example/ogc-api", None),
    ],
)
def test_the_longest_base_of_the_origin_has_the_token(url: str, expected: str | None) -> None:
    assert token(NAMESPACES, url) == expected


def test_a_path_outside_every_base_gets_what_the_endpoint_it_is_read_for_has() -> None:
    assert token(NAMESPACES, f"{ZOO}/temp/1.json", f"{ZOO}/acme/ogc-api") == "acme"
    assert token(NAMESPACES, f"{ZOO}/temp/1.json", f"{ZOO}/ogc-api") == "root"
    assert token(NAMESPACES, "https://evil.example/temp/1.json", f"{ZOO}/ogc-api") is None


def test_a_path_outside_every_base_gets_the_only_credentials_its_origin_has() -> None:
    alone = credentials(zoo=(f"{ZOO}/ogc-api", "only"), other=("https://b.example/api", "b"))
    assert token(alone, f"{ZOO}/temp/1.tif") == "only"
    assert token(alone, "https://c.example/temp/1.tif") is None


def test_each_way_of_authentication_has_its_header() -> None:
    assert headers_of(NoAuthentication()) == {}
    assert headers_of(BearerAuthentication(token="t")) == {"Authorization": "Bearer t"}
    assert headers_of(HeaderAuthentication(name="PRIVATE-TOKEN", value="v")) == {"PRIVATE-TOKEN": "v"}
    assert headers_of(CookieAuthentication(name="auth_tkt", value="v")) == {"Cookie": "auth_tkt=v"}
    basic = headers_of(BasicAuthentication(username="ü", password="p:w"))["Authorization"]
    assert base64.b64decode(basic.removeprefix("Basic ")).decode() == "ü:p:w"
