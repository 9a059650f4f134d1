"""The trace document of POST /api/traces."""

from collections.abc import Container
from typing import Any

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from tunix_site.strict_json import shown

BODY = (
    "trace_version",
    "prompt",
    "final_answer",
    "steps",
    "meta",
    "external_id",
    "tags",
    "messages",
)
STEP = {"i", "type", "content"}
MAX_SHOWN_CHARS = 64

EXAMPLE: dict[str, Any] = {
    "trace_version": "1.0",
    "prompt": "What is 17 + 25?",
    "final_answer": "42",
    "steps": [
        {"i": 0, "type": "reasoning", "content": "17 + 20 = 37."},
        {"i": 1, "type": "reasoning", "content": "37 + 5 = 42."},
    ],
    "meta": {"source": "by hand", "difficulty": 1},
}


def recognises(record: dict[str, Any]) -> bool:
    return "trace_version" in record and ("steps" in record or "final_answer" in record)


def read(record: dict[str, Any]) -> list[Draft]:
    refuse_others(record, BODY)
    return [read_body(record)]


def refuse_others(record: dict[str, Any], known: Container[str]) -> None:
    for name in record:
        if name not in known:
            raise Unreadable(shown(name)[:MAX_SHOWN_CHARS] or '""', "No such field.")


def read_body(record: dict[str, Any]) -> Draft:
    """Read a document's fields; it is kept to the letter."""
    steps, indexes = [], []
    for position, step in enumerate(fields.listing(record, "steps")):
        where = f"steps[{position}]"
        if fields.checked(step, dict, "an object", where).keys() != STEP:
            raise Unreadable(where, "Not an object of i, type and content.")
        index = step["i"]
        if type(index) is not int:
            raise Unreadable(f"{where}.i", "Not an integer.")
        kind = fields.text(step, "type", blank=True, within=where)
        steps.append((kind, fields.text(step, "content", blank=True, within=where)))
        indexes.append(index)
    meta = record.get("meta")
    tags = fields.optional_listing(record, "tags") or []
    for position, tag in enumerate(tags):
        fields.checked(tag, str, "a string", f"tags[{position}]")
    return Draft(
        prompt=fields.text(record, "prompt", blank=True),
        final_answer=fields.text(record, "final_answer", blank=True),
        steps=steps,
        external_id=fields.optional_text(record, "external_id"),
        tags=tags,
        messages=fields.optional_listing(record, "messages"),
        trace_version=fields.text(record, "trace_version", blank=True),
        meta={} if meta is None else fields.mapping(record, "meta"),
        indexes=indexes,
    )
