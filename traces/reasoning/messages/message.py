"""One message of a conversation, in whatever shape providers and datasets write it.

What it says is text; what it thought, called, returned and showed is told apart. Nothing is left
out without a mark: what is no text stands in it as `[image]` and the like.
"""

from typing import Any

from traces.reasoning.messages.calls import called, calls_of, text_in
from traces.reasoning.messages.content import ANSWERED, are_results, is_parts, text_of, texts_of
from traces.reasoning.messages.thoughts import each_once, thoughts_of
from traces.reasoning.messages.turn import ASSISTANT, ROLES, TOOL, USER, Result, Turn, role_of

THINKING_ROLES = ("reasoning", "thinking", "thought", "thoughts")
CALLING_ROLES = ("function_call", "tool_call")  # a turn of such a role is a call and nothing else
CONTENT_NAMES = ("content", "parts", "refusal", "text", "value", "message")
MEDIA_FIELDS = ("images", "attachments", "experimental_attachments", "audio")
TOOL_NAMES = ("name", "tool_name")


def read_message(message: dict[str, Any]) -> Turn:
    """Tell a message's parts apart; UnreadableMessage where one is not as it should be."""
    turn = Turn(role_of(message) or "")
    turn.thoughts = thoughts_of(message)
    name = next((name for name in CONTENT_NAMES if message.get(name)), "content")
    content = message.get(name)
    turn.returns = turn.role == TOOL
    if _is_call(message, turn.role):
        turn.calls.append(called(content))
    elif isinstance(content, list) and not (turn.returns and not is_parts(content)):
        turn.text = "\n\n".join(filter(None, texts_of(content, name, turn)))
    else:
        turn.text = text_of(content, name, turn)
    if _is_thought(message) and turn.text:
        turn.thoughts.append(turn.text)
        turn.text = ""
    turn.thoughts = each_once(turn.thoughts)
    for field_name in MEDIA_FIELDS:
        if message.get(field_name):
            turn.media.append(field_name)
            turn.text = "\n\n".join(filter(None, [turn.text, f"[{field_name}]"]))
    turn.calls += calls_of(message)
    if turn.role == USER and isinstance(content, list) and are_results(content):
        turn.role = TOOL  # as Anthropic's users return what their tools said
    if turn.role == TOOL:
        turn.results = _results(turn, message)
    return turn


def _results(turn: Turn, message: dict[str, Any]) -> list[Result]:
    """Give what a tool's turn returns; of one result, the message may tell of which call it is."""
    if len(turn.results) > 1:
        return turn.results
    call, name = text_in(ANSWERED, message), text_in(TOOL_NAMES, message)
    (one,) = turn.results or [Result(turn.text)]
    return [Result(one.text, one.id or call, one.name or name)]


def _is_call(message: dict[str, Any], role: str) -> bool:
    """Tell a turn that is a call by its role, or by the name that its speaker had before it."""
    names = ("role", "from") if role == ASSISTANT else ("role",)
    return any(str(message.get(name)).strip().lower() in CALLING_ROLES for name in names)


def _is_thought(message: dict[str, Any]) -> bool:
    """Tell a turn that is a thought as a whole, by its role or by gpt-oss's channel."""
    role = str(message.get("role")).strip().lower()
    return role in THINKING_ROLES or (
        ROLES.get(role, role) == ASSISTANT and message.get("channel") == "analysis"
    )
