"""Rows of our own `table` export, in whatever container they come back."""

from typing import Any

from traces.readers import fields, trace
from traces.readers.draft import Draft, Unreadable
from traces.sources.json_texts import MAX_TOKENS, has_many_tokens
from tunix_site import strict_json

OF_THE_ROW = ("id", "created_at", "source", "split", "content_hash", "prompt_hash")
JSON_TEXTS = {"metadata": dict, "messages": list}

EXAMPLE: dict[str, Any] = {
    "id": "01970000-0000-7000-8000-000000000003",
    "trace_version": "1.0",
    "created_at": "2026-01-31T12:00:00Z",
    "source": "by hand",
    "prompt": "What is 11 + 13?",
    "steps": [{"i": 0, "type": "reasoning", "content": "11 + 13 is 10 + 10 + 1 + 3."}],
    "final_answer": "24",
    "split": "train",
    "metadata": '{"source":"by hand","difficulty":1}',
    "messages": '[{"role":"user","content":"What is 11 + 13?"}]',
    "content_hash": "0c3be43c-6ff7-4a5c-8d5d-8e8d7a3c8a11",
    "prompt_hash": "5a6f2d0e-9f0f-4f53-b1d4-0f5f6f0c7b22",
}


def recognises(record: dict[str, Any]) -> bool:
    return trace.recognises(record) and "metadata" in record and "content_hash" in record


def read(record: dict[str, Any]) -> list[Draft]:
    """Give the trace to the letter; the old id is its external_id where it had none."""
    trace.refuse_others(record, {*trace.BODY, *OF_THE_ROW, *JSON_TEXTS} - {"meta"})
    kept = {name: value for name, value in record.items() if name in trace.BODY}
    parsed = {name: _parsed(record, name, kind) for name, kind in JSON_TEXTS.items()}
    draft = trace.read_body({**kept, "meta": parsed["metadata"], "messages": parsed["messages"]})
    draft.external_id = draft.external_id or fields.text(record, "id")
    return [draft]


def _parsed(record: dict[str, Any], name: str, kind: type) -> Any:
    """Take what stands as JSON text, or as what it says; None where it is null or missing."""
    value = record.get(name)
    if isinstance(value, str):
        if has_many_tokens(value):
            raise Unreadable(name, f"Holds more than {MAX_TOKENS:,} JSON tokens.")
        try:
            value = strict_json.loads_stored(value.encode())
        except (strict_json.InvalidJSON, UnicodeEncodeError):
            raise Unreadable(name, "Not JSON.") from None
    if value is None:
        return None
    return fields.checked(value, kind, "an object" if kind is dict else "a list", name)
