"""What people are asked to review: queues, and filters that are kept or named by addresses."""

from typing import ClassVar, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tunix_site.strict_json import StoredDecoder

MAX_QUEUE_NAME_CHARS = 100
MAX_REASON_CHARS = 200
MAX_REASONS = 9  # as many as digits
MAX_GUIDELINE_CHARS = 50_000
MAX_PEOPLE = 1_000


class Order(models.TextChoices):
    """Which members of a queue come first."""

    RANDOM = "random"
    SCORE = "score"
    DISAGREEMENT = "disagreement"
    OLDEST = "oldest"


class QueueQuerySet(models.QuerySet["Queue"]):
    def existing(self) -> Self:
        """Keep those that were not deleted; a deleted one is there for its reviews."""
        return self.filter(deleted_at=None)


class Queue(models.Model):
    """Traces that people are asked to review, in an order that was fixed when they came in.

    The counts are kept by whatever changes its members, last in its transaction: to count them for
    each answer would take too long.
    """

    name = models.CharField(max_length=MAX_QUEUE_NAME_CHARS)
    where = models.JSONField(decoder=StoredDecoder, default=dict)
    order = models.CharField(max_length=16, choices=Order)
    criteria = models.CharField(max_length=64, blank=True, help_text="Of the order by score.")
    seed = models.BigIntegerField(default=0)
    overlap = models.FloatField(default=0, help_text="The share that two people review.")
    blind = models.BooleanField(default=False)
    reasons = ArrayField(models.CharField(max_length=MAX_REASON_CHARS), default=list)
    step_labels = models.BooleanField(default=False)
    people = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="queues", blank=True, help_text="None: everybody."
    )
    is_of_disputes = models.BooleanField(default=False, help_text="The site's one of disputes.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    member_count = models.PositiveBigIntegerField(default=0, editable=False)
    left_count = models.PositiveBigIntegerField(
        default=0, editable=False, help_text="Members that still want a verdict."
    )
    newest = models.UUIDField(
        null=True, editable=False, help_text="The newest trace when it was last filled."
    )
    filled_at = models.DateTimeField(
        null=True, editable=False, help_text="When it was last filled, or began to be."
    )
    filling = models.PositiveIntegerField(
        default=0, editable=False, help_text="How often it was filled: later members are behind."
    )
    job = models.UUIDField(null=True, editable=False, help_text="The last one that filled it.")

    objects = QueueQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name"],
                condition=Q(deleted_at=None, is_of_disputes=False),
                name="one_queue_per_name",
            ),
            models.UniqueConstraint(
                fields=["is_of_disputes"],
                condition=Q(is_of_disputes=True),
                name="one_queue_of_disputes",
            ),
            models.CheckConstraint(
                condition=Q(order__in=Order.values), name="queue_order_is_known"
            ),
            models.CheckConstraint(
                condition=Q(overlap__gte=0, overlap__lte=1), name="queue_overlap_is_a_share"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def guideline(self) -> "Guideline | None":
        """The newest version of what its people are told; one query."""
        return self.guidelines.order_by("-version").first()


class Guideline(models.Model):
    """What people are told who review a queue, in Markdown; versions are added, never changed."""

    queue = models.ForeignKey(  # the unique constraint's index begins with it
        Queue, on_delete=models.CASCADE, related_name="guidelines", db_index=False
    )
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["queue", "version"], name="one_guideline_per_queue_and_version"
            )
        ]

    def __str__(self) -> str:
        return f"{self.queue_id}, version {self.version}"


class SavedFilter(models.Model):
    """A filter of traces that somebody keeps, for themselves or for all."""

    name = models.CharField(max_length=MAX_QUEUE_NAME_CHARS)
    where = models.JSONField(decoder=StoredDecoder, default=dict)
    team = models.BooleanField(default=False, help_text="Everybody sees it.")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_filters"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "name"],
                condition=Q(team=False),
                name="one_own_filter_per_name",
            ),
            models.UniqueConstraint(
                fields=["name"], condition=Q(team=True), name="one_team_filter_per_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LongFilter(models.Model):
    """A filter that is too long for an address, as its fields are written; addresses name it."""

    id = models.UUIDField(primary_key=True, editable=False)  # of what it says and whose it is
    said = models.TextField(help_text="JSON: a text for each field, also for those that are wrong.")
    used_at = models.DateTimeField()
    owner = models.ForeignKey(  # an index begins with it
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
        help_text="Who kept it last.",
    )

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["used_at"], name="long_filter_by_use"),
            models.Index(fields=["owner", "used_at"], name="long_filter_by_owner"),
        ]

    def __str__(self) -> str:
        return str(self.id)
