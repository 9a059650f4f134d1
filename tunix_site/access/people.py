"""People, as superusers make and change them: name, role, and whether they may sign in."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from rest_framework.exceptions import NotFound

from events.actors import Actor
from tunix_site.access.accounts import (
    account,
    end_access,
    record_change,
    record_creation,
    record_password,
)
from tunix_site.errors import Conflict, Invalid
from tunix_site.models import Role

SUPERUSER = "superuser"
CHOICES = ("", *Role.values, SUPERUSER)
ON_STAFF = frozenset({Role.CURATOR, Role.TRAINER, SUPERUSER})  # who may open the records
GENERATED_BYTES = 12
TAKEN = "A user with that username already exists."
GONE = "Somebody deleted this person."
SUPERUSERS = 0x70656F706C65  # "people": of changes that may take a superuser away, one at a time


@dataclass(frozen=True, kw_only=True)
class Person:
    """What is asked for when somebody is made or changed."""

    username: str
    role: str  # one of `CHOICES`
    is_active: bool = True


class ChangedMeanwhile(Conflict):
    """Somebody else changed the person since they were shown; `found` is what they are now."""

    def __init__(self, found: Person) -> None:
        super().__init__("Somebody else changed this person meanwhile.")
        self.found = found


def person_of(*, user: Any) -> Person:
    """Give what a user is, by the highest of their roles."""
    names = {group.name for group in user.groups.all()}
    roles = [role for role in Role.values if role in names]
    role = SUPERUSER if user.is_superuser else (roles or [""])[-1]
    return Person(username=user.get_username(), role=role, is_active=user.is_active)


@transaction.atomic
def make_person(*, person: Person, password: str, by: Actor) -> tuple[Any, str]:
    """Make a user; without a password one is made up. Give both; the password is kept nowhere.

    Invalid, by the field, where the name or the password may not be.
    """
    user = get_user_model()()
    given = password or secrets.token_urlsafe(GENERATED_BYTES)
    _take(user, person)
    user.set_password(_checked(given, user))
    with _unless_taken():
        user.save()
    _give_role(user, person.role)
    record_creation(user=user, by=by)
    return user, given


@transaction.atomic
def change_person(*, user: Any, person: Person, expected: Person, by: Actor) -> None:
    """Change a user who is still as expected; ChangedMeanwhile where they are not.

    Conflict where nobody would be left who may do this, or one would lock oneself out. Whoever is
    switched off loses keys and sessions for good.
    """
    _wait_for_others()
    stored = _held(user)
    found = person_of(user=stored)
    if found not in (expected, person):
        raise ChangedMeanwhile(found)
    if not (person.is_active and person.role == SUPERUSER):
        refuse_to_lock_out(user=stored, by=by)
    before = account(user=stored)
    _take(stored, person)
    with _unless_taken():
        stored.save(update_fields=["username", "is_active", "is_staff", "is_superuser"])
    _give_role(stored, person.role)
    record_change(user=stored, before=before, by=by)
    if person.is_active != found.is_active:
        end_access(user=stored, by=by)


@transaction.atomic
def set_password(*, user: Any, password: str, by: Actor) -> str:
    """Give somebody else another password, made up where none is given; it ends their sessions.

    Conflict for oneself: one's own is changed by whoever knows it.
    """
    if user.pk == by.user_id:
        raise Conflict("Your own password is changed in Settings, by the old one.")
    given = password or secrets.token_urlsafe(GENERATED_BYTES)
    user.set_password(_checked(given, user))
    _held(user)
    user.save(update_fields=["password"])
    record_password(user=user, by=by)
    return given


def refuse_to_lock_out(*, user: Any, by: Actor) -> None:
    """Conflict where a user who is to lose rights is oneself, or the last superuser.

    Nobody else takes a superuser's rights until the transaction ends.
    """
    _wait_for_others()
    if user.pk == by.user_id:
        raise Conflict("You cannot take your own rights away: another superuser can.")
    others = get_user_model().objects.filter(is_superuser=True, is_active=True)
    if not others.exclude(pk=user.pk).exists():
        raise Conflict("This is the last superuser.")


def _wait_for_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SUPERUSERS])


def _held(user: Any) -> Any:
    """Give a user as stored, for this transaction alone to change."""
    stored = get_user_model().objects.select_for_update().filter(pk=user.pk).first()
    if stored is None:
        raise NotFound(GONE)
    return stored


@contextmanager
def _unless_taken() -> Iterator[None]:
    """Say so where somebody else took the name since it was looked up."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError:
        raise Invalid({"username": [TAKEN]}) from None


def _take(user: Any, person: Person) -> None:
    if person.role not in CHOICES:
        raise Invalid({"role": ["There is no such role."]})
    user.username = person.username
    user.is_active = person.is_active
    user.is_superuser = person.role == SUPERUSER
    user.is_staff = person.role in ON_STAFF
    try:
        user.full_clean(exclude=["password"])
    except ValidationError as error:
        raise Invalid(error.message_dict) from None


def _give_role(user: Any, role: str) -> None:
    """Put the user into the group of the role, out of those of others; other groups stay.

    A superuser keeps theirs: they count for nothing meanwhile.
    """
    if role == SUPERUSER:
        return
    user.groups.remove(*Group.objects.filter(name__in=Role.values).exclude(name=role))
    user.groups.add(*Group.objects.filter(name=role))


def _checked(password: str, user: Any) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": error.messages}) from None
    return password
