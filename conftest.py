"""What all tests share: the embedded PostgreSQL they run on, and clients with a role."""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import pytest

from tunix_site.processes import die_with_parent

_held = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hold the embedded PostgreSQL for the whole run, unless DATABASE_URL names a server."""
    from django.conf import settings

    from tunix_site.postgres import embedded_postgres

    if "MAKELEVEL" in os.environ:
        die_with_parent()
    signal.signal(signal.SIGTERM, lambda caught, _: sys.exit(128 + caught))
    if settings.EMBEDDED_POSTGRES:
        _held.enter_context(embedded_postgres(settings.VAR_DIR))


def pytest_unconfigure(config: pytest.Config) -> None:
    _held.close()


@pytest.fixture
def client_as(db: None) -> Callable[[str], Any]:
    """Give a client that comes with a key of the role."""
    from django.contrib.auth.models import Group, User
    from rest_framework.test import APIClient

    from tunix_site.models import ApiKey

    def make(role: str) -> APIClient:
        group, _ = Group.objects.get_or_create(name=role)
        user, _ = User.objects.get_or_create(username=f"a {role}")
        user.groups.add(group)
        _, key = ApiKey.objects.issue(user=user, name="test", role=role)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {key}")
        return client

    return make


@pytest.fixture
def reader(client_as: Callable[[str], Any]) -> Any:
    return client_as("reader")


@pytest.fixture
def writer(client_as: Callable[[str], Any]) -> Any:
    return client_as("writer")


@pytest.fixture
def curator(client_as: Callable[[str], Any]) -> Any:
    return client_as("curator")
