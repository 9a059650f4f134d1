"""A turn: who speaks, and what a message of theirs says."""

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

USER, ASSISTANT, SYSTEM, TOOL = "user", "assistant", "system", "tool"
ROLES = {
    **dict.fromkeys(["human", "humanmessage", "prompter", "person"], USER),
    **dict.fromkeys(
        ["ai", "aimessage", "gpt", "chatgpt", "bing", "bard", "model", "bot", "chatbot"], ASSISTANT
    ),
    **dict.fromkeys(["developer", "systemmessage"], SYSTEM),
    **dict.fromkeys(
        ["function", "observation", "ipython", "toolmessage", "tool_response", "tool_result"], TOOL
    ),
    **dict.fromkeys(["function_call", "tool_call"], ASSISTANT),
    **dict.fromkeys(["reasoning", "thinking", "thought", "thoughts"], ASSISTANT),
}


class UnreadableMessage(ValueError):
    """A message is not as it should be: the path in it (may be empty), and why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class Result(NamedTuple):
    """What a tool returned, and of which call by its id or function, where that is told."""

    text: str
    id: str | None = None
    name: str | None = None


@dataclass(slots=True)
class Turn:
    """What one message says, in the field's own roles (user, assistant, system, tool, or another).

    `calls` are as they came; `media` names what is shown in `text` as a mark alone; `returns`
    tells that it holds a tool's result, and `results` are those that stand apart in it.
    """

    role: str
    text: str = ""
    thoughts: list[str] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    returns: bool = False
    results: list[Result] = field(default_factory=list)


def role_of(message: dict[str, Any]) -> str | None:
    """Give a message's role by the name that most know it by; None where it has none."""
    role = message.get("role")
    if not isinstance(role, str) or not role.strip():
        return None
    known = role.strip().lower()
    return ROLES.get(known, known if known in (USER, ASSISTANT, SYSTEM, TOOL) else role)


def as_json(value: Any, path: str) -> str:
    """Write a value as compact JSON; UnreadableMessage where it is none."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise UnreadableMessage(path, "Holds what JSON cannot say.") from None


def reason_of(value: Any, otherwise: str) -> str:
    """Say why a value is refused: one that the parser has marked says it itself."""
    reason = getattr(value, "reason", None)
    return reason if isinstance(reason, str) else otherwise
