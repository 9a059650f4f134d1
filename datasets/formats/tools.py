"""Conversations with calls of tools, as TRL and chat templates read them.

A message has the key `tool_calls` where it calls, and nowhere else: templates take what has it for
a call, whatever stands there. So messages differ in their keys, and are JSON where columns are not.
"""

from typing import Any

import msgspec

from datasets.formats.items import ToolsRow
from datasets.formats.rendering import as_text
from datasets.formats.replies import reply_of
from traces.reasoning.messages.calls import Function
from traces.reasoning.messages.definitions import definitions_of
from traces.reasoning.messages.tools import Spoken
from traces.reasoning.messages.turn import ASSISTANT, USER
from traces.reasoning.turns import spoken
from traces.reasoning.writing import Thought, joined, neutral, said, written
from tunix_site.strict_json import stored

_decode = msgspec.json.Decoder().decode

JsonMessage = dict[str, Any]


def conversation(row: ToolsRow, way: Thought) -> tuple[list[JsonMessage], JsonMessage]:
    """Give the messages before the reply, and the reply."""
    asked, calls = _turns(row)
    reply = reply_of(row, calls)
    message = _said(joined(reply.thought), reply.content, calls, way, is_reply=True)
    return [_message(turn, way) for turn in asked], message


def definitions(row: ToolsRow) -> str:
    """Give the definitions of tools as JSON, `null` where the trace kept none: a column of text."""
    kept = None if row.tools is None else definitions_of(stored(row.tools))
    return neutral(as_text(kept or None), tools=True)


def _turns(row: ToolsRow) -> tuple[list[Spoken], list[Function]]:
    """Give the turns before the reply, and what the reply calls."""
    turns: list[Spoken] = []
    calls: list[Function] = []
    if row.said is not None:
        turns, calls = spoken(stored(row.said), stored(row.meta))
    turns = [turn for turn in turns if turn.text or turn.calls or turn.answered]
    if [turn.role for turn in turns] in ([], [USER]):
        turns = [Spoken(USER, row.prompt)]
    return turns, calls


def _message(turn: Spoken, way: Thought) -> JsonMessage:
    if turn.answered is not None:
        return _result(turn.text, turn.answered)
    if turn.calls:
        return _said(joined(turn.thoughts), turn.text, turn.calls, way)
    broken = way if turn.role == ASSISTANT else Thought.NONE
    return {"role": turn.role, "content": said(turn.text, broken, tools=True)}


def _said(
    thought: str, content: str, calls: list[Function], way: Thought, *, is_reply: bool = False
) -> JsonMessage:
    """Write what an assistant thinks, in a field of its own or in the text, says and calls.

    A reply has the field also where nothing was thought.
    """
    text = written(thought, content, way, tools=True, calls=bool(calls))
    message: JsonMessage = {"role": ASSISTANT, "content": text}
    if way is Thought.REASONING_CONTENT and (thought or is_reply):
        message["reasoning_content"] = said(thought, way, tools=True)
    return {**message, "tool_calls": [_call(call, way) for call in calls]} if calls else message


def _call(call: Function, way: Thought) -> JsonMessage:
    """Write a call: its arguments as an object, which templates write as they want them."""
    arguments = as_text(call.arguments)
    function = {
        "name": neutral(call.name, tools=True),
        "arguments": _decode(said(arguments, way, tools=True)),
    }
    named = {} if call.id is None else {"id": neutral(call.id, tools=True)}
    return {**named, "type": "function", "function": function}


def _result(text: str, call: Function) -> JsonMessage:
    message: JsonMessage = {
        "role": "tool",
        "name": neutral(call.name, tools=True),
        "content": neutral(text, tools=True),
    }
    return message if call.id is None else {**message, "tool_call_id": neutral(call.id, tools=True)}
