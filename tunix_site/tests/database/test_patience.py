"""Asking the database for no longer than somebody waits."""

import pytest
from django.db import connection

from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

pytestmark = pytest.mark.django_db


def ask(query: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def test_what_is_quick_is_answered_and_the_bound_ends_with_it():
    before = ask("SHOW statement_timeout")
    with patience(2):
        assert ask("SHOW statement_timeout") == "2s"
    assert ask("SHOW statement_timeout") == before


def test_later_statements_get_what_is_left():
    with patience(2) as limit:
        ask("SELECT pg_sleep(0.01)")
        assert ask("SHOW statement_timeout") == "2s"
        limit()
        assert ask("SHOW statement_timeout") < "1995ms"


def test_without_any_left_there_is_no_later_statement():
    with pytest.raises(Unavailable, match=r"longer than 0\.05 seconds"), patience(0.05) as limit:
        any(limit() for _ in range(1_000_000))
    assert ask("SELECT 1") == 1


def test_what_takes_longer_is_refused():
    with pytest.raises(Unavailable, match=r"longer than 0\.05 seconds"), patience(0.05):
        ask("SELECT count(*) FROM generate_series(1, 1000000000)")
    assert ask("SELECT 1") == 1
