"""The routes of preferences."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from traces.examples import OF_PREFERENCES
from traces.finding.curation.preferences import PreferenceQuery, preferences_that_match
from traces.models import Preference
from traces.serializers.preferences import NewPreferenceSerializer, PreferenceSerializer
from traces.services.preferences import delete_preference, prefer_trace
from tunix_site.api.views import ApiViewSet
from tunix_site.database.ids import with_number
from tunix_site.models import Role


@extend_schema_view(list=extend_schema(responses=PreferenceSerializer(many=True)))
class PreferenceViewSet(ApiViewSet):
    """Which of two attempts at a prompt people find better."""

    queryset = Preference.objects.all()
    serializer_class = NewPreferenceSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "delete", "head", "options"]
    roles: ClassVar = {"list": Role.READER, "create": Role.CURATOR, "destroy": Role.CURATOR}
    queries: ClassVar = {"list": PreferenceQuery}
    examples: ClassVar = OF_PREFERENCES

    def get_object(self) -> Preference:
        return with_number(Preference.objects.all(), self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        """List preferences, newest first."""
        page = self.paginate_queryset(
            preferences_that_match(self.queryset.select_related("reviewer"), self.query)
        )
        return self.get_paginated_response(PreferenceSerializer(page, many=True).data)

    @extend_schema(responses={201: PreferenceSerializer, 200: PreferenceSerializer})
    def create(self, request: Request) -> Response:
        """Prefer one trace over another attempt at its prompt; 200 where you did so before."""
        serializer = NewPreferenceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        preference, created = prefer_trace(**serializer.validated_data, by=self.actor)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(PreferenceSerializer(preference).data, status=code)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a preference; the pairs of datasets stay."""
        delete_preference(preference=self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
