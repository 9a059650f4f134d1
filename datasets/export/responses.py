"""How an export is answered: at once as it is read, or as a file with a length and ranges."""

import os
from collections.abc import Iterator
from pathlib import Path

from django.http import (
    HttpRequest,
    HttpResponseBase,
    JsonResponse,
    StreamingHttpResponse,
)
from django.utils.cache import patch_vary_headers
from rest_framework import status

from datasets.compression import IDENTITY, Encoding, negotiated, welcomes_plain
from datasets.export import files
from datasets.export.export import Export, told
from datasets.export.ranges import part_of
from datasets.formats.containers import Container
from datasets.formats.format import Format
from tunix_site.api.pieces import PIECE_BYTES, started, to_be_saved, unless_known
from tunix_site.api.streams import slots

NO_SUCH_RANGE = status.HTTP_416_REQUESTED_RANGE_NOT_SATISFIABLE


class FilePart:
    """Bytes of an open file, which is closed with them, also where nobody reads or closes them."""

    def __init__(self, descriptor: int, part: range) -> None:
        self.descriptor: int | None = descriptor
        self.part = part

    def __iter__(self) -> Iterator[bytes]:
        at = self.part.start
        while self.descriptor is not None and at < self.part.stop:
            piece = os.pread(self.descriptor, min(PIECE_BYTES, self.part.stop - at), at)
            if not piece:
                return  # shorter than it was: what is missing, the client notices
            at += len(piece)
            yield piece

    def close(self) -> None:
        descriptor, self.descriptor = self.descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    __del__ = close


def encoding_for(request: HttpRequest, fmt: Format, container: Container) -> Encoding:
    """Choose the coding: ranges are of plain bytes, so that who asks for one gets these."""
    accepted = request.headers.get("Accept-Encoding", "")
    if _range_of(request) and fmt.lasting and welcomes_plain(accepted):
        return IDENTITY
    return negotiated(accepted, container.encodings)


def export_response(request: HttpRequest, export: Export, *, media_type: str) -> HttpResponseBase:
    """Answer with headers, all of an export, a part of it, or that the client knows it."""
    headers = {"Content-Type": media_type, **_headers(export)}
    response: HttpResponseBase = StreamingHttpResponse(headers=headers)
    patch_vary_headers(response, ["Accept-Encoding"])
    if export.etag:
        response = unless_known(request, response)
    if not isinstance(response, StreamingHttpResponse):
        return response
    path = files.path_of(export)
    file = None if path is None else _file(request, response, export, path)
    if file is not None:
        return _from_file(request, response, export, file)
    if request.method != "HEAD":
        pieces = started(export.pieces())
        if path is not None and not _wanted_range(request, export):
            pieces = files.Kept(pieces, export, path)
        response.streaming_content = pieces
    return response


def _file(
    request: HttpRequest, response: StreamingHttpResponse, export: Export, path: Path
) -> int | None:
    """Open the file; where its length or a part of it is asked for, it is written first."""
    file = files.opened(path)
    if file is None and (request.method == "HEAD" or _wanted_range(request, export)):
        slots.hold()
        file = files.rendered(export, path)
        if file is None:
            return None
    if export.encoding is IDENTITY:
        response["Accept-Ranges"] = "bytes"
    return file


def _from_file(
    request: HttpRequest, response: StreamingHttpResponse, export: Export, file: int
) -> HttpResponseBase:
    size = os.fstat(file).st_size
    header = _wanted_range(request, export)
    part = part_of(header, size) if header else None
    if part is not None and not part:
        os.close(file)
        refusal = JsonResponse({"detail": f"The file has {size:,} bytes."}, status=NO_SUCH_RANGE)
        refusal["Content-Range"] = f"bytes */{size}"
        return refusal
    if part is not None:
        response.status_code = status.HTTP_206_PARTIAL_CONTENT
        response["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    part = part or range(size)
    response["Content-Length"] = str(len(part))
    if request.method == "HEAD":
        os.close(file)
    else:
        response.streaming_content = FilePart(file, part)
    return response


def _wanted_range(request: HttpRequest, export: Export) -> str:
    """Give the Range header, where it counts: of plain bytes that are those the client has."""
    same = request.headers.get("If-Range", export.etag) == export.etag
    return _range_of(request) if same and export.encoding is IDENTITY else ""


def _range_of(request: HttpRequest) -> str:
    return request.headers.get("Range", "") if request.method == "GET" else ""


def _headers(export: Export) -> dict[str, str]:
    headers = {
        "Content-Disposition": to_be_saved(export.file_name),
        "Accept-Ranges": "none",
        "X-Row-Count": str(export.row_count),
        "X-Rows-Left-Out": told(export.left_out) or "0",
        "X-Rows-After": str(export.after),
        "X-Content-Digest": export.dataset.content_digest,
    }
    if export.encoding is not IDENTITY:
        headers["Content-Encoding"] = export.encoding.name
    if export.etag:
        headers["ETag"] = export.etag
    return headers
