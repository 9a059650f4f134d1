"""The turns before the reply, and the reply, as messages: TRL learns the reply alone."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ReplyRow, ToolsRow
from datasets.formats.options import TEXT_FIRST, Options, Tools
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import asked, message, message_type, messages, reply_of
from datasets.formats.schema import Json, Message, Schema
from datasets.formats.tools import conversation, definitions
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: ReplyRow | ToolsRow, options: Options) -> dict[str, Any]:
    if isinstance(row, ToolsRow):
        return _render_with_tools(row, options)
    return {
        "prompt": messages(asked(row), options.thought),
        "completion": [message(reply_of(row), options.thought)],
        **metadata(row, options, first=source(row)),
    }


def _render_with_tools(row: ToolsRow, options: Options) -> dict[str, Any]:
    prompt, reply = conversation(row, options.thought)
    return {
        "prompt": prompt,
        "completion": [reply],
        "tools": definitions(row),
        **metadata(row, options, first=source(row)),
    }


def schema(options: Options) -> Schema:
    if options.tools is Tools.RENDER:
        return {"prompt": [Json], "completion": [Json], "tools": str, "metadata": str}
    said = message_type(options.thought)
    return {"prompt": [Message], "completion": [said], "metadata": str}


CHAT = Format(
    name="chat",
    version=2,
    row=ReplyRow,
    render=render,
    schema=schema,
    metadata=TEXT_FIRST,
    thoughts=tuple(Thought),
    tools=tuple(Tools),
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE | Parts.OTHER_TOOLS,
)
