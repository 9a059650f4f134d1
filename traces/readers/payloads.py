"""What a call was given and what it gave, as programs and platforms log them.

Texts, messages in OpenAI's, LangChain's and ShareGPT's form, requests and responses, as they are
or as the JSON of them.
"""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from traces.readers.conversations import Turns
from traces.readers.draft import Unreadable
from traces.readers.mapping import keys_of
from traces.readers.speakers import message_of, speaker
from traces.reasoning.messages.turn import ASSISTANT, SYSTEM, TOOL, USER
from traces.sources.json_texts import opened

# in which a request names what is asked, and a response what is said; the surest first
ASKED = ("messages", "input", "inputs", "contents", "prompt", "prompts", "kwargs", "args")
ASKED_TEXTS = ("question", "query", "instruction", "user_input", "text", "content", "request")
SYSTEMS = ("instructions", "system", "system_prompt", "systemPrompt")
CHOICES = ("choices", "generations", "candidates")
SAID = ("message", "messages", "output_messages", "output", "outputs")
SAID_TEXTS = (
    *(
        "content",
        "text",
        "output_text",
        "answer",
        "response",
        "completion",
        "result",
        "generated_text",
    ),
    "reply",
)
ENDED = ("finish_reason", "stop_reason", "finishReason", "done_reason")
INCOMPLETE = "incomplete"  # a status of Responses
MAX_DEPTH = 6


class Said(NamedTuple):
    """A reply as a message, the path at which it stands and why it ended, where that is told."""

    where: str
    message: dict[str, Any]
    ended: str | None = None


def turns_of(value: Any, where: str, depth: int = 0) -> Turns:
    """Give the turns of what was asked; Unreadable where there is none to be seen."""
    if isinstance(value, str):
        parsed = opened(value)
        if not _is_logged(parsed, ASKED):
            return [(where, {"role": USER, "content": value})] if value.strip() else []
        value = parsed
    if isinstance(value, list) and depth < MAX_DEPTH:
        return _listed(value, where, depth)
    if isinstance(value, dict) and depth < MAX_DEPTH:
        if (message := message_of(value)) is not None:
            return [(where, message)]
        return _requested(value, where, depth)
    raise Unreadable(where, "Holds no prompt.")


def _listed(value: list[Any], where: str, depth: int) -> Turns:
    if len(value) == 1 and isinstance(value[0], list):  # a batch of one
        return turns_of(value[0], f"{where}[0]", depth + 1)
    turns: Turns = []
    for position, item in enumerate(value):
        here = f"{where}[{position}]"
        message = message_of(item)
        if message is None:
            if len(value) > 1:
                raise Unreadable(here, "Not a message.")
            return turns_of(item, here, depth + 1)
        turns.append((here, message))
    return turns


def _requested(value: dict[str, Any], where: str, depth: int) -> Turns:
    """Give the turns of a request: its messages or prompt, behind its instructions."""
    name = next((name for name in (*ASKED, *ASKED_TEXTS) if value.get(name) not in _NOTHING), None)
    if name is None:
        texts = [key for key, item in value.items() if isinstance(item, str) and item.strip()]
        if len(texts) != 1:
            raise Unreadable(where, f"Holds no prompt; it has the keys: {keys_of(value)}.")
        name = texts[0]
    turns = turns_of(value[name], f"{where}.{name}".lstrip("."), depth + 1)
    return [*system_of(value, where), *turns]


def system_of(value: dict[str, Any], where: str = "") -> Turns:
    """Give a system prompt that stands beside what is asked."""
    for name in SYSTEMS:
        text = value.get(name)
        if isinstance(text, list) or (isinstance(text, str) and text.strip()):
            return [(f"{where}.{name}".lstrip("."), {"role": SYSTEM, "content": text})]
    return []


def replies_of(value: Any, where: str, depth: int = 0) -> list[Said]:
    """Give the replies in what a call gave; none where there is none to be seen."""
    if isinstance(value, str):
        parsed = opened(value)
        if _is_logged(parsed, CHOICES) and (found := replies_of(parsed, where, depth + 1)):
            return found
        return [_text(value, where)] if value.strip() else []
    if depth > MAX_DEPTH:
        return []
    if isinstance(value, list):
        return _last_of(value, where, depth)
    if not isinstance(value, dict):
        return []
    if name := next((name for name in CHOICES if value.get(name)), None):
        return list(_choices(value[name], f"{where}.{name}".lstrip("."), depth))
    if (message := message_of(value)) is not None:
        return [Said(where, message, _ended(value))]
    for name in (*SAID, *SAID_TEXTS):
        if found := replies_of(value.get(name), f"{where}.{name}".lstrip("."), depth + 1):
            ended = _ended(value)
            return [one if one.ended else one._replace(ended=ended) for one in found]
    return []


def _last_of(value: list[Any], where: str, depth: int) -> list[Said]:
    """Give the reply in a list: what a response is made of, or the last of its messages."""
    if any(isinstance(item, dict) and item.get("type") in _ITEMS for item in value):
        return [Said(where, {"role": ASSISTANT, "content": list(_parts(value))})]
    for position in range(len(value) - 1, -1, -1):
        here = f"{where}[{position}]"
        message = message_of(value[position])
        if message is None and len(value) == 1:
            return replies_of(value[position], here, depth + 1)
        if message is not None and speaker(message["role"]) not in (USER, SYSTEM, TOOL):
            return [Said(here, message)]
    return []


def _choices(listed: Any, where: str, depth: int) -> Iterator[Said]:
    if isinstance(listed, list) and listed and isinstance(listed[0], list):  # a batch of one
        listed = listed[0]
    for position, choice in enumerate(listed if isinstance(listed, list) else []):
        here = f"{where}[{position}]"
        ended = _ended(choice) if isinstance(choice, dict) else None
        found = replies_of(choice, here, depth + 1)
        yield from [one if one.ended else one._replace(ended=ended) for one in found]


def _parts(items: Iterable[Any]) -> Iterator[Any]:
    """Give the items of a response as the parts of one message."""
    for item in items:
        if isinstance(item, dict) and item.get("type") == "message":
            content = item.get("content")
            yield from content if isinstance(content, list) else [content]
        else:
            yield item


def _text(value: str, where: str) -> Said:
    return Said(where, {"role": ASSISTANT, "content": value})


def _ended(value: dict[str, Any]) -> str | None:
    """Tell why a reply ended, in whatever place that stands."""
    holders = [value, *(value.get(name) for name in ("generation_info", "response_metadata"))]
    for holder in holders:
        if isinstance(holder, dict):
            for name in ENDED:
                if isinstance(ended := holder.get(name), str):
                    return ended
    return INCOMPLETE if value.get("status") == INCOMPLETE else None


def _is_logged(value: Any, names: Iterable[str]) -> bool:
    """Tell a request or response that was written as JSON from JSON that somebody said."""
    if isinstance(value, list):
        return bool(value) and all(message_of(item) is not None for item in value)
    return isinstance(value, dict) and (
        message_of(value) is not None or any(value.get(name) for name in names)
    )


_NOTHING: tuple[Any, ...] = (None, "", [], {})
_ITEMS = ("message", "reasoning", "function_call")  # of a response's output
