"""Sessions in the database, whatever the cookie holds."""

from typing import Any

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore


class SessionStore(DatabaseStore):
    """Looks nothing up that cannot be a session's key: PostgreSQL refuses a NUL in a query."""

    def _validate_session_key(self, key: Any) -> bool:
        return bool(super()._validate_session_key(key)) and key.isalnum()  # type: ignore[misc]
