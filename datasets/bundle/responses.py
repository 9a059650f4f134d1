"""How a bundle is answered: as it is made, without a length."""

from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.utils import OpenApiParameter

from datasets.bundle.bundle import Bundle
from tunix_site.api.pieces import started, to_be_saved, unless_known

HEADERS = [
    OpenApiParameter(
        name, str, OpenApiParameter.HEADER, description=what, required=True, response=[200]
    )
    for name, what in (
        ("X-Content-Digest", "The dataset's digest."),
        ("Accept-Ranges", "`none`: an archive comes whole."),
        ("Content-Disposition", "A file name of the key."),
    )
] + [
    OpenApiParameter(
        "ETag",
        str,
        OpenApiParameter.HEADER,
        description="Names the bytes; there is none with `record`, as curation changes it.",
        response=[200],
    )
]


def bundle_response(request: HttpRequest, bundle: Bundle, *, media_type: str) -> HttpResponseBase:
    """Answer with an archive, or that the client knows it."""
    headers = {
        "Content-Type": media_type,
        "Content-Disposition": to_be_saved(bundle.file_name),
        "Accept-Ranges": "none",
        "X-Content-Digest": bundle.dataset.content_digest,
    }
    if bundle.etag:
        headers["ETag"] = bundle.etag
    response: HttpResponseBase = StreamingHttpResponse(headers=headers)
    if bundle.etag:
        response = unless_known(request, response)
    if isinstance(response, StreamingHttpResponse) and request.method != "HEAD":
        response.streaming_content = started(bundle.pieces())
    return response
