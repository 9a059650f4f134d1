"""What all tests share: the embedded PostgreSQL they run on, and clients with a role."""

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tunix_site.serving.processes import die_with_parent

_held = contextlib.ExitStack()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Hold the embedded PostgreSQL for the whole run, unless DATABASE_URL names a server."""
    from django.conf import settings

    from tunix_site.postgres.cluster import embedded_postgres

    var_dir = Path(_held.enter_context(tempfile.TemporaryDirectory()))
    settings.EXPORTS_DIR, settings.UPLOADS_DIR = var_dir / "exports", var_dir / "uploads"
    # else each test's client would look at all static files first
    settings.WHITENOISE_AUTOREFRESH = True
    if "MAKELEVEL" in os.environ:
        die_with_parent()
    # begun in the background, we ignore it, and so would the programs that the tests interrupt
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # an exit of the session: a SystemExit would be one test's failure
    signal.signal(signal.SIGTERM, lambda caught, _: pytest.exit("terminated", 128 + caught))
    if settings.EMBEDDED_POSTGRES:
        _held.enter_context(embedded_postgres(settings.VAR_DIR))


def pytest_unconfigure(config: pytest.Config) -> None:
    _held.close()


@pytest.hookimpl(trylast=True)  # of what is left after -k
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the tests' database made also where the served site alone asks for it.

    pytest-django makes it where one of the tests asks for it itself.
    """
    needing = [item for item in items if "site" in _fixtures(item)]
    if needing and not any(map(_asks_for_the_database, items)):
        needing[0].add_marker(pytest.mark.django_db)


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark what asks for the database, by which `make check-postgres` chooses."""
    if _asks_for_the_database(item):
        item.add_marker("database")


def _asks_for_the_database(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") is not None
    return marked or not {"db", "transactional_db"}.isdisjoint(_fixtures(item))


def _fixtures(item: pytest.Item) -> list[str]:
    return getattr(item, "fixturenames", [])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Have the tests' database emptied after a test that commits, and passwords hashed quickly."""
    from django.db import connection

    from tunix_site.access.passwords import BoundedHasher
    from tunix_site.tests.emptied import flush_quickly

    flush_quickly()
    BoundedHasher.iterations = 1_000  # half a second for each user otherwise
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_event DISABLE TRIGGER events_are_not_truncated")


@pytest.fixture(autouse=True)
def _nothing_counted() -> None:
    """Forget what earlier tests did wrong, from one address, and the streams they left open."""
    from tunix_site import logs
    from tunix_site.access.authentication import wrong_keys
    from tunix_site.api.streams import slots

    wrong_keys.clear()
    logs._seldom.clear()
    slots.release()


@pytest.fixture(autouse=True)
def _served_to_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the web server end what it does for a test before the database is emptied.

    What emptying locks, a request that still comes to its end may want: a deadlock.
    """
    if not {"site", "transactional_db"} <= set(request.fixturenames):
        yield
        return
    request.getfixturevalue("transactional_db")  # to be gone before it goes
    yield
    from tunix_site.tests.live import wait_until_idle

    wait_until_idle()


@pytest.fixture
def key_of(db: None) -> Callable[[str], str]:
    """Give the text of a new key of the role."""
    from django.contrib.auth.models import User

    from tunix_site.models import ApiKey
    from tunix_site.tests.people import give_role

    def make(role: str) -> str:
        user, _ = User.objects.get_or_create(username=f"a {role}")
        give_role(user, role)
        _, key = ApiKey.objects.issue(user=user, name="test", role=role)
        return key

    return make


@pytest.fixture
def client_as(key_of: Callable[[str], str]) -> Callable[[str], Any]:
    """Give a client that comes with a key of the role."""
    from rest_framework.test import APIClient

    def make(role: str) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {key_of(role)}")
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


@pytest.fixture(scope="session")
def site(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Any]:
    """Serve the tests' database by the real web server, one for the whole run."""
    from tunix_site.tests.live import url_of_database, web_server

    with django_db_blocker.unblock():
        url = url_of_database()
    with web_server(database_url=url, var_dir=tmp_path_factory.mktemp("site")) as server:
        yield server


@pytest.fixture
def site_as(
    transactional_db: None, site: Any, key_of: Callable[[str], str]
) -> Iterator[Callable[[str], Any]]:
    """Give an HTTP client of the real web server that comes with a key of the role."""
    with contextlib.ExitStack() as clients:
        yield lambda role: clients.enter_context(site.client(key_of(role)))
