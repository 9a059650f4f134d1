"""From a source record's bytes to its value, the digest it is known by, and a checked document."""

from hashlib import sha256
from typing import Any

import msgspec
from django.conf import settings

from traces.document import TraceDocument
from traces.intake.bodies import has_more_tokens, read_traces_quickly
from traces.intake.document_serializer import TraceSerializer
from traces.readers.cells import once_parsed
from traces.readers.draft import Unreadable
from traces.readers.nulls import NOT_ENCODED
from traces.sources.source import Cells, Record
from traces.sources.unexpected import Unexpected
from tunix_site import strict_json

MAX_RECORD_TOKENS = 1_000_000

_encode = msgspec.json.Encoder().encode


def parsed(record: Record) -> dict[str, Any]:
    """Parse a record; Unreadable where it is no JSON object."""
    if record.raw is None:
        return record.value or {}
    if has_more_tokens(record.raw, MAX_RECORD_TOKENS):
        raise Unreadable("", f"Holds more than {MAX_RECORD_TOKENS:,} JSON tokens.")
    try:
        value = strict_json.loads(record.raw)
    except strict_json.InvalidJSON as error:
        reason = str(error).replace("The body", "The line").replace(" line 1 column", " column")
        if error.is_followed:
            reason += (
                " A line holds one record; curl keeps a file's lines with --data-binary alone."
            )
        raise Unreadable("", reason) from None
    if isinstance(value, strict_json.Refused):
        raise Unreadable("", value.reason)
    if not isinstance(value, dict):
        raise Unreadable("", "Not a JSON object.")
    return value


def digest_of(encoded: bytes) -> bytes:
    return sha256(encoded).digest()


def record_digest(value: dict[str, Any]) -> bytes:
    """Take the digest by which a record without an id is known, whatever it came in."""
    try:
        return digest_of(_encoded(once_read(value)))
    except Unreadable:
        if not isinstance(value, Cells):
            raise
    return digest_of(_encoded(value))  # it holds what was refused once


def once_read(value: dict[str, Any] | None) -> dict[str, Any]:
    """Give a record as it was read once, when each cell of JSON was parsed."""
    return once_parsed(value) if isinstance(value, Cells) else value or {}


def parsed_or_none(record: Record, unexpected: Unexpected) -> dict[str, Any] | None:
    """Parse a record, or leave it to be refused when it is read."""
    try:
        return parsed(record)
    except Unreadable:
        return None
    except Exception as error:
        unexpected.note(error, f"line {record.line}")
        return None


def _encoded(value: Any) -> bytes:
    """Encode a parsed record; Unreadable where it holds what JSON or the database cannot."""
    try:
        return _encode(value)
    except NOT_ENCODED:
        path, reason = next(strict_json.problems(value), ("", "It nests too deep."))
        raise Unreadable(path.lstrip("."), reason) from None


def checked(fields: dict[str, Any]) -> tuple[TraceDocument, int]:
    """Make the document that POST would take, and give its JSON's size.

    Unreadable names the first field that is refused.
    """
    try:
        read = read_traces_quickly([_encode(fields)])
    except NOT_ENCODED:
        read = None  # it holds a mark, or text that is no Unicode
    if read is not None:
        document, kept = read[0]
        return document, len(kept)
    serializer = TraceSerializer(data=fields)
    if not serializer.is_valid():
        raise Unreadable(*_first_error(serializer.errors))
    document = serializer.to_document()
    return document, len(_encode(document))


def original_size(original: dict[str, Any], *, beside: int) -> int:
    """Give the size of its JSON; Unreadable where it is too large beside a document's of that."""
    size = len(_encode(original))
    if beside + size > settings.MAX_TRACE_BYTES:
        reason = f"Takes {beside + size:,} bytes as JSON with the trace; the limit is "
        raise Unreadable("original", f"{reason}{settings.MAX_TRACE_BYTES:,}.")
    return size


def _first_error(errors: Any, path: str = "") -> tuple[str, str]:
    """Give the path and reason of the first of a serializer's errors."""
    while isinstance(errors, dict):
        position_or_name, errors = next(iter(errors.items()))
        name = str(position_or_name)
        if name != "non_field_errors":
            path = f"{path}[{name}]" if name.isdigit() else f"{path}.{name}".lstrip(".")
    return path, str(errors[0] if isinstance(errors, list) else errors)
