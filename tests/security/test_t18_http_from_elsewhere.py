"""T18: over HTTP nobody is served who has not shown who they are, and what they show stays here."""

import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from mcp_ogc.cli.serve import listening_address
from mcp_ogc.errors import SettingsError
from mcp_ogc.serving import HttpSettings
from mcp_ogc.settings import EndpointSettings, Settings, load
from tests.server.talk import call
from tests.servers.mcp_over_http import McpOverHttp, over_http
from tests.servers.oidc import OidcProvider
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio

BEGINNING = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}
PAGE = "https://app.example.org"


@pytest.fixture
async def ours(settings: Settings, provider: OidcProvider) -> AsyncIterator[McpOverHttp]:
    async with over_http(settings, provider, allowed_origins=(PAGE,)) as ours:
        yield ours


async def post(ours: McpOverHttp, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.post(ours.url, json=BEGINNING, headers={**ours.headers(), **headers})


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example"])
async def test_a_foreign_host_is_refused_with_a_good_token_too(ours: McpOverHttp, host: str) -> None:
    assert (await post(ours)).status_code == 200
    assert (await post(ours, Host=host)).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9", "null", f"{PAGE}.evil.example"])
async def test_a_page_from_elsewhere_is_refused_with_a_good_token_too(ours: McpOverHttp, origin: str) -> None:
    assert (await post(ours, Origin=origin)).status_code == 403
    permitted = await post(ours, Origin=PAGE)
    assert permitted.status_code == 200
    assert permitted.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("address", ["0.0.0.0:8000", "192.0.2.1:80", "[::]:80", "example.org:80"])
def test_a_bind_beyond_loopback_without_authentication_says_what_to_set(address: str) -> None:
    with pytest.raises(SettingsError, match=r"without authentication.*issuer and url in \[http\]"):
        listening_address(address, HttpSettings())
    settings = HttpSettings(url="https://mcp.example.org/mcp", issuer="https://iam.example.org")
    assert listening_address(address, settings)[1] in (80, 8000)


@pytest.mark.parametrize(
    "http",
    [
        "issuer = 'https://iam.example.org'",
        "url = 'https://mcp.example.org/mcp'",
        "issuer = 'https://iam.example.org'\nurl = 'http://mcp.example.org/mcp'",
    ],
)
def test_half_an_authentication_is_none(http: str, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[http]\nhost = '0.0.0.0'\n{http}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="http"):
        load(path)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://another.example/mcp"},
        {"aud": None},
        {"iss": "https://another.example"},
        {"exp": 1},
        {"exp": None},
        {"nbf": 2**40},
        {"sub": None},
        {"sub": ""},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us_is_refused(ours: McpOverHttp, claims: dict[str, object]) -> None:
    refused = await post(ours, **ours.headers(**claims))
    assert refused.status_code == 401
    assert "resource_metadata=" in refused.headers["www-authenticate"]


@pytest.fixture
def endpoint() -> TestEndpoint:
    return TestEndpoint()


@pytest.mark.parametrize("era", ["auto", "legacy"])
async def test_a_client_s_token_never_goes_upstream_nor_is_kept(
    settings: Settings,
    provider: OidcProvider,
    endpoint: TestEndpoint,
    era: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    canary = secrets.token_hex(16)
    async with served(endpoint) as url:
        settings = settings.model_copy(update={"endpoints": {"shared": EndpointSettings(url=url)}})
        async with over_http(settings, provider) as ours:
            token = ours.token(jti=canary)
            provider.access_token = lambda *_args, **_claims: token  # type: ignore[method-assign]
            async with ours.client("ada", era) as ada:
                asked = {"process_id": "echo", "inputs": {"text": "x"}, "endpoint": "shared"}
                job = await call(ada, "ogc_execute_process", **asked, wait_seconds=20)
                await call(ada, "ogc_export_job", job_id=job["job_id"], endpoint="shared")
    assert endpoint.asked("POST", "/execution")
    sent = json.dumps([[one.path, dict(one.query), dict(one.headers), one.body.decode()] for one in endpoint.requests])
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for signature in (token, token.rsplit(".", 1)[-1]):
        assert signature not in sent
        assert signature.encode() not in kept
        assert signature not in "".join(capfd.readouterr())
    assert all("authorization" not in one.headers for one in endpoint.requests)
