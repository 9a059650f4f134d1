"""TRL's preference: a chosen and a rejected reply to a prompt.

The prompt is the field that asks, or the turns that stand before the reply; never words that the
two replies have in common.
"""

import re
from typing import Any

from traces.readers import fields
from traces.readers.columns import HISTORY, history_of
from traces.readers.conversations import (
    as_message,
    as_turns,
    is_message,
    is_turns,
    said_by,
    text_or_turns,
    texts_or_turns,
)
from traces.readers.draft import Draft, Unreadable
from traces.readers.system_columns import with_system_beside
from traces.reasoning.messages.turn import ASSISTANT, SYSTEM, USER, role_of

SIDES = {"chosen": "approved", "rejected": "rejected"}
ASKING = (
    "prompt",
    "question",
    "instruction",
    "query",
    "input",
)  # fields that ask, the surest first
BEFORE = ("conversations", "messages", "conversation")  # of the turns before the reply
INPUT = "input"  # what an instruction is about
REJECTED = ("rejected_response", "rejected_messages")  # beside messages that end with the chosen

EXAMPLE: dict[str, Any] = {
    "prompt": "A coat costs 80 and is sold at a quarter less. What is its price?",
    "chosen": "<think>\nA quarter of 80 is 20.\n\n80 - 20 = 60.\n</think>\n\n60",
    "rejected": "<think>\nA quarter is 25.\n\n80 - 25 = 55.\n</think>\n\n55",
}


SPEAKERS = (USER, ASSISTANT)
_SPEAKERS = re.compile(r"(?:\A|\n\n)(Human|Assistant): ?")  # of Anthropic's HH-RLHF


def recognises(record: dict[str, Any]) -> bool:
    record = _with_sides(record)
    return all(_is_side(record.get(name)) for name in SIDES)


def _is_side(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str | list) or is_number or is_message(value)


def _with_sides(record: dict[str, Any]) -> dict[str, Any]:
    """Give a record whose chosen reply ends its messages, beside the rejected one, both sides."""
    name = next((name for name in REJECTED if record.get(name)), None)
    messages = record.get("messages")
    if name is None or any(side in record for side in SIDES) or not isinstance(messages, list):
        return record
    if len(messages) < 2 or not is_turns(messages):  # a question and its reply
        return record
    rest = fields.rest(record, "messages", name)
    rejected = record[name]
    return {**rest, "prompt": messages[:-1], "chosen": messages[-1:], "rejected": rejected}


def read(record: dict[str, Any]) -> list[Draft]:
    """Give two traces: the chosen one approved, the other rejected."""
    record = _with_sides(record)
    prompt, held = _prompt(record)
    replies = {name: _reply(record, name) for name in SIDES}
    if prompt is None:
        prompt, replies = _shared(replies)
    turns, system = with_system_beside(
        record, as_turns(prompt, USER, held[0] if held else "chosen")
    )
    if system:
        prompt = [message for _, message in turns]
    beside = fields.rest(record, *held, *SIDES, *system)
    drafts = []
    for (name, reply), status in zip(replies.items(), SIDES.values(), strict=True):
        draft = _draft(prompt, reply, name)
        draft.record |= beside
        draft.notes["preference"] = name
        draft.status = status
        draft.is_chosen = name == "chosen"
        drafts.append(draft)
    return drafts


def _prompt(record: dict[str, Any]) -> tuple[str | list[Any] | None, list[str]]:
    """Give what the record asks, with the names of the fields that say it; None if none does."""
    name = next((name for name in ASKING if record.get(name) is not None), None)
    if name is None:
        name = next((name for name in BEFORE if is_turns(record.get(name))), None)
    if name is None:
        return None, []
    asked, held = text_or_turns(record, name), [name]
    about = record.get(INPUT)
    if name != INPUT and isinstance(asked, str) and isinstance(about, str) and about.strip():
        asked, held = f"{asked}\n\n{about}", [*held, INPUT]
    if isinstance(asked, str) and (history := history_of(record)):
        said = [
            {"role": role, "content": text}
            for pair in history
            for role, text in zip(SPEAKERS, pair, strict=True)
        ]
        asked, held = [*said, {"role": USER, "content": asked}], [*held, HISTORY]
    return asked, held


def _reply(record: dict[str, Any], name: str) -> str | list[Any]:
    """Take a reply; a text that names its speakers is the turns that it holds."""
    if isinstance(record.get(name), int | float):
        return fields.text_or_number(record, name) or ""
    reply = text_or_turns(record, name)
    if isinstance(reply, str) and _SPEAKERS.match(reply):
        _, *parts = _SPEAKERS.split(reply)
        return [
            as_message({"role": speaker, "content": said})
            for speaker, said in zip(parts[::2], parts[1::2], strict=True)
        ]
    return reply


def _shared(replies: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Take the turns with which both replies begin as the prompt."""
    chosen, rejected = replies.values()
    count = 0
    if isinstance(chosen, list) and isinstance(rejected, list):
        pairs = enumerate(zip(chosen, rejected, strict=False))
        count = next(
            (at for at, (one, other) in pairs if one != other), min(len(chosen), len(rejected))
        )
        count = min(count, len(chosen) - 1, len(rejected) - 1)
    if not said_by(chosen[:count] if count else [], USER):
        raise Unreadable(
            "prompt",
            f"There is none: no {', '.join((*ASKING, *BEFORE))}, and no turn of a user with which "
            "both chosen and rejected begin.",
        )
    return chosen[:count], {name: reply[count:] for name, reply in replies.items()}


def _draft(prompt: str | list[Any], reply: str | list[Any], name: str) -> Draft:
    """Read a reply to a prompt; some files repeat the prompt at the head of the reply's turns."""
    if isinstance(reply, list) and isinstance(prompt, list):
        bare = (
            prompt[1:] if isinstance(prompt[0], dict) and role_of(prompt[0]) == SYSTEM else prompt
        )
        for head in (prompt, bare):
            if head and reply[: len(head)] == head:
                reply = reply[len(head) :]
                break
    first = reply[0] if isinstance(reply, list) and reply else None
    if isinstance(prompt, str) and isinstance(first, dict) and role_of(first) != ASSISTANT:
        draft = texts_or_turns([], reply, name)
        if draft.prompt != prompt:
            draft.record["prompt"] = prompt
        return draft
    return texts_or_turns(prompt, reply, name)
