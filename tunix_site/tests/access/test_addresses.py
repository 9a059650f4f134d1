"""Where a request comes from, and whose word counts for it."""

from ipaddress import ip_network

import pytest

from tunix_site.access.addresses import address_of, network_of

TRUSTED = [ip_network(text) for text in ("10.0.0.0/24", "::1", "192.0.2.7")]


@pytest.fixture
def come(rf):
    def come(peer: str, forwarded: str | None = None) -> str:
        headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
        return address_of(rf.get("/", headers=headers, REMOTE_ADDR=peer))

    return come


@pytest.mark.parametrize("peer", ["203.0.113.9", "10.0.0.1"])
def test_without_trusted_proxies_the_header_says_nothing(come, settings, peer):
    settings.TRUSTED_PROXIES = []
    assert come(peer, "198.51.100.1") == peer


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", " 198.51.100.1 , 192.0.2.7", "198.51.100.1"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the first was the client's own
        ("10.0.0.1", "6.6.6.6, 198.51.100.1, 10.0.0.9", "198.51.100.1"),
        ("10.0.0.1", "10.0.0.2, 10.0.0.3", "10.0.0.2"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # no proxy of ours
        ("::1", "2001:DB8::0:1", "2001:db8::1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, <script>, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "fe80::1%" + "x" * 500, "fe80::1"),
        ("10.0.0.1", ",".join(["6.6.6.6"] + ["10.0.0.2"] * 1000), "10.0.0.2"),
        ("", "198.51.100.1", ""),
        ("no address", None, ""),
    ],
)
def test_a_trusted_proxy_is_believed_as_far_as_it_wrote(come, settings, peer, forwarded, address):
    settings.TRUSTED_PROXIES = TRUSTED
    assert come(peer, forwarded) == address


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", ""),
    ],
)
def test_neighbours_of_ipv6_are_counted_as_one(address, network):
    assert network_of(address) == network
