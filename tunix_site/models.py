"""Keys that programs come with, and the answers kept for those who ask twice."""

import hashlib
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tunix_site.access.buckets import Leak

KEY_PREFIX = "tunix_"
SHOWN_CHARACTERS = 12  # of a key: its prefix and six random ones, 36 bits of 256


class Role(models.TextChoices):
    """What a user or key may do; each role includes the ones before it."""

    READER = "reader"
    WRITER = "writer"
    CURATOR = "curator"
    TRAINER = "trainer"


def digest_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> Self:
        unexpired = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(unexpired, revoked_at=None, user__is_active=True)

    def with_user_roles(self) -> Self:
        groups = Group.objects.filter(user=models.OuterRef("user_id")).values("name")
        return self.select_related("user").annotate(user_roles=ArraySubquery(groups))


class ApiKeyManager(models.Manager.from_queryset(ApiKeyQuerySet)):  # type: ignore[misc]
    def issue(
        self, *, user: Any, name: str, role: str, expires_at: datetime | None = None
    ) -> tuple["ApiKey", str]:
        """Make a key; its text is returned here and never again."""
        text = KEY_PREFIX + secrets.token_urlsafe(32)
        key = self.create(
            user=user,
            name=name,
            role=role,
            expires_at=expires_at,
            prefix=text[:SHOWN_CHARACTERS],
            digest=digest_of(text),
        )
        return key, text


class ApiKey(models.Model):
    """A program's credential: 256 random bits, of which only the SHA-256 is stored."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=SHOWN_CHARACTERS, editable=False)
    digest = models.BinaryField(max_length=32, unique=True, editable=False)
    role = models.CharField(
        max_length=16,
        choices=Role,
        default=Role.TRAINER,
        help_text="The most that this key may do, whatever its user may.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    user_roles: list[str]  # annotated by with_user_roles

    last_used_at = models.DateTimeField(
        null=True, editable=False, help_text="Noted on writes, at most once a minute."
    )

    objects = ApiKeyManager()

    NOTE_USE_EVERY: ClassVar[timedelta] = timedelta(minutes=1)

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}...)"

    @property
    def state(self) -> str:
        if self.revoked_at:
            return "revoked"
        if self.expires_at and self.expires_at <= timezone.now():
            return "expired"
        return "active"

    def note_use(self) -> bool:
        """Note the time unless a use within the last minute is; tell whether one was due."""
        now = timezone.now()
        if self.last_used_at is not None and now - self.last_used_at <= self.NOTE_USE_EVERY:
            return False
        earlier = Q(last_used_at=None) | Q(last_used_at__lt=now - self.NOTE_USE_EVERY)
        type(self).objects.filter(earlier, pk=self.pk).update(last_used_at=now)
        return True

    def revoke(self) -> bool:
        """Revoke it; False where that was done before, whose time stays."""
        with transaction.atomic():
            stored = type(self).objects.select_for_update().get(pk=self.pk)
            if stored.revoked_at is not None:
                return False
            self.revoked_at = timezone.now()
            self.save(update_fields=["revoked_at"])
        return True


class PasswordTriesQuerySet(models.QuerySet["PasswordTries"]):
    def wait(self, bucket: uuid.UUID) -> float:
        """Give the seconds until a password may be tried; 0 where it may."""
        tries = self.filter(pk=bucket).first()
        return tries.LEAK.wait(tries.level_at(timezone.now())) if tries else 0.0

    @transaction.atomic
    def take(self, bucket: uuid.UUID) -> float:
        """Count one more, or give the seconds to wait; of tries at once one goes after another."""
        now = timezone.now()
        self._purge(now)
        tries, _ = self.select_for_update().get_or_create(pk=bucket)
        level = tries.level_at(now)
        wait = tries.LEAK.wait(level)
        if not wait:
            tries.level, tries.updated_at = level + 1, now
            tries.save()
        return wait

    def forget(self, bucket: uuid.UUID) -> None:
        self.filter(pk=bucket).delete()

    def _purge(self, now: datetime) -> None:
        """Delete some that are empty again."""
        leak = self.model.LEAK
        empty = self.filter(updated_at__lt=now - timedelta(seconds=leak.capacity * leak.seconds))
        some = empty.select_for_update(skip_locked=True).values("pk")[: self.model.PURGED_AT_ONCE]
        self.filter(pk__in=some).delete()


class PasswordTries(models.Model):
    """How many wrong passwords came for a name from an address of late: a leaky bucket.

    The database holds it for all web processes; of name and address it has an HMAC alone.
    """

    LEAK: ClassVar[Leak] = Leak(capacity=5, seconds=60)
    PURGED_AT_ONCE: ClassVar[int] = 100

    id = models.UUIDField(primary_key=True)
    level = models.FloatField(default=0)
    updated_at = models.DateTimeField(default=timezone.now, db_index=True)

    objects = PasswordTriesQuerySet.as_manager()

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def bucket(cls, name: str, network: str) -> uuid.UUID:
        mac = salted_hmac(cls.__qualname__, f"{network} {name}", algorithm="sha256")
        return uuid.UUID(bytes=mac.digest()[:16])

    def level_at(self, now: datetime) -> float:
        return self.LEAK.level_after(self.level, (now - self.updated_at).total_seconds())


class IdempotentAnswer(models.Model):
    """The first answer to a POST with an Idempotency-Key, replayed to its repetitions."""

    KEPT_FOR: ClassVar[timedelta] = timedelta(hours=24)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32)  # SHA-256 of method, path, query and body
    status_code = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")  # its JSON: jsonb refuses NUL, which an error may quote
    location = models.TextField(default="")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_user_and_key")
        ]

    def __str__(self) -> str:
        return self.key
