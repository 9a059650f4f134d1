"""GET /api/health."""

import pytest
from django.db import InterfaceError, OperationalError, connection, connections, transaction

from traces.tests.concurrency import elsewhere
from tunix_site import __version__
from tunix_site.database.troubles import READ_ONLY
from tunix_site.database.write_check import WriteCheck

URL = "/api/health"


@pytest.mark.django_db
@pytest.mark.parametrize("url", [URL, f"{URL}/"])
def test_a_healthy_site_says_so_to_anyone(client, url, django_assert_num_queries):
    client.get(url)  # whether it can be written is tried now and then
    with django_assert_num_queries(1):
        response = client.get(url)
    assert response.status_code == 200
    assert response.json() == {"status": "healthy", "database": "ok", "version": __version__}
    assert response["Content-Type"] == "application/json"


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["Token wrong", "Token", "\u00e9"])
def test_a_wrong_key_does_not_matter(client, key):
    assert client.get(URL, headers={"Authorization": key}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_without_its_database_it_is_unhealthy(client, monkeypatch, error):
    def away():
        raise error("it is away")

    with monkeypatch.context() as patch:
        patch.setattr(connections["default"], "cursor", away)
        patch.setattr(connections["default"], "close", lambda: None)  # the test's own
        response = client.get(URL)
    assert response.status_code == 503
    assert response.json() == {"status": "unhealthy", "database": "away", "version": __version__}
    assert response["Retry-After"] == "5"


@pytest.mark.django_db
def test_nothing_else_is_done_here(client):
    assert client.post(URL).status_code == 405
    assert client.delete(URL).status_code == 405
    assert client.get(f"{URL}?deep=1").json() == {"deep": ["Unknown parameter. None is known."]}


@pytest.mark.django_db
def test_it_is_answered_without_tls_too(client, settings):
    """Whoever checks from within, behind the proxy, comes without it."""
    settings.SECURE_SSL_REDIRECT = True
    assert client.get(URL).status_code == 200
    assert client.get("/api/traces").status_code == 301


def test_whether_it_can_be_written_is_tried_now_and_then(monkeypatch):
    check, tried = WriteCheck(), []
    monkeypatch.setattr(check, "_try", lambda: tried.append(1))
    for _ in range(3):
        assert check.trouble() is None
    assert len(tried) == 1
    check._due = 0.0
    check.trouble()
    assert len(tried) == 2


def test_one_asks_the_database_and_others_are_told_what_was_found(monkeypatch):
    check = WriteCheck()
    check._found = READ_ONLY
    monkeypatch.setattr(check, "_try", lambda: check.trouble())  # another asks meanwhile
    assert check.trouble() == READ_ONLY


@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_being_restored_is_not_waited_for():
    check = WriteCheck()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE django_migrations")
        assert elsewhere(check.trouble) is None
        check._found, check._due = READ_ONLY, 0.0
        assert elsewhere(check.trouble) == READ_ONLY  # as it was known
