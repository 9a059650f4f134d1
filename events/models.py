"""What was done, by whom and through what: rows that are added, and never changed."""

from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

MAX_ACTION_CHARS = 32
MAX_TYPE_CHARS = 32
MAX_ID_CHARS = 200
MAX_NAME_CHARS = 150


class Through(models.TextChoices):
    """What a change came through."""

    API = "api"
    ADMIN = "admin"
    COMMAND = "command"
    WORKER = "worker"


class Event(models.Model):
    """One change, or one that many rows had in common; it tells of them and holds no content.

    A database trigger refuses every update and deletion. So the user is named twice: by an id that
    nothing resets when the user is deleted, since it is never given again, and by the name of then.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        help_text="Empty: whoever runs commands on the server.",
    )
    actor_name = models.CharField(max_length=MAX_NAME_CHARS)
    key_id = models.BigIntegerField(null=True, help_text="Of the API key that it came with.")
    key_name = models.CharField(max_length=MAX_NAME_CHARS, blank=True)
    through = models.CharField(max_length=16, choices=Through)
    job_id = models.UUIDField(null=True, help_text="Of the job that did it.")
    action = models.CharField(max_length=MAX_ACTION_CHARS)
    object_type = models.CharField(max_length=MAX_TYPE_CHARS)
    object_id = models.CharField(
        max_length=MAX_ID_CHARS, blank=True, help_text="Empty: several, of which `count` tells."
    )
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    count = models.BigIntegerField(null=True, help_text="Of how many objects it tells.")
    where = models.JSONField(
        null=True, encoder=DjangoJSONEncoder, help_text="Which ones, as filters."
    )

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(through__in=Through.values), name="event_through_is_known"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["object_id", "id"], name="event_by_object_id"),
            models.Index(fields=["object_type", "id"], name="event_by_object_type"),
            models.Index(fields=["actor_name", "id"], name="event_by_actor_name"),
            models.Index(fields=["action", "id"], name="event_by_action"),
            models.Index(fields=["through", "id"], name="event_by_through"),
            models.Index(
                fields=["job_id", "id"], name="event_by_job", condition=Q(job_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.action} {self.object_type} {self.object_id}".rstrip()
