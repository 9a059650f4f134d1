"""Bodies of traces, read: decoded by type in one go, explained field by field where that fails.

The quick way is taken when nothing speaks against it; the slow one decides. Both accept the same
bodies and give the same documents (a test holds them together).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from django.conf import settings
from rest_framework.exceptions import ParseError

from traces import document
from traces.document import TraceDocument
from traces.intake.document_serializer import TraceSerializer, is_message
from tunix_site import strict_json
from tunix_site.api.parsers import parsed
from tunix_site.errors import Invalid

MAX_TOKENS = 12_000_000  # more than 1,000 traces of 1,000 steps each have
FEW_ESCAPES = 50_000

UNDECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

_one = msgspec.json.Decoder(TraceDocument)
_many = msgspec.json.Decoder(list[TraceDocument])
_encode = msgspec.json.Encoder().encode
_tokens = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{,]', re.DOTALL).finditer
_escapes = re.compile(rb'\\["\\]').findall


@dataclass
class Batch:
    """Documents in input order, None where an item was bad; the bad ones by index."""

    documents: list[TraceDocument | None]
    errors: dict[int, Any] = field(default_factory=dict)


def read_trace(body: Any) -> TraceDocument:
    """Read one trace from a body's bytes; ParseError or ValidationError where it is none."""
    if isinstance(body, bytes) and (read := read_traces_quickly([body])) is not None:
        return read[0][0]
    return _read_trace_slowly(body)


def _read_trace_slowly(body: Any) -> TraceDocument:
    """Read one trace field by field; where nothing was sent, `body` is no bytes."""
    value = parsed(body) if isinstance(body, bytes) else body
    if isinstance(value, list):
        raise Invalid(
            {"non_field_errors": ["Not an object; an array goes to POST /api/traces/batch."]}
        )
    serializer = TraceSerializer(data=value)
    serializer.is_valid(raise_exception=True)
    return serializer.to_document()


def read_batch(body: Any) -> Batch:
    """Read a JSON array of traces; Invalid where it is no list of 1 to MAX_BATCH_TRACES."""
    if not isinstance(body, bytes):
        raise ParseError(
            "The body is empty; a batch is a JSON array of traces."
        )  # nothing was parsed
    _check_tokens(body)
    documents = _read_quickly(body)
    if documents is not None:
        _check_length(documents)
        return Batch(list(documents))
    return _read_slowly(body)


def _check_tokens(body: bytes) -> None:
    if has_more_tokens(body, MAX_TOKENS):
        raise Invalid(
            {"detail": f"The batch holds more than {MAX_TOKENS:,} JSON tokens: send it in parts."}
        )


def has_more_tokens(body: bytes, most: int) -> bool:
    """Tell what would fill the memory: `[{},{},...` takes forty times its bytes once decoded."""
    if len(body) <= most // 4:
        return False
    quick = body.count(b"{") + body.count(b"[") + body.count(b",")  # the ones in texts too
    return quick > most // 4 and next(islice(_tokens(body), most, None), None) is not None


def _check_length(items: list[Any]) -> None:
    if not items:
        raise Invalid({"detail": "A batch holds at least one trace."})
    if len(items) > settings.MAX_BATCH_TRACES:
        raise Invalid(
            {
                "detail": f"A batch of {len(items):,} traces exceeds maximum of "
                f"{settings.MAX_BATCH_TRACES:,}."
            }
        )


def _read_quickly(body: bytes) -> list[TraceDocument] | None:
    """Decode a batch by type, or give None where it might hold anything that must be refused."""
    try:
        documents = _many.decode(body)
    except UNDECODED:
        return None
    kept = _encode(documents)
    if not _holds_only(body, kept) or not all(map(_is_sound, documents)):
        return None
    if len(kept) > settings.MAX_TRACE_BYTES and any(map(_is_large, documents)):
        return None
    return documents


def read_traces_quickly(lines: Sequence[bytes]) -> list[tuple[TraceDocument, bytes]] | None:
    """Decode traces by type, each with its compact JSON; None where one may have to be refused."""
    try:
        documents = list(map(_one.decode, lines))
    except UNDECODED:
        return None
    kept = list(map(_encode, documents))
    if not _holds_only(b"".join(lines), b"".join(kept)) or not all(map(_is_sound, documents)):
        return None
    if max(map(len, kept), default=0) > settings.MAX_TRACE_BYTES:
        return None
    return list(zip(documents, kept, strict=True))


def _holds_only(body: bytes, kept: bytes) -> bool:
    """Tell whether JSON text holds what was kept of it and nothing else, and no NUL.

    A key given twice, or one that is not known, is gone from what was decoded.
    """
    return b"\\u0000" not in body and _string_count(kept) == _string_count(body)


def _string_count(text: bytes) -> int:
    """Count the quotes that begin or end a string in JSON text."""
    if text.count(b"\\") <= FEW_ESCAPES:  # twice as quick, but every one is held
        return text.count(b'"') - _escapes(text).count(b'\\"')
    bare = text.replace(b"\\\\", b"")
    return bare.count(b'"') - bare.count(b'\\"')


def _is_large(trace: TraceDocument) -> bool:
    return len(_encode(trace)) > settings.MAX_TRACE_BYTES


def _is_sound(trace: TraceDocument) -> bool:
    """Check what the types do not say."""
    steps = trace.steps
    if len({step["i"] for step in steps}) != len(steps):
        return False
    if trace.meta:
        source = trace.meta.get("source", "")
        if not isinstance(source, str) or len(source) > document.MAX_SOURCE_CHARS:
            return False
        if not strict_json.is_plain(trace.meta, 1):
            return False
    if trace.messages:
        return all(map(is_message, trace.messages)) and strict_json.is_plain(trace.messages, 1)
    return True


def _read_slowly(body: bytes) -> Batch:
    items = parsed(body)
    if not isinstance(items, list):
        raise Invalid(
            {"detail": "A batch is a JSON array of traces; one alone goes to POST /api/traces."}
        )
    _check_length(items)
    batch = Batch([])
    for index, item in enumerate(items):
        serializer = TraceSerializer(data=item)
        if serializer.is_valid():
            batch.documents.append(serializer.to_document())
        else:
            batch.documents.append(None)
            batch.errors[index] = serializer.errors
    return batch
