"""The content of a message: text, or parts of which some are none."""

from collections.abc import Iterator
from typing import Any

from traces.reasoning.messages.calls import text_in
from traces.reasoning.messages.thoughts import HIDDEN_PARTS, thought_texts
from traces.reasoning.messages.turn import (
    TOOL,
    Result,
    Turn,
    UnreadableMessage,
    as_json,
    reason_of,
)

THOUGHT_PARTS = (
    *("reasoning", "thinking", "thought", "reasoningcontent", "reasoning_content"),
    "reasoning_text",
)
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
RESULT_NAMES = ("output", "content", "response", "result", "text")
ANSWERED = ("tool_use_id", "tool_call_id", "call_id", "toolUseId", "toolCallId")  # by a result
KNOWN_PARTS = {"text", "image", "document", *THOUGHT_PARTS, *CALL_PARTS, *RESULT_PARTS}
MAX_KIND_CHARS = 40


def text_of(content: Any, path: str, turn: Turn) -> str:
    """Give the text of a content that is no list of parts."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, dict) and not turn.returns:
        if isinstance(parts := content.get("parts"), list):
            return "\n\n".join(filter(None, texts_of(parts, f"{path}.parts", turn)))
        if isinstance(content.get("text"), str):
            return str(content["text"])
    if turn.returns:
        return as_json(content, path)
    raise UnreadableMessage(path, reason_of(content, "Not a string, nor a list of parts."))


def is_parts(content: list[Any]) -> bool:
    """Tell parts from a list that a tool returned."""
    return all(
        isinstance(part, str)
        or (isinstance(part, dict) and ("type" in part or _kind(part) in KNOWN_PARTS))
        for part in content
    )


def are_results(content: list[Any]) -> bool:
    return bool(content) and all(
        isinstance(part, dict) and _kind(part) in RESULT_PARTS for part in content
    )


def texts_of(parts: list[Any], path: str, turn: Turn) -> Iterator[str]:
    """Yield the texts among a content's parts, with marks for what is none.

    Thoughts and calls go to the turn, and so do results.
    """
    for index, part in enumerate(parts):
        here = f"{path}[{index}]"
        if isinstance(part, str):
            yield part
            continue
        if not isinstance(part, dict):
            raise UnreadableMessage(here, reason_of(part, "Not an object."))
        kind = _kind(part)
        if kind in THOUGHT_PARTS or part.get("thought") is True:
            turn.thoughts += _thought_of_part(part, here)
        elif kind in HIDDEN_PARTS:
            continue
        elif kind in CALL_PARTS:
            turn.calls.append(part)
        elif kind in RESULT_PARTS:
            turn.returns = True
            result = _result(part, here, turn)
            turn.results.append(result)
            yield result.text
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
    texts = list(thought_texts(inner, path)) if isinstance(inner, dict) else []
    yield from texts


def _result(part: dict[str, Any], path: str, turn: Turn) -> Result:
    """Give a tool's result as text, and of which call it is; what it shows goes to the turn."""
    inner = next((part[key] for key in part if key.lower() in RESULT_PARTS), part)
    holder = inner if isinstance(inner, dict) else {"content": inner}
    value = next((holder[name] for name in RESULT_NAMES if holder.get(name) is not None), None)
    if isinstance(value, list) and is_parts(value):
        said = Turn(TOOL)
        text = "\n\n".join(filter(None, texts_of(value, path, said)))
        turn.media += said.media
    else:
        text = value if isinstance(value, str) else as_json(value, path)
    return Result(text, text_in((*ANSWERED, "id"), holder, part), text_in(("name",), holder, part))


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
                raise UnreadableMessage(f"{path}.{name}", reason_of(part[name], "Not a string."))
        raise UnreadableMessage(path, "Holds no text.")
    modality = part.get("modality")
    shown = modality if isinstance(modality, str) else kind or "part"
    shown = shown.removesuffix("_url").removeprefix("input_")[:MAX_KIND_CHARS]
    turn.media.append(shown)
    return f"[{shown}]"
