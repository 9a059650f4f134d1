"""What a change of many traces was confirmed for, and what became of it."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models

from jobs.models import Job

FROZEN_AT_ONCE = 1_000  # traces of a piece

_FREEZE = """
    INSERT INTO traces_bulkpiece (job_id, number, ids)
    SELECT %s, number, array_agg(id ORDER BY id DESC)
    FROM (
        SELECT id, (row_number() OVER (ORDER BY id DESC) - 1) / %s AS number
        FROM ({matching}) AS matching (id)
    ) AS numbered
    GROUP BY number
    RETURNING cardinality(ids)
"""


class BulkPieceManager(models.Manager["BulkPiece"]):
    def freeze(self, job: Job, traces: models.QuerySet[Any, Any]) -> int:
        """Keep the ids of the traces that match now, for a job; give how many they are."""
        sql, parameters = traces.order_by().values("pk").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(_FREEZE.format(matching=sql), [job.pk, FROZEN_AT_ONCE, *parameters])
            return sum(count for (count,) in cursor.fetchall())


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

    objects = BulkPieceManager()

    class Meta:
        ordering: ClassVar = ["job", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["job", "number"], name="one_piece_per_job_and_number")
        ]

    def __str__(self) -> str:
        return f"{self.job_id}, {self.number}"
