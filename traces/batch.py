"""A batch's body, read: decoded by type in one go, explained field by field where that fails.

The quick way is taken when nothing speaks against it; the slow one decides. Both accept the same
bodies and give the same documents (a test holds them together).
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from django.conf import settings
from rest_framework import status
from rest_framework.exceptions import ParseError

from traces import document
from traces.document import TraceDocument
from traces.models import Trace
from traces.serializers import TraceSerializer, is_message
from traces.services.intake import ExternalIdTaken, create_traces
from tunix_site import strict_json
from tunix_site.errors import Invalid

MAX_ERRORS = 100
MAX_TOKENS = 12_000_000  # more than 1,000 traces of 1,000 steps each have
FEW_ESCAPES = 50_000

_decoder = msgspec.json.Decoder(list[TraceDocument])
_encode = msgspec.json.Encoder().encode
_tokens = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{,]', re.DOTALL).finditer
_escapes = re.compile(rb'\\["\\]').findall


@dataclass
class Batch:
    """Documents in input order, None where an item was bad; the bad ones by index."""

    documents: list[TraceDocument | None]
    errors: dict[int, Any] = field(default_factory=dict)


def read_batch(body: Any) -> Batch:
    """Read a JSON array of traces; Invalid where it is no list of 1 to MAX_BATCH_TRACES."""
    if not isinstance(body, bytes):
        raise ParseError("The body is empty.")  # nothing was parsed
    _check_tokens(body)
    documents = _read_quickly(body)
    if documents is not None:
        _check_length(documents)
        return Batch(list(documents))
    return _read_slowly(body)


def _check_tokens(body: bytes) -> None:
    """Refuse what would fill the memory: `[{},{},...` takes forty times its bytes once decoded."""
    if len(body) <= MAX_TOKENS // 4:
        return
    quick = body.count(b"{") + body.count(b"[") + body.count(b",")  # the ones in texts too
    if quick > MAX_TOKENS // 4 and next(islice(_tokens(body), MAX_TOKENS, None), None):
        raise Invalid(
            {"detail": f"The batch holds more than {MAX_TOKENS:,} JSON tokens: send it in parts."}
        )


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
    """Decode the body by type, or give None where it might hold anything that must be refused."""
    if b"\\u0000" in body:
        return None
    try:
        documents = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    kept = _encode(documents)
    if len(kept) > settings.MAX_TRACE_BYTES and any(map(_is_large, documents)):
        return None
    # A key given twice, or one that is not known, is gone from the decoded document.
    if _string_count(kept) != _string_count(body):
        return None
    return documents if all(map(_is_sound, documents)) else None


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
        # what was decoded to text holds no surrogate, and no NUL was in the body
        only_text = set(map(type, trace.meta.values())) == {str}
        if not only_text and next(strict_json.problems(trace.meta, depth=1), None):
            return False
    if trace.messages:
        if not all(map(is_message, trace.messages)):
            return False
        if next(strict_json.problems(trace.messages, depth=1), None):
            return False
    return True


def _read_slowly(body: bytes) -> Batch:
    try:
        items = strict_json.loads(body)
    except strict_json.InvalidJSON as error:
        raise ParseError(str(error)) from None
    if not isinstance(items, list):
        raise Invalid({"detail": "A batch is a JSON array of traces."})
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


@dataclass(frozen=True)
class Answer:
    status_code: int
    body: dict[str, Any]


def ingest_batch(body: Any, *, skip_bad: bool) -> Answer:
    """Read a batch and store it, all or nothing unless `skip_bad`; the answer lists every trace."""
    batch = read_batch(body)
    if batch.errors and not skip_bad:
        raise Invalid(error_body(f"Nothing was stored: {_bad(batch.errors)}.", batch.errors))
    try:
        outcome = create_traces(documents=batch.documents, skip_taken=skip_bad)
    except ExternalIdTaken as error:
        error.detail = error_body(f"Nothing was stored: {error.detail}", _as_errors(error.refused))
        raise
    errors = {**batch.errors, **_as_errors(outcome.refused)}
    if len(errors) == len(batch.documents):
        raise Invalid(error_body(f"Nothing was stored: {_bad(errors)}.", errors))
    answer = {
        "created_count": len(outcome.created),
        "existing_count": sum(trace is not None for trace in outcome.traces) - len(outcome.created),
        "traces": [
            trace and _entry(trace, "created" if position in outcome.created else "exists")
            for position, trace in enumerate(outcome.traces)
        ],
    }
    if not errors:
        return Answer(status.HTTP_201_CREATED, answer)
    return Answer(
        status.HTTP_207_MULTI_STATUS,
        {**answer, **error_body(f"The rest was stored: {_bad(errors)}.", errors)},
    )


def _entry(trace: Trace, outcome: str) -> dict[str, Any]:
    return {
        "id": trace.id,
        "created_at": trace.created_at,
        "trace_version": trace.trace_version,
        "outcome": outcome,
    }


def _bad(errors: dict[int, Any]) -> str:
    return f"{len(errors):,} bad trace{'s' if len(errors) > 1 else ''}"


def _as_errors(refused: dict[int, str]) -> dict[int, Any]:
    return {index: {"external_id": [reason]} for index, reason in refused.items()}


def error_body(detail: str, errors: dict[int, Any]) -> dict[str, Any]:
    """Render errors by index, the first hundred of them."""
    first = sorted(errors.items())[:MAX_ERRORS]
    return {
        "detail": detail,
        "errors": [{"index": index, "errors": found} for index, found in first],
    }
