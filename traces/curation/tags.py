"""What became of tags."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from tunix_site.strict_json import StoredDecoder


class TagChange(models.Model):
    """What a person made of a trace's tags; rows are added, never changed."""

    trace = models.ForeignKey("traces.Trace", on_delete=models.CASCADE, related_name="tag_changes")
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="tag_changes"
    )
    before = models.JSONField(decoder=StoredDecoder)
    after = models.JSONField(decoder=StoredDecoder)
    job = models.UUIDField(null=True, editable=False, help_text="Of a change of many traces.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["job"], name="tags_changed_by_job", condition=Q(job__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"
