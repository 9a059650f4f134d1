"""TRL's preference: a chosen and a rejected reply; the prompt may be what both begin with."""

from typing import Any

from traces.readers import fields
from traces.readers.conversations import ASSISTANT, role_of, text_or_turns, texts_or_turns
from traces.readers.draft import Draft, Unreadable

SIDES = {"chosen": "approved", "rejected": "rejected"}
TURN = "\n\nAssistant:"

EXAMPLE: dict[str, Any] = {
    "prompt": "A coat costs 80 and is sold at a quarter less. What is its price?",
    "chosen": "<think>\nA quarter of 80 is 20.\n\n80 - 20 = 60.\n</think>\n\n60",
    "rejected": "<think>\nA quarter is 25.\n\n80 - 25 = 55.\n</think>\n\n55",
}


def recognises(record: dict[str, Any]) -> bool:
    return all(isinstance(record.get(name), str | list) for name in SIDES)


def read(record: dict[str, Any]) -> list[Draft]:
    """Give two traces: the chosen one approved, the other rejected."""
    beside = fields.rest(record, "prompt", *SIDES)
    drafts = []
    for (name, status), draft in zip(SIDES.items(), _drafts(record), strict=True):
        draft.record |= beside
        draft.notes["preference"] = name
        draft.status = status
        drafts.append(draft)
    return drafts


def _drafts(record: dict[str, Any]) -> list[Draft]:
    replies = {name: text_or_turns(record, name) for name in SIDES}
    if record.get("prompt") is not None:
        prompt = text_or_turns(record, "prompt")
        return [_draft(prompt, reply, name) for name, reply in replies.items()]
    chosen, rejected = replies.values()
    prompt = []
    if isinstance(chosen, str) and isinstance(rejected, str):
        prompt = _common(chosen, rejected)
        replies = {name: reply[len(prompt) :] for name, reply in replies.items()}
    return [texts_or_turns(prompt, reply, name) for name, reply in replies.items()]


def _draft(prompt: str | list[Any], reply: str | list[Any], name: str) -> Draft:
    """Read a reply to a prompt; some files repeat the prompt at the head of the reply's turns."""
    if isinstance(reply, list) and isinstance(prompt, str):
        first = reply[0]
        if isinstance(first, dict) and role_of(first) != ASSISTANT:
            draft = texts_or_turns([], reply, name)
            if draft.prompt != prompt:
                draft.record["prompt"] = prompt
            return draft
    if isinstance(reply, list) and isinstance(prompt, list) and reply[: len(prompt)] == prompt:
        return texts_or_turns([], reply, name)
    return texts_or_turns(prompt, reply, name)


def _common(chosen: str, rejected: str) -> str:
    """Give the prompt that both begin with: to the last turn's name, or to a word's end."""
    shorter = min(len(chosen), len(rejected))
    pairs = enumerate(zip(chosen, rejected, strict=False))
    common = chosen[: next((at for at, (one, other) in pairs if one != other), shorter)]
    end = common.rfind(TURN)
    if end >= 0:
        return common[: end + len(TURN)]
    if len(common) == shorter or not common[-1:].isspace():
        common = common[: max(common.rfind(" "), common.rfind("\n"), 0)]
    if not common.strip():
        raise Unreadable("prompt", "There is none, and chosen and rejected begin differently.")
    return common
