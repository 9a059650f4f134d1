"""Work that takes longer than an answer: what it is, how far it has come, what became of it."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import connection, models
from django.db.models import Q
from django.db.models.functions import Now
from uuid_utils.compat import uuid7

from tunix_site.strict_json import StoredDecoder

MAX_KIND_CHARS = 32


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def unfinished(self) -> Self:
        return self.filter(state__in=UNFINISHED)

    def held(self, job: "Job") -> Self:
        """Keep the job while it runs under the attempt that whoever holds `job` began."""
        return self.filter(pk=job.pk, attempt=job.attempt, state=State.RUNNING)

    def lapsed(self) -> Self:
        """Keep those said to be running whose process has not been heard of for a lease."""
        lease = timedelta(seconds=settings.JOB_LEASE_SECONDS)
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - lease)


class Job(models.Model):
    """Work of one kind, which a worker or the process that made it does.

    Who runs it renews `heartbeat_at`, and writes only while `attempt` is the one it began.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=MAX_KIND_CHARS)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, help_text="Empty: not known.")
    parameters = models.JSONField(decoder=StoredDecoder, default=dict)
    result = models.JSONField(decoder=StoredDecoder, null=True)
    error = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    attempt = models.PositiveSmallIntegerField(default=0)
    worker = models.CharField(max_length=128, blank=True, help_text="Host and process id.")
    task_id = models.UUIDField(null=True, help_text="Its place in the queue.")
    undoes = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="undone_by"
    )

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_is_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["kind", "id"], name="job_by_kind"),
            models.Index(fields=["state", "id"], name="job_by_state"),
            models.Index(fields=["finished_at"], name="job_by_finished_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class JobErrorManager(models.Manager["JobError"]):
    def insert(self, job: Job, errors: Iterable[Sequence[Any]]) -> None:
        """Insert errors, each a line, a field and a message, by COPY."""
        statement = f"COPY {JobError._meta.db_table} (job_id, line, field, message) FROM STDIN"
        with (
            connection.cursor() as cursor,
            connection.wrap_database_errors,
            cursor.copy(statement) as copy,
        ):
            for error in errors:
                copy.write_row((job.pk, *error))


class JobError(models.Model):
    """What was wrong with one record of a job's input."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="errors", db_index=False)
    line = models.BigIntegerField(null=True)
    field = models.TextField(blank=True)
    message = models.TextField()

    objects = JobErrorManager()

    class Meta:
        ordering: ClassVar = ["job", "id"]
        indexes: ClassVar = [models.Index(fields=["job", "id"], name="job_error_in_order")]

    def __str__(self) -> str:
        return self.message
