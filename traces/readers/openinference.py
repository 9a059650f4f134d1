"""Spans by OpenInference's conventions, as Phoenix exports them: nested, or flattened by dots."""

import re
from typing import Any

from traces.readers import fields
from traces.readers.calls import beside, read_call
from traces.readers.conversations import Turns
from traces.readers.draft import Draft, Unreadable
from traces.readers.payloads import Said, replies_of, turns_of
from traces.sources.json_texts import opened
from tunix_site.strict_json import shown

ATTRIBUTES = "attributes"
INPUT, OUTPUT = "llm.input_messages", "llm.output_messages"
VALUES = ("input.value", "output.value")
KIND = "openinference.span.kind"
CALLS = ("LLM", "UNKNOWN")  # kinds of spans that are calls of models
MAX_KIND_CHARS = 40
MAX_PARTS = 30  # of a flattened name

EXAMPLE: dict[str, Any] = {
    "name": "ChatCompletion",
    "span_kind": "LLM",
    "context": {"trace_id": "made-up", "span_id": "made-up"},
    "attributes": {
        "llm.model_name": "a-model",
        "llm.input_messages": [
            {"message.role": "user", "message.content": "What is a quarter of 60?"}
        ],
        "llm.output_messages": [
            {"message.role": "assistant", "message.content": "<think>60 / 4 = 15.</think>15"}
        ],
    },
}

_prefix = re.compile(
    r"(?:attributes\.)?(?:llm\.(?:in|out)put_messages|(?:in|out)put\.value)\b"
).match


def recognises(record: dict[str, Any]) -> bool:
    tree = _tree(record)
    return _at(tree, OUTPUT) is not None or (
        _at(tree, VALUES[0]) is not None
        and _at(tree, VALUES[1]) is not None
        and ("span_kind" in record or KIND in record or "context" in record)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace of a span: the last output message is the reply."""
    kind = kind_of(record)
    if kind and kind not in CALLS:
        other = shown(kind.lower()[:MAX_KIND_CHARS])
        raise Unreadable("span_kind", f"No call of a model but {other}: it holds no reply of one.")
    tree = _tree(record)
    asked = _messages(_at(tree, INPUT), INPUT) or _asked(_at(tree, VALUES[0]))
    if not asked:
        raise Unreadable(INPUT, "Holds no message, and input.value no prompt.")
    said = _messages(_at(tree, OUTPUT), OUTPUT)
    replies = [Said(where, message) for where, message in said[-1:]]
    replies = replies or replies_of(_at(tree, VALUES[1]), VALUES[1])
    if not replies:
        raise Unreadable(OUTPUT, "Holds no message, and output.value no reply.")
    drafts = read_call(asked, replies, identity=_identity(record))
    names = {ATTRIBUTES, *filter(_prefix, record)}
    for draft in drafts:
        draft.record = beside(record, drafts, names)
    return drafts


def kind_of(span: dict[str, Any]) -> str:
    """Name what a span is of, wherever it says so; empty where it does not."""
    attributes = opened(span.get(ATTRIBUTES))
    attributes = attributes if isinstance(attributes, dict) else {}
    nested = _at(attributes, KIND)
    found = (span.get("span_kind"), span.get(KIND), span.get(f"{ATTRIBUTES}.{KIND}"))
    kinds = (*found, attributes.get(KIND), nested)
    return next((kind.upper() for kind in kinds if isinstance(kind, str)), "")


def _asked(value: Any) -> Turns:
    return [] if value is None else turns_of(value, VALUES[0])


def _identity(record: dict[str, Any]) -> str | None:
    """Name a span by its trace and itself."""
    context = record.get("context")
    holder = context if isinstance(context, dict) else record
    found = []
    for name in ("trace_id", "span_id"):
        value = holder.get(name, record.get(f"context.{name}"))
        if not isinstance(value, str) or not value:
            return None
        found.append(value)
    return "/".join(found)


def _tree(record: dict[str, Any]) -> dict[str, Any]:
    """Give the span's attributes of messages and values, nested, however they came."""
    attributes = opened(record.get(ATTRIBUTES))
    tree: dict[str, Any] = {}
    for holder in (record, attributes if isinstance(attributes, dict) else {}):
        for name, value in holder.items():
            if _prefix(name) or name in ("llm", "input", "output"):
                _put(tree, name.removeprefix(f"{ATTRIBUTES}.").split("."), value)
    return tree


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    if len(path) > MAX_PARTS:
        raise Unreadable(".".join(path)[:64], "A name of too many parts.")
    for name in path[:-1]:
        inner = tree.get(name)
        if not isinstance(inner, dict):
            inner = tree[name] = {}
        tree = inner
    tree[path[-1]] = value


def _at(tree: Any, path: str) -> Any:
    for name in path.split("."):
        tree = tree.get(name) if isinstance(tree, dict) else None
    return tree


def _messages(value: Any, where: str) -> Turns:
    """Give the messages of a list, or of an object whose keys are positions."""
    turns: Turns = []
    for position, item in enumerate(_items(value, where)):
        here = f"{where}[{position}]"
        nested = _nested(fields.checked(item, dict, "an object", here))
        turns.append((here, _message(nested.get("message", nested), here)))
    return turns


def _items(value: Any, where: str) -> list[Any]:
    value = opened(value)
    if isinstance(value, dict) and all(key.isdecimal() for key in value):
        return [value[key] for key in sorted(value, key=lambda key: (len(key), key))]
    listed: list[Any] = [] if value is None else fields.checked(value, list, "a list", where)
    return listed


def _nested(item: dict[str, Any]) -> dict[str, Any]:
    """Nest the names that dots flatten."""
    tree: dict[str, Any] = {}
    for name, value in item.items():
        _put(tree, name.split("."), value)
    return tree


def _message(value: Any, where: str) -> dict[str, Any]:
    message: dict[str, Any] = fields.checked(value, dict, "an object", where)
    role = message.get("role")
    kept = {"role": role if isinstance(role, str) else "user", "content": message.get("content")}
    contents = [
        _part(item, f"{where}.contents[{position}]")
        for position, item in enumerate(_items(message.get("contents"), f"{where}.contents"))
    ]
    if contents and kept["content"] is None:
        kept["content"] = contents
    calls = [
        _nested(item).get("tool_call", item)
        for item in _items(message.get("tool_calls"), f"{where}.tool_calls")
        if isinstance(item, dict)
    ]
    if calls:
        kept["tool_calls"] = calls
    return {**kept, **fields.rest(message, "role", "content", "contents", "tool_calls")}


def _part(item: Any, where: str) -> dict[str, Any]:
    nested = _nested(fields.checked(item, dict, "an object", where))
    part: dict[str, Any] = fields.checked(
        nested.get("message_content", nested), dict, "an object", where
    )
    return part
