"""The deletion of many traces as it is asked for."""

from traces.finding.filters import TraceFilters
from traces.services.bulk.deleting import BulkDeletion
from tunix_site.api.fields import IntegerField, StrictSerializer


class BulkDeletionSerializer(StrictSerializer):
    """The deletion of all traces that match a filter."""

    where = TraceFilters(help_text="The list's filters; {} is every trace.")
    expected_count = IntegerField(
        min_value=0,
        max_value=2**63 - 1,
        help_text="Refused where another number of traces matches.",
    )

    def to_deletion(self) -> BulkDeletion:
        return BulkDeletion(**self.validated_data)
