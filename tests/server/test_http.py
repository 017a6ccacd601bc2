"""MCP over HTTP with authentication: what a client finds out, what a token allows, how the server says it is well."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from mcp_ogc.errors import Unreachable, UnreadableAnswer
from mcp_ogc.net.access_token import KEYS_SECONDS, LONGEST_TOKEN, ROTATION_SECONDS, AccessTokens
from mcp_ogc.net.http import open_provider_http
from mcp_ogc.net.provider import Issuer
from mcp_ogc.server import build_server
from mcp_ogc.serving import HttpSettings
from mcp_ogc.settings import Settings
from mcp_ogc.tools.catalogue import TOOLS
from mcp_ogc.users import User, served
from tests.server.talk import call, text_of
from tests.servers.loopback import Reply, Server, certified, serve
from tests.servers.mcp_over_http import McpOverHttp, over_http
from tests.servers.oidc import OidcProvider

pytestmark = pytest.mark.anyio

__all__ = ["serve"]

READ = "mcp-ogc:read"


@pytest.fixture
async def ours(settings: Settings, provider: OidcProvider) -> AsyncIterator[McpOverHttp]:
    async with over_http(settings, provider, allowed_origins=("https://app.example.org",)) as ours:
        yield ours


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as http:
        yield http


def calling(tool: str) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": {}}}


async def test_a_client_without_token_finds_out_who_issues_one(ours: McpOverHttp, http: httpx.AsyncClient) -> None:
    refused = await http.post(ours.url, json=calling("ogc_list_jobs"))
    assert refused.status_code == 401
    where = refused.headers["www-authenticate"].partition('resource_metadata="')[2].rstrip('"')
    told = (await http.get(where)).json()
    assert told["resource"] == ours.url
    assert told["authorization_servers"] == [ours.provider.url]
    assert told["scopes_supported"] == ["mcp-ogc:read", "mcp-ogc:execute", "mcp-ogc:deploy"]
    assert told["bearer_methods_supported"] == ["header"]


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_every_tool_is_shown_to_everybody_so_that_a_client_can_ask_for_what_it_needs(
    ours: McpOverHttp, era: str
) -> None:
    async with ours.client("ada", era, READ) as ada:
        assert [tool.name for tool in (await ada.list_tools()).tools] == [spec.name for spec in TOOLS]
        assert (await call(ada, "ogc_list_jobs"))["jobs"] == []


@pytest.mark.parametrize(
    ("scope", "tool", "needed"),
    [
        ("openid", "ogc_list_jobs", "mcp-ogc:read"),
        (READ, "ogc_execute_process", "mcp-ogc:execute"),
        (READ, "ogc_dismiss_job", "mcp-ogc:execute"),
        (READ, "ogc_export_job", "mcp-ogc:execute"),
        (f"{READ} mcp-ogc:execute", "ogc_deploy_process", "mcp-ogc:deploy"),
        (f"{READ} mcp-ogc:execute", "ogc_undeploy_process", "mcp-ogc:deploy"),
    ],
)
async def test_a_token_that_allows_less_is_answered_with_what_it_needs(
    ours: McpOverHttp, http: httpx.AsyncClient, scope: str, tool: str, needed: str
) -> None:
    refused = await http.post(ours.url, json=calling(tool), headers=ours.headers(scope=scope))
    assert refused.status_code == 403
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_scope"' in challenge
    assert needed in challenge
    assert "resource_metadata=" in challenge


@pytest.mark.parametrize("spec", TOOLS, ids=lambda spec: spec.name)
async def test_a_call_that_is_not_allowed_is_refused_however_it_came(settings: Settings, spec: object) -> None:
    server = build_server(settings)
    permission, name = spec.permission, spec.name  # type: ignore[attr-defined]
    if permission != "read":
        with served(User("https://iam.example.org", "ada", frozenset({"read"}))):
            result = await server.call_tool(name, {})
        assert f"does not allow to {permission}" in text_of(result)  # type: ignore[arg-type]


async def test_a_read_only_server_stays_one_whatever_a_token_allows(settings: Settings, provider: OidcProvider) -> None:
    settings = settings.model_copy(update={"read_only": True})
    async with over_http(settings, provider) as ours, ours.client() as ada:
        assert all(tool.annotations.read_only_hint for tool in (await ada.list_tools()).tools if tool.annotations)
        result = await ada.call_tool("ogc_execute_process", {"process_id": "echo", "inputs": {}})
        assert "There is no tool" in text_of(result)


async def test_a_page_that_is_allowed_may_ask_first(ours: McpOverHttp, http: httpx.AsyncClient) -> None:
    asking = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, mcp-session-id, mcp-protocol-version",
    }
    allowed = await http.options(ours.url, headers={**asking, "Origin": "https://app.example.org"})
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.org"
    foreign = await http.options(ours.url, headers={**asking, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers


async def test_health_and_readiness_are_told_to_anybody(ours: McpOverHttp, http: httpx.AsyncClient) -> None:
    assert (await http.get(f"{ours.origin}/health")).json() == {"healthy": True}
    ready = await http.get(f"{ours.origin}/ready")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "journal": True, "issuer": True})


async def test_without_its_issuer_or_its_journal_the_server_is_healthy_and_not_ready(
    settings: Settings, provider: OidcProvider, http: httpx.AsyncClient
) -> None:
    settings.data_folder.parent.mkdir(exist_ok=True)
    settings.data_folder.write_text("no folder", encoding="utf-8")
    provider.metadata["jwks_uri"] = "http://127.0.0.1:9/keys"
    limits = settings.limits.model_copy(update={"request_seconds": 2})
    async with over_http(settings.model_copy(update={"limits": limits}), provider) as ours:
        assert (await http.get(f"{ours.origin}/health")).status_code == 200
        ready = await http.get(f"{ours.origin}/ready", timeout=30)
        assert (ready.status_code, ready.json()) == (503, {"ready": False, "journal": False, "issuer": False})
        told = await http.post(ours.url, json=calling("ogc_list_jobs"), headers=ours.headers(), timeout=30)
        assert told.status_code == 503
        assert told.json()["error"] == "temporarily_unavailable"


@pytest.fixture
async def tokens(settings: Settings, provider: OidcProvider) -> AsyncIterator[tuple[AccessTokens, list[float]]]:
    """What verifies tokens for "us", and its clock."""
    settings = settings.model_copy(update={"http": HttpSettings(url="http://127.0.0.1/mcp", issuer=provider.url)})
    clock = [0.0]
    async with open_provider_http(settings) as http:
        yield AccessTokens(Issuer(http, provider.url), "us", clock=lambda: clock[0]), clock


Tokens = tuple[AccessTokens, list[float]]


async def test_keys_are_asked_for_once_and_again_when_the_issuer_has_new_ones(
    tokens: Tokens, provider: OidcProvider
) -> None:
    verifying, clock = tokens

    def looks() -> int:
        return len(provider.asked)

    old = provider.access_token("ada", READ, aud="us")
    assert (await verifying.verify(old)).subject == "id-of-ada"
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(verifying.verify, old)
    assert looks() == 2  # its discovery document, and its keys
    provider.rotate()
    new = provider.access_token("ada", READ, aud="us")
    for _ in range(5):  # whoever makes up keys does not make us ask for each
        with pytest.raises(UnreadableAnswer, match="a key it does not list"):
            await verifying.verify(new)
    assert looks() == 2
    clock[0] += ROTATION_SECONDS + 1
    assert (await verifying.verify(new)).scopes == {READ}
    with pytest.raises(UnreadableAnswer, match="a key it does not list"):
        await verifying.verify(old)
    clock[0] += KEYS_SECONDS + 1
    await verifying.verify(new)
    assert looks() == 4


def _signed_with(secret: bytes, claims: dict[str, object]) -> str:
    """With the public key for a shared secret, which PyJWT itself would not do."""
    parts = [json.dumps(part).encode() for part in ({"alg": "HS256", "kid": "1"}, claims)]
    told = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    mac = hmac.new(secret, told, hashlib.sha256).digest()
    return b".".join((told, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


async def test_only_what_the_issuer_signed_with_its_own_key_is_believed(tokens: Tokens, provider: OidcProvider) -> None:
    verifying, _ = tokens
    good = provider.access_token("ada", READ, aud="us")
    claims = jwt.decode(good, options={"verify_signature": False})
    pem = provider.signing_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    other = type(provider)()
    forged = [
        jwt.encode(claims, None, "none", {"kid": "1"}),
        _signed_with(pem, claims),
        jwt.encode(claims, other.signing_key, "ES256", {"kid": "1"}),
        good[:-4] + ("AAAA" if not good.endswith("AAAA") else "BBBB"),
        "no token",
        "",
        "a" * (LONGEST_TOKEN + 1),
    ]
    for token in forged:
        with pytest.raises(UnreadableAnswer):
            await verifying.verify(token)


@pytest.mark.parametrize(
    "claims", [{"scp": "a b", "scope": None}, {"scp": ["a", "b"], "scope": None}, {"scope": "a b"}]
)
async def test_scopes_are_read_as_issuers_write_them(
    tokens: Tokens, provider: OidcProvider, claims: dict[str, object]
) -> None:
    verifying, _ = tokens
    told = provider.access_token("ada", "", aud=["them", "us"], **claims)
    assert (await verifying.verify(told)).scopes == {"a", "b"}


async def test_an_issuer_whose_certificate_is_the_operators_own_is_believed(
    settings: Settings, serve: Callable[..., Server], tmp_path: Path
) -> None:
    authority, tls = certified(tmp_path)
    issuer = serve(tls)
    document = {"issuer": issuer.url, "token_endpoint": f"{issuer.url}/token", "jwks_uri": f"{issuer.url}/keys"}
    issuer.on("/.well-known/openid-configuration", Reply(body=json.dumps(document).encode()))
    issuer.on("/keys", Reply(body=b'{"keys": []}'))
    served_at = {"url": "http://127.0.0.1/mcp", "issuer": issuer.url}
    for known, ca_file in ((True, authority), (False, None)):
        ours = settings.model_copy(update={"http": HttpSettings(**served_at, ca_file=ca_file)})
        async with open_provider_http(ours) as http:
            tokens = AccessTokens(Issuer(http, issuer.url), "us")
            if known:
                assert await tokens.keys() == {"keys": []}
            else:
                with pytest.raises(Unreachable):
                    await tokens.keys()
