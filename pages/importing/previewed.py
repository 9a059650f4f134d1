"""How the first records of a file would look as traces."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.safestring import SafeString

from pages.review.beside import Verification, meta_beside, verification_of
from pages.review.steps import Piece, piece_of
from pages.text.folding import tree
from pages.text.texts import Shown, Texts
from traces.models import Trace
from tunix_site import strict_json

CONTENT = ("trace_version", "prompt", "final_answer", "steps", "tags", "external_id", "messages")
MAX_VALUE_CHARS = 120


class ShownTrace(NamedTuple):
    """A trace that is not stored, as its page would show it."""

    line: int
    trace: Trace
    prompt: Shown
    piece: Piece
    answer: Shown
    verification: Verification | None
    scores: list[dict[str, Any]]
    meta: SafeString


def traces_shown(traces: list[dict[str, Any]]) -> list[ShownTrace]:
    texts = Texts()
    return [_shown(one, texts) for one in traces]


def _shown(one: dict[str, Any], texts: Texts) -> ShownTrace:
    content = {name: one[name] for name in CONTENT if name in one}
    meta = one.get("meta") or {}
    source = meta.get("source", "")
    trace = Trace(**content, meta=meta, source=source, status=one["status"])
    return ShownTrace(
        line=one["line"],
        trace=trace,
        prompt=texts.show(trace.prompt),
        piece=piece_of(trace, [], start=0, texts=texts),
        answer=texts.show(trace.final_answer),
        verification=verification_of(trace, []),
        scores=one["scores"],
        meta=tree(meta_beside(trace)),
    )


def values_shown(fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Name the fields of a file, each with the beginning of what stands there."""
    return [(path, _value(value)) for path, value in fields.items()]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return f"an object of {len(value):,}"
    if isinstance(value, list):
        return f"a list of {len(value):,}"
    if isinstance(value, strict_json.Refused):
        return value.reason
    text = value if isinstance(value, str) else json.dumps(value)
    return strict_json.shown(text[:MAX_VALUE_CHARS]) + ("…" if len(text) > MAX_VALUE_CHARS else "")
