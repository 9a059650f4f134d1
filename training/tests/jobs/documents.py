"""The trace documents that POST /api/traces/batch takes, by the contract's limits alone."""

import json
from typing import Annotated, Any

import msgspec
from msgspec import Meta

MAX_TRACE_BYTES = 1024 * 1024
MAX_NESTING = 100


class Step(msgspec.Struct, forbid_unknown_fields=True):
    i: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    type: Annotated[str, Meta(min_length=1, max_length=64)]
    content: Annotated[str, Meta(min_length=1, max_length=20_000)]


class Trace(msgspec.Struct, forbid_unknown_fields=True):
    trace_version: Annotated[str, Meta(min_length=1, max_length=64)]
    prompt: Annotated[str, Meta(min_length=1, max_length=50_000)]
    final_answer: Annotated[str, Meta(max_length=50_000)]
    steps: Annotated[list[Step], Meta(min_length=1, max_length=1_000)]
    meta: dict[str, Any]
    external_id: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


def check_trace(document):
    """Fail where a document would be refused."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False)
    raw = text.encode()  # refuses lone surrogates
    assert len(raw) <= MAX_TRACE_BYTES
    assert "\\u0000" not in text
    trace = msgspec.json.decode(raw, type=Trace)
    assert len({step.i for step in trace.steps}) == len(trace.steps)
    assert isinstance(trace.meta.get("source"), str)
    assert len(trace.meta["source"]) <= 128
    _check_value(trace.meta, depth=2)


def _check_value(value, depth):
    assert depth <= MAX_NESTING
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_value(item, depth + 1)
    elif isinstance(value, int):
        assert -(2**63) <= value < 2**63
