"""One message of a conversation, in whatever shape providers and datasets write it.

What it says is text; what it thought, called, returned and showed is told apart. Nothing is left
out without a mark: what is no text stands in it as `[image]` and the like.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

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
THINKING_ROLES = ("reasoning", "thinking", "thought", "thoughts")
CALLING_ROLES = ("function_call", "tool_call")  # a turn of such a role is a call and nothing else

# Where a message keeps its thought, the surest first; and where those who wrap messages keep these.
THOUGHT_FIELDS = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "thinking_blocks",
    "reasoning_details",
    "reasoningContent",
    "reasoning_text",
    "thought",
    "thoughts",
    "think_content",
    "reasoning_items",
    "cot",
)
WRAPPERS = ("additional_kwargs", "provider_specific_fields", "model_extra")
CONTENT_NAMES = ("content", "parts", "refusal", "text", "value", "message")
MEDIA_FIELDS = ("images", "attachments", "experimental_attachments", "audio")
CALL_FIELDS = ("tool_calls", "function_call")
PLAIN = frozenset(["role", "content", "from", "name"])  # fields of a message that holds no more

THOUGHT_PARTS = (
    *("reasoning", "thinking", "thought", "reasoningcontent", "reasoning_content"),
    "reasoning_text",
)
HIDDEN_PARTS = ("redacted_thinking", "encrypted")
CALL_PARTS = (
    *("tool_call", "tool_use", "function_call", "tooluse", "functioncall", "server_tool_use"),
    *("web_search_call", "file_search_call", "code_interpreter_call", "mcp_call"),
    *("computer_call", "image_generation_call", "local_shell_call", "executablecode"),
)
RESULT_PARTS = (
    "tool_result",
    "tool_call_response",
    "tool_call_output",
    "function_call_output",
    "toolresult",
    "functionresponse",
    "web_search_tool_result",
    "code_execution_tool_result",
    "mcp_tool_result",
    "codeexecutionresult",
)
TEXT_NAMES = ("text", "content", "refusal", "value")
THOUGHT_NAMES = (
    *("thinking", "text", "content", "reasoning", "reasoning_content", "reasoningText"),
    *("thought", "summary"),
)
RESULT_NAMES = ("output", "content", "response", "result", "text")
KNOWN_PARTS = {"text", "image", "document", *THOUGHT_PARTS, *CALL_PARTS, *RESULT_PARTS}
MAX_THOUGHT_DEPTH = 5
MAX_KIND_CHARS = 40
MAX_CALL_CHARS = 100_000  # of a call's text that is taken apart


class UnreadableMessage(ValueError):
    """A message is not as it should be: the path in it (may be empty), and why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


@dataclass(slots=True)
class Turn:
    """What one message says, in the field's own roles (user, assistant, system, tool, or another).

    `calls` are as they came; `media` names what is shown in `text` as a mark alone; `returns`
    tells that it holds a tool's result.
    """

    role: str
    text: str = ""
    thoughts: list[str] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    returns: bool = False


def role_of(message: dict[str, Any]) -> str | None:
    """Give a message's role by the name that most know it by; None where it has none."""
    role = message.get("role")
    if not isinstance(role, str) or not role.strip():
        return None
    known = role.strip().lower()
    return ROLES.get(known, known if known in (USER, ASSISTANT, SYSTEM, TOOL) else role)


def read_message(message: dict[str, Any]) -> Turn:
    """Tell a message's parts apart; UnreadableMessage where one is not as it should be."""
    turn = Turn(role_of(message) or "")
    turn.thoughts = thoughts_of(message)
    name = next((name for name in CONTENT_NAMES if message.get(name)), "content")
    content = message.get(name)
    turn.returns = turn.role == TOOL
    if _is_call(message, turn.role):
        turn.calls.append(_called(content))
    elif isinstance(content, list) and not (turn.returns and not _is_parts(content)):
        turn.text = "\n\n".join(filter(None, _texts(content, name, turn)))
    else:
        turn.text = _text(content, name, turn)
    if _is_thought(message) and turn.text:
        turn.thoughts.append(turn.text)
        turn.text = ""
    turn.thoughts = _once(turn.thoughts)
    for field_name in MEDIA_FIELDS:
        if message.get(field_name):
            turn.media.append(field_name)
            turn.text = "\n\n".join(filter(None, [turn.text, f"[{field_name}]"]))
    turn.calls += _calls(message)
    if turn.role == USER and isinstance(content, list) and _are_results(content):
        turn.role = TOOL  # as Anthropic's users return what their tools said
    return turn


def _is_call(message: dict[str, Any], role: str) -> bool:
    """Tell a turn that is a call by its role, or by the name that its speaker had before it."""
    names = ("role", "from") if role == ASSISTANT else ("role",)
    return any(str(message.get(name)).strip().lower() in CALLING_ROLES for name in names)


def thoughts_of(message: dict[str, Any]) -> list[str]:
    """Give what stands in the fields of thoughts, each thought once."""
    if message.keys() <= PLAIN:
        return []
    places: list[list[str]] = []
    for holder, path in _holders(message):
        for name in THOUGHT_FIELDS:
            here = f"{path}.{name}" if path else name
            if texts := list(_thought_texts(holder.get(name), here)):
                places.append(texts)
    if len(places) < 2:
        return places[0] if places else []
    kept: dict[str, list[str]] = {}
    for texts in places:
        kept.setdefault(folded("".join(texts)), texts)
    return [text for texts in kept.values() for text in texts]


def _is_thought(message: dict[str, Any]) -> bool:
    """Tell a turn that is a thought as a whole, by its role or by gpt-oss's channel."""
    role = str(message.get("role")).strip().lower()
    return role in THINKING_ROLES or (
        ROLES.get(role, role) == ASSISTANT and message.get("channel") == "analysis"
    )


def _once(thoughts: list[str]) -> list[str]:
    """Leave out what was thought in another place as well, whole or in pieces."""
    pieces = [folded(thought) for thought in thoughts]
    said = "".join(pieces)
    half, odd = divmod(len(said), 2)
    if said and not odd and said[:half] == said[half:]:
        ends = list(accumulate(map(len, pieces)))
        if half in ends:  # one place after the other
            thoughts = thoughts[: ends.index(half) + 1]
            pieces = pieces[: len(thoughts)]
    kept: dict[str, str] = {}
    for piece, thought in zip(pieces, thoughts, strict=True):
        kept.setdefault(piece, thought)
    return list(kept.values())


def folded(text: str) -> str:
    """Leave out all white space, by which two places differ that hold the same thought."""
    return "".join(text.split())


def _holders(message: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    yield message, ""
    for name in WRAPPERS:
        if isinstance(wrapper := message.get(name), dict):
            yield wrapper, name


def _thought_texts(value: Any, path: str, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a thought: a text, an object that holds one, or a list of such."""
    if value is None or depth > MAX_THOUGHT_DEPTH:
        return
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _thought_texts(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        name = next((name for name in THOUGHT_NAMES if value.get(name)), None)
        if name is None:
            name = next((name for name in THOUGHT_NAMES if value.get(name) is not None), None)
        if name is not None:
            yield from _thought_texts(value[name], f"{path}.{name}", depth + 1)
        elif not _is_hidden(value) and not ("type" in value and depth):
            raise UnreadableMessage(path, "Holds no text of a thought.")
    else:
        raise UnreadableMessage(path, _reason(value, "Not a string."))


def _is_hidden(part: dict[str, Any]) -> bool:
    """Tell a thought that the provider keeps to itself."""
    kind = str(part.get("type", ""))
    hidden = any(word in kind for word in HIDDEN_PARTS)
    return hidden or any(name in part for name in ("data", "redactedContent", "encrypted_content"))


def _text(content: Any, path: str, turn: Turn) -> str:
    """Give the text of a content that is no list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, dict) and not turn.returns:
        if isinstance(parts := content.get("parts"), list):
            return "\n\n".join(filter(None, _texts(parts, f"{path}.parts", turn)))
        if isinstance(content.get("text"), str):
            return str(content["text"])
    if turn.returns:
        return as_json(content, path)
    raise UnreadableMessage(path, _reason(content, "Not a string, nor a list of parts."))


def _is_parts(content: list[Any]) -> bool:
    """Tell parts from a list that a tool returned."""
    return all(
        isinstance(part, str)
        or (isinstance(part, dict) and ("type" in part or _kind(part) in KNOWN_PARTS))
        for part in content
    )


def _are_results(content: list[Any]) -> bool:
    return bool(content) and all(
        isinstance(part, dict) and _kind(part) in RESULT_PARTS for part in content
    )


def _texts(parts: list[Any], path: str, turn: Turn) -> Iterator[str]:
    """Yield the texts among a content's parts, with marks for what is none.

    Thoughts and calls go to the turn.
    """
    for index, part in enumerate(parts):
        here = f"{path}[{index}]"
        if isinstance(part, str):
            yield part
            continue
        if not isinstance(part, dict):
            raise UnreadableMessage(here, _reason(part, "Not an object."))
        kind = _kind(part)
        if kind in THOUGHT_PARTS or part.get("thought") is True:
            turn.thoughts += _thought_of_part(part, here)
        elif kind in HIDDEN_PARTS:
            continue
        elif kind in CALL_PARTS:
            turn.calls.append(part)
        elif kind in RESULT_PARTS:
            turn.returns = True
            yield _result(part, here)
        else:
            yield _shown(part, kind, here, turn)


def _kind(part: dict[str, Any]) -> str:
    """Name what a part is: by its type, or where it has none by the key that says it."""
    kind = part.get("type")
    if isinstance(kind, str):
        return kind.lower().replace("-", "_")
    if any(part.get(name) is not None for name in TEXT_NAMES):
        return "text"
    known = {*THOUGHT_PARTS, *CALL_PARTS, *RESULT_PARTS}
    return next((name for key in part if (name := key.lower()) in known), next(iter(part), ""))


def _thought_of_part(part: dict[str, Any], path: str) -> Iterator[str]:
    inner = part.get("reasoningContent", part)
    texts = list(_thought_texts(inner, path)) if isinstance(inner, dict) else []
    yield from texts


def _result(part: dict[str, Any], path: str) -> str:
    """Give a tool's result as text."""
    inner = next((part[key] for key in part if key.lower() in RESULT_PARTS), part)
    holder = inner if isinstance(inner, dict) else {"content": inner}
    value = next((holder[name] for name in RESULT_NAMES if holder.get(name) is not None), None)
    if isinstance(value, list) and _is_parts(value):
        return "\n\n".join(filter(None, _texts(value, path, Turn(TOOL))))
    return value if isinstance(value, str) else as_json(value, path)


def _shown(part: dict[str, Any], kind: str, path: str, turn: Turn) -> str:
    """Give a part's text, or a mark of what it is."""
    for name in TEXT_NAMES:
        value = part.get(name)
        if isinstance(value, str):
            return value
    if "text" in kind:
        if any(name in part and part[name] is None for name in TEXT_NAMES):
            return ""  # as tables write parts of several shapes
        for name in TEXT_NAMES:
            if part.get(name) is not None:
                raise UnreadableMessage(f"{path}.{name}", _reason(part[name], "Not a string."))
        raise UnreadableMessage(path, "Holds no text.")
    modality = part.get("modality")
    shown = modality if isinstance(modality, str) else kind or "part"
    shown = shown.removesuffix("_url").removeprefix("input_")[:MAX_KIND_CHARS]
    turn.media.append(shown)
    return f"[{shown}]"


def _calls(message: dict[str, Any]) -> list[Any]:
    calls: list[Any] = []
    for name in CALL_FIELDS:
        value = message.get(name)
        if isinstance(value, list) and name == CALL_FIELDS[0]:
            calls += value
        elif isinstance(value, dict) and name != CALL_FIELDS[0]:
            calls.append(value)
        elif value is not None:
            expected = "a list" if name == CALL_FIELDS[0] else "an object"
            raise UnreadableMessage(name, _reason(value, f"Not {expected}."))
    return calls


def _called(content: Any) -> Any:
    """Give the call that a content holds as text."""
    if isinstance(content, str) and len(content) <= MAX_CALL_CHARS:
        try:
            return json.loads(content, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return content
    return content


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is no JSON.")


def call_text(call: Any) -> str:
    """Write a call for people: its name and its arguments."""
    inner = call
    if isinstance(call, dict):
        inner = next(
            (call[name] for name in ("function", "toolUse", "functionCall") if name in call), call
        )
    if not isinstance(inner, dict) or not isinstance(inner.get("name"), str):
        return call if isinstance(call, str) else as_json(call, "")
    names = ("arguments", "input", "args", "parameters")
    given = next((inner[name] for name in names if inner.get(name) is not None), "")
    said = given if isinstance(given, str) else as_json(given, "")
    return f"{inner['name']} {said}".strip()


def as_json(value: Any, path: str) -> str:
    """Write a value as compact JSON; UnreadableMessage where it is none."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise UnreadableMessage(path, "Holds what JSON cannot say.") from None


def _reason(value: Any, otherwise: str) -> str:
    """Say why a value is refused: one that the parser has marked says it itself."""
    reason = getattr(value, "reason", None)
    return reason if isinstance(reason, str) else otherwise
