"""All turns in one list of messages: trainers learn all of them, or those of the assistant."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ReplyRow
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import asked, message, message_type, messages, reply_of
from datasets.formats.schema import Message, Schema, ThoughtMessage
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: ReplyRow, options: Options) -> dict[str, Any]:
    before: list[Message] = messages(asked(row), options.thought)
    if options.thought is Thought.REASONING_CONTENT:  # all of a list have the same keys
        before = [ThoughtMessage(turn.role, turn.content, "") for turn in before]
    return {
        "messages": [*before, message(reply_of(row), options.thought)],
        **metadata(row, options, first=source(row)),
    }


def schema(options: Options) -> Schema:
    return {"messages": [message_type(options.thought)], "metadata": str}


MESSAGES = Format(
    name="messages",
    version=1,
    row=ReplyRow,
    render=render,
    schema=schema,
    metadata=TEXT_FIRST,
    thoughts=tuple(Thought),
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
