"""What the OpenAPI document says of the export routes."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from datasets.formats.containers import PARQUET
from tunix_site.api.openapi.schema import ERROR_BODY
from tunix_site.api.renderers import NDJSON, BytesRenderer

EXPORT_HEADERS = (
    [
        OpenApiParameter(
            "Accept-Encoding",
            str,
            OpenApiParameter.HEADER,
            description="`gzip` or `zstd` compresses lines; Parquet is compressed inside.",
        ),
        OpenApiParameter(
            "Range",
            str,
            OpenApiParameter.HEADER,
            description="One range of bytes, of plain ones; not of `record`, nor with `after`.",
        ),
        OpenApiParameter(
            "If-Range",
            str,
            OpenApiParameter.HEADER,
            description="The `ETag` of what the range belongs to; of other bytes all come.",
        ),
    ]
    + [
        OpenApiParameter(
            "Content-Range",
            str,
            OpenApiParameter.HEADER,
            description="Which bytes come, of how many.",
            required=True,
            response=[206],
        )
    ]
    + [
        OpenApiParameter(
            name, kind, OpenApiParameter.HEADER, description=what, required=required, response=[200]
        )
        for name, kind, required, what in (
            ("X-Row-Count", int, True, "Rows of the export, those left out by `after` too."),
            ("X-Rows-Left-Out", str, True, "Rows that it leaves out: `3; tools=2, truncated=1`."),
            ("X-Rows-After", int, True, "How many of them are left out."),
            ("X-Content-Digest", str, True, "The dataset's digest."),
            ("Content-Length", int, False, "Of a file that is there; of `HEAD`."),
            ("Accept-Ranges", str, True, "`bytes` where `Range` may be asked for, else `none`."),
            ("Content-Encoding", str, False, "Where it is compressed: `gzip` or `zstd`."),
            ("Content-Disposition", str, True, "A file name of key, split and format."),
            ("ETag", str, False, "Names the bytes; `record` has none, as curation changes it."),
        )
    ]
)


def responses(*kinds: tuple[str, Any]) -> dict[tuple[int, str], Any]:
    """Give what answers may be, by status and media type; the first is what most come as.

    All may come as bytes, too: makers of clients know no type of lines or Parquet.
    """
    (first, _), *_ = kinds
    known = [*kinds, (BytesRenderer.media_type, BINARY)]
    return {
        **{(code, name): kind for code in (200, 206) for name, kind in known},
        (304, first): None,
        (409, "application/json"): ERROR_BODY,
        (412, "application/json"): ERROR_BODY,
        (416, "application/json"): ERROR_BODY,
    }


BINARY = OpenApiTypes.BINARY
LINES_RESPONSES = responses((NDJSON, OpenApiTypes.STR), (PARQUET.media_type, BINARY))
PARQUET_RESPONSES = responses((PARQUET.media_type, BINARY))
