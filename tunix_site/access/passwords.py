"""Passwords: few are hashed at once, and wrong ones are slowed by name and address."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.http import HttpRequest
from django.views.decorators.debug import sensitive_variables

from tunix_site.access.addresses import address_of, network_of
from tunix_site.errors import TooMany, Unavailable
from tunix_site.logs import log_seldom
from tunix_site.models import PasswordTries

log = logging.getLogger(__name__)

HASHED_AT_ONCE = 2  # each takes a processor for half a second
HELD_THREADS = max(1, min(4, settings.WEB_THREADS // 2))  # by those who hash and those who wait
WAIT_SECONDS = 5.0

BUSY = "Too many people are logging in at this moment. Try again in a few seconds."
SLOWED = "Too many wrong passwords for this name came from your address."


class HashingSlots:
    """Lets few threads hash, a few more wait, and refuses the others at once."""

    def __init__(self, *, at_once: int, held: int) -> None:
        self._hashing = threading.BoundedSemaphore(at_once)
        self._held = threading.BoundedSemaphore(held)
        self._mine = threading.local()

    @contextlib.contextmanager
    def one(self) -> Iterator[None]:
        """Hold a slot while the block runs; a thread that has one keeps it. Raise Unavailable."""
        if getattr(self._mine, "held", False):
            yield
            return
        if not self._held.acquire(blocking=False):
            raise Unavailable(BUSY)
        try:
            if not self._hashing.acquire(timeout=WAIT_SECONDS):
                raise Unavailable(BUSY)
            self._mine.held = True
            try:
                yield
            finally:
                self._mine.held = False
                self._hashing.release()
        finally:
            self._held.release()


slots = HashingSlots(at_once=HASHED_AT_ONCE, held=HELD_THREADS)


class BoundedHasher(PBKDF2PasswordHasher):
    """Django's own, wherever a password is set or checked, in one of the slots."""

    @sensitive_variables("password")
    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        with slots.one():
            return super().encode(password, salt, iterations)


class Try:
    """One password that somebody gives for a name; wrong unless it is said to be right."""

    right = False


@contextlib.contextmanager
def one_try(*, name: str, address: str) -> Iterator[Try]:
    """Count a password before it is checked, so that many at once are no way around.

    Raise TooMany where the name and address must wait, Unavailable where too many are checked.
    """
    bucket = PasswordTries.bucket(name, network_of(address))
    _refuse_for(PasswordTries.objects.wait(bucket))
    with slots.one():
        _refuse_for(PasswordTries.objects.take(bucket))
        this = Try()
        yield this
    if this.right:
        PasswordTries.objects.forget(bucket)
    else:
        user = get_user_model().objects.filter(username=name).first()
        # the name that was given may be a password, typed into the wrong field
        log_seldom(log, "a wrong password", address=address, user_id=user and user.pk)


def _refuse_for(wait: float) -> None:
    if wait:
        raise TooMany(SLOWED, wait=wait)


class PasswordBackend(ModelBackend):
    """Tells people by name and password; the one place that takes these.

    The forms refuse who is not active, and say so, as nobody else is told.
    """

    def user_can_authenticate(self, user: Any) -> bool:
        return True

    def get_user(self, user_id: Any) -> Any:
        user = super().get_user(user_id)
        return user if user is not None and user.is_active else None

    @sensitive_variables("password")
    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **kwargs: Any,
    ) -> Any:
        if request is None or username is None or password is None:
            return super().authenticate(request, username, password, **kwargs)
        with one_try(name=username, address=address_of(request)) as this:
            user = super().authenticate(request, username, password, **kwargs)
            this.right = user is not None
        return user


class OldPasswordMixin:
    """For a form that asks for one's own password: wrong ones count like those of a login."""

    address: str
    user: Any
    cleaned_data: dict[str, Any]
    error_messages: dict[str, Any]

    @sensitive_variables("password")
    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        with one_try(name=self.user.get_username(), address=self.address) as this:
            this.right = self.user.check_password(password)
        if not this.right:
            raise forms.ValidationError(self.error_messages["password_incorrect"])
        return password
