"""What is common to formats that hold turns: who said what, and which reply is the trace."""

from typing import Any, NamedTuple

import msgspec

from traces.readers import answers, fields
from traces.readers.draft import REASONING, Draft, Unreadable
from traces.readers.numbered import read_numbered
from traces.readers.steps import steps_of_thought
from traces.readers.thoughts import split_thought
from tunix_site.strict_json import problems

ASSISTANT = "assistant"
TOOL_CALL = "tool_call"
ROLES = {
    "human": "user",
    "gpt": ASSISTANT,
    "chatgpt": ASSISTANT,
    "model": ASSISTANT,
    "bot": ASSISTANT,
}
THOUGHT_FIELDS = ("reasoning_content", "reasoning", "thinking")
THOUGHT_PARTS = ("reasoning", "thinking", "thought")
TEXT_PARTS = ("text", "input_text", "output_text")
CALL_PARTS = ("tool_call", "tool_use")
MARKS = (
    answers.BOXED,
    answers.HASHES,
    answers.ANSWER_LINE,
    answers.THE_ANSWER_IS,
    answers.ANSWER_TAG,
)

Steps = list[tuple[str, str]]
Turns = list[tuple[str, Any]]  # messages, each with the path at which it stands in the record


class Reply(NamedTuple):
    """`cut` tells that steps and answer do not hold the text word for word."""

    steps: Steps
    answer: str
    notes: dict[str, Any]
    cut: bool


class Turn(NamedTuple):
    role: str
    thoughts: list[str]
    text: str
    calls: list[Any]


def read_reply(text: str, *, holds_thought: bool = True) -> Reply:
    """Split what a model said: its thought is the steps, and what stands outside it the answer.

    A reply without a thought that marks its answer is the reasoning towards it. Any other is an
    answer alone, and so is one whose thought stands elsewhere (not `holds_thought`).
    """
    split = split_thought(text)
    notes: dict[str, Any] = {"truncated": True} if split.truncated else {}
    if split.thought is not None or not holds_thought:
        answer, tagged = _without_tag(split.answer)
        if tagged:
            notes["answer_from"] = answers.ANSWER_TAG
        return Reply(steps_of_thought(split.thought or ""), answer, notes, split.cut or tagged)
    numbered = read_numbered(split.answer)
    if numbered:
        return Reply(*numbered, {**notes, "answer_from": answers.ANSWER_LINE}, cut=True)
    found = answers.find_answer(split.answer, *MARKS)
    if not found.text or found.text == split.answer:
        return Reply([], split.answer, notes, split.cut)
    notes["answer_from"] = found.mark
    return Reply(steps_of_thought(split.answer), found.text, notes, cut=True)


def _without_tag(text: str) -> tuple[str, bool]:
    """Take the answer out of `<answer>...</answer>`, where that is all there is."""
    stripped = text.strip()
    if stripped.startswith("<answer>") and stripped.endswith("</answer>"):
        found = answers.find_answer(stripped, answers.ANSWER_TAG)
        return found.text, True
    return text, False


def read_conversation(turns: Turns, *, last: int | None = None, in_parts: bool = False) -> Draft:
    """Make the last assistant turn, or the turn `last`, a trace; its prompt is what stands before.

    The conversation is kept whole in `messages`. Its thought is split into steps at blank lines,
    unless it comes `in_parts` that are steps.
    """
    messages = [_checked(message, where) for where, message in turns]
    if last is None:
        last = _last_reply(messages, turns)
    where = turns[last][0]
    turn = read_turn(messages[last], where)
    prompt, notes = join_turns(turns[:last])
    reply = read_reply(turn.text, holds_thought=not turn.thoughts)
    steps: Steps = []
    for thought in turn.thoughts:
        steps += [(REASONING, thought)] if in_parts else steps_of_thought(thought)
    calls = [(TOOL_CALL, as_json(call, where)) for call in turn.calls]
    if len(turns) > last + 1:
        notes["turns_after"] = len(turns) - last - 1
    return Draft(
        prompt=prompt,
        final_answer=reply.answer,
        steps=[*steps, *reply.steps, *calls],
        notes={**notes, **reply.notes},
        messages=[with_content(message) for message in messages],
    )


def join_turns(turns: Turns) -> tuple[str, dict[str, Any]]:
    """Join what was said with blank lines, without earlier thoughts, as chat templates do.

    Beside the text, give the notes that tell whose words it is, where they are not all a user's.
    """
    roles, texts = [], []
    for where, message in turns:
        turn = read_turn(_checked(message, where), where)
        roles.append(turn.role)
        texts.append(split_thought(turn.text).answer if turn.role == ASSISTANT else turn.text)
    prompt = "\n\n".join(filter(None, texts))
    if not prompt.strip():
        raise Unreadable("prompt", "Nothing was said before the reply.")
    return prompt, {} if roles == ["user"] else {"prompt_roles": roles}


def read_exchange(prompt: str, reply: str, name: str) -> Draft:
    """Make a trace of two texts; the reply is kept as the field `name` where it was cut."""
    read = read_reply(reply)
    return Draft(
        prompt=prompt,
        final_answer=read.answer,
        steps=read.steps,
        record={name: reply} if read.cut else {},
        notes=read.notes,
    )


def texts_or_turns(prompt: str | list[Any], reply: str | list[Any], name: str) -> Draft:
    """Make a trace of a prompt and the reply in the field `name`, each a text or messages."""
    if isinstance(prompt, str) and isinstance(reply, str):
        return read_exchange(prompt, reply, name)
    asked = as_turns(prompt, "user", "prompt")
    draft = read_conversation([*asked, *as_turns(reply, ASSISTANT, name)])
    if asked:
        draft.notes["prompt_turns"] = len(asked)
    return draft


def as_turns(said: str | list[Any], role: str, name: str) -> Turns:
    """Locate the messages of a field; a text is one message."""
    if isinstance(said, str):
        return [(name, {"role": role, "content": said})]
    return [(f"{name}[{position}]", message) for position, message in enumerate(said)]


def text_or_turns(record: dict[str, Any], name: str) -> str | list[Any]:
    """Take a field that is a text or a list of messages."""
    value = record.get(name)
    if isinstance(value, list):
        if not value:
            raise Unreadable(name, "Holds no message.")
        return value
    return fields.text(record, name, blank=True)


def is_turns(value: Any, role: str = "role") -> bool:
    """Tell a list of messages by its first."""
    return (
        isinstance(value, list) and bool(value) and isinstance(value[0], dict) and role in value[0]
    )


def role_of(message: dict[str, Any]) -> str | None:
    """Give a message's role by the name that most know it by."""
    role = message.get("role")
    return ROLES.get(role, role) if isinstance(role, str) else None


def read_turn(message: dict[str, Any], where: str) -> Turn:
    thoughts = [fields.optional_text(message, name, within=where) for name in THOUGHT_FIELDS]
    turn = Turn(role_of(message) or "", list(filter(None, dict.fromkeys(thoughts))), "", [])
    content = message.get("content")
    if isinstance(content, list):
        texts = _read_parts(content, f"{where}.content", turn)
    else:
        texts = [fields.optional_text(message, "content", within=where) or ""]
    turn.calls.extend(fields.optional_listing(message, "tool_calls", within=where) or [])
    return turn._replace(text="\n\n".join(filter(None, texts)))


def as_json(value: Any, where: str) -> str:
    reason = next((reason for _, reason in problems(value)), None)
    if reason:
        raise Unreadable(where, reason)
    return msgspec.json.encode(value).decode()


def with_content(message: dict[str, Any]) -> dict[str, Any]:
    """Give a message as traces keep it: with a content, where it had none."""
    return message if "content" in message else {**message, "content": None}


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


def _read_parts(parts: list[Any], where: str, turn: Turn) -> list[str]:
    """Give the texts among a content's parts; thoughts and calls go to the turn."""
    texts = []
    for index, part in enumerate(parts):
        here = f"{where}[{index}]"
        if isinstance(part, str):
            texts.append(part)
            continue
        kind = fields.checked(part, dict, "an object", here).get("type")
        if kind in TEXT_PARTS:
            texts.append(_text_of(part, here, "text", "content"))
        elif kind in THOUGHT_PARTS:
            thought = _text_of(part, here, kind, "text", "content")
            if thought:
                turn.thoughts.append(thought)
        elif kind in CALL_PARTS:
            turn.calls.append(part)
        elif kind == "tool_call_response" and isinstance(part.get("response"), str):
            texts.append(part["response"])
    return texts


def _text_of(part: dict[str, Any], where: str, *names: str) -> str:
    """Take the text of a part by the first of the names that it has."""
    for name in names:
        if part.get(name) is not None:
            return fields.text(part, name, blank=True, within=where)
    raise Unreadable(where, f"Holds no {names[0]}.")
