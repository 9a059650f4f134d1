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


def test_what_takes_longer_is_refused():
    with pytest.raises(Unavailable, match=r"longer than 0\.05 seconds"), patience(0.05):
        ask("SELECT count(*) FROM generate_series(1, 1000000000)")
    assert ask("SELECT 1") == 1
