"""Health and metrics: what those who run the site ask it."""

import logging
from typing import ClassVar

from django.db import Error, connection
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from prometheus_client import CONTENT_TYPE_LATEST
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from tunix_site import __version__
from tunix_site.api.renderers import JSONRenderer, StreamRenderer
from tunix_site.api.views import ApiView
from tunix_site.database.troubles import TROUBLES, described, trouble_of
from tunix_site.database.write_check import WriteCheck
from tunix_site.errors import RETRY_AFTER_SECONDS
from tunix_site.models import Role
from tunix_site.serving import metrics

log = logging.getLogger(__name__)

writes = WriteCheck()


class HealthSerializer(serializers.Serializer):  # type: ignore[type-arg]
    status = serializers.ChoiceField(choices=["healthy", "degraded", "unhealthy"])
    database = serializers.ChoiceField(choices=["ok", *[trouble.reason for trouble in TROUBLES]])
    version = serializers.CharField()


class HealthView(ApiView):
    """The only route that answers without a key or session."""

    examples: ClassVar = {
        "get": {
            200: {"status": "healthy", "database": "ok", "version": __version__},
            503: {"status": "unhealthy", "database": "away", "version": __version__},
        }
    }
    authentication_classes = []
    permission_classes = [AllowAny]
    renderer_classes = [JSONRenderer]

    @extend_schema(
        operation_id="get_health",
        responses={200: HealthSerializer, 503: HealthSerializer},
        tags=["operations"],
        auth=[],
    )
    def get(self, request: Request) -> Response:
        """Say whether the site can do its work: 200, or 503 while its database is away.

        Where it can be read and not written, the answer is 200 and `degraded`; whether it can be
        written is tried every ten seconds at most.
        """
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            trouble = writes.trouble()
        except Error as error:
            trouble = trouble_of(error)
            if trouble is None:
                raise
            log.error("%s", described(error))
            connection.close()  # the next check opens a new one
            return Response(
                _health("unhealthy", trouble.reason),
                status=503,
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        if trouble:
            return Response(_health("degraded", trouble.reason))
        return Response(_health("healthy", "ok"))


def _health(status: str, database: str) -> dict[str, str]:
    return {"status": status, "database": database, "version": __version__}


class PlainTextRenderer(StreamRenderer):
    media_type = "text/plain"
    format = "txt"


class MetricsView(ApiView):
    roles: ClassVar = {"get": Role.READER}
    renderer_classes = [PlainTextRenderer]
    examples: ClassVar = {
        "get": {200: 'tunix_requests_total{method="GET",route="api/health/?$",status="200"} 1.0\n'}
    }

    @extend_schema(
        operation_id="get_metrics",
        responses={(200, "text/plain"): OpenApiTypes.STR},
        tags=["operations"],
    )
    def get(self, request: Request) -> HttpResponse:
        """Give counters and histograms, in Prometheus' text format."""
        return HttpResponse(metrics.exposition(), content_type=CONTENT_TYPE_LATEST)
