"""The routes that compare datasets and tell where they come from."""

from typing import ClassVar
from urllib.parse import urlencode

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from datasets.lineage.compare import changed_lines, compare
from datasets.lineage.examples import CHANGED, COMPARISON, LINEAGE
from datasets.lineage.lineage import lineage
from datasets.lineage.serializers import (
    ChangedTracesQuery,
    DatasetComparisonSerializer,
    DatasetsQuery,
    LineageSerializer,
)
from datasets.lookup import dataset_by
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.pieces import started, to_be_saved
from tunix_site.api.renderers import NDJSON, BytesRenderer, NDJSONRenderer
from tunix_site.api.views import ApiView
from tunix_site.models import Role


class CompareDatasetsView(ApiView):
    """What two datasets differ in."""

    roles: ClassVar = {"get": Role.READER}
    queries: ClassVar = {"get": DatasetsQuery}
    examples: ClassVar = {"get": {200: COMPARISON}}

    @extend_schema(
        operation_id="compare_datasets",
        responses={200: DatasetComparisonSerializer, 404: ERROR_BODY},
    )
    def get(self, request: Request) -> Response:
        """Count the rows that one dataset has otherwise than another, and show other differences.

        A row is of a trace: it is added, removed, or moved to another split.
        """
        found = compare(dataset_by(self.query["base"]), dataset_by(self.query["other"]))
        address = reverse("dataset-changed-traces", request=request)
        changes = {}
        for change, count in found.counts.items():
            asked = urlencode({**self.query, "change": change})
            changes[change] = {"count": count, "ids_url": f"{address}?{asked}"}
        answer = {**changes, "recipe": found.recipe, "stats": found.stats}
        return Response(DatasetComparisonSerializer(answer).data)


class ChangedTracesView(ApiView):
    """The traces that one dataset has otherwise than another."""

    roles: ClassVar = {"get": Role.READER}
    queries: ClassVar = {"get": ChangedTracesQuery}
    streams: ClassVar = {"get"}
    examples: ClassVar = {"get": {200: CHANGED}}
    renderer_classes = [NDJSONRenderer, BytesRenderer]

    @extend_schema(
        operation_id="list_changed_traces",
        responses={
            (200, NDJSON): OpenApiTypes.STR,
            (200, BytesRenderer.media_type): OpenApiTypes.BINARY,
            404: ERROR_BODY,
        },
        description="List the traces that one dataset has otherwise than another, in order, a JSON "
        "object `{trace, base, other}` a line: the split in each; null where it is not in it.",
    )
    def get(self, request: Request) -> HttpResponseBase:
        asked = dict(self.query)
        base, other = (dataset_by(asked.pop(name)) for name in ("base", "other"))
        lines = changed_lines(base, other, asked["change"])
        pieces = started(lines) if request.method != "HEAD" else []
        response = StreamingHttpResponse(pieces, content_type=request.accepted_renderer.media_type)
        name = f"{base.key}.{other.key}.{asked['change']}.jsonl"
        response["Content-Disposition"] = to_be_saved(name)
        return response


class LineageView(ApiView):
    """Where a dataset comes from."""

    roles: ClassVar = {"get": Role.READER}
    examples: ClassVar = {"get": {200: LINEAGE}}

    @extend_schema(operation_id="get_lineage", responses=LineageSerializer)
    def get(self, request: Request, key: str) -> Response:
        """Show what a dataset was made from, what was made from it, and what it was checked for."""
        return Response(LineageSerializer(lineage(dataset_by(key))).data)
