"""Calls of tools, as messages hold them and as people read them."""

import json
from typing import Any

from traces.reasoning.messages.turn import (
    UnreadableMessage,
    as_json,
    reason_of,
)

CALL_FIELDS = ("tool_calls", "function_call")
MAX_CALL_CHARS = 100_000  # of a call's text that is taken apart


def calls_of(message: dict[str, Any]) -> list[Any]:
    calls: list[Any] = []
    for name in CALL_FIELDS:
        value = message.get(name)
        if isinstance(value, list) and name == CALL_FIELDS[0]:
            calls += value
        elif isinstance(value, dict) and name != CALL_FIELDS[0]:
            calls.append(value)
        elif value is not None:
            expected = "a list" if name == CALL_FIELDS[0] else "an object"
            raise UnreadableMessage(name, reason_of(value, f"Not {expected}."))
    return calls


def called(content: Any) -> Any:
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
