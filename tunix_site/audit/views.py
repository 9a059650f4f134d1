"""The route of what was done."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from events.models import Event
from tunix_site.api.views import ApiViewSet
from tunix_site.audit.examples import OF_EVENTS
from tunix_site.audit.finding import EventQuery, events_that_match
from tunix_site.audit.serializers import EventSerializer
from tunix_site.models import Role


@extend_schema_view(list=extend_schema(responses=EventSerializer(many=True)))
class EventViewSet(ApiViewSet):
    """What was done, by whom and through what."""

    queryset = Event.objects.all()
    serializer_class = EventSerializer
    http_method_names = ["get", "head", "options"]
    roles: ClassVar = {"list": Role.CURATOR}
    queries: ClassVar = {"list": EventQuery}
    examples: ClassVar = OF_EVENTS

    def list(self, request: Request) -> Response:
        """List what was done, newest first."""
        page = self.paginate_queryset(events_that_match(self.queryset, self.query))
        return self.get_paginated_response(EventSerializer(page, many=True).data)
