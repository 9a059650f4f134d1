"""What models are asked and nobody trains on: immutable, ordered questions with answers."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils import timezone

from evalsets.document import MAX_GROUP_CHARS, MAX_ITEM_ID_CHARS
from tunix_site.database.names import MAX_KEY_CHARS, MAX_NAME_CHARS, MAX_VERSION_CHARS
from tunix_site.strict_json import StoredDecoder

MAX_LICENSE_CHARS = 128
MAX_SPLIT_CHARS = 64


class AnswerType(models.TextChoices):
    NUMBER = "number"
    MATH = "math"
    CHOICE = "choice"
    TEXT = "text"
    LIST = "list"


class EvalSetQuerySet(models.QuerySet["EvalSet"]):
    def existing(self) -> Self:
        """Keep those that were not deleted; a deleted one is there only to hold its key."""
        return self.filter(deleted_at=None)


class EvalSet(models.Model):
    """A named and versioned set of questions.

    It never changes after it is made (a database trigger holds it), except that it is deleted.
    """

    key = models.CharField(
        max_length=MAX_KEY_CHARS,
        unique=True,
        help_text="By which it is asked for: name and version, joined by `-`.",
    )
    name = models.CharField(max_length=MAX_NAME_CHARS, help_text="Its name.")
    version = models.CharField(
        max_length=MAX_VERSION_CHARS, help_text="Its version; never made anew."
    )
    answer_type = models.CharField(max_length=16, choices=AnswerType, blank=True, default="")
    license = models.CharField(max_length=MAX_LICENSE_CHARS, blank=True, default="")
    parent = models.CharField(
        max_length=MAX_KEY_CHARS,
        blank=True,
        default="",
        help_text="The key of the dataset whose items it was made of.",
    )
    parent_split = models.CharField(
        max_length=MAX_SPLIT_CHARS, blank=True, default="", help_text="Of that dataset."
    )
    generator = models.JSONField(
        decoder=StoredDecoder,
        null=True,
        help_text="Family, config, size and seed that its problems were generated from.",
    )
    item_count = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = EvalSetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name = "evaluation set"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "version"], name="one_evalset_per_name_and_version"
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_generated(self) -> bool:
        return self.generator is not None


class EvalItem(models.Model):
    """One question at one position of an evaluation set."""

    id = models.BigAutoField(primary_key=True)
    evalset = models.ForeignKey(  # the unique constraints' indexes begin with it
        EvalSet, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    position = models.PositiveIntegerField()
    item_id = models.CharField(max_length=MAX_ITEM_ID_CHARS, help_text="Its id within the set.")
    prompt = models.TextField()
    prompt_hash = models.UUIDField(editable=False, help_text="As of a trace with this prompt.")
    expected_answer = models.TextField(blank=True)
    aliases = models.JSONField(default=list, help_text="Other answers that are right.")
    section = models.CharField(max_length=MAX_GROUP_CHARS, blank=True, default="")
    category = models.CharField(max_length=MAX_GROUP_CHARS, blank=True, default="")
    difficulty = models.CharField(max_length=MAX_GROUP_CHARS, blank=True, default="")
    meta = models.JSONField(decoder=StoredDecoder, default=dict)

    class Meta:
        ordering: ClassVar = ["evalset", "position"]
        verbose_name = "evaluation item"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["evalset", "position"], name="one_eval_item_per_position"
            ),
            models.UniqueConstraint(fields=["evalset", "item_id"], name="one_eval_item_per_id"),
        ]

    def __str__(self) -> str:
        return self.item_id
