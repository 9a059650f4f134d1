"""What a message keeps as its thought, wherever it keeps it."""

from collections.abc import Iterator
from itertools import accumulate
from typing import Any

from traces.reasoning.messages.turn import UnreadableMessage, reason_of

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
PLAIN = frozenset(["role", "content", "from", "name"])  # fields of a message that holds no more
HIDDEN_PARTS = ("redacted_thinking", "encrypted")
THOUGHT_NAMES = (
    *("thinking", "text", "content", "reasoning", "reasoning_content", "reasoningText"),
    *("thought", "summary"),
)
MAX_THOUGHT_DEPTH = 5


def thoughts_of(message: dict[str, Any]) -> list[str]:
    """Give what stands in the fields of thoughts, each thought once."""
    if message.keys() <= PLAIN:
        return []
    places: list[list[str]] = []
    for holder, path in _holders(message):
        for name in THOUGHT_FIELDS:
            here = f"{path}.{name}" if path else name
            if texts := list(thought_texts(holder.get(name), here)):
                places.append(texts)
    if len(places) < 2:
        return places[0] if places else []
    kept: dict[str, list[str]] = {}
    for texts in places:
        kept.setdefault(folded("".join(texts)), texts)
    return [text for texts in kept.values() for text in texts]


def each_once(thoughts: list[str]) -> list[str]:
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


def thought_texts(value: Any, path: str, depth: int = 0) -> Iterator[str]:
    """Yield the texts of a thought: a text, an object that holds one, or a list of such."""
    if value is None or depth > MAX_THOUGHT_DEPTH:
        return
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from thought_texts(item, f"{path}[{index}]", depth + 1)
    elif isinstance(value, dict):
        name = next((name for name in THOUGHT_NAMES if value.get(name)), None)
        if name is None:
            name = next((name for name in THOUGHT_NAMES if value.get(name) is not None), None)
        if name is not None:
            yield from thought_texts(value[name], f"{path}.{name}", depth + 1)
        elif not _is_hidden(value) and not ("type" in value and depth):
            raise UnreadableMessage(path, "Holds no text of a thought.")
    else:
        raise UnreadableMessage(path, reason_of(value, "Not a string."))


def _is_hidden(part: dict[str, Any]) -> bool:
    """Tell a thought that the provider keeps to itself."""
    kind = str(part.get("type", ""))
    hidden = any(word in kind for word in HIDDEN_PARTS)
    return hidden or any(name in part for name in ("data", "redactedContent", "encrypted_content"))
