"""What the tests of the site share, above all those of the real web server."""

import io
import json
import logging

import pytest

from tunix_site import logs

KEPT = ("auth", "contenttypes")  # groups are made by a migration


@pytest.fixture
def logged():
    """Give the lines that the site's own handler has written, as the objects they hold."""
    [handler] = [
        handler
        for handler in logging.getLogger().handlers
        if isinstance(handler.formatter, logs.JsonFormatter)
    ]
    written = io.StringIO()
    before = handler.setStream(written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    handler.setStream(before)


@pytest.fixture(scope="module")
def live_key(site, django_db_blocker):
    """Give a key that the server knows as well; what is stored with it goes with the module.

    Quicker than a database that is emptied after each test, for tests that look at it through
    the server alone.
    """
    from django.apps import apps
    from django.contrib.auth.models import User
    from django.db import connection

    from tunix_site.models import ApiKey, Role

    with django_db_blocker.unblock():
        user = User.objects.create_superuser("who writes to the real server")
        _, key = ApiKey.objects.issue(user=user, name="test", role=Role.TRAINER)
    yield key
    with django_db_blocker.unblock():
        ours = [model for model in apps.get_models() if model._meta.app_label not in KEPT]
        tables = ", ".join(model._meta.db_table for model in ours)
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {tables} CASCADE")
        user.delete()


@pytest.fixture
def live_client(site, live_key):
    with site.client(live_key) as client:
        yield client


@pytest.fixture
def stored(live_client):
    """Count the traces that the test has stored so far."""

    def count() -> int:
        answer = live_client.get("/api/traces?count=true")
        assert answer.status_code == 200
        return answer.json()["count"]

    before = count()
    return lambda: count() - before
