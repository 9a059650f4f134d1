"""The routes of filters that are kept."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from traces.curation.examples import OF_FILTERS
from traces.curation.queues import SavedFilter
from traces.finding.queues import filters_of
from traces.serializers.saved_filters import FilterSerializer, NewFilterSerializer
from traces.services.filters.saved_filters import delete_filter, save_filter
from tunix_site.access.roles import has_role
from tunix_site.api.pagination import PageQuery
from tunix_site.api.views import ApiViewSet
from tunix_site.database.ids import with_number
from tunix_site.models import Role


@extend_schema_view(list=extend_schema(responses=FilterSerializer(many=True)))
class FilterViewSet(ApiViewSet):
    """Filters of traces that you or all keep under a name."""

    queryset = SavedFilter.objects.all()
    serializer_class = NewFilterSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "delete", "head", "options"]
    roles: ClassVar = {"list": Role.READER, "create": Role.READER, "destroy": Role.READER}
    queries: ClassVar = {"list": PageQuery}
    examples: ClassVar = OF_FILTERS

    def list(self, request: Request) -> Response:
        """List the filters that you keep and those for all, newest first."""
        page = self.paginate_queryset(filters_of(request.user))
        return self.get_paginated_response(FilterSerializer(page, many=True).data)

    @extend_schema(responses={201: FilterSerializer})
    def create(self, request: Request) -> Response:
        """Keep a filter, for yourself or for all."""
        serializer = NewFilterSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = {**serializer.validated_data, "where": serializer.initial_data["where"]}
        may_curate = has_role(request, Role.CURATOR)
        kept = save_filter(**asked, may_curate=may_curate, by=self.actor)
        return Response(FilterSerializer(kept).data, status=status.HTTP_201_CREATED)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a filter of yours, or as a curator one for all."""
        kept = with_number(filters_of(request.user), pk)
        delete_filter(kept=kept, may_curate=has_role(request, Role.CURATOR), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
