"""What is trained on: immutable, ordered selections of traces."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models.fields.json import KeyTransform
from django.utils import timezone

from datasets.recipe.recipe import Recipe
from datasets.recipe.rules import MAX_SPLIT_CHARS
from traces.models import Review, Trace
from tunix_site.database.names import MAX_KEY_CHARS, MAX_NAME_CHARS, MAX_VERSION_CHARS
from tunix_site.strict_json import StoredDecoder

MAX_PARENT_CHARS = 256
SCHEMA_VERSION = "1.0"
LARGE_FIELDS = ("provenance", "stats", "funnel", "findings", "part_counts")  # lists need none


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def existing(self) -> Self:
        """Keep those that were not deleted; a deleted one is there only to hold its key."""
        return self.filter(deleted_at=None)


class RecipeField(models.JSONField):
    """A recipe, stored as its document."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "decoder": StoredDecoder})

    def deconstruct(self) -> Any:
        """Be JSON to migrations, so that they need no class of today."""
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.JSONField", arguments, options

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value.document() if isinstance(value, Recipe) else value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        value = super().from_db_value(value, expression, connection)
        return value if isinstance(expression, KeyTransform) else Recipe.read(value)


class Dataset(models.Model):
    """A named and versioned selection, with the recipe that it was built by.

    It never changes after it is built (a database trigger holds it), except that it is deleted.
    """

    key = models.CharField(max_length=MAX_KEY_CHARS, unique=True)
    build_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=MAX_NAME_CHARS)
    version = models.CharField(max_length=MAX_VERSION_CHARS)
    recipe = RecipeField()
    session_id = models.CharField(max_length=200, blank=True)
    training_run_id = models.CharField(max_length=200, blank=True)
    provenance = models.JSONField(decoder=StoredDecoder, default=dict)
    parent_dataset_id = models.CharField(
        max_length=MAX_PARENT_CHARS,
        blank=True,
        default="",
        editable=False,
        help_text="As it was sent; it may be kept elsewhere.",
    )
    parent = models.ForeignKey(  # where it is kept here
        "self", null=True, on_delete=models.PROTECT, related_name="children", editable=False
    )
    trace_count = models.PositiveBigIntegerField(default=0)
    matched_count = models.PositiveBigIntegerField(
        null=True,
        editable=False,
        help_text="How many matched, before the limit; empty where that was not counted.",
    )
    funnel = models.JSONField(
        decoder=StoredDecoder,
        default=list,
        editable=False,
        help_text="What each step of the build removed, and why; empty where nobody counted.",
    )
    findings = models.JSONField(
        decoder=StoredDecoder,
        default=dict,
        db_default={},
        editable=False,
        help_text="What steps tell of themselves, as they stand in the manifest.",
    )
    stats = models.JSONField(decoder=StoredDecoder, default=dict)
    part_counts = models.JSONField(
        decoder=StoredDecoder,
        default=dict,
        editable=False,
        help_text="How many items of each split have which parts.",
    )
    content_digest = models.CharField(max_length=64, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["name", "version"], name="one_dataset_per_name_and_version"
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def splits(self) -> dict[str, float]:
        """The splits' names, and their shares or counts."""
        splits: dict[str, float] = self.recipe.splits or self.recipe.split_counts
        return splits

    @property
    def dataset_schema_version(self) -> str:
        return SCHEMA_VERSION


class DatasetItemManager(models.Manager["DatasetItem"]):
    """Items with their datasets, but for the documents of these, which each would bring."""

    def get_queryset(self) -> models.QuerySet["DatasetItem"]:
        large = [f"dataset__{name}" for name in ("recipe", *LARGE_FIELDS)]
        return super().get_queryset().select_related("dataset").defer(*large)


class DatasetItem(models.Model):
    """One trace at one position of a dataset."""

    id = models.BigAutoField(primary_key=True)
    # Triggers keep what the constraints would, once a statement instead of once a row.
    dataset = models.ForeignKey(  # the unique constraint's index begins with it
        Dataset,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="items",
        db_index=False,
    )
    position = models.PositiveBigIntegerField()
    trace = models.ForeignKey(
        Trace, on_delete=models.PROTECT, db_constraint=False, related_name="dataset_items"
    )
    split = models.CharField(max_length=MAX_SPLIT_CHARS, blank=True, default="")
    parts = models.SmallIntegerField(
        default=0,
        db_default=0,
        help_text="What the trace holds that not every format can say, as Parts' bits.",
    )
    facts = models.JSONField(
        decoder=StoredDecoder,
        null=True,
        editable=False,
        help_text="What the steps of the build found out about the trace.",
    )
    review = models.ForeignKey(  # it never goes before its trace, which is checked
        Review,
        null=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        db_constraint=False,
        db_index=False,
        editable=False,
        help_text="The last one when the dataset was built.",
    )

    objects = DatasetItemManager()

    class Meta:
        ordering: ClassVar = ["dataset", "position"]
        base_manager_name = "objects"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "position"], name="one_item_per_dataset_and_position"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["dataset", "split", "position"], name="item_by_split")
        ]

    def __str__(self) -> str:
        return self.dataset.key


class RemovedTrace(models.Model):
    """A trace that a step of the build took away, and why; traces that never matched have none."""

    pk = models.CompositePrimaryKey("dataset_id", "trace_id")
    dataset = models.ForeignKey(
        Dataset,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="removed",
        db_index=False,
    )
    trace_id = models.UUIDField(help_text="No key of another table: it may be deleted later.")
    step = models.CharField(max_length=16)
    reason = models.CharField(max_length=32)
    because = models.JSONField(
        decoder=StoredDecoder,
        null=True,
        help_text="The evidence: the trace that stays instead, or what was found in it.",
    )

    def __str__(self) -> str:
        return f"{self.step}: {self.reason}"


class DatasetPair(models.Model):
    """Two attempts at a prompt, the one better than the other, at one position among the pairs.

    Both are among the dataset's items, which hold their traces.
    """

    id = models.BigAutoField(primary_key=True)
    dataset = models.ForeignKey(  # the unique constraint's index begins with it
        Dataset,
        on_delete=models.PROTECT,
        db_constraint=False,
        related_name="pairs",
        db_index=False,
    )
    position = models.PositiveBigIntegerField()
    chosen = models.ForeignKey(
        Trace,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    rejected = models.ForeignKey(
        Trace,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
        db_index=False,
    )
    split = models.CharField(max_length=MAX_SPLIT_CHARS, blank=True, default="")
    reason = models.CharField(max_length=32, help_text="The rule that made it.")
    margin = models.FloatField(help_text="By how much the one is better, 0 to 1.")
    parts = models.SmallIntegerField(
        help_text="What either holds that not every format can say, as Parts' bits."
    )

    class Meta:
        ordering: ClassVar = ["dataset", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["dataset", "position"], name="one_pair_per_dataset_and_position"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["dataset", "split", "position"], name="pair_by_split")
        ]

    def __str__(self) -> str:
        return f"{self.chosen_id} over {self.rejected_id}"
