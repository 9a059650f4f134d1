"""The dataset routes."""

from typing import ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from datasets import tasks
from datasets.examples import EXAMPLES
from datasets.export.documents import EXPORT_HEADERS, LINES_RESPONSES, PARQUET_RESPONSES
from datasets.export.export import Export
from datasets.export.reading import manifest_pieces, trace_id_pieces
from datasets.export.responses import encoding_for, export_response
from datasets.export.serializers import (
    DEFAULT_FORMAT,
    ExportQuery,
    FormatCountsSerializer,
    FormatQuery,
    ParquetQuery,
)
from datasets.formats.containers import LINES, PARQUET, Container
from datasets.formats.format import Format
from datasets.formats.known import AS_LINES, AS_PARQUET, FORMATS
from datasets.held_out.contamination import look_through
from datasets.held_out.serializers import ContaminationQuery, ContaminationSerializer
from datasets.lookup import dataset_by
from datasets.models import LARGE_FIELDS, Dataset
from datasets.previews import PreviewAnswerSerializer, PreviewSerializer
from datasets.serializers import (
    BuildAnswerSerializer,
    BuildSerializer,
    DatasetDetailSerializer,
    DatasetRowSerializer,
    ManifestSerializer,
    WhyQuery,
    WhySerializer,
)
from datasets.services.build import build_at_once
from datasets.services.checking import start_check
from datasets.services.delete import delete_dataset
from datasets.services.preview import preview_recipe
from datasets.why import explained
from jobs.api.responses import PREFER, accepted, wants_job
from jobs.api.serializers import JobSerializer
from jobs.services.queue import start_job
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.pagination import PageQuery
from tunix_site.api.pieces import started
from tunix_site.api.renderers import (
    BytesRenderer,
    JSONRenderer,
    NDJSONRenderer,
    StreamRenderer,
)
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


class ParquetRenderer(StreamRenderer):
    media_type = PARQUET.media_type
    format = "parquet"


@extend_schema_view(list=extend_schema(responses=DatasetRowSerializer(many=True)))
class DatasetViewSet(ApiViewSet):
    """Immutable selections of traces."""

    queryset = Dataset.objects.all()
    serializer_class = DatasetRowSerializer
    lookup_field = "key"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "manifest": Role.READER,
        "export": Role.READER,
        "export_parquet": Role.READER,
        "format_counts": Role.READER,
        "why": Role.READER,
        "contamination": Role.READER,
        "preview": Role.READER,
        "build": Role.CURATOR,
        "destroy": Role.CURATOR,
    }
    queries: ClassVar = {
        "list": PageQuery,
        "export": ExportQuery,
        "export_parquet": ParquetQuery,
        "format_counts": FormatQuery,
        "why": WhyQuery,
        "contamination": ContaminationQuery,
    }
    streams: ClassVar = {"export", "export_parquet", "manifest"}
    examples: ClassVar = EXAMPLES

    def get_renderers(self) -> list[BaseRenderer]:
        """Offer for an export what its format is alone, so that another `Accept` is 406."""
        renderers: list[BaseRenderer] = super().get_renderers()
        if self.action == "export":
            name = self.request.query_params.get("format", DEFAULT_FORMAT)
            containers = (AS_LINES[name][1],) if name in AS_LINES else (LINES, PARQUET)
            known = [container.media_type for container in containers]
            known.append(BytesRenderer.media_type)
            return [renderer for renderer in renderers if renderer.media_type in known]
        return renderers

    def get_object(self) -> Dataset:
        return dataset_by(self.kwargs["key"])

    def list(self, request: Request) -> Response:
        """List datasets, newest first."""
        page = self.paginate_queryset(Dataset.objects.existing().defer(*LARGE_FIELDS))
        return self.get_paginated_response(DatasetRowSerializer(page, many=True).data)

    @extend_schema(
        operation_id="build_dataset",
        request=BuildSerializer,
        parameters=PREFER,
        responses={
            201: BuildAnswerSerializer,
            200: BuildAnswerSerializer,
            202: JobSerializer,
        },
    )
    @action(detail=False, methods=["post"])
    def build(self, request: Request) -> Response:
        """Build a dataset; 200 with the stored one when the same request built it before.

        Where more than 50,000 traces match, or 5,000 are to be scored first, a job does it: 202.
        """
        serializer = BuildSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.to_request()
        built = None if wants_job(request) else build_at_once(request=asked, by=self.actor)
        if built is None:
            job = start_job(kind=tasks.BUILD, parameters=dict(request.data), by=self.actor)
            return accepted(job)
        dataset, created = built
        answer = BuildAnswerSerializer(dataset, context={"request": request})
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(answer.data, status=code)

    @extend_schema(
        operation_id="preview_dataset",
        request=PreviewSerializer,
        responses=PreviewAnswerSerializer,
    )
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Say what a recipe would take and take away; nothing is stored."""
        serializer = PreviewSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        fmt = serializer.validated_data.get("format")
        preview = preview_recipe(recipe=serializer.to_recipe(), by=self.actor, fmt=fmt)
        return Response(PreviewAnswerSerializer(preview).data)

    @extend_schema(responses=DatasetDetailSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """Show a dataset: its manifest without the trace ids."""
        return Response(DatasetDetailSerializer(self.get_object()).data)

    @extend_schema(operation_id="get_manifest", responses=ManifestSerializer)
    @action(detail=True, pagination_class=None, renderer_classes=[JSONRenderer])
    def manifest(self, request: Request, key: str) -> HttpResponseBase:
        """Show everything that a dataset is, streamed."""
        dataset = self.get_object()
        fields = DatasetDetailSerializer(dataset).data
        pieces = manifest_pieces(fields, started(trace_id_pieces(dataset)))
        return StreamingHttpResponse(pieces, content_type="application/json")

    @extend_schema(
        operation_id="export_dataset",
        parameters=EXPORT_HEADERS,
        responses=LINES_RESPONSES,
        description="Export a dataset: a JSON object a line, or a Parquet file. "
        f"Formats: {', '.join(AS_LINES)}.",
    )
    @action(
        detail=True,
        url_path=r"export\.jsonl",
        pagination_class=None,
        renderer_classes=[NDJSONRenderer, ParquetRenderer, BytesRenderer],
    )
    def export(self, request: Request, key: str) -> HttpResponseBase:
        return self._export(*AS_LINES[self.query.pop("format")])

    @extend_schema(
        operation_id="export_dataset_as_parquet",
        parameters=EXPORT_HEADERS,
        responses=PARQUET_RESPONSES,
        description="Export a dataset as a Parquet file: the keys of a line are its columns, their "
        f"metadata text. Formats: {', '.join(AS_PARQUET)}.",
    )
    @action(
        detail=True,
        url_path=r"export\.parquet",
        pagination_class=None,
        renderer_classes=[ParquetRenderer, BytesRenderer],
    )
    def export_parquet(self, request: Request, key: str) -> HttpResponseBase:
        return self._export(*AS_PARQUET[self.query.pop("format")])

    def _export(self, fmt: Format, container: Container) -> HttpResponseBase:
        request = self.request._request
        export = Export(
            dataset=self.get_object(),
            fmt=fmt,
            container=container,
            encoding=encoding_for(request, fmt, container),
            **self.query,
        )
        return export_response(
            request, export, media_type=self.request.accepted_renderer.media_type
        )

    @extend_schema(
        operation_id="count_format", responses={200: FormatCountsSerializer, 409: ERROR_BODY}
    )
    @action(
        detail=True, url_path=r"formats/(?P<name>[^/]+)", url_name="format", pagination_class=None
    )
    def format_counts(self, request: Request, key: str, name: str) -> Response:
        """Count what an export in a format holds, and what it leaves out."""
        known = AS_LINES | AS_PARQUET
        if name not in known:
            raise NotFound(f"Unknown format; known ones: {', '.join(FORMATS)}.")
        fmt, _ = known[name]
        export = Export(
            dataset=self.get_object(), fmt=fmt, container=fmt.containers[0], **self.query
        )
        return Response({**FormatCountsSerializer(export).data, "format": name})

    @extend_schema(operation_id="explain_dataset", responses=WhySerializer)
    @action(detail=True, pagination_class=None)
    def why(self, request: Request, key: str) -> Response:
        """Say why a trace is in a dataset, or is not."""
        trace_id = self.query["trace"]
        answer = explained(self.get_object(), trace_id)
        if answer is None:
            raise NotFound(f"Trace {trace_id} not found.")
        return Response(answer)

    @extend_schema(
        operation_id="find_contamination",
        parameters=PREFER,
        responses={200: ContaminationSerializer, 202: JobSerializer},
    )
    @action(detail=True, pagination_class=None)
    def contamination(self, request: Request, key: str) -> Response:
        """Find the items of an evaluation set that stand in a dataset, with the evidence."""
        dataset, eval_set = self.get_object(), self.query["eval_set"]
        if wants_job(request) or dataset.trace_count > tasks.MOST_LOOKED_THROUGH:
            return accepted(start_check(dataset=dataset, eval_set=eval_set, by=self.actor))
        return Response(look_through(dataset=dataset, eval_set=eval_set))

    def destroy(self, request: Request, key: str) -> Response:
        """Delete a dataset that no other refers to; its key stays taken."""
        delete_dataset(dataset=self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
