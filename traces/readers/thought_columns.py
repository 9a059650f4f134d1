"""A thought in a column of its own, beside the turns or the texts that it belongs to."""

from typing import Any

from traces.readers.conversations import Turns
from traces.readers.draft import Unreadable
from traces.reasoning.messages.thoughts import THOUGHT_FIELDS, folded
from traces.reasoning.messages.turn import ASSISTANT, role_of

THOUGHTS = (
    *("reasoning", "reasoning_content", "cot", "chain_of_thought", "complex_cot", "rationale"),
    *("thinking", "thought", "thoughts", "thinking_trajectory", "think", "reasoning_trace"),
    *("deepseek_reasoning", "r1_reasoning", "reasoning_steps", "steps", "scratchpad"),
)
# what a column says that tells how the model was set to think, and holds no thought
SWITCHES = frozenset(
    (
        *("on", "off", "true", "false", "yes", "no", "enabled", "disabled"),
        *("enable", "disable", "none", "null", "auto", "minimal", "low"),
        *("medium", "high", "xhigh", "max"),
    )
)
# columns that tell of a record and hold no part of it
ABOUT = frozenset(
    (
        *("id", "index", "idx", "uuid", "uid", "hash", "source", "src", "dataset"),
        *("data_source", "split", "subset", "config", "type", "kind", "category"),
        *("categories", "subcategory", "level", "difficulty", "language", "lang", "domain"),
        *("subject", "subfield", "topic", "task", "task_type", "model", "model_name"),
        *("generator", "license", "url", "link", "created", "created_at", "timestamp"),
        *("date", "version", "name", "title", "author", "tag", "tags", "label", "labels"),
        *("kto_tag", "finish_reason", "status"),
    )
)


def is_switch(value: Any) -> bool:
    """Tell a setting from a thought: `on`, `high` and the like, in any case."""
    if isinstance(value, str):
        return value.strip().lower() in SWITCHES
    return isinstance(value, bool)


def known_as(name: str) -> str:
    """Give a column's name as the tables of names have it."""
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def thought_beside(record: dict[str, Any]) -> tuple[str | None, list[str]]:
    """Give the thought in columns of its own, None where there is none, and their names.

    Unreadable where they hold several thoughts.
    """
    found: dict[str, str] = {}
    names: list[str] = []
    for name, value in record.items():
        if known_as(name) not in THOUGHTS or is_switch(value):
            continue
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = "\n\n".join(value)
        if isinstance(value, str) and value.strip():
            found.setdefault(folded(value), value)
            names.append(name)
    if len(found) > 1:
        raise Unreadable(names[0], f"The thought may be this or {', '.join(names[1:])}: keep one.")
    return next(iter(found.values()), None), names


def with_thought(record: dict[str, Any], turns: Turns) -> tuple[Turns, list[str]]:
    """Give the last reply the thought beside it; and the names of the columns that it stands in."""
    thought, names = thought_beside(record)
    place = _last_reply(turns)
    if thought is None or place is None:
        return turns, []
    where, message = turns[place]
    free = next((name for name in THOUGHT_FIELDS if message.get(name) in (None, "", [])), None)
    if free is None:
        return turns, []
    held = [message.get(name) for name in THOUGHT_FIELDS]
    if not any(isinstance(text, str) and folded(text) == folded(thought) for text in held):
        message = {**message, free: thought}
    return [*turns[:place], (where, message), *turns[place + 1 :]], names


def _last_reply(turns: Turns) -> int | None:
    for position in range(len(turns) - 1, -1, -1):
        message = turns[position][1]
        if isinstance(message, dict) and role_of(message) == ASSISTANT:
            return position
    return None
