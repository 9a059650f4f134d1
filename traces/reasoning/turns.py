"""Conversations: which turns stand before the reply, what they hold, and how people read them."""

from enum import IntFlag
from itertools import takewhile
from typing import Any

from traces.reasoning.answers.trimming import without_ends
from traces.reasoning.messages.calls import Function, call_text
from traces.reasoning.messages.message import read_message
from traces.reasoning.messages.thoughts import each_once
from traces.reasoning.messages.tools import OtherTools, Spoken, functions_in, paired
from traces.reasoning.messages.turn import (
    ASSISTANT,
    SYSTEM,
    TOOL,
    USER,
    Turn,
    UnreadableMessage,
    role_of,
)
from traces.reasoning.thoughts import split_thought

JOINT = "\n\n"
LABELS = {USER: "User", ASSISTANT: "Assistant", SYSTEM: "System", TOOL: "Tool"}


class Parts(IntFlag):
    """What a trace holds beside one question and its answer, which not every format can say.

    In this order a format that leaves a trace out names its reason.
    """

    SEVERAL_TURNS = 1
    TOOLS = 2
    MEDIA = 4
    TRUNCATED = 8  # the reply was cut off before its answer
    UNREADABLE = 16  # messages that are no turns
    OTHER_TOOLS = 32  # calls that are none of functions, or results that answer none


def parts_of(
    messages: list[dict[str, Any]] | None, meta: dict[str, Any] | None, final_answer: str
) -> Parts:
    """Tell what a trace holds; of messages that are not as they should be, that alone."""
    parts = Parts(0)
    if not final_answer and meta and meta.get("truncated") is True:
        parts = Parts.TRUNCATED
    if not messages:
        return parts
    try:
        asked = context(messages, meta)
        reply = _reply_position(messages, meta)
        replied = [] if reply is None else [read_message(messages[reply])]
    except (UnreadableMessage, AttributeError, RecursionError):
        return parts | Parts.UNREADABLE
    turns = [*asked, *replied]
    roles = [turn.role for turn in asked if turn.role != SYSTEM]
    if roles != [USER] or asked[-1].role != USER:
        parts |= Parts.SEVERAL_TURNS
    if any(turn.calls or turn.returns for turn in turns):
        parts |= Parts.TOOLS
        if not _are_functions(asked, replied):
            parts |= Parts.OTHER_TOOLS
    if any(turn.media for turn in turns):
        parts |= Parts.MEDIA
    return parts


def context(messages: list[dict[str, Any]], meta: dict[str, Any] | None) -> list[Turn]:
    """Give the turns before the reply, without earlier thoughts, as chat templates do.

    UnreadableMessage where one of them is not as it should be.
    """
    reply = _reply_position(messages, meta)
    turns = [asked(message) for message in (messages if reply is None else messages[:reply])]
    return [turn for turn in turns if turn.text or turn.calls or turn.role != ASSISTANT]


def reply_in(messages: list[dict[str, Any]], meta: dict[str, Any] | None) -> Turn | None:
    """Give the turn that is the reply, without its thought; None where it is not among them."""
    reply = _reply_position(messages, meta)
    return None if reply is None else asked(messages[reply])


def asked(message: dict[str, Any]) -> Turn:
    """Read a turn without what was thought, as those that stand before the reply are said."""
    turn = _thought_and_said(message)
    turn.thoughts = []
    return turn


def spoken(
    messages: list[dict[str, Any]], meta: dict[str, Any] | None
) -> tuple[list[Spoken], list[Function]]:
    """Give the turns before the reply with their calls and results, and the reply's calls.

    What was thought before a call comes with it, unless a user has spoken since: so chat templates
    write it. OtherTools where `parts_of` tells of them.
    """
    reply = _reply_position(messages, meta)
    before = [_thought_and_said(message) for message in messages[:reply]]
    latest = max((at for at, turn in enumerate(before) if turn.role == USER), default=-1)
    turns: list[Turn] = []
    thoughts: list[str] = []  # in turns of their own
    for at, turn in enumerate(before):
        thoughts += turn.thoughts
        if turn.role == ASSISTANT and not turn.text and not turn.calls:
            continue
        turn.thoughts = each_once(thoughts) if turn.role == ASSISTANT and at > latest else []
        thoughts = []
        turns.append(turn)
    calls = [] if reply is None else functions_in(read_message(messages[reply]))
    return paired(turns), calls


def _thought_and_said(message: dict[str, Any]) -> Turn:
    """Read a turn; what an assistant thought stands apart from what it said."""
    turn = read_message(message)
    if turn.role == ASSISTANT:
        split = split_thought(turn.text)
        turn.text = without_ends(split.answer)
        turn.thoughts += [split.thought] if split.thought else []
    return turn


def _are_functions(asked: list[Turn], replied: list[Turn]) -> bool:
    """Tell whether `spoken` can say the calls and results of turns."""
    try:
        paired(asked)
        for turn in replied:
            functions_in(turn)
    except OtherTools:
        return False
    return True


def before_reply(
    messages: list[dict[str, Any]], meta: dict[str, Any] | None
) -> list[dict[str, Any]]:
    """Give the messages before the reply as they came, less those that only thought towards it.

    UnreadableMessage where one of those is not as it should be.
    """
    before = messages[: _reply_position(messages, meta)]
    while before:
        turn = asked(before[-1])
        if turn.text or turn.calls or turn.role != ASSISTANT:
            break
        before = before[:-1]
    return before


def system_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the messages with which the system begins."""
    return list(takewhile(lambda message: role_of(message) == SYSTEM, messages))


def system_text(messages: list[dict[str, Any]] | None) -> str:
    """Give the text with which the system begins, as a transcript begins with it; "" for none."""
    try:
        texts = [read_message(message).text for message in system_messages(messages or [])]
    except (UnreadableMessage, AttributeError, RecursionError):
        return ""
    return JOINT.join(filter(None, texts))


def transcript(turns: list[Turn]) -> str:
    """Write turns for people, for search and for hashing.

    What the system says first and one question of a user stand there as they are; in any other
    conversation each turn behind the system's has its role before it, calls and results in their
    places.
    """
    first = next((n for n, turn in enumerate(turns) if turn.role != SYSTEM), len(turns))
    system = [turn.text for turn in turns[:first]]
    rest = turns[first:]
    if len(rest) == 1 and rest[0].role == USER and not rest[0].calls:
        said = [rest[0].text]
    else:
        said = [text for turn in rest if (text := _labelled(turn))]
    return JOINT.join(filter(None, [*system, *said]))


def _labelled(turn: Turn) -> str:
    label = LABELS.get(turn.role, turn.role)
    said = [f"{label}: {turn.text}"] if turn.text else []
    return JOINT.join([*said, *(f"{label} calls: {call_text(call)}" for call in turn.calls)])


def _reply_position(messages: list[dict[str, Any]], meta: dict[str, Any] | None) -> int | None:
    """Find the message that the trace's answer is, if it is among them.

    `meta` tells of those that the reader took apart: how many turns came after the reply, or that
    all of them are the prompt.
    """
    notes = meta or {}
    if notes.get("prompt_turns") == len(messages):
        return None
    after = notes.get("turns_after")
    position = len(messages) - 1 - (after if type(after) is int and after > 0 else 0)
    if position >= 0 and role_of(messages[position]) == ASSISTANT:
        return position
    return None
