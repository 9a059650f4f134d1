"""The route that deletes many traces."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.responses import LOCATION, accepted
from jobs.api.serializers import JobSerializer
from traces.examples import OF_DELETION
from traces.serializers.deletion import BulkDeletionSerializer
from traces.services.bulk.deleting import start_bulk_deletion
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


class DeletionViewSet(ApiViewSet):
    """Traces that go, many at once."""

    serializer_class = BulkDeletionSerializer
    roles: ClassVar = {"bulk_delete": Role.TRAINER}
    examples: ClassVar = OF_DELETION

    @extend_schema(
        operation_id="delete_traces",
        request=BulkDeletionSerializer,
        parameters=[LOCATION],
        responses={202: JobSerializer},
    )
    @action(detail=False, methods=["post"], url_path="bulk-delete")
    def bulk_delete(self, request: Request) -> Response:
        """Delete all traces that match and no dataset holds; for superusers. The work is a job.

        A key needs the role trainer. It cannot be undone.
        """
        serializer = BulkDeletionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = start_bulk_deletion(
            deletion=serializer.to_deletion(), parameters=dict(request.data), by=self.actor
        )
        return accepted(job)
