"""What may be reached: what is configured, and what is public."""

import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import HostRefused, Unreachable
from mcp_ogc.net.addresses import is_public
from mcp_ogc.net.hosts import Hosts, origin, shown

pytestmark = pytest.mark.anyio

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
GIVEN_OUT = ipaddress.ip_network("2000::/3")
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_public_where_the_standard_library_calls_it_global(address: ipaddress.IPv4Address) -> None:
    assert is_public(address) == (address.is_global and not address.is_multicast)


@given(st.ip_addresses(v=6) | st.ip_addresses(network="2000::/3"))
def test_an_ipv6_address_is_public_where_it_was_given_out_and_is_global(address: ipaddress.IPv6Address) -> None:
    if not (address.ipv4_mapped or address.sixtofour or address in NAT64):
        assert is_public(address) == (address.is_global and address in GIVEN_OUT)


@given(st.ip_addresses(v=4))
def test_an_address_inside_an_address_is_the_one_that_counts(address: ipaddress.IPv4Address) -> None:
    inside = int(address)
    mapped = ipaddress.IPv6Address(0xFFFF << 32 | inside)
    nat64 = ipaddress.IPv6Address(0x64FF9B << 96 | inside)
    six_to_four = ipaddress.IPv6Address(0x2002 << 112 | inside << 80)
    assert {is_public(mapped), is_public(nat64), is_public(six_to_four)} == {is_public(address)}


def test_an_origin_is_scheme_host_and_port() -> None:
    assert origin(httpx.URL("https://A.example./x")) == origin(httpx.URL("https://a.example:443/y"))
    assert origin(httpx.URL("http://a.example")) != origin(httpx.URL("https://a.example"))
    assert origin(httpx.URL("http://a.example")) != origin(httpx.URL("http://a.example:8080"))


def test_a_url_is_shown_without_user_name_and_query() -> None:
    assert shown(httpx.URL("https://u:p@a.example/b?sig=x#y")) == "https://a.example/b"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://results.s3.internal/key", True),
        ("https://a.b.s3.internal/key", True),
        ("https://s3.internal/key", False),
        ("https://evils3.internal/key", False),
        ("http://results.s3.internal/key", False),
    ],
)
def test_a_storage_with_virtual_hosts_covers_the_names_below_it(url: str, expected: bool) -> None:
    assert Hosts(["https://*.s3.internal"]).is_configured(httpx.URL(url)) is expected


async def test_a_name_that_is_not_resolved_is_unreachable_and_says_what_a_proxy_needs() -> None:
    async def nobody(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    with pytest.raises(Unreachable, match=r"nowhere\.example can't be resolved") as refused:
        await Hosts([], nobody).check(httpx.URL("https://nowhere.example/"))
    assert "[catalogues]" in refused.value.remedy


async def test_an_address_with_a_zone_is_judged_like_any_other() -> None:
    async def linked(host: str, port: int) -> list[str]:
        return ["fe80::1%eth0"]

    with pytest.raises(HostRefused):
        await Hosts([], linked).check(httpx.URL("https://printer.example/"))
