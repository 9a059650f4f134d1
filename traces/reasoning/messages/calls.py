"""Calls of tools: as messages hold them, as people read them, and as chat templates write them."""

import json
import math
import re
from collections.abc import Iterable
from typing import Any, NamedTuple

from traces.reasoning.messages.turn import (
    UnreadableMessage,
    as_json,
    reason_of,
)

CALL_FIELDS = ("tool_calls", "function_call")
MAX_CALL_CHARS = 100_000  # of a call's text that is taken apart
HOLDERS = ("function", "toolUse", "functionCall")  # of a call's name and arguments
ARGUMENTS = ("arguments", "input", "args", "parameters")
KINDS = ("function", "tool_call", "tool_use", "function_call")  # of calls that a result answers
CALL_IDS = ("call_id", "tool_call_id", "toolUseId", "id")  # the last may be an item's own
MAX_DEPTH = 100
INT64 = range(-(2**63), 2**63)

_SURROGATE = re.compile("[\ud800-\udfff]")


class Function(NamedTuple):
    """A call of a function."""

    name: str
    arguments: dict[str, Any]
    id: str | None = None


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
    inner = _named(call)
    if inner is None:
        return call if isinstance(call, str) else as_json(call, "")
    given = _given(inner)
    said = given if isinstance(given, str) else as_json(given, "")
    return f"{inner['name']} {said}".strip()


def function_of(call: Any) -> Function | None:
    """Read a call; None where it names no function, or its arguments are no object.

    So it is with tools of a provider's own, which keep what they returned in the call.
    """
    inner = _named(call)
    if inner is None or not inner["name"].strip() or not _is_of_a_function(call):
        return None
    given = _given(inner)
    arguments = {} if isinstance(given, str) and not given.strip() else called(given)
    if not isinstance(arguments, dict):
        return None
    function = Function(inner["name"], arguments, text_in(CALL_IDS, call, inner))
    return function if is_json(list(function)) else None


def _named(call: Any) -> dict[str, Any] | None:
    """Give what of a call has the name and the arguments; None where nothing does."""
    if isinstance(call, dict):
        call = next((call[name] for name in HOLDERS if name in call), call)
    return call if isinstance(call, dict) and isinstance(call.get("name"), str) else None


def _given(inner: dict[str, Any]) -> Any:
    return next((inner[name] for name in ARGUMENTS if inner.get(name) is not None), "")


def _is_of_a_function(call: dict[str, Any]) -> bool:
    kind = call.get("type")
    return not isinstance(kind, str) or kind.lower().replace("-", "_") in KINDS


def text_in(names: Iterable[str], *holders: dict[str, Any]) -> str | None:
    """Give the first text under one of the names that is not empty."""
    found = (holder.get(name) for holder in holders for name in names)
    return next((text for text in found if isinstance(text, str) and text), None)


def is_json(value: Any, depth: int = 0) -> bool:
    """Tell what every reader of JSON takes: 64 bits, UTF-8, finite, no more than MAX_DEPTH levels.

    What a text held is not: Python's parser takes more.
    """
    if isinstance(value, str):
        return value.isascii() or not _SURROGATE.search(value)
    if isinstance(value, dict):
        return depth < MAX_DEPTH and all(
            is_json(key) and is_json(item, depth + 1) for key, item in value.items()
        )
    if isinstance(value, list):
        return depth < MAX_DEPTH and all(is_json(item, depth + 1) for item in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or (isinstance(value, int) and value in INT64)
