"""The dataset routes."""

import hashlib
from collections.abc import Iterator
from typing import ClassVar, cast

import msgspec
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from datasets import services
from datasets.exports import FORMATS, Format
from datasets.models import Dataset
from datasets.reading import export_pieces, row_count, started, trace_id_pieces
from datasets.serializers import (
    BuildAnswerSerializer,
    BuildSerializer,
    DatasetDetailSerializer,
    DatasetRowSerializer,
    ExportQuery,
    ManifestSerializer,
)
from tunix_site.models import Role
from tunix_site.pagination import PageQuery
from tunix_site.renderers import JSONRenderer, StreamRenderer
from tunix_site.views import ApiViewSet

NDJSON = "application/x-ndjson"
EXPORT_HEADERS = [
    OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, description=what, required=required, response=[200]
    )
    for name, kind, required, what in (
        ("X-Row-Count", int, True, "Lines that follow."),
        ("X-Content-Digest", str, True, "The dataset's digest."),
        ("Content-Disposition", str, True, "A file name of key, split and format."),
        ("ETag", str, False, "Names the bytes; `record` has none, as curation changes it."),
    )
]


class NDJSONRenderer(StreamRenderer):
    media_type = NDJSON
    format = "ndjson"


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
        "build": Role.CURATOR,
        "destroy": Role.CURATOR,
    }
    queries: ClassVar = {"list": PageQuery, "export": ExportQuery}

    def get_object(self) -> Dataset:
        key = self.kwargs["key"]
        datasets = Dataset.objects.existing().select_related("parent")
        dataset = datasets.filter(key=key).first() if key.isprintable() else None
        if dataset is None:
            raise NotFound("There is no such dataset.")
        return dataset

    def list(self, request: Request) -> Response:
        """List datasets, newest first."""
        page = self.paginate_queryset(Dataset.objects.existing())
        return self.get_paginated_response(DatasetRowSerializer(page, many=True).data)

    @extend_schema(
        request=BuildSerializer, responses={201: BuildAnswerSerializer, 200: BuildAnswerSerializer}
    )
    @action(detail=False, methods=["post"])
    def build(self, request: Request) -> Response:
        """Build a dataset; 200 with the stored one when the same request built it before."""
        serializer = BuildSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        dataset, created = services.build_dataset(
            request=serializer.to_request(), user=request.user
        )
        answer = BuildAnswerSerializer(dataset, context={"request": request})
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(answer.data, status=code)

    @extend_schema(responses=DatasetDetailSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """Show a dataset: its manifest without the trace ids."""
        return Response(DatasetDetailSerializer(self.get_object()).data)

    @extend_schema(responses=ManifestSerializer)
    @action(detail=True, pagination_class=None, renderer_classes=[JSONRenderer])
    def manifest(self, request: Request, key: str) -> HttpResponseBase:
        """Show everything that a dataset is, streamed."""
        dataset = self.get_object()
        pieces = _manifest(dataset, started(trace_id_pieces(dataset)))
        return StreamingHttpResponse(pieces, content_type="application/json")

    @extend_schema(
        parameters=EXPORT_HEADERS,
        responses={(200, NDJSON): OpenApiTypes.STR, (304, NDJSON): None, (412, NDJSON): None},
        description=f"Stream the dataset, a JSON object a line. Formats: {', '.join(FORMATS)}.",
    )
    @action(
        detail=True,
        url_path=r"export\.jsonl",
        pagination_class=None,
        renderer_classes=[NDJSONRenderer, JSONRenderer],
    )
    def export(self, request: Request, key: str) -> HttpResponseBase:
        dataset, fmt = self.get_object(), FORMATS[self.query["format"]]
        split = self.query.get("split")
        if split is not None and split not in dataset.splits:
            known = ", ".join(sorted(dataset.splits)) or "none"
            raise ValidationError({"split": [f"Unknown split; this dataset's: {known}."]})
        response: HttpResponseBase = StreamingHttpResponse(content_type=NDJSON)
        file_name = ".".join(filter(None, [dataset.key, split, fmt.name, "jsonl"]))
        response["Content-Disposition"] = f'attachment; filename="{file_name}"'
        response["X-Row-Count"] = str(row_count(dataset, split))
        response["X-Content-Digest"] = dataset.content_digest
        if fmt.lasting:
            response["ETag"] = _etag(dataset, fmt, split)
            response = _unless_known(request, response)
        if isinstance(response, StreamingHttpResponse) and request.method != "HEAD":
            response.streaming_content = started(export_pieces(dataset, fmt, split))
        return response

    def destroy(self, request: Request, key: str) -> Response:
        """Delete a dataset that no other refers to; its key stays taken."""
        services.delete_dataset(dataset=self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


def _unless_known(request: Request, response: HttpResponseBase) -> HttpResponseBase:
    """Give 304 or 412 in place of a response whose ETag the client knows, or insists on."""
    conditional = get_conditional_response(
        request._request,
        etag=response["ETag"],
        response=cast(HttpResponse, response),
    )
    return cast(HttpResponseBase, conditional)


def _etag(dataset: Dataset, fmt: Format, split: str | None) -> str:
    """Name the bytes of an export."""
    named = f"{dataset.build_id} {fmt.name} {fmt.version} {split or ''} identity"
    return f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'


def _manifest(dataset: Dataset, trace_ids: Iterator[bytes]) -> Iterator[bytes]:
    """Render what the manifest holds around its trace ids, and stream those between."""
    fields = DatasetDetailSerializer(dataset).data
    names = list(fields)
    middle = names.index("trace_count")
    head = {name: fields[name] for name in names[:middle]}
    tail = {name: fields[name] for name in names[middle:]}
    yield msgspec.json.encode(head)[:-1] + b',"trace_ids":['
    yield from trace_ids
    yield b"]," + msgspec.json.encode(tail)[1:]
