"""The trace routes."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from traces.batch import ingest_batch
from traces.decoding import read_trace
from traces.filters import TraceListQuery, matching
from traces.models import Trace
from traces.scoring import SCORERS
from traces.serializers import (
    BatchAnswerSerializer,
    BatchQuery,
    CompareQuery,
    ComparisonSerializer,
    CurationSerializer,
    PartialBatchAnswerSerializer,
    ScoreAnswerSerializer,
    ScoreRequestSerializer,
    ScoreSerializer,
    TraceDetailSerializer,
    TraceRowSerializer,
    TraceSerializer,
    new_trace,
)
from traces.services import curation, intake, scores
from tunix_site.models import Role
from tunix_site.openapi import ERROR_BODY
from tunix_site.parsers import RawJSONParser
from tunix_site.views import ApiViewSet


@extend_schema_view(
    list=extend_schema(responses=TraceRowSerializer(many=True)),
    retrieve=extend_schema(responses=TraceDetailSerializer),
)
class TraceViewSet(ApiViewSet):
    """Reasoning traces: content never changes, curation does."""

    queryset = Trace.objects.all()
    serializer_class = TraceSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "scores": Role.READER,
        "compare": Role.READER,
        "create": Role.WRITER,
        "batch": Role.WRITER,
        "partial_update": Role.CURATOR,
        "destroy": Role.CURATOR,
        "score": Role.CURATOR,
    }
    queries: ClassVar = {"list": TraceListQuery, "batch": BatchQuery, "compare": CompareQuery}
    body_limits: ClassVar = {"batch": settings.MAX_BATCH_BYTES}

    def get_object(self) -> Trace:
        return find_trace(self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        """List traces, newest first; any number of `meta.KEY=VALUE` may be among the filters."""
        page = self.paginate_queryset(matching(self.query).previews())
        return self.get_paginated_response(page)

    @extend_schema(responses={201: TraceDetailSerializer, 200: TraceDetailSerializer})
    def create(self, request: Request) -> Response:
        """Store a trace; 200 when its external_id and content are stored already."""
        document = read_trace(parsed=request.data, body=getattr(request, "raw_body", b""))
        trace, created = intake.create_trace(document=document)
        if created:
            return Response(new_trace(trace), status=status.HTTP_201_CREATED)
        return Response(TraceDetailSerializer(trace).data)

    @extend_schema(
        request=TraceSerializer(many=True),
        responses={201: BatchAnswerSerializer, 207: PartialBatchAnswerSerializer},
    )
    @action(detail=False, methods=["post"], parser_classes=[RawJSONParser])
    def batch(self, request: Request) -> Response:
        """Store up to 1,000 traces, all or none unless `on_error=skip`."""
        answer = ingest_batch(request.data, skip_bad=self.query["on_error"] == "skip")
        return Response(answer.body, status=answer.status_code)

    def retrieve(self, request: Request, pk: str) -> Response:
        return Response(TraceDetailSerializer(self.get_object()).data)

    @extend_schema(request=CurationSerializer, responses=TraceDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change status or tags; a status change is recorded as a review."""
        serializer = CurationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        trace = curation.curate_trace(
            trace=self.get_object(), user=request.user, changes=serializer.validated_data
        )
        return Response(TraceDetailSerializer(trace).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a trace that no dataset holds."""
        curation.delete_trace(trace=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ScoreRequestSerializer, responses={201: ScoreAnswerSerializer})
    @action(detail=True, methods=["post"])
    def score(self, request: Request, pk: str) -> Response:
        """Score a trace on one criterion; the score is stored, once per scorer version."""
        serializer = ScoreRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        score = scores.score_trace(trace=self.get_object(), **serializer.validated_data)
        return Response(
            {"trace_id": score.trace_id, "score": score.value, "details": score.details},
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(responses=ScoreSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def scores(self, request: Request, pk: str) -> Response:
        """List the scores of a trace, newest first."""
        return Response(ScoreSerializer(self.get_object().scores.all(), many=True).data)

    @extend_schema(responses={200: ComparisonSerializer, 404: ERROR_BODY})
    @action(detail=False, pagination_class=None)
    def compare(self, request: Request) -> Response:
        """Show two traces side by side, with their baseline scores."""
        return Response({name: compared(find_trace(pk)) for name, pk in self.query.items()})


def find_trace(pk: str | uuid.UUID) -> Trace:
    """Fetch a trace by what may be no id at all; NotFound where there is none."""
    try:
        identity = pk if isinstance(pk, uuid.UUID) else uuid.UUID(pk)
        return Trace.objects.get(pk=identity)
    except (ValueError, Trace.DoesNotExist):
        raise NotFound(f"There is no trace {pk!s:.36}.") from None


def compared(trace: Trace) -> dict[str, Any]:
    return {
        "id": trace.id,
        "created_at": trace.created_at,
        "score": SCORERS["baseline"].score(trace.steps).value,
        "trace_version": trace.trace_version,
        "payload": trace.payload,
    }
