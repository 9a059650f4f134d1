"""One prompt and what was said to it, whose parts stand in fields of their own."""

from collections.abc import Sequence
from typing import Any

from traces.readers import fields
from traces.readers.conversations import read_conversation
from traces.readers.draft import Draft
from traces.reasoning.answers.answer import BOXED, FIELD, HASHES, NONE, find_answer, reference_of
from traces.reasoning.answers.trimming import is_no_answer
from traces.reasoning.messages.turn import ASSISTANT
from traces.reasoning.replies import REPLY_IN_STEPS, REPLY_STEP
from traces.reasoning.solutions import holds
from traces.reasoning.steps import OUTPUT, REASONING

Thought = str | list[str] | None  # cut at blank lines, or in parts that are steps


def read_parts(
    prompt: str,
    reply: str | None = None,
    *,
    thoughts: Sequence[Thought] = (),
    answer: str | None = None,
    system: str | None = None,
    history: Sequence[tuple[str, str]] = (),
    is_short: bool = False,
) -> Draft:
    """Make a trace of a prompt, behind a system prompt and earlier exchanges, and of a reply.

    It is read as a conversation is, so that one rule holds for all replies; its messages are
    kept where they say more than the trace. An `answer` of its own is the final one as it stands.
    Where the answer `is_short` by its column's name, words that say that there is none are none.
    """
    asked = [("system", {"role": "system", "content": system})] if system else []
    for position, (question, said) in enumerate(history):
        asked.append((f"history[{position}][0]", {"role": "user", "content": question}))
        asked.append((f"history[{position}][1]", {"role": ASSISTANT, "content": said}))
    asked.append(("prompt", {"role": "user", "content": prompt}))
    parts = [
        {"type": "reasoning", "text": text}
        for thought in thoughts
        for text in (thought if isinstance(thought, list) else [thought])
        if text
    ]
    content: Any = [*parts, {"type": "text", "text": reply or ""}] if parts else reply or ""
    draft = read_conversation(
        [*asked, ("reply", {"role": ASSISTANT, "content": content})],
        last=len(asked),
        in_parts=any(isinstance(thought, list) for thought in thoughts),
    )
    if len(asked) == 1:
        draft.messages = None
    if answer is not None:
        _put_answer(draft, answer, reply)
    if is_short and is_no_answer(draft.final_answer):
        _put_none(draft)
    return draft


def _put_answer(draft: Draft, answer: str, reply: str | None) -> None:
    """Give a trace the answer that stands in a field of its own; its reply stays as it is."""
    whole = draft.final_answer
    draft.notes["answer_from"] = FIELD
    draft.final_answer = answer
    is_kept = REPLY_STEP in draft.notes or REPLY_IN_STEPS in draft.notes
    if reply is not None and not is_kept and whole.strip() and whole != answer:
        draft.notes[REPLY_STEP] = len(draft.steps)
        draft.steps.append((OUTPUT, whole))


def _put_none(draft: Draft) -> None:
    draft.steps = draft.steps or [(OUTPUT, draft.final_answer)]
    draft.final_answer = ""
    draft.notes["answer_from"] = NONE


def is_held(draft: Draft, value: Any) -> bool:
    """Tell whether a trace holds a text, or a list of texts, word for word."""
    if isinstance(value, list):
        return all(isinstance(item, str) and is_held(draft, item) for item in value)
    if not isinstance(value, str):
        return value is None
    if value in (draft.prompt, draft.final_answer) or (draft.messages and _says(draft, value)):
        return True
    thought = [step for step in draft.steps if step[0] == REASONING]
    return any(content == value for _, content in draft.steps) or holds(thought, value)


def _says(draft: Draft, value: str) -> bool:
    return any(message["content"] == value for message in draft.messages or [])


def reference_within(text: str | None) -> str | None:
    """Take the answer out of what is given as right: one that is written out is none."""
    found = find_answer(text or "", BOXED, HASHES).text
    return reference_of(found or (text if text and "\n" not in text.strip() else None))


def target_of(record: dict[str, Any]) -> str | None:
    """Take the right answer that an evaluation holds under `target`: a text, or a list of one."""
    target = record.get("target")
    if isinstance(target, list) and len(target) == 1:
        target = target[0]
    return (
        reference_within(fields.text_or_number({"target": target}, "target"))
        if _is_one(target)
        else None
    )


def _is_one(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
