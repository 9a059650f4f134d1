"""Conversations under other names, or written in other ways, than messages and ShareGPT have."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import Turns, read_conversation
from traces.readers.draft import Draft, Unreadable
from traces.readers.labels import status_of
from traces.readers.speakers import message_of, speaker
from traces.readers.system_columns import with_system_beside
from traces.readers.thought_columns import with_thought
from traces.sources.json_texts import opened

NAMES = (
    *("conversation", "dialogue", "dialog", "chat", "turns", "dialogue_turns", "chat_history"),
    *("chat_messages", "message_list", "messages", "conversations"),
)

EXAMPLE: dict[str, Any] = {
    "conversation_id": "made up for this page",
    "conversation": [
        {"role": "user", "content": "Is 57 a prime number?"},
        {"role": "assistant", "content": "<think>\n5 + 7 = 12, a multiple of 3.\n</think>\n\nNo."},
    ],
}


def recognises(record: dict[str, Any]) -> bool:
    return len(_held(record)) == 1


def read(record: dict[str, Any]) -> list[Draft]:
    """Read the conversation; a thought and a system prompt beside it are part of it."""
    names = _held(record)
    if len(names) != 1:
        named = next((name for name in NAMES if name in record), NAMES[0])
        reason = "Not a list of messages." if not names else f"Beside {names[1]} it is in doubt."
        raise Unreadable(named, reason)
    turns = turns_in(record[names[0]], names[0])
    turns, thoughts = with_thought(record, turns)
    turns, system = with_system_beside(record, turns)
    draft = read_conversation(turns)
    draft.status = status_of(record)
    draft.record = fields.rest(record, names[0], *thoughts, *system)
    return [draft]


def _held(record: dict[str, Any]) -> list[str]:
    return [name for name in NAMES if name in record and turns_in(record[name], name)]


def turns_in(value: Any, where: str) -> Turns:
    """Give the turns of a list of messages, or of pairs of them; none where it is no such list."""
    value = opened(value)
    turns: Turns = []
    for position, item in enumerate(value if isinstance(value, list) else []):
        here = f"{where}[{position}]"
        message = message_of(item)
        said = [message] if message else _pair(item)
        if not said:
            return []
        turns += [(here, one) for one in said]
    return turns


def _pair(item: Any) -> list[dict[str, Any]]:
    """Read an exchange that names each speaker: `{"user": "...", "assistant": "..."}`."""
    if not isinstance(item, dict) or not item:
        return []
    roles = [speaker(name) for name in item]
    if None in roles or not all(isinstance(text, str) for text in item.values()):
        return []
    return [
        {"role": role, "content": text} for role, text in zip(roles, item.values(), strict=True)
    ]
