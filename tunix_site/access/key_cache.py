"""API keys that this process has found usable, kept for a few seconds: most requests need no query.

What changes keys, users, groups or who belongs to which empties it at once: every statement that
this process sends to the database is looked at, so that no writer can be forgotten. Other processes
go on with what they know for KEPT_SECONDS at most.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.db.models.base import ModelState
from django.utils import timezone

from tunix_site.models import ApiKey

KEPT_SECONDS = 5.0
MAX_KEYS = 10_000

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Kept:
    key: ApiKey  # as it was read, with its user; copied for each request
    until: float  # on the monotonic clock

    def holds(self) -> bool:
        expires_at = self.key.expires_at
        return time.monotonic() < self.until and (expires_at is None or expires_at > timezone.now())


class KeyCache:
    """Usable keys by digest; those that are unknown, expired or revoked are never kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()  # the oldest first
        self._changes = 0
        self._lock = threading.Lock()

    def find(self, digest: bytes) -> ApiKey | None:
        """Give the usable key with its user and roles, the caller's own; at most one query."""
        kept = self._kept.get(digest)
        if kept is None or not kept.holds():
            kept = self._read(digest)
        return _with_user(kept.key) if kept else None

    def _read(self, digest: bytes) -> Kept | None:
        changes, until = self._changes, time.monotonic() + KEPT_SECONDS
        key = ApiKey.objects.usable().with_user_roles().filter(digest=digest).first()
        if key is None:
            return None
        kept = Kept(key, until)
        with self._lock:
            if changes == self._changes:  # else what was read may be what it was before
                self._kept.pop(digest, None)
                while len(self._kept) >= MAX_KEYS:
                    self._kept.popitem(last=False)
                self._kept[digest] = kept
        return kept

    def forget(self, digest: bytes) -> None:
        with self._lock:
            self._kept.pop(digest, None)

    def clear(self) -> None:
        with self._lock:
            self._changes += 1
            self._kept.clear()


def _with_user(key: ApiKey) -> ApiKey:
    copy = _copy(key)
    copy.user = _copy(key.user)
    copy.user_roles = key.user_roles
    return copy


def _copy(row: Row) -> Row:
    """Make a row as if it were read again: what one request does to it, no other sees.

    By hand, as what Django reads rows with would cost a fortieth of a small request.
    """
    copy = object.__new__(type(row))
    copy.__dict__.update(row.__dict__)
    copy._state = ModelState()
    copy._state.adding, copy._state.db = False, row._state.db
    return copy


known_keys = KeyCache()

_TABLES = [table._meta.db_table for table in (ApiKey, User, Group, User.groups.through)]
_NOTES_A_TIME = (  # of a use, of a login
    'UPDATE "tunix_site_apikey" SET "last_used_at" = %s WHERE ',
    'UPDATE "auth_user" SET "last_login" = %s WHERE ',
)


def watch_writes(sender: Any, connection: Any, **_: Any) -> None:
    """Have a new connection's statements looked at; receives `connection_created`."""
    if _forget_what_changes not in connection.execute_wrappers:
        connection.execute_wrappers.append(_forget_what_changes)


def _forget_what_changes(
    execute: Callable[..., Any], sql: Any, params: Any, many: Any, context: dict[str, Any]
) -> Any:
    if not _changes_access(sql):
        return execute(sql, params, many, context)
    try:
        return execute(sql, params, many, context)
    finally:
        known_keys.clear()
        if context["connection"].in_atomic_block:  # until then others read what was
            transaction.on_commit(known_keys.clear, using=context["connection"].alias)


def _changes_access(sql: Any) -> bool:
    text = sql if isinstance(sql, str) else repr(sql)  # which shows what psycopg composed it of
    if text.startswith("SELECT") or not any(table in text for table in _TABLES):
        return False
    return not text.startswith(_NOTES_A_TIME)
