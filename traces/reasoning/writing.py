"""How a thought and what is said after it are written as one text, so that neither can end early.

Marks that a trainer's template or tokenizer reads get a zero-width space behind their `<` where a
trace holds them: Gemma's turns, `<|...|>` of ChatML, Llama, gpt-oss and their kin (DeepSeek's too),
and the tokens that begin and end a text; in what a model says, also the marks of its thought.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import partial

from traces.reasoning.templates import JOINT, ZERO_WIDTH_SPACE


class Thought(StrEnum):
    """How a thought comes beside what is said after it."""

    REASONING_CONTENT = "reasoning_content"  # in a field of its own, for the template to write
    THINK = "think"
    TAGS = "tags"
    PLAIN = "plain"
    NONE = "none"


# nothing repeats without bound: linear
_CONTROL = r"(?:start_of_turn|end_of_turn|bos|eos|/s)>|[|\uff5c][^<>|\uff5c\s]{1,40}[|\uff5c]>"
_MARKS = {
    Thought.REASONING_CONTENT: r"|/?think>",
    Thought.THINK: r"|/?think>",
    Thought.TAGS: r"|/?(?:reasoning|answer)>",
}
_TOOLS = r"|\|?/?tool(?:s|_calls?|_response)?\|?>"
_break = {
    (way, tools): partial(
        re.compile(f"<(?={_CONTROL}{_MARKS.get(way, '')}{_TOOLS if tools else ''})").sub,
        f"<{ZERO_WIDTH_SPACE}",
    )
    for way in Thought
    for tools in (False, True)
}


def neutral(text: str, *, tools: bool = False) -> str:
    """Break the marks that would begin or end a turn, or a text; with `tools`, a call or result."""
    return _break[Thought.NONE, tools](text) if "<" in text else text


def said(text: str, thought: Thought, *, tools: bool = False) -> str:
    """Break what `neutral` does, and the marks of a thought that is written so."""
    return _break[thought, tools](text) if "<" in text else text


def joined(parts: Iterable[str]) -> str:
    """Join what holds something by blank lines."""
    return JOINT.join(filter(None, parts))


def written(
    thought: str, content: str, way: Thought, *, tools: bool = False, calls: bool = False
) -> str:
    """Write both as one text; where nothing was thought, what is said alone.

    With REASONING_CONTENT, which is no text, as with NONE. What `calls` follow is no answer.
    """
    thought, content = said(thought, way, tools=tools), said(content, way, tools=tools)
    match way:
        case Thought.THINK if thought:
            return f"<think>\n{thought}\n</think>{JOINT}{content}"
        case Thought.TAGS if calls:
            before = f"<reasoning>{thought}</reasoning>" if thought else ""
            return "\n".join(filter(None, [before, content]))
        case Thought.TAGS:
            before = f"<reasoning>{thought}</reasoning>\n" if thought else ""
            return f"{before}<answer>{content}</answer>"
        case Thought.PLAIN:
            return joined([thought, content])
    return content
