"""Clients of the real web server, straight and by a proxy that does harm."""

import contextlib

import pytest

from faulty_proxy import faulty_proxy
from tunix_rt import Client, Retries

QUICK = Retries(first_wait=0.01, longest_wait=0.05)


@pytest.fixture
def client_of(transactional_db, site, key_of):
    """Give a client with a key of the role."""
    with contextlib.ExitStack() as clients:

        def make(role="curator", url=site.url, **options):
            options = {"retries": QUICK, "trust_env": False, **options}
            return clients.enter_context(Client(url, key_of(role), **options))

        yield make


@pytest.fixture
def client(client_of):
    return client_of()


@pytest.fixture
def proxy(site):
    with faulty_proxy(site.url) as server:
        yield server


@pytest.fixture
def harmed(client_of, proxy):
    """Give a client whose requests go through the proxy."""
    return client_of(url=proxy.url)
