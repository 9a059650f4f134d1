"""The routes of evaluation sets."""

from collections.abc import Iterable
from io import BytesIO
from typing import IO, ClassVar, cast

from django.http import HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from evalsets.document import Item
from evalsets.examples import EXAMPLES
from evalsets.intake import ItemLines
from evalsets.lookup import evalset_by
from evalsets.models import EvalSet
from evalsets.reading import item_pieces
from evalsets.serializers import (
    CreatedSerializer,
    EvalSetRowSerializer,
    EvalSetSerializer,
    LinesQuery,
    NewEvalSetSerializer,
    json_request,
    lines_request,
)
from evalsets.services.create import EvalSetRequest, create_evalset
from evalsets.services.delete import delete_evalset
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.pagination import PageQuery
from tunix_site.api.parsers import BytesLinesParser, LinesParser, StrictJSONParser, kind_of_media
from tunix_site.api.pieces import started, to_be_saved, unless_known
from tunix_site.api.renderers import BYTES, NDJSON, BytesRenderer, NDJSONRenderer
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


@extend_schema_view(list=extend_schema(responses=EvalSetRowSerializer(many=True)))
class EvalSetViewSet(ApiViewSet):
    """Immutable sets of questions with the answers that are expected."""

    queryset = EvalSet.objects.all()
    serializer_class = EvalSetRowSerializer
    lookup_field = "key"
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "item_lines": Role.READER,
        "create": Role.CURATOR,
        "destroy": Role.CURATOR,
    }
    queries: ClassVar = {"list": PageQuery, "create": LinesQuery}
    streams: ClassVar = {"create", "item_lines"}
    parser_classes = [StrictJSONParser, LinesParser, BytesLinesParser]
    examples: ClassVar = EXAMPLES

    def get_object(self) -> EvalSet:
        return evalset_by(self.kwargs["key"])

    def list(self, request: Request) -> Response:
        """List evaluation sets, newest first."""
        page = self.paginate_queryset(EvalSet.objects.existing())
        return self.get_paginated_response(EvalSetRowSerializer(page, many=True).data)

    @extend_schema(
        # generated clients know no NDJSON
        request={StrictJSONParser.media_type: NewEvalSetSerializer, BYTES: OpenApiTypes.BINARY},
        responses={201: CreatedSerializer, 200: CreatedSerializer},
    )
    def create(self, request: Request) -> Response:
        """Store an evaluation set; 200 with the stored one when the same request made it before.

        As `application/x-ndjson` or `application/octet-stream` the body is its items, one a line,
        up to 100,000; the parameters say the rest. An error then names its line.
        """
        asked: EvalSetRequest
        items: Iterable[Item]
        if kind_of_media(request.content_type) in (NDJSON, BYTES):
            lines = cast(IO[bytes], request.data or BytesIO())
            asked, items = lines_request(self.query), ItemLines(lines)
        else:
            asked, items = json_request(request.data, self.query)
        evalset, created = create_evalset(request=asked, items=items, by=self.actor)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(CreatedSerializer(evalset).data, status=code)

    @extend_schema(responses=EvalSetSerializer)
    def retrieve(self, request: Request, key: str) -> Response:
        """Show an evaluation set, without its items."""
        return Response(EvalSetSerializer(self.get_object()).data)

    @extend_schema(
        operation_id="list_evalset_items",
        responses={
            (200, NDJSON): OpenApiTypes.STR,
            (200, BytesRenderer.media_type): OpenApiTypes.BINARY,
            304: None,
            (412, "application/json"): ERROR_BODY,
        },
        description="List the items of an evaluation set with their answers, a JSON object a line.",
    )
    @action(
        detail=True,
        url_path=r"items\.jsonl",
        pagination_class=None,
        renderer_classes=[NDJSONRenderer, BytesRenderer],
    )
    def item_lines(self, request: Request, key: str) -> HttpResponseBase:
        evalset = self.get_object()
        headers = {
            "Content-Type": request.accepted_renderer.media_type,
            "Content-Disposition": to_be_saved(f"{evalset.key}.jsonl"),
            "ETag": f'"{evalset.digest}"',
        }
        response = unless_known(request._request, StreamingHttpResponse(headers=headers))
        if isinstance(response, StreamingHttpResponse) and request.method != "HEAD":
            response.streaming_content = started(item_pieces(evalset))
        return response

    def destroy(self, request: Request, key: str) -> Response:
        """Delete an evaluation set that nothing names; its key stays taken."""
        delete_evalset(evalset=self.get_object(), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)
