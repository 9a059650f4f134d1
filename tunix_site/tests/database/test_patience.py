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


def milliseconds() -> int:
    """Give how long a statement may take."""
    return int(ask("SELECT setting FROM pg_settings WHERE name = 'statement_timeout'"))


def test_what_is_quick_is_answered_and_the_bound_ends_with_it():
    before = milliseconds()
    with patience(2):
        assert milliseconds() == 2_000
    assert milliseconds() == before


def test_later_statements_get_what_is_left():
    with patience(20) as limit:
        ask("SELECT pg_sleep(0.01)")
        assert milliseconds() == 20_000
        limit()
        assert milliseconds() < 20_000


def test_without_any_left_there_is_no_later_statement():
    with pytest.raises(Unavailable, match=r"longer than 0\.05 seconds"), patience(0.05) as limit:
        any(limit() for _ in range(1_000_000))
    assert ask("SELECT 1") == 1


def test_what_takes_longer_is_refused():
    with pytest.raises(Unavailable, match=r"longer than 0\.05 seconds"), patience(0.05):
        ask("SELECT count(*) FROM generate_series(1, 1000000000)")
    assert ask("SELECT 1") == 1
