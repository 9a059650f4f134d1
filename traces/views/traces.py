"""The trace routes."""

from collections.abc import Iterable
from typing import ClassVar, cast

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.responses import LOCATION, accepted
from jobs.api.serializers import JobSerializer
from traces.examples import OF_TRACES
from traces.finding.curation.reviews import ReviewQuery, reviews_that_match
from traces.finding.filters import TraceListQuery
from traces.finding.prompts.groups import PromptPagination, PromptQuery, prompt_groups
from traces.finding.ranking import TracePagination
from traces.finding.similar import find_similar
from traces.intake.bodies import read_trace
from traces.intake.document_serializer import TraceSerializer
from traces.models import Trace
from traces.readers.formats import FORMATS
from traces.serializers.batches import (
    BatchAnswerSerializer,
    BatchQuery,
    PartialBatchAnswerSerializer,
)
from traces.serializers.curation import BulkSerializer, CurationSerializer
from traces.serializers.finding import (
    CompareQuery,
    ComparisonSerializer,
    PromptGroupSerializer,
    SimilarQuery,
    SimilarSerializer,
)
from traces.serializers.imports import FormatSerializer, ImportAnswerSerializer, ImportQuery
from traces.serializers.reviews import CorrectionSerializer, NewReviewSerializer, ReviewSerializer
from traces.serializers.scores import (
    ScoreAnswerSerializer,
    ScoreRequestSerializer,
    ScoreSerializer,
)
from traces.serializers.traces import TraceDetailSerializer, TraceRowSerializer, new_trace
from traces.services import curation, scores, storing
from traces.services.bulk.changing import start_bulk_change
from traces.services.importing import imports
from traces.services.importing.summary import ImportRequest
from traces.services.reviews import review_trace
from traces.sources.source import Source
from traces.views.batches import ingest_batch
from traces.views.lookups import compared, find_trace
from tunix_site.access.roles import has_role
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.pagination import KeysetPagination
from tunix_site.api.parsers import StreamParser
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


@extend_schema_view(
    list=extend_schema(responses=TraceRowSerializer(many=True)),
    retrieve=extend_schema(responses=TraceDetailSerializer),
)
class TraceViewSet(ApiViewSet):
    """Reasoning traces: content never changes, curation does."""

    queryset = Trace.objects.all()
    serializer_class = TraceSerializer
    pagination_class = TracePagination
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "scores": Role.READER,
        "compare": Role.READER,
        "similar": Role.READER,
        "prompts": Role.READER,
        "reviews": Role.READER,
        "create": Role.WRITER,
        "batch": Role.WRITER,
        "import_stream": Role.WRITER,
        "formats": Role.READER,
        "partial_update": Role.CURATOR,
        "destroy": Role.CURATOR,
        "bulk": Role.CURATOR,
        "score": Role.CURATOR,
        "review": Role.CURATOR,
        "correct": Role.CURATOR,
    }
    queries: ClassVar = {
        "list": TraceListQuery,
        "batch": BatchQuery,
        "import_stream": ImportQuery,
        "compare": CompareQuery,
        "similar": SimilarQuery,
        "prompts": PromptQuery,
        "reviews": ReviewQuery,
    }
    examples: ClassVar = OF_TRACES
    instead: ClassVar = {
        "PATCH": "POST /api/traces/bulk changes all traces that match.",
        "DELETE": "One at a time is deleted, by its id; POST /api/traces/bulk rejects all that "
        "match, POST /api/traces/bulk-delete deletes them.",
    }
    repeatable: ClassVar = {"import_stream"}
    streams: ClassVar = {"import_stream"}
    body_limits: ClassVar = {"batch": settings.MAX_BATCH_BYTES}
    raw_bodies: ClassVar = {"create", "batch"}

    def get_object(self) -> Trace:
        return find_trace(self.kwargs["pk"])

    def list(self, request: Request) -> Response:
        """List traces, newest first; any number of `meta.KEY=VALUE` may be among the filters.

        With `q` the newest matches are ranked, the best first, and rows have `rank` and `excerpt`.
        """
        page = self.paginate_queryset(self.queryset)
        return self.get_paginated_response(page)

    @extend_schema(responses={201: TraceDetailSerializer, 200: TraceDetailSerializer})
    def create(self, request: Request) -> Response:
        """Store a trace; 200 when its external_id and content are stored already."""
        trace, created = storing.create_trace(document=read_trace(request.data), by=self.actor)
        if created:
            return Response(new_trace(trace), status=status.HTTP_201_CREATED)
        return Response(TraceDetailSerializer(trace).data)

    @extend_schema(
        operation_id="create_traces",
        request=TraceSerializer(  # type: ignore[call-arg]  # the list's own arguments
            many=True, min_length=1, max_length=settings.MAX_BATCH_TRACES
        ),
        responses={201: BatchAnswerSerializer, 207: PartialBatchAnswerSerializer},
    )
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Store up to 1,000 traces, all or none unless `on_error=skip`."""
        answer = ingest_batch(
            request.data, skip_bad=self.query["on_error"] == "skip", by=self.actor
        )
        return Response(answer.body, status=answer.status_code)

    @extend_schema(
        operation_id="change_traces",
        request=BulkSerializer,
        parameters=[LOCATION],
        responses={202: JobSerializer},
    )
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Change status or tags of all traces that match; the work is a job."""
        serializer = BulkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = start_bulk_change(
            change=serializer.to_change(),
            expected_count=serializer.validated_data.get("expected_count"),
            parameters=dict(request.data),
            by=self.actor,
        )
        return accepted(job)

    @extend_schema(
        operation_id="import_traces",
        request={"application/octet-stream": OpenApiTypes.BINARY},
        responses=ImportAnswerSerializer,
    )
    @action(detail=False, methods=["post"], url_path="import", parser_classes=[StreamParser])
    def import_stream(self, request: Request) -> Response:
        """Import the traces of a file: JSON Lines, an array, CSV or Parquet, of any known format.

        The file itself is the body, of any type and length, plain, gzip or zstd. A record that is
        sent again exists. The good records are stored and the others are told of, unless
        `on_error=abort`.
        """
        answer = imports.import_stream(
            source=Source(cast(Iterable[bytes], request.data or ())),
            content_encoding=request.headers.get("Content-Encoding", ""),
            max_spool_bytes=settings.MAX_SPOOL_BYTES,
            by=self.actor,
            request=ImportRequest(
                **self.query,
                may_curate=has_role(request, Role.CURATOR),
            ),
        )
        return Response(answer)

    @extend_schema(operation_id="list_formats", responses=FormatSerializer(many=True))
    @action(detail=False, pagination_class=None)
    def formats(self, request: Request) -> Response:
        """List the formats that an import reads, with an example each."""
        return Response(FormatSerializer(FORMATS.values(), many=True).data)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a trace with its scores."""
        return Response(TraceDetailSerializer(self.get_object()).data)

    @extend_schema(request=CurationSerializer, responses=TraceDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change status or tags; a status change is recorded as a review."""
        serializer = CurationSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        trace = curation.curate_trace(
            trace=self.get_object(), by=self.actor, **serializer.to_curation()
        )
        return Response(TraceDetailSerializer(trace).data)

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a trace that no dataset holds."""
        curation.delete_trace(trace=self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="score_trace",
        request=ScoreRequestSerializer,
        responses={201: ScoreAnswerSerializer},
    )
    @action(detail=True, methods=["post"])
    def score(self, request: Request, pk: str) -> Response:
        """Score a trace on one criterion; the score is stored, once per scorer version."""
        serializer = ScoreRequestSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        score = scores.score_trace(
            trace=self.get_object(), by=self.actor, **serializer.validated_data
        )
        return Response(
            {"trace_id": score.trace_id, "score": score.value, "details": score.details},
            status=status.HTTP_201_CREATED,
        )

    @extend_schema(operation_id="list_scores", responses=ScoreSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def scores(self, request: Request, pk: str) -> Response:
        """List the scores of a trace, newest first."""
        return Response(ScoreSerializer(self.get_object().scores.all(), many=True).data)

    @extend_schema(operation_id="list_reviews", responses=ReviewSerializer(many=True))
    @action(detail=True, pagination_class=KeysetPagination)
    def reviews(self, request: Request, pk: str) -> Response:
        """List the reviews of a trace, newest first."""
        reviews = self.get_object().reviews.all()
        page = self.paginate_queryset(reviews_that_match(reviews, self.query))
        return self.get_paginated_response(ReviewSerializer(page, many=True).data)

    @extend_schema(
        operation_id="review_trace", request=NewReviewSerializer, responses={201: ReviewSerializer}
    )
    @reviews.mapping.post
    def review(self, request: Request, pk: str) -> Response:
        """Review a trace: the verdict is its status from then on; earlier reviews are kept."""
        serializer = NewReviewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        review = review_trace(
            trace=self.get_object(),
            verdict=serializer.to_verdict(),
            by=self.actor,
            **serializer.to_expected(self.actor),
        )
        return Response(ReviewSerializer(review).data, status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="correct_trace",
        request=CorrectionSerializer,
        responses={201: TraceDetailSerializer},
    )
    @action(detail=True, methods=["post"])
    def correct(self, request: Request, pk: str) -> Response:
        """Correct a trace: a new one, whose `meta.revision_of` is this one, which is rejected."""
        serializer = CorrectionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.to_arguments(self.actor)
        trace = curation.correct_trace(trace=self.get_object(), by=self.actor, **asked)
        return Response(new_trace(trace), status=status.HTTP_201_CREATED)

    @extend_schema(
        operation_id="compare_traces", responses={200: ComparisonSerializer, 404: ERROR_BODY}
    )
    @action(detail=False, pagination_class=None)
    def compare(self, request: Request) -> Response:
        """Show two traces side by side, with their baseline scores."""
        return Response({name: compared(find_trace(pk)) for name, pk in self.query.items()})

    @extend_schema(operation_id="find_similar_traces", responses=SimilarSerializer)
    @action(detail=True, pagination_class=None)
    def similar(self, request: Request, pk: str) -> Response:
        """Find traces that say nearly the same, the most similar first."""
        return Response(find_similar(trace=self.get_object(), **self.query))

    @extend_schema(operation_id="list_prompts", responses=PromptGroupSerializer(many=True))
    @action(detail=False, pagination_class=PromptPagination)
    def prompts(self, request: Request) -> Response:
        """List the prompts of the traces that match, by their hashes or as `order` has them."""
        page = self.paginate_queryset(prompt_groups(self.query))
        return self.get_paginated_response(page)
