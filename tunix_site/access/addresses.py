"""Where a request comes from: the one place that decides whose word counts."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

MAX_PROXIES = 16
NEIGHBOURS = 64  # bits of an IPv6 address that a household or a server has to itself


def address_of(request: HttpRequest) -> str:
    """Give the client's address; empty where there is none.

    What `X-Forwarded-For` says counts as far as TUNIX_TRUSTED_PROXIES have written it: from its end
    to the first address that is none of theirs.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    if not forwarded or not settings.TRUSTED_PROXIES:
        return _plain(peer)
    address = _parsed(peer)
    for word in reversed(forwarded.rsplit(",", MAX_PROXIES)[-MAX_PROXIES:]):
        if address is None or not _is_trusted(address):
            break
        named = _parsed(word.strip())
        if named is None:
            break  # who wrote that is the last of whom we know
        address = named
    return str(address) if address else _plain(peer)


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """Give what is counted as one: an IPv4 address, the /64 of an IPv6 one."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((parsed, NEIGHBOURS), strict=False))
    return str(parsed) if parsed else ""


@lru_cache(maxsize=1024)
def _plain(peer: str) -> str:
    """Give the socket's address as the others are written."""
    parsed = _parsed(peer)
    return str(parsed) if parsed else ""


def _is_trusted(address: IPv4Address | IPv6Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; an IPv4 one that is written as IPv6 is what it stands for."""
    try:
        address = ip_address(text.partition("%")[0])  # a zone is ours, and may be any text
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
