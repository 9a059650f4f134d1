"""The route that gives a dataset as an archive."""

from typing import ClassVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from datasets.bundle.bundle import Bundle
from datasets.bundle.responses import HEADERS, bundle_response
from datasets.bundle.serializers import BundleQuery
from datasets.lookup import dataset_by
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.renderers import BytesRenderer, StreamRenderer
from tunix_site.api.views import ApiView
from tunix_site.models import Role

ARCHIVE = "PK..."  # bytes: an archive begins so


class ZipRenderer(StreamRenderer):
    media_type = "application/zip"
    format = "zip"


class BundleView(ApiView):
    """A dataset with all that training from it needs."""

    roles: ClassVar = {"get": Role.READER}
    queries: ClassVar = {"get": BundleQuery}
    streams: ClassVar = {"get"}
    examples: ClassVar = {"get": {200: ARCHIVE}}
    renderer_classes = [ZipRenderer, BytesRenderer]

    @extend_schema(
        operation_id="download_bundle",
        parameters=HEADERS,
        responses={
            (200, ZipRenderer.media_type): OpenApiTypes.BINARY,
            (200, BytesRenderer.media_type): OpenApiTypes.BINARY,
            (304, ZipRenderer.media_type): None,
            (409, "application/json"): ERROR_BODY,
            (412, "application/json"): ERROR_BODY,
        },
    )
    def get(self, request: Request, key: str) -> HttpResponseBase:
        """Download a dataset as an archive, with its sums, its card and configs of trainers.

        A file of lines for each format and split, the manifest, a dataset card and croissant.json,
        a data module for Tunix, configs for Tunix, TRL, LLaMA-Factory and Axolotl, and the
        evaluation sets that the dataset was decontaminated against.
        """
        bundle = Bundle(dataset=dataset_by(key), **self.query)
        media_type = request.accepted_renderer.media_type
        return bundle_response(request._request, bundle, media_type=media_type)
