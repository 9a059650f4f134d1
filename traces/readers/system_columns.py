"""A system prompt in a column of its own, beside the turns that it comes before."""

from typing import Any

from traces.readers.conversations import Turns
from traces.reasoning.messages.turn import SYSTEM, role_of

SYSTEMS = ("system", "system_prompt", "system_message")


def with_system_beside(record: dict[str, Any], turns: Turns) -> tuple[Turns, list[str]]:
    """Put the system prompt before the turns, unless they begin with it; name its column.

    It is a text or a list of a content's parts.
    """
    name = next((name for name in SYSTEMS if _says(record.get(name))), None)
    if name is None:
        return turns, []
    first = turns[0][1] if turns else None
    if (
        isinstance(first, dict)
        and role_of(first) == SYSTEM
        and first.get("content") == record[name]
    ):
        return turns, [name]
    return [(name, {"role": SYSTEM, "content": record[name]}), *turns], [name]


def _says(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(_is_text_part(part) for part in value)
    return isinstance(value, str) and bool(value.strip())


def _is_text_part(part: Any) -> bool:
    return isinstance(part, str) or (isinstance(part, dict) and isinstance(part.get("text"), str))
