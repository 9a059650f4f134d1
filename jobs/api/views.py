"""The job routes."""

from typing import ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.examples import EXAMPLES
from jobs.api.reading import error_pieces
from jobs.api.responses import LOCATION, accepted
from jobs.api.serializers import JobFilters, JobQuery, JobRowSerializer, JobSerializer
from jobs.models import Job
from jobs.services.queue import cancel_job
from jobs.services.reaping import reap_lapsed
from jobs.services.undoing import undo_job
from tunix_site.access.roles import rank_of_request
from tunix_site.api.pieces import started, to_be_saved
from tunix_site.api.renderers import NDJSON, BytesRenderer, NDJSONRenderer
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


@extend_schema_view(list=extend_schema(responses=JobRowSerializer(many=True)))
class JobViewSet(ApiViewSet):
    """Work that takes longer than an answer."""

    queryset = Job.objects.all()
    serializer_class = JobSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "errors": Role.READER,
        "destroy": Role.READER,
        "undo": Role.CURATOR,
    }
    queries: ClassVar = {"list": JobQuery}
    streams: ClassVar = {"errors"}
    examples: ClassVar = EXAMPLES

    def list(self, request: Request) -> Response:
        """List jobs, newest first."""
        filters = {
            name: self.query[name] for name in JobFilters._declared_fields if name in self.query
        }
        reap_lapsed(jobs=Job.objects.all())
        jobs = Job.objects.filter(**filters).defer("parameters", "result")
        rows = JobRowSerializer(self.paginate_queryset(jobs), many=True)
        return self.get_paginated_response(rows.data)

    @extend_schema(responses=JobSerializer)
    def retrieve(self, request: Request, pk: str) -> Response:
        """Show how far a job has come, and what came of it."""
        job = self.get_object()
        if reap_lapsed(jobs=Job.objects.filter(pk=job.pk)):
            job.refresh_from_db()
        return Response(JobSerializer(job).data)

    @extend_schema(operation_id="cancel_job", responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Cancel a job: one's own, or as a curator anybody's. Work under way stops in seconds."""
        cancel_job(job=self.get_object(), by=self.actor, rank=rank_of_request(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="undo_job", request=None, parameters=[LOCATION], responses={202: JobSerializer}
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Undo a bulk change of yours for a day: traces are as before where nobody touched them.

        The work is a job of kind `undo`. What the change made of a trace, status or tags, and
        somebody changed again since is left as it is, and named in its result.
        """
        return accepted(undo_job(job=self.get_object(), by=self.actor))

    @extend_schema(
        operation_id="list_job_errors",
        responses={
            (200, NDJSON): OpenApiTypes.STR,
            (200, BytesRenderer.media_type): OpenApiTypes.BINARY,
        },
        description="List what was wrong with the job's input, a JSON object "
        "`{line, field, message}` a line.",
    )
    @action(
        detail=True,
        url_path=r"errors\.jsonl",
        pagination_class=None,
        renderer_classes=[NDJSONRenderer, BytesRenderer],
    )
    def errors(self, request: Request, pk: str) -> HttpResponseBase:
        job = self.get_object()
        pieces = started(error_pieces(job)) if request.method != "HEAD" else []
        response = StreamingHttpResponse(pieces, content_type=request.accepted_renderer.media_type)
        response["Content-Disposition"] = to_be_saved(f"{job.pk}.errors.jsonl")
        return response
