"""Fields of a source record, taken by type; Unreadable names the one that is not as it should be.

`within` is the path of the object that holds the field, such as `label.steps[2]`.
"""

from typing import Any

from traces.readers.draft import Unreadable
from traces.sources.json_texts import MAX_TOKENS, has_many_tokens
from tunix_site.strict_json import InvalidJSON, Refused, loads, text_problems

REQUIRED = "This field is required."
MAX_TRACES = 100  # of one record: each keeps a copy of the fields that they share


def text(record: dict[str, Any], name: str, *, blank: bool = False, within: str = "") -> str:
    """Take a string; one of white space alone only where it may be `blank`."""
    value = optional_text(record, name, within=within)
    if value is None:
        raise Unreadable(path(name, within), REQUIRED)
    if not blank and not value.strip():
        raise Unreadable(path(name, within), "This field may not be blank.")
    return value


def optional_text(record: dict[str, Any], name: str, *, within: str = "") -> str | None:
    """Take a string, or None where it is null or missing."""
    value: str | None = _typed(record, name, str, "a string", within)
    return value


def text_or_number(record: dict[str, Any], name: str, *, within: str = "") -> str | None:
    """Take an answer that some files write as a number; None where it is null or missing."""
    value = record.get(name)
    if isinstance(value, int | float) and not isinstance(value, bool):
        is_whole = isinstance(value, float) and value.is_integer()
        return str(int(value) if is_whole else value)  # files of numbers make 4 a 4.0
    return optional_text(record, name, within=within)


def listing(record: dict[str, Any], name: str, *, within: str = "") -> list[Any]:
    value: list[Any] | None = optional_listing(record, name, within=within)
    if value is None:
        raise Unreadable(path(name, within), REQUIRED)
    return value


def optional_listing(record: dict[str, Any], name: str, *, within: str = "") -> list[Any] | None:
    """Take a list, or None where it is null or missing."""
    value: list[Any] | None = _typed(record, name, list, "a list", within)
    return value


def mapping(record: dict[str, Any], name: str, *, within: str = "") -> dict[str, Any]:
    value: dict[str, Any] | None = _typed(record, name, dict, "an object", within)
    if value is None:
        raise Unreadable(path(name, within), REQUIRED)
    return value


def flag(record: dict[str, Any], name: str, *, within: str = "") -> bool | None:
    """Take a boolean, or None where it is null or missing."""
    value: bool | None = _typed(record, name, bool, "a boolean", within)
    return value


def checked(value: Any, kind: type, expected: str, where: str) -> Any:
    """Give the value back if it is of the type; `where` is its whole path."""
    if isinstance(value, Refused):
        raise Unreadable(where, value.reason)
    if not isinstance(value, kind):
        raise Unreadable(where, f"Not {expected}.")
    return value


def check_trace_count(count: int, where: str) -> None:
    if count > MAX_TRACES:
        raise Unreadable(where, f"A record gives at most {MAX_TRACES} traces, not {count:,}.")


def rest(record: dict[str, Any], *held: str) -> dict[str, Any]:
    """Give the fields that are not held elsewhere."""
    return {name: value for name, value in record.items() if name not in held}


def parsed(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Give a record whose fields of these names are values, where they came as texts of JSON."""
    texts = {name: record[name] for name in names if isinstance(record.get(name), str)}
    return {**record, **{name: _parsed(text, name) for name, text in texts.items()}}


def _parsed(text: str, where: str) -> Any:
    for reason in text_problems(text):
        raise Unreadable(where, reason)
    if has_many_tokens(text):
        raise Unreadable(where, f"Holds more than {MAX_TOKENS:,} JSON tokens.")
    try:
        return loads(text.encode())
    except InvalidJSON:
        raise Unreadable(where, "A text that is no JSON.") from None


def path(name: str, within: str = "") -> str:
    return f"{within}.{name}" if within else name


def _typed(record: dict[str, Any], name: str, kind: type, expected: str, within: str) -> Any:
    value = record.get(name)
    return None if value is None else checked(value, kind, expected, path(name, within))
