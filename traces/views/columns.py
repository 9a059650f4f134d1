"""The route of the columns that somebody chose for the list of traces."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from traces.curation.columns import USUAL
from traces.curation.examples import OF_COLUMNS
from traces.finding.columns import chosen_by, shown_of
from traces.serializers.saved_filters import ChosenColumnsSerializer, ColumnsSerializer
from traces.services.columns import forget_columns, keep_columns
from tunix_site.api.views import ApiView
from tunix_site.models import Role


class ColumnsView(ApiView):
    """The columns that you see in the list of traces."""

    roles: ClassVar = {"get": Role.READER, "put": Role.READER}
    examples: ClassVar = OF_COLUMNS

    @extend_schema(operation_id="get_columns", responses=ColumnsSerializer)
    def get(self, request: Request) -> Response:
        """Tell which columns of the list of traces you see, in their order."""
        return Response(_columns_of(request.user))

    @extend_schema(
        operation_id="choose_columns", request=ChosenColumnsSerializer, responses=ColumnsSerializer
    )
    def put(self, request: Request) -> Response:
        """Choose the columns that you see, or with null the usual ones."""
        serializer = ChosenColumnsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        names = serializer.validated_data["columns"]
        if names is None:
            forget_columns(by=self.actor)
        else:
            keep_columns(names=names, by=self.actor)
        return Response(_columns_of(request.user))


def _columns_of(user: Any) -> dict[str, Any]:
    names = chosen_by(user)
    return {"columns": shown_of(USUAL if names is None else names), "usual": names is None}
