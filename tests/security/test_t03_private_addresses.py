"""T3: no address that is not public is reached, however it is written, unless its URL is configured."""

import socket
from collections.abc import Callable, Sequence

import httpx
import pytest

from mcp_ogc.errors import HostRefused, Unreachable
from mcp_ogc.net.hosts import Hosts
from mcp_ogc.net.http import open_http
from mcp_ogc.settings import CatalogueSettings, Settings
from tests.servers.loopback import Reply, Server
from tests.servers.way_out import PUBLIC, Internet, client

pytestmark = pytest.mark.anyio


async def system(host: str, port: int) -> Sequence[str]:
    """The system's resolver, which reads literals itself."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, flags=socket.AI_NUMERICHOST)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://127.0.0.1./",
        "http://127.1/",
        "http://127。0。0。1/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/",
        "http://[fec0::1]/",
        "http://[fe80::1]/",
        "http://100.64.0.1/",
        "http://10.1.2.3/",
        "http://192.168.0.1/",
        "http://198.18.0.1/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
    ],
)
async def test_an_address_that_is_not_public_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises(HostRefused, match="not a public address") as refused:
        await Hosts([], system).check(httpx.URL(url))
    assert "[catalogues]" in refused.value.remedy


@pytest.mark.parametrize(
    "url",
    [
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example",
        "http://good@evil.example/",
        "http://good:pass@127.0.0.1/",
        "https:///nowhere",
    ],
)
async def test_other_schemes_and_user_names_are_refused(url: str) -> None:
    with pytest.raises(HostRefused) as refused:
        await Hosts([], system).check(httpx.URL(url))
    assert "pass@" not in str(refused.value)


@pytest.mark.parametrize("name", ["inside.example", "INSIDE.example", "inside.example.", "xn--bcher-kva.example"])
async def test_a_name_is_refused_if_any_of_its_addresses_is_private(name: str, server: Server) -> None:
    answers = {known: [[PUBLIC, "10.0.0.1"]] for known in ("inside.example", "xn--bcher-kva.example")}
    internet = Internet(server.port)
    async with client(answers, internet) as http:
        with pytest.raises(HostRefused, match=r"10\.0\.0\.1"):
            await http.get(f"http://{name}/")
    assert internet.connected == []
    assert server.seen == []


async def test_an_international_name_is_resolved_as_the_one_that_is_asked(server: Server) -> None:
    """IDNA 2008 keeps ß, the IDNA 2003 of Python's own codec makes it ss: another host."""
    server.on("/", Reply())
    internet = Internet(server.port)
    async with client({"xn--fa-hia.example": [[PUBLIC]], "fass.example": [["10.0.0.1"]]}, internet) as http:
        await http.get("http://faß.example/")
    assert server.seen[0].headers["host"] == "xn--fa-hia.example"


async def test_a_private_address_is_refused_before_any_connection(serve: Callable[[], Server]) -> None:
    inside = serve()
    async with open_http(Settings()) as http:
        for url in (inside.url, f"http://localhost:{inside.port}", f"http://2130706433:{inside.port}"):
            with pytest.raises((HostRefused, Unreachable)) as refused:
                await http.get(url)
            assert isinstance(refused.value, HostRefused) or "localhost" in url
    assert inside.seen == []


async def test_a_configured_host_may_be_private_and_only_on_its_own_port_and_scheme(
    serve: Callable[[], Server],
) -> None:
    catalogue, neighbour = serve(), serve()
    catalogue.on("/scene.json", Reply())
    settings = Settings(catalogues={"scenes": CatalogueSettings(url=f"{catalogue.url}/stac")})
    async with open_http(settings) as http:
        assert (await http.get(f"{catalogue.url}/scene.json")).status_code == 200
        for url in (neighbour.url, catalogue.url.replace("http:", "https:")):
            with pytest.raises(HostRefused):
                await http.get(url)
    assert neighbour.seen == []


async def test_a_name_that_is_public_is_reached(server: Server) -> None:
    server.on("/stac", Reply(body=b'{"id": 1}'))
    async with client({"scenes.example": [[PUBLIC]]}, Internet(server.port)) as http:
        assert (await http.get("http://scenes.example/stac")).json() == {"id": 1}
    assert server.seen[0].headers["host"] == "scenes.example"


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest/", "http://2130706433/", "http://inside.example/"])
async def test_through_a_proxy_literal_addresses_and_names_are_checked_before_it_hears_of_them(
    url: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    names = {"inside.example": [["10.0.0.1"]], "2130706433": [["127.0.0.1"]], "169.254.169.254": [["169.254.169.254"]]}
    async with client(names, None) as http:
        with pytest.raises(HostRefused, match="not a public address"):
            await http.get(url)
    assert server.seen == []


async def test_through_a_proxy_a_public_name_is_asked_for_by_its_name(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Resolving it is the proxy's."""
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.replies["http://scenes.example/stac"] = [Reply(body=b'{"by": "proxy"}')]
    async with client({"scenes.example": [[PUBLIC]]}, None) as http:
        assert (await http.get("http://scenes.example/stac")).json() == {"by": "proxy"}
