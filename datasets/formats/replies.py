"""What stands before a reply, and the reply: its thought, and what it says."""

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from datasets.formats.items import LabelledRow, PromptRow, ReplyRow, ToolsRow
from datasets.formats.schema import Message, Step, ThoughtMessage, read_steps
from traces.intake.original import SOURCE_RECORD
from traces.reasoning.answers.trimming import without_ends
from traces.reasoning.messages.calls import Function
from traces.reasoning.messages.turn import ASSISTANT, USER, Turn
from traces.reasoning.replies import REPLY_IN_STEPS, REPLY_STEP
from traces.reasoning.solutions import holds_in_order
from traces.reasoning.steps import OUTPUT, TOOL_CALL
from traces.reasoning.templates import GEMMA, in_two_roles
from traces.reasoning.turns import context, reply_in
from traces.reasoning.writing import Thought, joined, neutral, said, written
from tunix_site.strict_json import stored

_BEGINNING = re.compile(r"\W*(?:Reasoning:\s*)?(?:1\W+)?")  # what may stand before the first step


class Reply(NamedTuple):
    thought: list[str]  # its steps
    content: str


def asked(row: ReplyRow | LabelledRow | PromptRow) -> list[Turn]:
    """Give the turns before the reply, each in its own role."""
    if row.said is None:
        return [Turn(USER, row.prompt)]
    turns = [turn for turn in context(stored(row.said), stored(row.meta)) if turn.text]
    if [turn.role for turn in turns] in ([], [USER]):
        return [Turn(USER, row.prompt)]
    return turns


def reply_of(row: ReplyRow | LabelledRow | ToolsRow, calls: Sequence[Function] = ()) -> Reply:
    """Tell a thought from what is said after it: the answer, unless the trace knows the reply.

    Where the reply's `calls` are told beside it, steps that are calls are not part of it.
    """
    steps = read_steps(row.steps)
    if calls:
        steps = [step for step in steps if step.type != TOOL_CALL]
    if '"reply_' in row.meta:
        meta = stored(row.meta)
        if meta.get(REPLY_IN_STEPS) is True:
            return Reply([], _whole(row, meta, steps))
        number = meta.get(REPLY_STEP)
        at = next((n for n, step in enumerate(steps) if step.i == number), None)
        if at is not None and type(number) is int:
            return Reply([step.content for step in steps[:at]], steps[at].content)
    if len(steps) == 1 and steps[0].type == OUTPUT:
        return Reply([], row.final_answer)
    return Reply([step.content for step in steps], row.final_answer)


def thought_of(row: ReplyRow) -> list[str]:
    """Give the steps towards the answer: all but the reply, unless they are the reply, cut."""
    if f'"{REPLY_IN_STEPS}"' in row.meta and stored(row.meta).get(REPLY_IN_STEPS) is True:
        return [step.content for step in read_steps(row.steps)]
    return reply_of(row).thought


def _whole(row: ReplyRow | LabelledRow | ToolsRow, meta: dict[str, Any], steps: list[Step]) -> str:
    """Give a reply that was cut into steps: the last turn, or the text that was kept of it."""
    if row.said is not None and (turn := reply_in(stored(row.said), meta)) and turn.text:
        return turn.text
    contents = [step.content for step in steps]
    whole = joined(contents)
    is_asked_again = row.prompt in whole
    for text in map(without_ends, _kept_texts(row, meta)):
        if _is_reply(text, contents) and (is_asked_again or row.prompt not in text):
            return text
    return whole


def _kept_texts(row: ReplyRow | LabelledRow | ToolsRow, meta: dict[str, Any]) -> Iterator[str]:
    """Yield the shortest first: a longer one may have the prompt before the reply."""
    texts = []
    for kept in (stored(row.kept) if row.kept else None, meta.get(SOURCE_RECORD)):
        if isinstance(kept, dict):
            texts += [(len(text), name, text) for name, text in kept.items() if type(text) is str]
    return (text for _, _, text in sorted(texts))


def _is_reply(text: str, contents: list[str]) -> bool:
    """Tell whether a text begins with the first step, and holds all."""
    start = text.find(contents[0]) if contents else -1
    return (
        start >= 0 and bool(_BEGINNING.fullmatch(text, 0, start)) and holds_in_order(text, contents)
    )


def in_gemmas_turns(row: ReplyRow | PromptRow) -> str:
    """Write what stands before the reply with Gemma's marks, up to where the reply begins."""
    if row.said is None:
        return GEMMA.prompt(neutral(row.prompt))
    turns = [Turn(turn.role, neutral(turn.text)) for turn in asked(row)]
    return GEMMA.conversation(in_two_roles(turns))


def messages(turns: list[Turn], way: Thought = Thought.NONE) -> list[Message]:
    """Write turns; the model's so that a template finds no mark of a thought in them."""
    return [
        Message(turn.role, said(turn.text, way) if turn.role == ASSISTANT else neutral(turn.text))
        for turn in turns
    ]


def message(reply: Reply, way: Thought) -> Message:
    """Write a reply as a message, its thought in a field of its own or in its text."""
    thought = joined(reply.thought)
    content = written(thought, reply.content, way)
    if way is Thought.REASONING_CONTENT:
        return ThoughtMessage(ASSISTANT, content, said(thought, way))
    return Message(ASSISTANT, content)


def text(reply: Reply, way: Thought) -> str:
    return written(joined(reply.thought), reply.content, way)


def message_type(way: Thought) -> type[msgspec.Struct]:
    return ThoughtMessage if way is Thought.REASONING_CONTENT else Message
