"""A sign-in while it lasts: renewed in time, once for all, and said to be over when it is."""

import errno
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from pydantic import SecretStr

from mcp_ogc.authentication import ClientCredentialsAuthentication, OidcAuthentication
from mcp_ogc.errors import AuthenticationRequired, DiskError, Unreachable
from mcp_ogc.net import token_store
from mcp_ogc.net.http import open_http, open_provider_http
from mcp_ogc.net.oidc import OidcClient
from mcp_ogc.net.sign_in import SignIn
from mcp_ogc.net.token_store import Record, Tokens, TokenStore
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, Settings
from tests.servers.keychain import Keychain
from tests.servers.loopback import Reply, Server
from tests.servers.oidc import Grant, OidcProvider

pytestmark = pytest.mark.anyio

LOGIN = "mcp-ogc login zoo"


@pytest.fixture
def settings(provider: OidcProvider, server: Server, tmp_path: Path) -> Settings:
    server.on("/", Reply())
    return Settings(endpoints={"zoo": endpoint(provider, server.url)}, data_folder=tmp_path)


def endpoint(provider: OidcProvider, url: str) -> EndpointSettings:
    return EndpointSettings(url=url, authentication=OidcAuthentication(issuer=provider.url, client_id="mcp-ogc"))


async def signed_in(
    settings: Settings,
    provider: OidcProvider,
    *,
    until: float | None = None,
    refresh: bool = True,
    access: str = "first",
    url: str | None = None,
) -> None:
    """As `mcp-ogc login` leaves it; `until` is the end of the access token."""
    refresh_token = SecretStr(f"refresh-{len(provider.refresh_tokens)}") if refresh else None
    if refresh_token:
        provider.refresh_tokens[refresh_token.get_secret_value()] = Grant("mcp-ogc", "ada")
    record = Record(
        endpoint=url or settings.endpoints["zoo"].url,
        issuer=provider.url,
        client_id="mcp-ogc",
        person="ada",
        expires_at=until,
        renewable=refresh,
    )
    async with TokenStore(settings.sign_in_folder).exclusive("zoo") as slot:
        await slot.write(Tokens(record, SecretStr(access), refresh_token))


def sent(server: Server) -> list[str]:
    return [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.seen]


async def test_nobody_is_signed_in_and_nothing_is_sent(settings: Settings, server: Server) -> None:
    async with open_http(settings) as http:
        with pytest.raises(AuthenticationRequired) as told:
            await http.get(f"{server.url}/")
    assert str(told.value) == f"Nobody is signed in to endpoint zoo. Run `{LOGIN}` in a terminal, then call again"
    assert server.seen == []


async def test_a_sign_in_in_a_terminal_is_noticed(settings: Settings, provider: OidcProvider, server: Server) -> None:
    async with open_http(settings) as http:
        with pytest.raises(AuthenticationRequired):
            await http.get(f"{server.url}/")
        await signed_in(settings, provider, access="one")
        await http.get(f"{server.url}/")
        await signed_in(settings, provider, access="another-person")
        await http.get(f"{server.url}/")
        async with TokenStore(settings.sign_in_folder).exclusive("zoo") as slot:
            await slot.clear()
        with pytest.raises(AuthenticationRequired, match="Nobody is signed in"):
            await http.get(f"{server.url}/")
    assert sent(server) == ["one", "another-person"]


async def test_an_expired_token_is_renewed_before_it_is_sent_once_for_all_who_wait(
    settings: Settings, provider: OidcProvider, server: Server, keychain: Keychain
) -> None:
    await signed_in(settings, provider, until=1)
    keychain.reads = 0
    async with open_http(settings) as http, anyio.create_task_group() as tasks:
        for _ in range(8):
            tasks.start_soon(http.get, f"{server.url}/")
    assert len(set(sent(server))) == 1
    assert "first" not in sent(server)
    assert keychain.reads == 1, "it may ask the person"
    assert provider.granted("refresh_token") == 1


async def test_two_servers_use_a_refresh_token_once(settings: Settings, provider: OidcProvider, server: Server) -> None:
    await signed_in(settings, provider, until=1)
    async with open_http(settings) as one, open_http(settings) as other, anyio.create_task_group() as tasks:
        for http in (one, other, one, other):
            tasks.start_soon(http.get, f"{server.url}/")
    assert provider.granted("refresh_token") == 1
    assert len(set(sent(server))) == 1


async def test_the_rotated_refresh_token_is_kept(settings: Settings, provider: OidcProvider, server: Server) -> None:
    provider.lifetime = 1  # shorter than a token is good for: renewed at each request
    await signed_in(settings, provider, until=1)
    for _ in range(3):  # each a server of its own
        async with open_http(settings) as http:
            await http.get(f"{server.url}/")
    assert len(provider.refresh_tokens) == 1
    assert len(set(sent(server))) == 3


async def test_a_refused_token_is_renewed_whatever_its_time_says(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    server.on("/", Reply(401), Reply(body=b"in"))
    await signed_in(settings, provider)
    async with open_http(settings) as http:
        assert (await http.get(f"{server.url}/")).content == b"in"
    assert sent(server)[0] == "first"
    assert provider.people[sent(server)[1]] == "ada"


async def test_a_redirect_to_a_login_page_is_a_refusal_too(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    page = f"{provider.url}/authorize?client_id=gateway&redirect_uri=x&response_type=code"
    server.on("/", Reply(302, {"Location": page}), Reply(body=b"in"))
    await signed_in(settings, provider)
    async with open_http(settings) as http:
        assert (await http.get(f"{server.url}/")).content == b"in"
    server.on("/", Reply(302, {"Location": page}))
    async with open_http(settings) as http:
        with pytest.raises(AuthenticationRequired) as told:
            await http.post(f"{server.url}/")
    assert "login page" in told.value.message
    assert LOGIN in told.value.remedy


async def test_a_sign_in_that_is_over_says_the_command(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    await signed_in(settings, provider, until=1)
    provider.end_sessions()
    async with open_http(settings) as http:
        with pytest.raises(AuthenticationRequired, match="has expired") as told:
            await http.get(f"{server.url}/")
        assert LOGIN in told.value.remedy
        assert told.value.detail == "Token is not active"
        with pytest.raises(AuthenticationRequired) as told:
            await http.get(f"{server.url}/")
        assert LOGIN in told.value.remedy
    assert provider.granted("refresh_token") == 1, "what is over is not tried again"
    assert server.seen == []


async def test_one_that_can_not_be_renewed_is_over_when_it_expires(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    await signed_in(settings, provider, until=1, refresh=False)
    async with open_http(settings) as http:
        with pytest.raises(AuthenticationRequired, match="has expired"):
            await http.get(f"{server.url}/")


async def test_a_provider_that_does_not_answer_ends_nothing(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    await signed_in(settings, provider, until=1)
    provider.metadata = {"token_endpoint": f"{provider.url.rsplit(':', 1)[0]}:1/token"}
    gone = settings.model_copy(update={"catalogues": {"gone": CatalogueSettings(url="http://127.0.0.1:1")}})
    async with open_http(gone) as http:
        with pytest.raises(Unreachable):
            await http.post(f"{server.url}/")
    provider.metadata = {}
    async with open_http(settings) as http:
        await http.get(f"{server.url}/")
    assert provider.people[sent(server)[0]] == "ada"


@pytest.mark.parametrize(
    "changed", [{"url": "https://another.example/ogc-api"}, {"issuer": "x"}, {"client_id": "another"}]
)
async def test_tokens_go_only_where_they_were_given_for(
    settings: Settings, provider: OidcProvider, server: Server, changed: dict[str, str]
) -> None:
    await signed_in(settings, provider, url=changed.get("url"))
    ways = {"issuer": provider.url, "client_id": "mcp-ogc", **changed}
    if "issuer" in changed:
        ways["issuer"] = f"{provider.url}/other"
    ways.pop("url", None)
    authentication = OidcAuthentication(**ways)
    meant = Settings(
        endpoints={"zoo": EndpointSettings(url=server.url, authentication=authentication)},
        data_folder=settings.data_folder,
    )
    async with open_http(meant) as http:
        with pytest.raises(AuthenticationRequired, match="Nobody is signed in"):
            await http.get(f"{server.url}/")


async def test_a_renewal_whose_caller_gave_up_is_kept(settings: Settings, provider: OidcProvider) -> None:
    await signed_in(settings, provider, until=1)
    authentication = settings.endpoints["zoo"].authentication
    assert isinstance(authentication, OidcAuthentication)
    async with open_provider_http(settings) as http:
        client = OidcClient(http, settings.endpoints["zoo"].url, authentication, lambda _: None)
        with anyio.CancelScope() as scope:
            renewed = client.renewed

            async def interrupted(tokens: Tokens) -> Tokens:
                fresh = await renewed(tokens)
                scope.cancel()  # the old refresh token is used up, the new one not kept yet
                return fresh

            client.renewed = interrupted  # type: ignore[method-assign]
            url, store = settings.endpoints["zoo"].url, TokenStore(settings.sign_in_folder)
            await SignIn("zoo", url, authentication, client, store, LOGIN).headers()
    async with TokenStore(settings.sign_in_folder).exclusive("zoo") as slot:
        tokens = await slot.read()
    assert tokens is not None
    assert tokens.refresh_token is not None
    assert tokens.refresh_token.get_secret_value() in provider.refresh_tokens


async def test_a_program_signs_in_by_itself_and_again_when_it_is_refused(
    provider: OidcProvider, server: Server
) -> None:
    server.on("/", Reply(), Reply(), Reply(401), Reply())
    authentication = ClientCredentialsAuthentication(issuer=provider.url, client_id="robot", client_secret="s3cret/+")
    settings = Settings(endpoints={"zoo": EndpointSettings(url=server.url, authentication=authentication)})
    async with open_http(settings) as http:
        for _ in range(3):
            await http.get(f"{server.url}/")
    first, again, refused, renewed = sent(server)
    assert first == again == refused != renewed
    assert {provider.people[token] for token in (first, renewed)} == {"robot"}


async def test_a_sign_in_does_not_leave_the_endpoints_origin(
    settings: Settings, provider: OidcProvider, server: Server, serve: Callable[[], Server]
) -> None:
    away = serve()
    server.on("/", Reply(302, {"Location": away.on("/file", Reply(body=b"bytes"))}))
    await signed_in(settings, provider)
    there = settings.model_copy(update={"catalogues": {"away": CatalogueSettings(url=away.url)}})
    async with open_http(there) as http:
        assert (await http.get(f"{server.url}/")).content == b"bytes"
    assert sent(server) == ["first"]
    assert "authorization" not in away.seen[0].headers


async def test_endpoints_credentials_are_not_sent_to_the_provider(
    settings: Settings, provider: OidcProvider, server: Server
) -> None:
    await signed_in(settings, provider, until=1)
    async with open_http(settings) as http:
        await http.get(f"{server.url}/")
    assert provider.asked
    assert not any({"authorization", "cookie"} & set(headers) for headers in provider.asked)


async def test_a_renewed_sign_in_that_finds_no_room_serves_this_server_until_it_is_kept(
    settings: Settings,
    provider: OidcProvider,
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server.on("/", Reply(), Reply(), Reply(401), Reply())
    await signed_in(settings, provider, until=1)
    write = token_store._write_private

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(token_store, "_write_private", full)
    async with open_http(settings) as http:
        for _ in range(2):
            await http.get(f"{server.url}/")
        assert len(set(sent(server))) == 1, "renewed once"
        assert "No space left on device" in caplog.text
        monkeypatch.setattr(token_store, "_write_private", write)
        await http.get(f"{server.url}/")
    last = sent(server)[-1]
    assert provider.people[last] == "ada", "with the refresh token that was given last"
    async with TokenStore(settings.sign_in_folder).exclusive("zoo") as slot:
        kept = await slot.read()
    assert kept is not None
    assert kept.access_token.get_secret_value() == last


async def test_a_token_that_is_good_is_sent_though_its_folder_is_read_only(
    settings: Settings, provider: OidcProvider, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.on("/", Reply(), Reply(401))
    await signed_in(settings, provider)

    def read_only(_: TokenStore) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(TokenStore, "_make_folder", read_only)
    async with open_http(settings) as http:
        await http.get(f"{server.url}/")
        assert sent(server) == ["first"]
        with pytest.raises(DiskError, match="Read-only file system") as told:
            await http.get(f"{server.url}/")
    assert "data_folder" in told.value.remedy
