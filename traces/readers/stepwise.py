"""TRL's stepwise supervision: the steps of a completion, each with a label."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from traces.readers import fields
from traces.readers.conversations import as_turns, join_turns, text_or_turns, with_content
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.answers.answer import find_answer
from traces.reasoning.steps import REASONING

VERDICTS = {1: 1, 0: -1}  # of booleans, and of integers in a file that has no -1
RATINGS = {-1: -1, 0: 0, 1: 1}

EXAMPLE: dict[str, Any] = {
    "prompt": "What is 15% of 40?",
    "completions": ["10% of 40 is 4.", "5% of 40 is 4.", "4 + 4 = 8, so the answer is 8."],
    "labels": [True, False, False],
}


def recognises(record: dict[str, Any]) -> bool:
    return (
        isinstance(record.get("prompt"), str | list)
        and isinstance(record.get("completions"), list)
        and isinstance(record.get("labels"), list)
    )


def read(record: dict[str, Any]) -> list[Draft]:
    return reader_for([record])(record)


def reader_for(records: Sequence[dict[str, Any]]) -> Callable[[dict[str, Any]], list[Draft]]:
    """Give how the records of a file are read, of which these are the first.

    0 is a wrong step where a file knows right and wrong alone, and one neither way where it has a
    -1 as well.
    """
    labels = [record.get("labels") for record in records]
    has_ratings = any(
        not isinstance(label, bool) and label == -1
        for some in labels
        if isinstance(some, list)
        for label in some
    )
    return partial(_read, RATINGS if has_ratings else VERDICTS)


def _read(labels_of_file: dict[int, int], record: dict[str, Any]) -> list[Draft]:
    """Read the completions as steps; the last one may mark the answer."""
    completions = [
        fields.checked(step, str, "a string", f"completions[{position}]")
        for position, step in enumerate(fields.listing(record, "completions"))
    ]
    labels = fields.listing(record, "labels")
    if len(labels) != len(completions):
        raise Unreadable("labels", f"{len(labels)} labels for {len(completions)} completions.")
    if not completions:
        raise Unreadable("completions", "Holds no step.")
    found = find_answer(completions[-1])
    prompt, notes, messages = _asked(text_or_turns(record, "prompt"))
    return [
        Draft(
            prompt=prompt,
            final_answer=found.text,
            steps=[(REASONING, step) for step in completions],
            record=fields.rest(record, "prompt", "completions", "labels"),
            notes={**notes, "answer_from": found.mark},
            messages=messages,
            step_labels={
                str(position): _label(label, labels_of_file, f"labels[{position}]")
                for position, label in enumerate(labels)
                if label is not None
            },
        )
    ]


def _asked(prompt: str | list[Any]) -> tuple[str, dict[str, Any], list[dict[str, Any]] | None]:
    """Give the prompt's text, notes on who said it, and its messages where it has some."""
    if isinstance(prompt, str):
        return prompt, {}, None
    turns = as_turns(prompt, "user", "prompt")
    text, notes = join_turns(turns)
    messages = [with_content(message) for _, message in turns]
    return text, {**notes, "prompt_turns": len(messages)}, messages


def _label(label: Any, known: dict[int, int], where: str) -> int:
    if isinstance(label, bool):
        return VERDICTS[label]
    if isinstance(label, float) and label.is_integer():  # a column of numbers
        label = int(label)
    if type(label) is int and label in known:
        return known[label]
    if type(label) is int and label in RATINGS:
        reason = "The file began with 0 for wrong and 1 for right, and knows no -1."
        raise Unreadable(where, reason)
    raise Unreadable(where, "Not a boolean, nor -1, 0 or 1.")
