"""What may be reached: what is configured, and what is public."""

import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import HostRefused, Unreachable
from mcp_ogc.net.hosts import Hosts, is_public, origin

pytestmark = pytest.mark.anyio


async def real(host: str, port: int) -> list[str]:
    """The system's resolver, for literal addresses only."""
    import socket

    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/",
        "http://100.64.0.1/",
        "http://10.1.2.3/",
        "http://127.0.0.1./",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://224.0.0.1/",
    ],
)
async def test_t03_a_private_address_is_refused_however_it_is_written(url: str) -> None:
    with pytest.raises((HostRefused, Unreachable)) as refused:
        await Hosts([], real).check(httpx.URL(url))
    assert "public" in str(refused.value) or "resolved" in str(refused.value)


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "file:///etc/passwd", "gopher://a.example", "http://good@evil.example/"]
)
async def test_t03_other_schemes_and_user_names_are_refused(url: str) -> None:
    with pytest.raises(HostRefused):
        await Hosts([], real).check(httpx.URL(url))


async def test_a_name_is_refused_if_any_of_its_addresses_is_private() -> None:
    async def mixed(host: str, port: int) -> list[str]:
        return ["93.184.216.34", "10.0.0.1"]

    with pytest.raises(HostRefused, match=r"10\.0\.0\.1"):
        await Hosts([], mixed).check(httpx.URL("https://rebind.example/"))


async def test_a_configured_host_may_be_private_and_only_on_its_own_port_and_scheme() -> None:
    hosts = Hosts(["http://127.0.0.1:8080/ogc-api"], real)
    assert await hosts.check(httpx.URL("http://127.0.0.1:8080/other")) is None
    for url in ("http://127.0.0.1:8081/", "https://127.0.0.1:8080/"):
        with pytest.raises(HostRefused):
            await hosts.check(httpx.URL(url))


@given(st.ip_addresses())
def test_public_is_what_the_standard_library_calls_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if is_public(address):
        assert address.is_global
    if address.is_private or address.is_loopback or address.is_link_local:
        assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_inside_an_address_counts(address: ipaddress.IPv4Address) -> None:
    assert is_public(ipaddress.ip_address(f"::ffff:{address}")) <= is_public(address)


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin(httpx.URL("https://A.example./x")) == origin(httpx.URL("https://a.example:443/y"))
    assert origin(httpx.URL("http://a.example")) != origin(httpx.URL("https://a.example"))
