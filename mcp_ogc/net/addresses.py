"""Which addresses are anybody's to reach, as `ipaddress` and IANA's registries know it."""

import ipaddress

# All that has been given out as global unicast (RFC 4291 §2.4, IANA); what is outside is reserved, mapped or local.
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(address: Address) -> bool:
    """Whether an address is anybody's to reach; one that has an IPv4 address inside is what that one is."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:  # RFC 6052: what a DNS64 resolver answers for a host that has IPv4 only
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast
