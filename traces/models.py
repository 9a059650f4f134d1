"""What models thought: traces, the scores they got and the verdicts people gave."""

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import uuid_utils
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone
from uuid_utils.compat import uuid7

from events.actors import Actor
from traces import document
from traces.copy_in import row_of
from traces.curation.columns import ShownColumns  # noqa: F401  # a model of this app
from traces.curation.members import Claim, QueueMember, Skip  # noqa: F401  # models of this app
from traces.curation.pieces import BulkPiece  # noqa: F401  # a model of this app
from traces.curation.queues import (  # noqa: F401  # models of this app
    MAX_REASON_CHARS,
    Guideline,
    LongFilter,
    Queue,
    SavedFilter,
)
from traces.curation.tags import TagChange  # noqa: F401  # a model of this app
from traces.document import TraceDocument
from traces.indexes import Pending, SearchDocument, Signature  # noqa: F401  # models of this app
from traces.querysets import BY_HAND, ReviewQuerySet, ScoreQuerySet, TraceQuerySet
from traces.scorers.scorer import UNDECIDED, Content
from tunix_site.models import ApiKey
from tunix_site.strict_json import StoredDecoder

USUAL_VERSION, MANY_STEPS = "1.0", 10  # what goes beyond is found by an index


class Status(models.TextChoices):
    UNREVIEWED = "unreviewed"
    APPROVED = "approved"
    REJECTED = "rejected"
    FLAGGED = "flagged"


class Trace(models.Model):
    """A prompt, the ordered steps of reasoning and the final answer.

    Content never changes (a database trigger holds it); curation changes status and tags.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    trace_version = models.CharField(max_length=document.MAX_VERSION_CHARS)
    prompt = models.TextField()
    final_answer = models.TextField(blank=True)
    steps = models.JSONField(decoder=StoredDecoder)
    meta = models.JSONField(decoder=StoredDecoder, default=dict)
    source = models.CharField(max_length=document.MAX_SOURCE_CHARS, blank=True, default="")
    external_id = models.CharField(  # noqa: DJ001  # null: no id was given; unique where it was
        max_length=document.MAX_EXTERNAL_ID_CHARS, null=True, blank=True
    )
    tags = models.JSONField(decoder=StoredDecoder, default=list, blank=True)
    status = models.CharField(max_length=16, choices=Status, default=Status.UNREVIEWED)
    messages = models.JSONField(decoder=StoredDecoder, null=True, blank=True)
    original = models.JSONField(
        decoder=StoredDecoder,
        null=True,
        blank=True,
        help_text="What an import cut off of the record that the trace was made of.",
    )
    content_hash = models.UUIDField(editable=False)
    prompt_hash = models.UUIDField(editable=False)
    step_count = models.PositiveIntegerField(editable=False)
    total_chars = models.PositiveIntegerField(
        editable=False, help_text="Characters of prompt, steps and final answer."
    )
    parts = models.SmallIntegerField(  # no positive one: its check would read the whole table
        editable=False,
        default=0,
        db_default=0,
        help_text="What the conversation holds that not every format can say, as Parts' bits.",
    )
    # Who brought it in, as events tell of whatever else is done. The ids stay when the user or the
    # key is deleted, whose events name them.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
    )
    created_with = models.ForeignKey(
        ApiKey,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
        editable=False,
        help_text="The key that it came with.",
    )

    objects = TraceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["source", "external_id"],
                condition=Q(external_id__isnull=False),
                name="one_trace_per_source_and_external_id",
            ),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="trace_status_is_known"
            ),
            models.CheckConstraint(condition=Q(step_count__gte=1), name="trace_has_a_step"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["source", "id"], name="trace_by_source"),
            models.Index(fields=["status", "id"], name="trace_by_status"),
            models.Index(fields=["created_at"], name="trace_by_created_at"),
            models.Index(  # of most traces nothing is in it: it costs ingest next to nothing
                fields=["trace_version", "step_count"],
                condition=Q(step_count__gt=MANY_STEPS) | ~Q(trace_version=USUAL_VERSION),
                name="trace_by_shape",
            ),
            models.Index(fields=["content_hash"], name="trace_by_content_hash"),
            models.Index(fields=["prompt_hash"], name="trace_by_prompt_hash"),
            GinIndex(fields=["meta"], opclasses=["jsonb_path_ops"], name="trace_by_meta"),
            GinIndex(fields=["tags"], opclasses=["jsonb_path_ops"], name="trace_by_tag"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @classmethod
    def from_document(
        cls, trace: TraceDocument, *, created_at: datetime, by: Actor | None = None
    ) -> "Trace":
        """Make an unsaved trace; a new id is greater than every earlier one of this process."""
        row = row_of(
            trace,
            identity=uuid_utils.uuid7(),
            created_at=created_at,
            status=Status.UNREVIEWED.value,
            by=by,
        )
        fields = msgspec.structs.asdict(row)
        for name in ("id", "content_hash", "prompt_hash"):
            fields[name] = UUID(str(fields[name]))
        return cls(**fields)

    @property
    def content(self) -> Content:
        """What scorers look at."""
        return Content(self.prompt, self.steps, self.final_answer, self.meta)

    @property
    def payload(self) -> dict[str, Any]:
        """The document as it was sent, with steps in order."""
        payload = {
            "trace_version": self.trace_version,
            "prompt": self.prompt,
            "final_answer": self.final_answer,
            "steps": self.steps,
            "meta": self.meta,
        }
        return payload if self.messages is None else {**payload, "messages": self.messages}


class Score(models.Model):
    """What one version of a scorer gave one trace on one criterion."""

    trace = models.ForeignKey(Trace, on_delete=models.CASCADE, related_name="scores")
    criteria = models.CharField(max_length=64)
    scorer_version = models.CharField(max_length=64)
    value = models.FloatField(null=True, blank=True, help_text="Null: the scorer is undecided.")
    details = models.JSONField(decoder=StoredDecoder, default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["trace", "criteria", "scorer_version"],
                name="one_score_per_trace_criteria_and_version",
            ),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | Q(details__contains={"outcome": UNDECIDED}),
                name="score_has_a_value_or_is_undecided",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["criteria", "value", "trace"], name="score_by_criteria_and_value")
        ]

    def __str__(self) -> str:
        return f"{self.criteria} {UNDECIDED if self.value is None else format(self.value, 'g')}"


class Review(models.Model):
    """A person's verdict on a trace; rows are added, never changed.

    It stands unless it undoes another or was undone itself.
    """

    trace = models.ForeignKey(Trace, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(  # two indexes begin with it
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews", db_index=False
    )
    verdict = models.CharField(max_length=16, choices=Status)
    status_before = models.CharField(
        max_length=16,
        choices=Status,
        blank=True,
        db_default="",
        help_text="Empty where it was not noted yet.",
    )
    note = models.TextField(blank=True)
    reasons = ArrayField(models.CharField(max_length=MAX_REASON_CHARS), default=list, db_default=[])
    step_labels = models.JSONField(
        decoder=StoredDecoder, null=True, blank=True, help_text="-1, 0 or 1 by the step's i."
    )
    job = models.UUIDField(null=True, editable=False, help_text="Of a change of many traces.")
    queue = models.ForeignKey(  # an index begins with it
        Queue, null=True, on_delete=models.PROTECT, related_name="reviews", db_index=False
    )
    guideline = models.IntegerField(null=True, help_text="Its version that the reviewer was told.")
    undoes = models.ForeignKey(  # the constraint is an index
        "self", null=True, on_delete=models.CASCADE, related_name="undone_by", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["undoes"], condition=Q(undoes__isnull=False), name="review_is_undone_once"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["job"], name="review_by_job", condition=Q(job__isnull=False)),
            models.Index(fields=["reviewer", "id"], name="review_by_reviewer"),
            models.Index(fields=["reviewer", "trace"], name="review_by_reviewer_and_trace"),
            models.Index(
                fields=["reviewer", "created_at", "id"], name="review_by_hand", condition=BY_HAND
            ),
            models.Index(fields=["id", "trace"], name="review_by_hand_newest", condition=BY_HAND),
            models.Index(fields=["created_at", "trace"], name="review_by_created_at"),
            GinIndex(fields=["reasons"], name="review_by_reason"),
            models.Index(
                fields=["queue", "id"], name="review_by_queue", condition=Q(queue__isnull=False)
            ),
            models.Index(
                fields=["trace"], name="review_with_labels", condition=Q(step_labels__isnull=False)
            ),
            models.Index(fields=["trace"], name="review_with_note", condition=~Q(note="")),
        ]

    def __str__(self) -> str:
        return self.verdict


class Preference(models.Model):
    """That a person finds one attempt at a prompt better than another."""

    chosen = models.ForeignKey(  # the unique constraint's index begins with it
        Trace, on_delete=models.CASCADE, related_name="preferred_over", db_index=False
    )
    rejected = models.ForeignKey(Trace, on_delete=models.CASCADE, related_name="preferred_to")
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="preferences"
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chosen", "rejected", "reviewer"],
                name="one_preference_per_pair_and_reviewer",
            ),
            models.CheckConstraint(
                condition=~Q(chosen=models.F("rejected")), name="preference_is_of_two_traces"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chosen_id} over {self.rejected_id}"
