"""TRL's prompt-completion: both texts, or both lists of messages; KTO's with a verdict."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import text_or_turns, texts_or_turns
from traces.readers.draft import Draft
from traces.readers.labels import status_of

EXAMPLE: dict[str, Any] = {
    "prompt": "What is the sum of the first 5 odd numbers?",
    "completion": "<think>\n1 + 3 + 5 + 7 + 9\n\nThat is 5 * 5 = 25.\n</think>\n\n25",
}


def recognises(record: dict[str, Any]) -> bool:
    return all(isinstance(record.get(name), str | list) for name in ("prompt", "completion"))


def read(record: dict[str, Any]) -> list[Draft]:
    prompt = text_or_turns(record, "prompt")
    draft = texts_or_turns(prompt, text_or_turns(record, "completion"), "completion")
    draft.status = status_of(record)
    draft.record = {**fields.rest(record, "prompt", "completion"), **draft.record}
    return [draft]
