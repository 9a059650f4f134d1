"""A reasoning model's reply: its thought becomes the steps, the last box after it the answer."""

from typing import Any, NamedTuple

from traces.readers import answers, fields
from traces.readers.answers import Answer
from traces.readers.draft import OUTPUT, Unreadable
from traces.readers.steps import steps_of_thought
from traces.readers.thoughts import split_thought


class Reply(NamedTuple):
    steps: list[tuple[str, str]]
    answer: Answer
    notes: dict[str, Any]


def read_reply(reply: Any, where: str) -> Reply:
    """Split a reply; one without a thought becomes one step of type `output`."""
    text = fields.checked(reply, str, "a string", where)
    split = split_thought(text)
    steps = steps_of_thought(split.thought or "")
    if not steps and not split.answer.strip():
        raise Unreadable(where, "Holds no text.")
    return Reply(
        steps or [(OUTPUT, split.answer)],
        answers.answer_of_reply(split.answer),
        {"truncated": True} if split.truncated else {},
    )
