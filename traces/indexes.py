"""What the indexes behind ingest keep of traces, and what they still lack."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func
from django.db.models.functions import Now


class Pending(models.Model):
    """Traces that an index behind ingest still lacks; a trigger notes them as they come in."""

    class Kind(models.TextChoices):
        SEARCH = "search"
        SIMILAR = "similar"

    kind = models.CharField(max_length=16, choices=Kind)
    trace_ids = ArrayField(models.UUIDField())
    trace_count = models.GeneratedField(  # reading the ids to count them would take longer
        expression=Func("trace_ids", function="cardinality"),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "id"], name="pending_by_kind")]

    def __str__(self) -> str:
        return f"{self.trace_count} traces for {self.kind}"


class SearchDocument(models.Model):
    """A trace's words, for full-text search; the database deletes it with its trace."""

    trace = models.OneToOneField(
        "traces.Trace",
        primary_key=True,
        db_constraint=False,  # the migration's own cascades
        on_delete=models.DO_NOTHING,
        related_name="search_document",
    )
    document = SearchVectorField()

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["document"], name="search_by_document")]

    def __str__(self) -> str:
        return str(self.trace_id)


class Signature(models.Model):
    """A trace's MinHash signatures: minima of its prompt, and of its steps with the final answer.

    The smaller ones of both are those of all that it says, and `bands` are theirs: traces that
    share one of these may be similar.
    """

    trace = models.OneToOneField(
        "traces.Trace",
        primary_key=True,
        db_constraint=False,  # the migration's own cascades
        on_delete=models.DO_NOTHING,
        related_name="signature",
    )
    version = models.PositiveSmallIntegerField()
    prompt_minima = models.BinaryField()
    solution_minima = models.BinaryField()
    bands = ArrayField(models.BigIntegerField())

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["bands"], name="signature_by_bands")]

    def __str__(self) -> str:
        return str(self.trace_id)
