"""Which network addresses a message may go to."""

from __future__ import annotations

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        # Older Pythons call these global. IANA special-purpose address registries (RFC 6890), 2024.
        "192.0.0.0/24",  # protocol assignments; 192.0.0.192 is a cloud's metadata service
        "192.88.99.0/24",  # 6to4 relays (RFC 7526)
        "64:ff9b:1::/48",  # NAT64 within a network (RFC 8215)
        "3fff::/20",  # documentation (RFC 9637)
        # Global by its number, but each virtual machine in Azure reaches its own host's services there.
        "168.63.129.16/32",
    )
)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def is_public(text: str) -> bool:
    """Whether an IP address, as a socket reports it, belongs to the public internet.

    IPv6 forms that carry an IPv4 address (mapped, NAT64, 6to4) are judged by that address. Services that a
    cloud offers to its machines on a global address are not public, and text that is no address is not.

    >>> is_public("8.8.8.8"), is_public("::ffff:10.0.0.1"), is_public("64:ff9b::7f00:1")
    (True, False, False)
    """
    try:
        address = _unwrapped(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (
        address.is_multicast or address.is_reserved or getattr(address, "is_site_local", False)
    )


def _unwrapped(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address
