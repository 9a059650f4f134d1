"""A connection that lives is not asked before every request, and one that ended is replaced."""

import psycopg
import pytest
from django.db import close_old_connections, connection

from tunix_site.database import liveness
from tunix_site.database.liveness import TRUSTED_SECONDS, look_at_connections
from tunix_site.tests.clock import Clock
from tunix_site.tests.live import url_of_database

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(liveness, "time", clock)
    return clock


@pytest.fixture
def asked(monkeypatch):
    """Give the answers of the database to whether it is there."""
    answers, is_usable = [], connection.is_usable
    monkeypatch.setattr(connection, "is_usable", lambda: answers.append(is_usable()) or answers[-1])
    return answers


def begin_request():
    close_old_connections()
    look_at_connections()


def session() -> int:
    """Ask which session of the database the thread has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return cursor.fetchone()[0]


def test_a_connection_that_lives_is_not_asked(clock, asked):
    begin_request()
    before = session()
    asked.clear()
    for _ in range(3):
        begin_request()
        assert session() == before
    assert asked == []


def test_a_session_that_was_ended_is_replaced(clock, asked):
    begin_request()
    before = session()
    with psycopg.connect(url_of_database(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 60000)", [before])
    begin_request()
    assert session() != before
    assert asked[-1:] == [False]


def test_a_connection_that_was_closed_here_is_replaced(clock, asked):
    begin_request()
    before = session()
    connection.connection.close()
    begin_request()
    assert session() != before


def test_after_a_pause_the_database_is_asked(clock, asked):
    begin_request()
    session()
    for seconds, times in ((TRUSTED_SECONDS, 0), (TRUSTED_SECONDS + 1, 1), (1, 0)):
        asked.clear()
        clock.now += seconds
        begin_request()
        session()
        assert asked == [True] * times
