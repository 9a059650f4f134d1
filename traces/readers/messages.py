"""Conversations of `role` and `content`; a thought stands in a field of its own or in tags."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import as_message, as_turns, is_turns, read_conversation
from traces.readers.draft import Draft
from traces.readers.labels import status_of
from traces.readers.system_columns import with_system_beside
from traces.readers.thought_columns import with_thought

EXAMPLE: dict[str, Any] = {
    "messages": [
        {"role": "user", "content": "Is 91 a prime number?"},
        {
            "role": "assistant",
            "reasoning_content": "91 is odd, and 9 + 1 = 10 is no multiple of 3.\n\n91 = 7 * 13.",
            "content": "No: 91 = 7 * 13.",
        },
    ]
}


def recognises(record: dict[str, Any]) -> bool:
    return is_turns(record.get("messages"))


def read(record: dict[str, Any]) -> list[Draft]:
    listed = fields.listing(record, "messages")
    turns = as_turns([as_message(message) for message in listed], "", "messages")
    turns, thoughts = with_thought(record, turns)
    turns, system = with_system_beside(record, turns)
    draft = read_conversation(turns)
    draft.status = status_of(record)
    draft.record = fields.rest(record, "messages", *thoughts, *system)
    return [draft]
