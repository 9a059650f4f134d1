"""What a change of many traces was confirmed for, and what became of it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models

from jobs.models import Job


class BulkPiece(models.Model):
    """Some of the traces that a change of many is for, and what it did; a transaction each.

    The ids are those that matched when it was asked for. They are kept while it can be undone.
    """

    job = models.ForeignKey(  # the unique constraint's index begins with it
        Job, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    number = models.PositiveIntegerField(help_text="Its place: the newest traces come first.")
    ids = ArrayField(models.UUIDField())
    matched_count = models.PositiveIntegerField(
        null=True, help_text="Those that still matched; empty: it was not done."
    )
    changed_count = models.PositiveIntegerField(null=True)
    refused = ArrayField(models.UUIDField(), default=list, db_default=[])
    undone_by = models.UUIDField(null=True, help_text="The job that did.")
    restored_count = models.PositiveIntegerField(null=True)
    left = ArrayField(models.UUIDField(), default=list, db_default=[])

    class Meta:
        ordering: ClassVar = ["job", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="one_piece_per_job_and_number")
        ]

    def __str__(self) -> str:
        return f"{self.job_id}, {self.number}"
