"""Spans with messages by OpenTelemetry's conventions for generative AI."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import Turns, read_conversation
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.messages.turn import ASSISTANT
from tunix_site import strict_json

ATTRIBUTES = "attributes"
INPUT = "gen_ai.input.messages"
OUTPUT = "gen_ai.output.messages"
SYSTEM = "gen_ai.system_instructions"
CUT_OFF = "length"

EXAMPLE: dict[str, Any] = {
    "name": "chat",
    "attributes": {
        "gen_ai.request.model": "a-model",
        "gen_ai.input.messages": [
            {"role": "user", "parts": [{"type": "text", "content": "What day follows Friday?"}]}
        ],
        "gen_ai.output.messages": [
            {
                "role": "assistant",
                "parts": [
                    {"type": "reasoning", "content": "The week goes Friday, Saturday, Sunday."},
                    {"type": "text", "content": "Saturday."},
                ],
                "finish_reason": "stop",
            }
        ],
    },
}


def recognises(record: dict[str, Any]) -> bool:
    return OUTPUT in _attributes(record)


def read(record: dict[str, Any]) -> list[Draft]:
    """Give one trace for each output message: each is an answer of its own."""
    attributes = _attributes(record)
    asked = [*_instructions(attributes), *_messages(attributes, INPUT)]
    outputs = _messages(attributes, OUTPUT)
    if not outputs:
        raise Unreadable(OUTPUT, "Holds no message.")
    drafts = []
    for position, (where, output) in enumerate(outputs):
        reply = (where, {**output, "role": ASSISTANT})
        draft = read_conversation([*asked, reply], last=len(asked), in_parts=True)
        draft.record = _record(record)
        if len(outputs) > 1:
            draft.notes["choice"] = position
        if output.get("finish_reason") == CUT_OFF:
            draft.notes["truncated"] = True
        drafts.append(draft)
    return drafts


def _attributes(record: dict[str, Any]) -> dict[str, Any]:
    """Give what holds the messages: the record itself, or its attributes."""
    attributes = record.get(ATTRIBUTES)
    return attributes if isinstance(attributes, dict) and OUTPUT not in record else record


def _record(record: dict[str, Any]) -> dict[str, Any]:
    attributes = _attributes(record)
    kept = fields.rest(attributes, INPUT, OUTPUT, SYSTEM)
    return kept if attributes is record else {**record, ATTRIBUTES: kept}


def _messages(attributes: dict[str, Any], name: str) -> Turns:
    """Take messages with their parts as the content."""
    messages = []
    for position, message in enumerate(_listing(attributes, name)):
        where = f"{name}[{position}]"
        message = fields.checked(message, dict, "an object", where)
        parts = fields.listing(message, "parts", within=where)
        role = fields.text(message, "role", within=where)
        kept = {"role": role, "content": parts, **fields.rest(message, "role", "parts")}
        messages.append((where, kept))
    return messages


def _instructions(attributes: dict[str, Any]) -> Turns:
    parts = _listing(attributes, SYSTEM)
    return [(SYSTEM, {"role": "system", "content": parts})] if parts else []


def _listing(attributes: dict[str, Any], name: str) -> list[Any]:
    """Take a list, or the JSON text of one: spans cannot hold structures everywhere."""
    value = attributes.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        try:
            value = strict_json.loads(value.encode())
        except (strict_json.InvalidJSON, UnicodeEncodeError):
            raise Unreadable(name, "Not the JSON of a list.") from None
    listed: list[Any] = fields.checked(value, list, "a list", name)
    return listed
