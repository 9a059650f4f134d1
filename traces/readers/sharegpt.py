"""ShareGPT: conversations of `from` and `value`; the thought stands in tags in the answer."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import ROLES, as_turns, is_turns, read_conversation
from traces.readers.draft import Draft

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
    turns = record.get(CONVERSATIONS)
    return is_turns(turns, "from") or is_turns(turns)


def read(record: dict[str, Any]) -> list[Draft]:
    """Read the conversation; a system prompt that stands beside it is its first turn."""
    turns = [
        (where, _message(turn, where))
        for where, turn in as_turns(fields.listing(record, CONVERSATIONS), "", CONVERSATIONS)
    ]
    held = [CONVERSATIONS]
    system = record.get("system")
    if isinstance(system, str) and system.strip():
        turns.insert(0, ("system", {"role": "system", "content": system}))
        held.append("system")
    draft = read_conversation(turns)
    draft.record = fields.rest(record, *held)
    return [draft]


def _message(turn: Any, where: str) -> dict[str, Any]:
    """Give a turn the names that messages have; a speaker's other name is kept."""
    said: dict[str, Any] = fields.checked(turn, dict, "an object", where)
    if "role" in said:
        return said
    speaker = fields.text(said, "from", within=where)
    role = ROLES.get(speaker, speaker)
    named = {} if role == speaker else {"from": speaker}
    content = fields.optional_text(said, "value", within=where)
    return {"role": role, "content": content, **named, **fields.rest(said, "from", "value")}
