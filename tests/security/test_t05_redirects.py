"""T5: every hop of a redirect is checked; five at most; never from https to http."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mcp_ogc.errors import HostRefused, Unreachable
from mcp_ogc.net.http import open_http
from mcp_ogc.settings import CatalogueSettings, EndpointSettings, Settings
from tests.servers.loopback import Reply, Server, certified
from tests.servers.way_out import PUBLIC, Internet, client

pytestmark = pytest.mark.anyio


def reachable(*urls: str, ca_file: Path | None = None) -> Settings:
    return Settings(endpoints={f"e{n}": EndpointSettings(url=url, ca_file=ca_file) for n, url in enumerate(urls)})


async def test_a_redirect_to_a_private_address_is_refused(serve: Callable[[], Server]) -> None:
    home, inside = serve(), serve()
    home.on("/api", Reply(302, {"Location": inside.on("/secret", Reply())}))
    async with open_http(reachable(home.url)) as http:
        with pytest.raises(HostRefused, match="not a public address"):
            await http.get(f"{home.url}/api")
    assert inside.seen == []


async def test_a_public_host_that_redirects_inside_is_refused(serve: Callable[[], Server]) -> None:
    away, inside = serve(), serve()
    away.on("/", Reply(302, {"Location": "http://metadata.example/"}))
    names = {"away.example": [[PUBLIC]], "metadata.example": [["169.254.169.254"]]}
    async with client(names, Internet(away.port)) as http:
        with pytest.raises(HostRefused, match=r"169\.254\.169\.254"):
            await http.get("http://away.example/")
    assert [seen.headers["host"] for seen in away.seen] == ["away.example"]
    assert inside.seen == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://a.example/", "http://user@a.example/"])
async def test_a_redirect_to_what_is_no_plain_url_is_refused(target: str, server: Server) -> None:
    server.on("/api", Reply(302, {"Location": target}))
    async with open_http(reachable(server.url)) as http:
        with pytest.raises(HostRefused):
            await http.get(f"{server.url}/api")


@pytest.mark.parametrize("target", ["http://[", "http://a.example:port/", "http://xn--/"])
async def test_a_redirect_to_what_cannot_be_read_is_a_failure_like_any_other(target: str, server: Server) -> None:
    server.on("/api", Reply(302, {"Location": target}))
    async with open_http(reachable(server.url)) as http:
        with pytest.raises(Unreachable):
            await http.get(f"{server.url}/api")


async def test_https_never_becomes_http(tmp_path: Path, serve: Callable[..., Server]) -> None:
    pem, context = certified(tmp_path)
    secure, plain = serve(context), serve()
    secure.on("/", Reply(302, {"Location": plain.on("/", Reply())}))
    settings = reachable(secure.url, ca_file=pem)
    settings = settings.model_copy(update={"catalogues": {"plain": CatalogueSettings(url=plain.url)}})
    async with open_http(settings) as http:
        with pytest.raises(HostRefused, match="from https"):
            await http.get(f"{secure.url}/")
    assert plain.seen == []


async def test_five_hops_are_followed_and_a_sixth_is_not(server: Server) -> None:
    for number in range(10):
        server.on(f"/{number}", Reply(302, {"Location": f"/{number + 1}"}))
    server.on("/10", Reply(body=b'"here"'))
    async with open_http(reachable(server.url)) as http:
        assert (await http.get(f"{server.url}/5")).json() == "here"
        server.seen.clear()
        with pytest.raises(Unreachable, match="more than 5 times"):
            await http.get(f"{server.url}/4")
    assert [seen.path for seen in server.seen] == [f"/{number}" for number in range(4, 10)]
