"""ShareGPT: conversations of `from` and `value`; the thought stands in tags in the answer."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import (
    as_message,
    as_turns,
    is_turns,
    read_conversation,
)
from traces.readers.draft import Draft
from traces.readers.labels import status_of
from traces.readers.system_columns import with_system_beside
from traces.readers.thought_columns import with_thought

CONVERSATIONS = "conversations"

EXAMPLE: dict[str, Any] = {
    "system": "Think before you answer.",
    "conversations": [
        {"from": "human", "value": "How many legs have 3 spiders?"},
        {
            "from": "gpt",
            "value": "<|begin_of_thought|>\n\nA spider has 8 legs.\n\n3 * 8 = 24.\n\n"
            "<|end_of_thought|>\n\n<|begin_of_solution|>\n\n24\n\n<|end_of_solution|>",
        },
    ],
}


def recognises(record: dict[str, Any]) -> bool:
    return is_turns(record.get(CONVERSATIONS))


def read(record: dict[str, Any]) -> list[Draft]:
    """Read the conversation; a thought and a system prompt beside it are part of it."""
    said = as_turns(fields.listing(record, CONVERSATIONS), "", CONVERSATIONS)
    conversation = [(where, _message(turn, where)) for where, turn in said]
    turns, thoughts = with_thought(record, conversation)
    turns, system = with_system_beside(record, turns)
    draft = read_conversation(turns)
    draft.status = status_of(record)
    draft.record = fields.rest(record, CONVERSATIONS, *thoughts, *system)
    return [draft]


def _message(turn: Any, where: str) -> Any:
    said = fields.checked(turn, dict, "an object", where)
    if "role" not in said:
        fields.text(said, "from", within=where)
        fields.optional_text(said, "value", within=where)
    return as_message(said)
