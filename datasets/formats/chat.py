"""The turns before the reply, and the reply, as messages: TRL learns the reply alone."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ReplyRow
from datasets.formats.options import TEXT_FIRST, Options
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import asked, message, message_type, messages, reply_of
from datasets.formats.schema import Message, Schema
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: ReplyRow, options: Options) -> dict[str, Any]:
    return {
        "prompt": messages(asked(row), options.thought),
        "completion": [message(reply_of(row), options.thought)],
        **metadata(row, options, first=source(row)),
    }


def schema(options: Options) -> Schema:
    said = message_type(options.thought)
    return {"prompt": [Message], "completion": [said], "metadata": str}


CHAT = Format(
    name="chat",
    version=1,
    row=ReplyRow,
    render=render,
    schema=schema,
    metadata=TEXT_FIRST,
    thoughts=tuple(Thought),
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE,
)
