"""What is common to formats that hold turns: who said what, and which reply is the trace."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from traces.readers import fields
from traces.readers.draft import Draft, Unreadable
from traces.reasoning.messages.message import read_message
from traces.reasoning.messages.turn import ASSISTANT, ROLES, USER, Turn, UnreadableMessage, role_of
from traces.reasoning.replies import REPLY_STEP, read_reply
from traces.reasoning.solutions import holds
from traces.reasoning.steps import TOOL_CALL
from traces.reasoning.thoughts import opens_thought
from traces.reasoning.turns import asked, transcript
from tunix_site.strict_json import problems

LANGCHAIN_TYPES = ("human", "ai", "system", "tool")

Turns = list[tuple[str, Any]]  # messages, each with the path at which it stands in the record


def read_conversation(turns: Turns, *, last: int | None = None, in_parts: bool = False) -> Draft:
    """Make the last assistant turn, or the turn `last`, a trace; its prompt is what stands before.

    The conversation is kept whole in `messages`. Its thought is split into steps at blank lines,
    unless it comes `in_parts` that are steps.
    """
    messages = [_checked(message, where) for where, message in turns]
    if last is None:
        last = _last_reply(messages, turns)
    where = turns[last][0]
    turn = _read(read_message, messages[last], where)
    first, earlier = _thoughts_before(turns, last)
    thoughts = [*earlier, *turn.thoughts]
    prompt, notes, opened = _asked(turns[:first])
    reply = read_reply(turn.text, thoughts=thoughts or None, opened=opened, in_parts=in_parts)
    calls = [(TOOL_CALL, as_json(call, where)) for call in turn.calls]
    if len(turns) > last + 1:
        notes["turns_after"] = len(turns) - last - 1
    return Draft(
        prompt=prompt,
        final_answer=reply.answer,
        steps=[*reply.steps, *calls],
        notes={**notes, **reply.notes},
        messages=[with_content(message) for message in messages],
    )


def _thoughts_before(turns: Turns, last: int) -> tuple[int, list[str]]:
    """Give where the reply begins, and its thoughts that are turns of their own before it."""
    thoughts: list[str] = []
    while last > 0 and role_of(turns[last - 1][1]) == ASSISTANT:
        turn = _read(read_message, turns[last - 1][1], turns[last - 1][0])
        if turn.text or turn.calls or not turn.thoughts:
            break
        thoughts = [*turn.thoughts, *thoughts]
        last -= 1
    return last, thoughts


def _asked(turns: Turns) -> tuple[str, dict[str, Any], bool]:
    """Give the prompt and the notes on it, and whether it opens the reply's thought.

    It may do so at its end, or by a turn that begins the reply and holds the mark alone.
    """
    begun = turns[-1][1] if turns else {}
    if role_of(begun) == ASSISTANT and isinstance(begun.get("content"), str):
        rest, opened = opens_thought(begun["content"])
        if opened and not rest:
            return *join_turns(turns[:-1]), True
    prompt, notes = join_turns(turns)
    prompt, opened = opens_thought(prompt)
    return prompt, notes, opened


def join_turns(turns: Turns) -> tuple[str, dict[str, Any]]:
    """Write what was said before the reply as its prompt, without earlier thoughts.

    Beside the text, give the notes that tell whose words it is, where they are not all a user's.
    """
    said = [_read(asked, _checked(message, where), where) for where, message in turns]
    prompt = transcript(said)
    if not prompt.strip():
        raise Unreadable("prompt", "Nothing was said before the reply.")
    roles = [turn.role for turn in said]
    return prompt, {} if roles == [USER] else {"prompt_roles": roles}


def read_exchange(
    prompt: str, reply: str, name: str, *, thoughts: dict[str, str] | None = None
) -> Draft:
    """Make a trace of a prompt and a reply, and of `thoughts` in fields of their own, by name.

    The reply is kept as the field `name` where the trace does not hold it word for word, and so
    are the thoughts, and a prompt that opens the reply's thought.
    """
    kept = {}
    text, opened = opens_thought(prompt)
    if opened:
        kept["prompt"] = prompt
    read = read_reply(
        reply, thoughts=None if thoughts is None else list(thoughts.values()), opened=opened
    )
    if read.cut:
        kept[name] = reply
    reasoning = read.steps[: read.notes.get(REPLY_STEP)]
    if thoughts and not (len(thoughts) == 1 and holds(reasoning, *thoughts.values())):
        kept |= thoughts
    return Draft(
        prompt=text,
        final_answer=read.answer,
        steps=read.steps,
        record=kept,
        notes=read.notes,
    )


def texts_or_turns(prompt: str | list[Any], reply: str | list[Any], name: str) -> Draft:
    """Make a trace of a prompt and the reply in the field `name`, each a text or messages."""
    if isinstance(prompt, str) and isinstance(reply, str):
        return read_exchange(prompt, reply, name)
    before = as_turns(prompt, USER, "prompt")
    draft = read_conversation([*before, *as_turns(reply, ASSISTANT, name)])
    if before:
        draft.notes["prompt_turns"] = len(before)
    return draft


def as_turns(said: str | list[Any], role: str, name: str) -> Turns:
    """Locate the messages of a field; a text is one message."""
    if isinstance(said, str):
        return [(name, {"role": role, "content": said})]
    return [(f"{name}[{position}]", message) for position, message in enumerate(said)]


def text_or_turns(record: dict[str, Any], name: str) -> str | list[Any]:
    """Take a field that is a text, a message or a list of messages."""
    value = record.get(name)
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        if not value:
            raise Unreadable(name, "Holds no message.")
        return [as_message(message) for message in value]
    return fields.text(record, name, blank=True)


def is_turns(value: Any) -> bool:
    """Tell a list of messages by its first."""
    return isinstance(value, list) and bool(value) and is_message(value[0])


def is_message(value: Any) -> bool:
    return isinstance(value, dict) and ("role" in value or "from" in value or _names_role(value))


def as_message(turn: Any) -> Any:
    """Give a turn of `from` and `value` the names that messages have; its speaker's is kept.

    So it is with one of LangChain's, whose `type` is its role.
    """
    if isinstance(turn, dict) and "role" not in turn and _names_role(turn):
        return {"role": turn["type"], **fields.rest(turn, "type")}
    if not isinstance(turn, dict) or "role" in turn or not isinstance(turn.get("from"), str):
        return turn
    speaker = turn["from"]
    role = ROLES.get(speaker.strip().lower(), speaker)
    named = {} if role == speaker else {"from": speaker}
    content = turn.get("value", turn.get("content"))
    return {"role": role, "content": content, **named, **fields.rest(turn, "from", "value")}


def _names_role(message: dict[str, Any]) -> bool:
    kind = message.get("type")
    return "content" in message and isinstance(kind, str) and kind.lower() in LANGCHAIN_TYPES


def as_json(value: Any, where: str) -> str:
    reason = next((reason for _, reason in problems(value)), None)
    if reason:
        raise Unreadable(where, reason)
    return msgspec.json.encode(value).decode()


def with_content(message: dict[str, Any]) -> dict[str, Any]:
    """Give a message as traces keep it: with a content, where it had none."""
    return message if "content" in message else {**message, "content": None}


def said_by(turns: Sequence[Any], role: str) -> bool:
    """Tell whether one of the messages is of the role."""
    return any(isinstance(turn, dict) and role_of(turn) == role for turn in turns)


def _read(reading: Callable[[dict[str, Any]], Turn], message: dict[str, Any], where: str) -> Turn:
    try:
        return reading(message)
    except UnreadableMessage as error:
        path = fields.path(error.path, where) if error.path else where
        raise Unreadable(path, error.reason) from None


def _checked(message: Any, where: str) -> dict[str, Any]:
    checked: dict[str, Any] = fields.checked(message, dict, "an object", where)
    fields.text(checked, "role", within=where)
    return checked


def _last_reply(messages: list[dict[str, Any]], turns: Turns) -> int:
    for position in range(len(messages) - 1, -1, -1):
        if role_of(messages[position]) == ASSISTANT:
            return position
    name = turns[-1][0].partition("[")[0] if turns else "messages"
    raise Unreadable(name, "No turn is an assistant's.")
