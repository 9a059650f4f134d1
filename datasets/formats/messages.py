"""All turns in one list of messages: trainers learn all of them, or those of the assistant."""

from typing import Any

from datasets.formats.format import Format
from datasets.formats.items import ReplyRow, ToolsRow
from datasets.formats.options import TEXT_FIRST, Options, Tools
from datasets.formats.rendering import metadata, source
from datasets.formats.replies import asked, message, message_type, messages, reply_of
from datasets.formats.schema import Json, Message, Schema, ThoughtMessage
from datasets.formats.tools import conversation, definitions
from traces.reasoning.turns import Parts
from traces.reasoning.writing import Thought


def render(row: ReplyRow | ToolsRow, options: Options) -> dict[str, Any]:
    if isinstance(row, ToolsRow):
        return _render_with_tools(row, options)
    before: list[Message] = messages(asked(row), options.thought)
    if options.thought is Thought.REASONING_CONTENT:  # all of a list have the same keys
        before = [ThoughtMessage(turn.role, turn.content, "") for turn in before]
    return {
        "messages": [*before, message(reply_of(row), options.thought)],
        **metadata(row, options, first=source(row)),
    }


def _render_with_tools(row: ToolsRow, options: Options) -> dict[str, Any]:
    prompt, reply = conversation(row, options.thought)
    return {
        "messages": [*prompt, reply],
        "tools": definitions(row),
        **metadata(row, options, first=source(row)),
    }


def schema(options: Options) -> Schema:
    if options.tools is Tools.RENDER:
        return {"messages": [Json], "tools": str, "metadata": str}
    return {"messages": [message_type(options.thought)], "metadata": str}


MESSAGES = Format(
    name="messages",
    version=2,
    row=ReplyRow,
    render=render,
    schema=schema,
    metadata=TEXT_FIRST,
    thoughts=tuple(Thought),
    tools=tuple(Tools),
    leaves_out=Parts.TOOLS | Parts.MEDIA | Parts.TRUNCATED | Parts.UNREADABLE | Parts.OTHER_TOOLS,
)
