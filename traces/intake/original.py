"""What of a source record stays in a trace's meta, and what is kept beside the trace."""

from typing import Any

SOURCE_RECORD = "record"  # in meta: what an import kept of the record that a trace was made of
MAX_KEPT = 20  # fields
MAX_KEPT_CHARS = 200  # of a text


def take_original(meta: dict[str, Any]) -> dict[str, Any] | None:
    """Take out of `meta.record` all but short scalars, and give it; None where that is nothing.

    Of more than twenty, those of the shortest names stay. What no import read has no `format`
    beside: a record of its sender's own stays as it is.
    """
    record = meta.get(SOURCE_RECORD)
    if "format" not in meta or not isinstance(record, dict):
        return None
    short = [name for name, value in record.items() if _is_short(value)]
    stay = set(sorted(short, key=_in_order)[:MAX_KEPT] if len(short) > MAX_KEPT else short)
    if len(stay) == len(record):
        return None
    meta[SOURCE_RECORD] = {name: value for name, value in record.items() if name in stay}
    if not stay:
        del meta[SOURCE_RECORD]
    return {name: value for name, value in record.items() if name not in stay}


def source_record(meta: dict[str, Any], original: dict[str, Any] | None) -> dict[str, Any]:
    """Put together again what is kept of a trace's source record."""
    record = meta.get(SOURCE_RECORD)
    return {**(record if isinstance(record, dict) else {}), **(original or {})}


def _is_short(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_KEPT_CHARS
    return not isinstance(value, dict | list)


def _in_order(name: str) -> tuple[int, bytes]:
    """Order names as jsonb does."""
    encoded = name.encode()
    return len(encoded), encoded
