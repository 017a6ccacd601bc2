"""What may be reached: what is configured, and what is public."""

import ipaddress

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.net.hosts import is_public, origin

pytestmark = pytest.mark.anyio


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
