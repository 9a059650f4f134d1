"""JSON read strictly: what a value must not be is marked where it stands, for its field to refuse.

Python's parser takes NaN, duplicate keys and any number; PostgreSQL refuses NUL and lone
surrogates. `loads` reads all of them into `Refused` marks, so that the error can name the place.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import msgspec

MAX_DEPTH = 100
INT64 = range(-(2**63), 2**63)


class InvalidJSON(ValueError):
    """The bytes are no JSON at all; the message says where.

    `at` is the character that cannot be read, None where there is none; with `is_followed`, a
    value ends before it.
    """

    def __init__(self, message: str, *, at: int | None = None, is_followed: bool = False) -> None:
        super().__init__(message)
        self.at = at
        self.is_followed = is_followed


class Refused:
    """Stands where a value stood that JSON or the database cannot hold."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class NotFinite(Refused):
    """Stands where NaN or an infinity stood."""


def loads(data: bytes) -> Any:
    """Parse UTF-8 JSON; InvalidJSON names line and column."""
    try:
        return _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise InvalidJSON(f"The body is not UTF-8: byte {error.start}.") from None
    except json.JSONDecodeError as error:
        raise InvalidJSON(
            f"The body is not JSON: {error.msg}, line {error.lineno} column {error.colno}.",
            at=error.pos,
            is_followed=error.msg == "Extra data",
        ) from None
    except RecursionError:
        raise InvalidJSON(f"The body nests deeper than {MAX_DEPTH} levels.") from None


def loads_stored(data: bytes) -> Any:
    """Parse UTF-8 JSON that jsonb once wrote, wherever it has been since; InvalidJSON.

    An integer beyond 64 bits is the double whose digits it gives.
    """
    try:
        return _STRICT_STORED.decode(data.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        return loads(data)  # which says what is wrong


def raw_decode(text: str, start: int) -> tuple[Any, int]:
    """Parse the value that begins at `start` as `loads` does, and give it with where it ends.

    json.JSONDecodeError where no value stands there, RecursionError where it nests too deep.
    """
    return _DECODER.raw_decode(text, start)


class StoredDecoder(json.JSONDecoder):
    """Reads what jsonb wrote: it gives a large double all its digits, as if it were an integer."""

    def __init__(self) -> None:
        super().__init__(parse_int=_stored_integer)


def stored(text: str) -> Any:
    """Parse jsonb's text."""
    if _LONG_NUMBER.search(text):
        return _STORED.decode(text)
    return msgspec.json.decode(text)


def _stored_integer(digits: str) -> int | float:
    value = int(digits)
    return value if value in INT64 else float(digits)


def problems(value: Any, *, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield (path, reason) of everything in `value` that cannot be kept as it is.

    `depth` is the level at which the value itself stands in its document.
    """
    if isinstance(value, Refused):
        yield "", value.reason
    elif isinstance(value, str):
        yield from (("", reason) for reason in text_problems(value))
    elif isinstance(value, dict | list):
        if depth >= MAX_DEPTH:
            yield "", f"Nests deeper than {MAX_DEPTH} levels."
            return
        yield from _inside(value, depth + 1)
    elif isinstance(value, int) and value not in INT64:
        yield "", "The integer does not fit in 64 bits."
    elif isinstance(value, float) and not math.isfinite(value):
        yield "", "The number does not fit in a double."


def is_plain(value: Any, depth: int) -> bool:
    """Tell quickly, of what was decoded from UTF-8 without NUL, that it has no `problems`.

    So no text of it is looked at. `depth` is the level at which the value stands.
    """
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list):
        return type(value) is not int or value in INT64
    if depth >= MAX_DEPTH:
        return False
    # a generator would cost more than the test
    for item in value:
        kind = type(item)
        if kind is not str and not is_plain(item, depth + 1):
            return False
    return True


def _inside(value: dict[str, Any] | list[Any], depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            for path, reason in problems(item, depth=depth):
                yield f"[{position}]{path}", reason
        return
    for key, item in value.items():
        for reason in text_problems(key):
            yield f".{shown(key)}", reason
        for path, reason in problems(item, depth=depth):
            yield f".{shown(key)}{path}", reason


def text_problems(text: str) -> Iterator[str]:
    if "\x00" in text:
        yield "The NUL character cannot be stored."
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            yield "A lone surrogate is no character."


def shown(text: str) -> str:
    """Give text that came in for an answer, in ASCII where it could not be written as it is."""
    return ascii(text) if next(text_problems(text), None) else text


def _object(pairs: list[tuple[str, Any]]) -> Any:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return Refused(f"The key {key!a} occurs twice.")
        seen.add(key)
    raise AssertionError("a dict shorter than its pairs has a key twice")


def _integer(digits: str) -> Any:
    if len(digits) > 20:
        return Refused("The integer does not fit in 64 bits.")
    value = int(digits)
    return value if value in INT64 else Refused("The integer does not fit in 64 bits.")


def _integer_or_double(digits: str) -> Any:
    value = _integer(digits)
    return _number(digits) if isinstance(value, Refused) else value


def _number(text: str) -> Any:
    value = float(text)
    return value if math.isfinite(value) else Refused("The number does not fit in a double.")


_LONG_NUMBER = re.compile("[0-9]{19}")
_STORED = StoredDecoder()
_DECODER, _STRICT_STORED = (
    json.JSONDecoder(
        object_pairs_hook=_object,
        parse_int=integer,
        parse_float=_number,
        parse_constant=lambda name: NotFinite(f"{name} is no JSON number."),
    )
    for integer in (_integer, _integer_or_double)
)
