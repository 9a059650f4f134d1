"""The traces in a queue, and who holds or passed over which."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import GreaterThanOrEqual

from traces.curation.queues import Queue

MOST_AT_FIRST = 2  # verdicts that a queue may want of a trace; of a dispute one more

CARDINALITY = Func("reviewers", function="cardinality", output_field=models.IntegerField())


class QueueMemberQuerySet(models.QuerySet["QueueMember"]):
    def disputes(self) -> Self:
        """Keep open ones that more than two are to judge: others differed."""
        return self.filter(done=False, wanted__gt=MOST_AT_FIRST)


class QueueMember(models.Model):
    """A trace in a queue, with its place and the people who gave a verdict since it came in.

    The place: the filling that it came with, the rank, the trace's id.
    """

    queue = models.ForeignKey(  # the index of those left begins with it
        Queue, on_delete=models.PROTECT, related_name="members", db_index=False
    )
    trace = models.ForeignKey(  # the unique constraint's index begins with it
        "traces.Trace", on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    filling = models.PositiveIntegerField()
    rank = models.FloatField()
    wanted = models.PositiveSmallIntegerField(default=1, help_text="Verdicts of so many people.")
    reviewers = ArrayField(models.IntegerField(), default=list, help_text="Users' ids.")
    done = models.GeneratedField(
        expression=GreaterThanOrEqual(CARDINALITY, F("wanted")),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = QueueMemberQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["trace", "queue"], name="one_member_per_trace_and_queue"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["queue", "reviewers", "filling", "rank", "trace"],
                condition=Q(done=False),
                name="member_by_reviewers",
            ),
            models.Index(
                fields=["trace"],
                condition=Q(done=False, wanted__gt=MOST_AT_FIRST),
                name="member_disputed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.trace_id} in {self.queue_id}"


class Claim(models.Model):
    """That somebody has a trace before them; it counts until it expires, by comparing times."""

    queue = models.ForeignKey(Queue, on_delete=models.CASCADE, related_name="claims")
    trace = models.ForeignKey(  # the unique constraint's index begins with it
        "traces.Trace", on_delete=models.CASCADE, related_name="claims", db_index=False
    )
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="claims"
    )
    guideline = models.PositiveIntegerField(null=True, help_text="The version that was current.")
    expires_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["trace", "reviewer"], name="one_claim_per_trace_and_reviewer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.trace_id} until {self.expires_at}"


class Skip(models.Model):
    """That somebody passed over a member, which comes back to them last."""

    member = models.ForeignKey(  # the unique constraint's index begins with it
        QueueMember, on_delete=models.CASCADE, related_name="skips", db_index=False
    )
    reviewer = models.ForeignKey(  # as the index does
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    skipped_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["member", "reviewer"], name="one_skip_per_member_and_reviewer"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["reviewer", "skipped_at"], name="skip_by_reviewer")
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.skipped_at}"
