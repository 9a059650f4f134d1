"""Users: the role they hold, and the first administrator."""

import secrets
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils.module_loading import import_string

from events.actors import Actor
from events.services import record_event
from tunix_site.access.keys import delete_key, issue_key, revoke_key
from tunix_site.access.sessions import sessions_of
from tunix_site.apps import site_apps
from tunix_site.models import Role

OBJECT = "user"
RIGHTS = ("is_active", "is_staff", "is_superuser")
FIRST_ADMINISTRATOR = 0x61646D696E  # "admin": what our processes agree on, in this database


@dataclass(frozen=True)
class Credentials:
    username: str
    password: str
    api_key: str


def account(*, user: Any) -> dict[str, Any]:
    """Give what events tell of a user: name and rights."""
    groups = sorted(user.groups.values_list("name", flat=True))
    rights = {name: getattr(user, name) for name in RIGHTS}
    return {"username": user.get_username(), **rights, "groups": groups}


def record_creation(*, user: Any, by: Actor) -> None:
    record_event(
        by=by, action="create", object_type=OBJECT, object_id=user.pk, after=account(user=user)
    )


def record_change(*, user: Any, before: dict[str, Any], by: Actor) -> None:
    """Tell what a user is now, where that is not what they were."""
    after = account(user=user)
    if after != before:
        record_event(
            by=by,
            action="change",
            object_type=OBJECT,
            object_id=user.pk,
            before=before,
            after=after,
        )


def record_password(*, user: Any, by: Actor) -> None:
    """Tell that a password was set; it is not told."""
    record_event(by=by, action="set_password", object_type=OBJECT, object_id=user.pk)


@transaction.atomic
def make_user(*, username: str, role: str, by: Actor) -> Any:
    """Make a user of the role who has no password. ValidationError where the name is none."""
    user = get_user_model()(username=username)
    user.set_unusable_password()
    user.full_clean()
    user.save()
    user.groups.add(Group.objects.get(name=role))
    record_creation(user=user, by=by)
    return user


@transaction.atomic
def give_role(*, user: Any, role: str, by: Actor) -> None:
    """Put a user into the group of the role, where they are not in it."""
    before = account(user=user)
    user.groups.add(Group.objects.get(name=role))
    record_change(user=user, before=before, by=by)


@transaction.atomic
def end_access(*, user: Any, by: Actor) -> None:
    """Revoke a user's keys and end their sessions, for good.

    Called when they are switched off, and again when on: of a login that was under way meanwhile
    nothing is left.
    """
    for key in user.api_keys.filter(revoked_at=None).order_by("pk"):
        revoke_key(key=key, by=by)
    sessions_of(user=user).delete()


@transaction.atomic
def take_leave(*, user: Any, by: Actor) -> None:
    """Take from a user who is to be deleted what would go with them; each leaves its event."""
    for key in user.api_keys.order_by("pk"):
        delete_key(key=key, by=by)
    for app in site_apps():
        if app.leaving:
            import_string(app.leaving)(user=user, by=by)


@transaction.atomic
def ensure_administrator(*, by: Actor) -> Credentials | None:
    """Make the first superuser with a key where there is none; None where there is one.

    Of several processes that start at once, one makes it, and the others find it.
    """
    users = get_user_model().objects
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_ADMINISTRATOR])
    if users.filter(is_superuser=True).exists():
        return None
    username, password = "admin", secrets.token_urlsafe(16)
    if users.filter(username=username).exists():  # somebody's, who is no superuser
        username += f"-{secrets.token_hex(4)}"
    user = users.create_superuser(username=username, password=password)
    record_creation(user=user, by=by)
    _, text = issue_key(user=user, name="first run", role=Role.TRAINER, by=by)
    return Credentials(username=username, password=password, api_key=text)
