"""JSON out: rendered by msgspec, indented when asked."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rest_framework import renderers

NDJSON = "application/x-ndjson"
BYTES = "application/octet-stream"

_ENCODER = msgspec.json.Encoder(enc_hook=str)  # lazy translations and error details are text


class JSONRenderer(renderers.JSONRenderer):
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        body = _ENCODER.encode(data)
        indent = self.get_indent(accepted_media_type or "", dict(renderer_context or {}))
        return msgspec.json.format(body, indent=indent) if indent else body


def answer_in_json(request: Any) -> None:
    """Have the response rendered as JSON, also where none or another type was agreed on.

    Only the browsable API stays: it shows errors and descriptions too.
    """
    agreed = getattr(request, "accepted_renderer", None)
    if not isinstance(agreed, JSONRenderer | renderers.BrowsableAPIRenderer):
        request.accepted_renderer = JSONRenderer()
        request.accepted_media_type = JSONRenderer.media_type


class StreamRenderer(renderers.BaseRenderer):
    """Names a media type that a view answers with by itself, so that `Accept` may ask for it.

    Errors of such a view are JSON: the exception handler sees to it.
    """

    def render(self, data: Any, *args: Any, **kwargs: Any) -> bytes:
        raise AssertionError("the view gives its own response")


class BytesRenderer(StreamRenderer):
    """For clients that know a file by this type alone, as generated ones do."""

    media_type = BYTES
    format = "bytes"


class NDJSONRenderer(StreamRenderer):
    media_type = NDJSON
    format = "ndjson"
