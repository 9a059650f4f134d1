"""The columns that the list of traces can show, and those that people chose."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

MAX_COLUMN_CHARS = 70  # a criterion, and what says that it is one
MAX_COLUMNS = 30
MAX_SCORES = 8
OF_SCORE = "score:"  # begins the names of columns of scores
BEFORE_SCORES = ("answer", "status", "source", "model", "tags", "steps", "characters")
BEHIND_SCORES = (
    *("reviewer", "reviewed", "labelled", "note"),
    *("external_id", "version", "created"),
)
USUAL = ("answer", "status", "source", "tags", "steps", "created")


class ShownColumns(models.Model):
    """The columns that somebody chose for the list of traces; who chose none has no row."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="shown_columns",
    )
    names = ArrayField(models.CharField(max_length=MAX_COLUMN_CHARS), size=MAX_COLUMNS)

    class Meta:
        verbose_name_plural: ClassVar = "shown columns"

    def __str__(self) -> str:
        return ", ".join(self.names)
