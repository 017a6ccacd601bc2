"""The ways to a token, against a real provider."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace

import anyio.to_thread
import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication
from mcp_ogc.errors import AuthenticationRequired, HostRefused, OgcError, UnreadableAnswer
from mcp_ogc.net.http import open_provider_http
from mcp_ogc.net.oidc import OidcClient
from mcp_ogc.net.redirect import open_redirect
from mcp_ogc.net.token_store import Tokens
from mcp_ogc.settings import EndpointSettings, Settings
from tests.servers.browser import browse
from tests.servers.oidc import OidcProvider

pytestmark = pytest.mark.anyio

ENDPOINT = "https://zoo.example/acme/ogc-api"
Naps = list[float]


@pytest.fixture
def naps() -> Naps:
    """How long was waited between looks."""
    return []


@pytest.fixture
async def client_of(naps: Naps) -> AsyncIterator[Callable[..., OidcClient]]:
    """Clients whose waiting takes no time."""

    async def nap(seconds: float) -> None:
        naps.append(seconds)

    async with AsyncExitStack() as stack:

        def of(authentication: OidcAuthentication | ClientCredentialsAuthentication, **how: object) -> OidcClient:
            endpoints = {"zoo": EndpointSettings(url=ENDPOINT, authentication=authentication)}
            http = open_provider_http(Settings(endpoints=endpoints))
            stack.push_async_callback(http.aclose)
            return OidcClient(http, ENDPOINT, authentication, lambda _: None, **{"sleep": nap, **how})

        yield of


@pytest.fixture
def person(provider: OidcProvider, client_of: Callable[..., OidcClient]) -> OidcClient:
    return client_of(OidcAuthentication(issuer=provider.url, client_id="mcp-ogc"))


async def signed_in(client: OidcClient, say: str = "allow") -> Tokens:
    """A person with a browser."""
    async with open_redirect(0) as redirect:
        request = await client.authorization(redirect.uri)
        redirect.expect(request.state)
        await anyio.to_thread.run_sync(browse, request.url, say)
        return await client.tokens_of_code(request, await redirect.returned())


async def test_a_person_signs_in_with_a_browser(provider: OidcProvider, person: OidcClient) -> None:
    tokens = await signed_in(person)
    assert provider.people[tokens.access_token.get_secret_value()] == "acme"
    assert tokens.record.person == "acme"
    assert tokens.record.renewable
    (form,) = provider.forms
    assert form["grant_type"] == "authorization_code"
    assert len(form["code_verifier"]) >= 43, "RFC 7636 §4.1"


async def test_a_verifier_that_is_not_the_browsers_gets_nothing(provider: OidcProvider, person: OidcClient) -> None:
    async with open_redirect(0) as redirect:
        request = await person.authorization(redirect.uri)
        redirect.expect(request.state)
        await anyio.to_thread.run_sync(browse, request.url)
        with pytest.raises(AuthenticationRequired):
            await person.tokens_of_code(replace(request, verifier="x" * 64), await redirect.returned())


async def test_a_person_who_says_no_is_not_signed_in(person: OidcClient) -> None:
    with pytest.raises(AuthenticationRequired, match="did not let you in") as refused:
        await signed_in(person, "deny")
    assert refused.value.detail == "The person said no"


async def test_a_browser_with_another_state_is_turned_away_and_waited_on(person: OidcClient) -> None:
    async with open_redirect(0) as redirect, httpx.AsyncClient(trust_env=False) as stranger:
        request = await person.authorization(redirect.uri)
        for early in ("", request.state):
            answer = await stranger.get(redirect.uri, params={"state": early, "code": "x"})
            assert answer.status_code == 404, "nothing is expected yet"
        redirect.expect(request.state)
        for params in ({"state": "another", "code": "x"}, {"code": "x"}, {}):
            assert (await stranger.get(redirect.uri, params=params)).status_code == 404
        assert (await stranger.get(redirect.uri.replace("callback", "favicon.ico"))).status_code == 404
        await anyio.to_thread.run_sync(browse, request.url)
        assert (await person.tokens_of_code(request, await redirect.returned())).record.person == "acme"


@pytest.mark.parametrize(
    ("callback", "told"),
    [
        ({"iss": "https://evil.example"}, "another provider"),
        ({"iss": ""}, "another provider"),
        ({"code": ""}, "without a code"),
    ],
)
async def test_what_a_browser_brings_from_elsewhere_is_refused(
    provider: OidcProvider, person: OidcClient, callback: dict[str, str], told: str
) -> None:
    provider.callback = callback
    with pytest.raises(OgcError, match=told):
        await signed_in(person)
    assert provider.forms == [], "the code goes nowhere"


async def test_the_state_is_compared_here_too(person: OidcClient) -> None:
    request = await person.authorization("http://127.0.0.1:1/callback")
    with pytest.raises(AuthenticationRequired, match="another state"):
        await person.tokens_of_code(request, {"state": "x", "code": "y"})


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"nonce": "another"}, "another sign-in"),
        ({"iss": "https://evil.example"}, "InvalidIssuer"),
        ({"aud": "another"}, "InvalidAudience"),
        ({"exp": 1}, "ExpiredSignature"),
        ({"sub": None}, "MissingRequiredClaim"),
        ({"azp": "another"}, "another client"),
    ],
)
async def test_an_id_token_that_is_not_good_is_no_sign_in(
    provider: OidcProvider, person: OidcClient, claims: dict[str, object], told: str
) -> None:
    provider.claims = claims
    with pytest.raises(UnreadableAnswer, match=told):
        await signed_in(person)


async def test_an_id_token_of_another_key_is_no_sign_in(provider: OidcProvider, person: OidcClient) -> None:
    provider.signing_key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(UnreadableAnswer, match="InvalidSignature"):
        await signed_in(person)


async def test_a_clock_that_is_a_minute_off_does_not_matter(provider: OidcProvider, person: OidcClient) -> None:
    provider.claims = {"iat": int(time.time()) + 60, "exp": int(time.time()) - 60}
    assert (await signed_in(person)).record.person == "acme"


@pytest.mark.parametrize(
    ("supported", "asked"),
    [
        (["openid", "offline_access"], "openid offline_access"),
        (["openid", "profile"], "openid"),
        (None, "openid offline_access"),
    ],
)
async def test_scopes_the_provider_does_not_have_are_left_out(
    provider: OidcProvider, person: OidcClient, supported: list[str] | None, asked: str
) -> None:
    provider.metadata = {"scopes_supported": supported}
    request = await person.authorization("http://127.0.0.1:1/callback")
    assert httpx.URL(request.url).params["scope"] == asked


async def test_a_device_waits_as_long_as_it_is_told(provider: OidcProvider, person: OidcClient, naps: Naps) -> None:
    provider.waits = ["authorization_pending", "slow_down", "authorization_pending"]
    authorization = await person.device_authorization()
    await anyio.to_thread.run_sync(browse, authorization.verification_uri_complete)
    tokens = await person.tokens_of_device(authorization)
    assert tokens.record.person == "acme"
    assert naps == [5, 5, 10, 10], "five seconds more after slow_down (RFC 8628 §3.5)"


@pytest.mark.parametrize(
    ("code", "told"), [("access_denied", "did not let you in"), ("expired_token", "the code has expired")]
)
async def test_a_device_that_is_refused_says_so(
    provider: OidcProvider, person: OidcClient, code: str, told: str
) -> None:
    provider.waits = ["authorization_pending", code]
    with pytest.raises(AuthenticationRequired, match=told):
        await person.tokens_of_device(await person.device_authorization())


async def test_a_device_nobody_signs_in_with_gives_up_when_its_code_expires(
    provider: OidcProvider, client_of: Callable[..., OidcClient]
) -> None:
    now = [1000.0]

    async def nap(seconds: float) -> None:
        now[0] += seconds

    authentication = OidcAuthentication(issuer=provider.url, client_id="mcp-ogc")
    client = client_of(authentication, sleep=nap, clock=lambda: now[0])
    with pytest.raises(AuthenticationRequired, match="in time"):
        await client.tokens_of_device(await client.device_authorization())
    assert provider.granted("urn:ietf:params:oauth:grant-type:device_code") == 12, "60 s, every 5 s"


@pytest.mark.parametrize("methods", [["client_secret_post"], ["client_secret_basic"], None])
async def test_a_program_signs_in_as_the_provider_wants_to_hear_it(
    provider: OidcProvider, client_of: Callable[..., OidcClient], methods: list[str] | None
) -> None:
    provider.metadata = {"token_endpoint_auth_methods_supported": methods}
    client = client_of(
        ClientCredentialsAuthentication(
            issuer=provider.url, client_id="robot", client_secret="s3cret/+", scopes=("processes",), audience="zoo"
        )
    )
    tokens = await client.tokens_of_client()
    assert provider.people[tokens.access_token.get_secret_value()] == "robot"
    (form,) = provider.forms
    assert ("client_secret" in form) is (methods == ["client_secret_post"])
    assert (form["scope"], form["audience"]) == ("processes", "zoo")
    assert tokens.refresh_token is None


async def test_a_wrong_secret_says_what_to_check(provider: OidcProvider, client_of: Callable[..., OidcClient]) -> None:
    client = client_of(ClientCredentialsAuthentication(issuer=provider.url, client_id="robot", client_secret="wrong"))
    with pytest.raises(AuthenticationRequired, match="Check client_id and client_secret"):
        await client.tokens_of_client()


async def test_tokens_are_renewed_and_the_refresh_token_is_the_new_one(
    provider: OidcProvider, person: OidcClient
) -> None:
    first = await signed_in(person)
    second = await person.renewed(first)
    assert second.refresh_token != first.refresh_token
    assert second.record.person == "acme"
    with pytest.raises(AuthenticationRequired) as refused:
        await person.renewed(first)
    assert refused.value.type == "invalid_grant"
    assert (await person.renewed(second)).record.renewable


async def test_revoked_tokens_are_good_for_nothing(provider: OidcProvider, person: OidcClient) -> None:
    assert await person.revoke(await signed_in(person)) is True
    assert provider.people == {}
    assert provider.refresh_tokens == {}


async def test_a_provider_that_revokes_nothing_is_asked_for_nothing(provider: OidcProvider, person: OidcClient) -> None:
    provider.metadata = {"revocation_endpoint": None}
    assert await person.revoke(await signed_in(person)) is False
    assert provider.people


@pytest.mark.parametrize(
    ("metadata", "error", "told"),
    [
        ({"issuer": "https://evil.example"}, UnreadableAnswer, "calls itself something else"),
        ({"token_endpoint": "http://iam.example.org/token"}, HostRefused, "not https"),
        ({"jwks_uri": "http://iam.example.org/keys"}, HostRefused, "not https"),
        ({"token_endpoint": None}, UnreadableAnswer, "token_endpoint"),
        ({"authorization_endpoint": None}, AuthenticationRequired, "--device"),
    ],
)
async def test_a_provider_that_can_not_be_trusted_is_not_asked(
    provider: OidcProvider, person: OidcClient, metadata: dict[str, object], error: type[OgcError], told: str
) -> None:
    provider.metadata = metadata
    with pytest.raises(error, match=told):
        await person.authorization("http://127.0.0.1:1/callback")
    assert provider.forms == []


async def test_a_provider_without_device_codes_says_so(provider: OidcProvider, person: OidcClient) -> None:
    provider.metadata = {"device_authorization_endpoint": None}
    with pytest.raises(AuthenticationRequired, match="no sign-in by device code"):
        await person.device_authorization()


async def test_what_is_no_provider_says_what_to_check(
    provider: OidcProvider, client_of: Callable[..., OidcClient]
) -> None:
    client = client_of(OidcAuthentication(issuer=f"{provider.url}/realms/absent", client_id="mcp-ogc"))
    with pytest.raises(UnreadableAnswer, match="Is the issuer in the settings"):
        await client.device_authorization()


async def test_an_address_inside_the_providers_document_is_reached_only_if_it_is_public(
    provider: OidcProvider, person: OidcClient
) -> None:
    provider.metadata = {"token_endpoint": "https://127.0.0.1:1/token"}
    with pytest.raises(HostRefused, match="not a public address"):
        await person.tokens_of_client()
