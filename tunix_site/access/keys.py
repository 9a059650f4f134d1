"""API keys: issued, changed, revoked and deleted, each with the row that tells of it."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import PermissionDenied

from events.actors import Actor
from events.services import record_event
from tunix_site.access.roles import RANKS, rank_of_user
from tunix_site.errors import Conflict
from tunix_site.models import ApiKey

OBJECT = "key"
MAX_OWN = 100  # usable keys that somebody makes for themselves


def _shown(key: ApiKey) -> dict[str, Any]:
    """Give what events tell of a key."""
    return {
        "name": key.name,
        "prefix": key.prefix,
        "user": key.user.get_username(),
        "role": key.role,
        "expires_at": key.expires_at,
    }


@transaction.atomic
def issue_key(
    *, user: Any, name: str, role: str, by: Actor, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key; its text is returned here and never again."""
    key, text = ApiKey.objects.issue(user=user, name=name, role=role, expires_at=expires_at)
    _record(key, "issue", by=by, after=_shown(key))
    return key, text


@transaction.atomic
def issue_own_key(
    *, name: str, role: str, expires_at: datetime | None, by: Actor
) -> tuple[ApiKey, str]:
    """Make a key for oneself; Forbidden above one's own role.

    Conflict where it would have ended already, or one has as many as one may.
    """
    user = get_user_model().objects.select_for_update(no_key=True).get(pk=by.user.pk)
    if RANKS[role] > rank_of_user(user):
        raise PermissionDenied("A key may do no more than you may.")
    if expires_at is not None and expires_at <= timezone.now():
        raise Conflict("It would have ended already.")
    if ApiKey.objects.usable().filter(user=user).count() >= MAX_OWN:
        raise Conflict(f"You have {MAX_OWN} keys: revoke one first.")
    return issue_key(user=user, name=name, role=role, expires_at=expires_at, by=by)


@transaction.atomic
def change_key(*, key: ApiKey, fields: list[str], by: Actor) -> None:
    """Store the named fields of a key, and no others: its uses are noted meanwhile."""
    if not fields:
        return
    before = ApiKey.objects.values(*fields).get(pk=key.pk)
    key.save(update_fields=fields)
    after = {name: getattr(key, name) for name in fields}
    _record(key, "change", by=by, before=before, after=after)


@transaction.atomic
def revoke_key(*, key: ApiKey, by: Actor) -> bool:
    """Revoke a key; False where it was revoked before, which stays as it was."""
    if not key.revoke():
        return False
    _record(key, "revoke", by=by, before=_shown(key))
    return True


@transaction.atomic
def delete_key(*, key: ApiKey, by: Actor) -> None:
    _record(key, "delete", by=by, before=_shown(key))
    key.delete()


def _record(key: ApiKey, action: str, *, by: Actor, **told: Any) -> None:
    record_event(by=by, action=action, object_type=OBJECT, object_id=key.pk, **told)
