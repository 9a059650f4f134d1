"""Filters that are kept."""

from rest_framework import serializers

from traces.curation.queues import MAX_QUEUE_NAME_CHARS, SavedFilter
from traces.finding.filters import TraceFilters
from tunix_site.api.fields import BooleanField, StrictSerializer, TextField


class NewFilterSerializer(StrictSerializer):
    """A filter under a name."""

    name = TextField(max_length=MAX_QUEUE_NAME_CHARS)
    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    team = BooleanField(
        required=False, default=False, help_text="Everybody sees it: needs the role curator."
    )


class FilterSerializer(serializers.ModelSerializer[SavedFilter]):
    where = serializers.DictField()
    owner = serializers.CharField(source="owner.username")

    class Meta:
        model = SavedFilter
        fields = ["id", "name", "where", "team", "owner"]
        read_only_fields = fields
