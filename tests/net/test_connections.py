"""How connections are made: to one address after the other, by a proxy, with which trust."""

from pathlib import Path

import httpcore
import httpx
import pytest

from mcp_ogc.errors import HostRefused, SettingsError, Unreachable
from mcp_ogc.net.connections import Connections, proxy_of
from mcp_ogc.net.hosts import Hosts
from tests.servers.loopback import Reply, Server
from tests.servers.way_out import PUBLIC, Internet, Names, client

pytestmark = pytest.mark.anyio

SIX = [f"2606:4700::{number}" for number in range(1, 9)]


async def test_where_one_address_leads_nowhere_the_next_family_is_tried(server: Server) -> None:
    server.on("/", Reply())
    internet = Internet(server.port, dead=SIX)
    async with client({"scenes.example": [[*SIX, PUBLIC]]}, internet) as http:
        assert (await http.get("http://scenes.example/")).status_code == 200
    assert internet.connected == [SIX[0], PUBLIC]


async def test_a_host_where_nobody_answers_is_unreachable_after_four_addresses() -> None:
    internet = Internet(0, dead=SIX)
    async with client({"scenes.example": [SIX]}, internet) as http:
        with pytest.raises(Unreachable):
            await http.post("http://scenes.example/")
    assert internet.connected == SIX[:4]


async def test_a_connection_to_a_public_host_is_used_again(server: Server) -> None:
    server.on("/", Reply())
    internet = Internet(server.port)
    async with client({"scenes.example": [[PUBLIC]]}, internet) as http:
        for _ in range(3):
            await http.get("http://scenes.example/")
    assert internet.connected == [PUBLIC]


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://a.example/", "http://proxy.example:3128"),
        ("http://a.example/", "http://plain.example:80"),
        ("https://inside.example/", None),
        ("https://deep.inside.example/", None),
        ("https://b.example:8443/", None),
        ("https://b.example/", "http://proxy.example:3128"),
        ("http://127.0.0.1:4566/", None),
        ("http://localhost:4566/", None),
    ],
)
def test_the_proxy_of_the_environment_is_for_everything_but_its_exceptions_and_this_machine(
    url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("HTTP_PROXY", "http://plain.example:80")
    monkeypatch.setenv("NO_PROXY", "inside.example,b.example:8443")
    assert proxy_of(httpx.URL(url)) == proxy


async def test_a_private_host_is_not_reached_through_the_proxy_either(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    async with client({"inside.example": [["10.0.0.1"]]}, None) as http:
        with pytest.raises(HostRefused):
            await http.get("http://inside.example/")
    assert server.seen == []


async def test_a_proxy_that_cannot_be_used_is_a_matter_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "ftp://proxy.example")
    connections = Connections(Hosts(["https://a.example"]), {})
    with pytest.raises(SettingsError, match="proxy"):
        await connections.transport(httpx.URL("https://a.example/"))


@pytest.mark.parametrize("content", [None, b"no certificate"])
async def test_a_ca_file_that_cannot_be_used_is_a_matter_of_the_settings(content: bytes | None, tmp_path: Path) -> None:
    pem = tmp_path / "ca.pem"
    if content is not None:
        pem.write_bytes(content)
    connections = Connections(Hosts(["https://a.example"]), {"https://a.example:443": pem})
    with pytest.raises(SettingsError, match=r"ca\.pem"):
        await connections.transport(httpx.URL("https://a.example/"))


async def test_transports_are_shared_by_what_is_alike() -> None:
    connections = Connections(Hosts(["https://a.example"], Names({})), {}, httpcore.AnyIOBackend())
    configured = await connections.transport(httpx.URL("https://a.example/"))
    public = await connections.transport(httpx.URL("https://b.example/"))
    assert await connections.transport(httpx.URL("https://a.example/x")) is configured
    assert await connections.transport(httpx.URL("https://c.example/")) is public
    assert public is not configured
    await connections.aclose()
