"""Sessions in the database, whatever the cookie holds."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.db.models import QuerySet
from django.utils import timezone

READ_AT_ONCE = 1_000


class SessionStore(DatabaseStore):
    """Looks nothing up that cannot be a session's key: PostgreSQL refuses a NUL in a query."""

    def _validate_session_key(self, key: Any) -> bool:
        return bool(super()._validate_session_key(key)) and key.isalnum()  # type: ignore[misc]


def sessions_of(*, user: Any) -> QuerySet[Any]:
    """Find a user's sessions. It reads all that hold, as no row says whose it is."""
    store = SessionStore()
    sessions = store.get_model_class()._default_manager.filter(expire_date__gt=timezone.now())
    theirs = [
        row.pk
        for row in sessions.iterator(chunk_size=READ_AT_ONCE)
        if store.decode(row.session_data).get(SESSION_KEY) == str(user.pk)
    ]
    return sessions.filter(pk__in=theirs)
