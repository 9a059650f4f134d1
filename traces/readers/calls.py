"""Calls of a model, as programs and platforms log them: what was asked, and each reply to it."""

from collections.abc import Container, Iterator, Sequence
from functools import partial
from typing import Any

from traces.readers.conversations import Turns, read_conversation
from traces.readers.draft import Draft, Unreadable
from traces.readers.fields import check_trace_count
from traces.readers.payloads import INCOMPLETE, Said, replies_of, turns_of
from traces.reasoning.messages.turn import ASSISTANT
from traces.sources.json_texts import opened

CUT_OFF = ("length", "max_tokens", "max_output_tokens", "MAX_TOKENS", INCOMPLETE)
MAX_DEPTH = 100  # to which what is kept is looked through
_NOTHING: tuple[Any, ...] = (None, "", [], {})


def read_logged(
    given: Any, gave: Any, *, names: tuple[str, str], identity: str | None = None
) -> list[Draft]:
    """Make each reply in what a call gave a trace; Unreadable names the side that holds nothing.

    With an `identity` of the call they are named by it.
    """
    asked = [] if given is None else turns_of(given, names[0])
    if not asked:
        raise Unreadable(names[0], "Holds no prompt.")
    replies = replies_of(gave, names[1])
    if not replies:
        raise Unreadable(names[1], "Holds no reply.")
    return read_call(asked, replies, identity=identity)


def read_call(asked: Turns, replies: Sequence[Said], *, identity: str | None = None) -> list[Draft]:
    """Make each reply to what was asked a trace; what of the record is kept is the caller's."""
    check_trace_count(len(replies), "choices")
    drafts = []
    for number, reply in enumerate(replies):
        message = {**reply.message, "role": ASSISTANT}
        draft = read_conversation([*asked, (reply.where, message)], last=len(asked))
        if len(replies) > 1:
            draft.notes["choice"] = number
        if reply.ended in CUT_OFF:
            draft.notes["truncated"] = True
        if identity:
            draft.external_id = identity if number == 0 else f"{identity}/{number}"
            draft.source_record = partial(_said_and_kept, draft)
        drafts.append(draft)
    return drafts


def _said_and_kept(draft: Draft) -> dict[str, Any]:
    """Give the part of the source record that a trace is of, as its messages have it."""
    return {**draft.record, "messages": draft.messages}


def beside(
    record: dict[str, Any], drafts: Sequence[Draft], names: Container[str]
) -> dict[str, Any]:
    """Give what of a record the traces do not hold: all of it, but what was said in the `names`.

    What one of several replies says is no part of the others' record.
    """
    said = {text for draft in drafts for text in _texts([draft.messages, draft.prompt])}
    said |= {draft.final_answer for draft in drafts}
    kept = {
        name: _pruned(value, said, 0) if name in names else value for name, value in record.items()
    }
    return {
        name: value for name, value in kept.items() if name not in names or value not in _NOTHING
    }


def _pruned(value: Any, said: set[str], depth: int) -> Any:
    """Leave out the texts that are said elsewhere, and what then holds nothing."""
    if isinstance(value, str):
        inner = opened(value)
        if value in said or isinstance(inner, str):
            return None if value in said else value
        kept = _pruned(inner, said, depth + 1)
        return value if kept == inner else kept
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, dict):
        kept = {name: _pruned(item, said, depth + 1) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item not in _NOTHING}
    if isinstance(value, list):
        items = [_pruned(item, said, depth + 1) for item in value]
        return [item for item in items if item not in _NOTHING]
    return value


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list) and depth < MAX_DEPTH:
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item, depth + 1)
