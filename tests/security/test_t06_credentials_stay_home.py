"""T6: what authenticates goes to its own origin, whoever points elsewhere."""

import secrets
from collections.abc import Callable

import pytest

from mcp_ogc.authentication import (
    BasicAuthentication,
    BearerAuthentication,
    CookieAuthentication,
    HeaderAuthentication,
)
from mcp_ogc.net.auth import headers_of
from mcp_ogc.net.http import open_http
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, Limits, Settings, StorageSettings
from tests.servers.loopback import Reply, Server

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)


@pytest.mark.parametrize(
    "authentication",
    [
        BearerAuthentication(token=CANARY),
        BasicAuthentication(username="u", password=CANARY),
        HeaderAuthentication(name="Private-Token", value=CANARY),
        CookieAuthentication(name="auth_tkt", value=CANARY),
    ],
    ids=lambda one: one.kind,
)
async def test_a_foreign_redirect_and_a_foreign_link_get_nothing(
    authentication: BearerAuthentication, serve: Callable[[], Server]
) -> None:
    home, away = serve(), serve()
    away.on("/file", Reply(headers={"Set-Cookie": f"s={CANARY}"}, body=b"bytes"))
    home.on("/api/results", Reply(302, {"Location": f"{away.url}/file", "Set-Cookie": f"s={CANARY}"}))
    settings = Settings(
        endpoints={"home": EndpointSettings(url=f"{home.url}/api", authentication=authentication)},
        catalogues={"away": CatalogueSettings(url=away.url)},
    )
    ours = {"X-Api-Key": CANARY, "Cookie": CANARY, "Authorization": f"Bearer {CANARY}", "Proxy-Authorization": CANARY}
    async with open_http(settings) as http:
        assert (await http.get(f"{home.url}/api/results", headers=ours)).content == b"bytes"
        await http.get(f"{away.url}/file", headers=ours)
        await Objects(http, Storage({}), [], Limits()).read(f"{away.url}/file")
    assert len(away.seen) == 3
    assert all(
        set(seen.headers) <= {"host", "accept", "accept-encoding", "user-agent", "connection"} for seen in away.seen
    )
    assert len(home.seen) == 1
    brought = {"authorization", "private-token", "cookie", "x-api-key", "proxy-authorization"}
    (name, value), *others = [(name, home.seen[0].headers[name]) for name in brought & set(home.seen[0].headers)]
    assert not others, "what the caller put beside the endpoint's own is left out"
    assert {name.title(): value} == headers_of(authentication)


async def test_a_hop_abroad_and_back_brings_only_what_is_the_endpoints_own(serve: Callable[[], Server]) -> None:
    home, away = serve(), serve()
    home.on("/api/a", Reply(302, {"Location": away.on("/hop", Reply(302, {"Location": f"{home.url}/api/b"}))}))
    home.on("/api/b", Reply())
    settings = Settings(
        endpoints={
            "home": EndpointSettings(url=f"{home.url}/api", authentication=BearerAuthentication(token=CANARY)),
        },
        catalogues={"away": CatalogueSettings(url=away.url)},
    )
    async with open_http(settings) as http:
        await http.get(f"{home.url}/api/a")
    assert [seen.headers.get("authorization") for seen in home.seen] == [f"Bearer {CANARY}"] * 2
    assert CANARY not in repr(away.seen)


async def test_a_storage_that_redirects_does_not_pass_the_signature_on(serve: Callable[[], Server]) -> None:
    storage, away = serve(), serve()
    storage.on("/bucket/key", Reply(307, {"Location": away.on("/key", Reply(body=b"bytes"))}))
    section = StorageSettings(
        buckets=("bucket",), endpoint=storage.url, access_key_id="AKIA", secret_access_key="x", session_token=CANARY
    )
    settings = Settings(storage={"s": section}, catalogues={"away": CatalogueSettings(url=away.url)})
    async with open_http(settings) as http:
        await Objects(http, Storage(settings.storage), [], Limits()).read("s3://bucket/key")
    assert storage.seen[0].headers["x-amz-security-token"] == CANARY
    assert not [name for name in away.seen[0].headers if name == "authorization" or name.startswith("x-amz-")]


async def test_an_endpoints_token_does_not_replace_a_signature_on_a_shared_origin(server: Server) -> None:
    server.on("/bucket/key", Reply(body=b"bytes"))
    section = StorageSettings(buckets=("bucket",), endpoint=server.url, access_key_id="AKIA", secret_access_key="x")
    endpoint = EndpointSettings(url=server.url, authentication=BearerAuthentication(token=CANARY))
    settings = Settings(endpoints={"home": endpoint}, storage={"s": section})
    async with open_http(settings) as http:
        await Objects(http, Storage(settings.storage), [], Limits()).read("s3://bucket/key")
    assert server.seen[0].headers["authorization"].startswith("AWS4-HMAC-SHA256 ")
    assert CANARY not in repr(server.seen)
