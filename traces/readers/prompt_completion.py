"""TRL's prompt-completion: both texts, or both lists of messages; KTO's with a verdict."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from traces.readers import fields
from traces.readers.conversations import (
    as_turns,
    read_conversation,
    read_exchange,
    text_or_turns,
)
from traces.readers.draft import Draft
from traces.readers.labels import has_verdicts, verdict_of
from traces.readers.system_columns import with_system_beside
from traces.readers.thought_columns import thought_beside, with_thought
from traces.reasoning.messages.turn import ASSISTANT, USER

SIDES = ("prompt", "completion")

EXAMPLE: dict[str, Any] = {
    "prompt": "What is the sum of the first 5 odd numbers?",
    "completion": "<think>\n1 + 3 + 5 + 7 + 9\n\nThat is 5 * 5 = 25.\n</think>\n\n25",
}


def recognises(record: dict[str, Any]) -> bool:
    return all(isinstance(record.get(name), str | list) for name in SIDES)


def read(record: dict[str, Any]) -> list[Draft]:
    return reader_for([record])(record)


def reader_for(records: Sequence[dict[str, Any]]) -> Callable[[dict[str, Any]], list[Draft]]:
    """Give how the records of a file are read: labels of 0 and 1 alone are verdicts."""
    return partial(_read, numbers=has_verdicts(records))


def _read(record: dict[str, Any], *, numbers: bool) -> list[Draft]:
    """Read the completion; a thought and a system prompt that stand beside it are part of it."""
    prompt, completion = (text_or_turns(record, name) for name in SIDES)
    before, system = with_system_beside(record, as_turns(prompt, USER, "prompt"))
    if system or not (isinstance(prompt, str) and isinstance(completion, str)):
        said, thoughts = with_thought(record, as_turns(completion, ASSISTANT, "completion"))
        draft = read_conversation([*before, *said])
        if before:
            draft.notes["prompt_turns"] = len(before)
    else:
        thought, thoughts = thought_beside(record)
        beside = {thoughts[0]: thought} if thought else None
        draft = read_exchange(prompt, completion, "completion", thoughts=beside)
    draft.status = verdict_of(record, numbers=numbers)
    draft.record = {**fields.rest(record, *SIDES, *thoughts, *system), **draft.record}
    return [draft]
