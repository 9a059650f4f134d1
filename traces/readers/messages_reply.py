"""A conversation up to the question, and the reply to it in a column beside it."""

from typing import Any

from traces.readers import columns, dialogues, fields
from traces.readers.calls import beside, read_call
from traces.readers.draft import Draft, Unreadable
from traces.readers.exchanges import reference_within
from traces.readers.labels import status_of
from traces.readers.payloads import Said
from traces.readers.speakers import message_of, speaker
from traces.readers.system_columns import with_system_beside
from traces.readers.thought_columns import THOUGHTS
from traces.reasoning.messages.turn import ASSISTANT

ASKED = (*dialogues.NAMES, "prompt", "input")
REPLIES = tuple(name for name in columns.REPLIES if name != "solution")
NO_REPLY = "None of the columns response, output, completion, answer and their kin."

EXAMPLE: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Answer with a number."},
        {"role": "user", "content": "How many corners have 5 squares?"},
    ],
    "response": "<think>\n4 * 5 = 20.\n</think>\n\n20",
}


def recognises(record: dict[str, Any]) -> bool:
    asked = _asked(record)
    names = columns.names_of(record)
    try:
        reply = columns.one_of(names, REPLIES)
    except Unreadable:
        return False
    return asked is not None and reply is not None and _said(record[reply]) is not None


def read(record: dict[str, Any]) -> list[Draft]:
    asked = _asked(record)
    if asked is None:
        raise Unreadable("messages", "No list of messages that ends with a question.")
    names = columns.names_of(record)
    reply = columns.one_of(names, REPLIES)
    if reply is None:
        raise Unreadable("response", NO_REPLY)
    message = _said(record[reply])
    if message is None:
        raise Unreadable(reply, "Neither a text nor a message.")
    thought = columns.one_of(names, THOUGHTS)
    if thought is not None:
        message = {**message, "reasoning_content": fields.optional_text(record, thought)}
    turns, system = with_system_beside(record, dialogues.turns_in(record[asked], asked))
    drafts = read_call(turns, [Said(reply, message)])
    reference = columns.one_of(names, columns.REFERENCES)
    for draft in drafts:
        if answer := reference_within(columns.text_of(record, reference)):
            draft.notes["reference_answer"] = answer
        draft.status = status_of(record)
        draft.record = beside(record, drafts, {asked, reply, thought or reply, *system})
    return drafts


def _asked(record: dict[str, Any]) -> str | None:
    """Name the field of messages of which the last is no assistant's, where there is one such."""
    found = []
    for name in ASKED:
        turns = dialogues.turns_in(record[name], name) if name in record else []
        if turns and speaker(turns[-1][1].get("role")) != ASSISTANT:
            found.append(name)
    return found[0] if len(found) == 1 else None


def _said(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        return {"role": ASSISTANT, "content": value} if value.strip() else None
    if isinstance(value, list) and len(value) == 1:
        return message_of(value[0])
    return message_of(value) if isinstance(value, dict) else None
