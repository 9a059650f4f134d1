"""What people keep of the list of traces: filters under a name, and columns."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from traces.curation.columns import (
    BEFORE_SCORES,
    BEHIND_SCORES,
    MAX_COLUMN_CHARS,
    MAX_COLUMNS,
    OF_SCORE,
)
from traces.curation.queues import MAX_QUEUE_NAME_CHARS, SavedFilter
from traces.finding.filters import TraceFilters
from tunix_site.api.fields import BooleanField, ListField, StrictSerializer, TextField


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


@extend_schema_field(
    {
        "type": "string",
        "anyOf": [
            {"enum": [*BEFORE_SCORES, *BEHIND_SCORES]},
            {"pattern": f"^{OF_SCORE}.", "maxLength": MAX_COLUMN_CHARS},
        ],
    }
)
class ColumnField(TextField):
    """The name of a column, or `score:` and a criterion."""


class ChosenColumnsSerializer(StrictSerializer):
    """Columns by their names."""

    columns = ListField(
        child=ColumnField(max_length=MAX_COLUMN_CHARS),
        max_length=MAX_COLUMNS,
        allow_null=True,
        help_text="Names of columns, `score:CRITERIA` for the newest score on it, 8 of those at "
        "most; null for the usual columns. The prompt is always there.",
    )


class ColumnsSerializer(serializers.Serializer):  # type: ignore[type-arg]
    columns = serializers.ListField(
        child=serializers.CharField(), help_text="Their names, as the list shows them."
    )
    usual = serializers.BooleanField(help_text="Nothing was chosen.")
