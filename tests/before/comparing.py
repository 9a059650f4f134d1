"""Finding what differs, and saying where."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from tests.before.differences import EXPORTED, Change

SHOWN_PROBLEMS = 5
SHOWN_CHARS = 60  # on either side of the first that differs


def told(value: Any) -> str:
    """Write a value so that those of different types differ, too."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def parted(was: str, now: str) -> str:
    """Show where two texts part."""
    pairs = zip_longest(was, now)
    at = next((place for place, (left, right) in enumerate(pairs) if left != right), len(was))
    start, end = max(0, at - SHOWN_CHARS), at + SHOWN_CHARS
    return f"at {at}\n    was {was[start:end]!r}\n    now {now[start:end]!r}"


def unlike(was: Any, now: Any, change: Change | None = None) -> Iterator[str]:
    """Say which key of before has gone or holds another value; new keys may have come."""
    if isinstance(was, list) and isinstance(now, list):
        for place, (left, right) in enumerate(zip_longest(was, now)):
            yield from (f"[{place}] {found}" for found in unlike(left, right, change))
    elif isinstance(was, dict) and isinstance(now, dict):
        for key, value in (change(was) if change else was).items():
            if key not in now:
                yield f"{key} is gone"
            elif told(value) != told(now[key]):
                yield f"{key} {parted(told(value), told(now[key]))}"
    elif told(was) != told(now):
        yield parted(told(was), told(now))


def expect_none(found: Iterator[str]) -> None:
    """Fail where anything was found: say how much, and show the first of it."""
    problems = list(found)
    if problems:
        shown = "\n".join(problems[:SHOWN_PROBLEMS])
        pytest.fail(f"{len(problems)} differ:\n{shown}", pytrace=False)


def exported_otherwise(path: str, was: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    (name,) = parse_qs(urlsplit(path).query).get("format", ["trace"])
    change = EXPORTED.get(name)
    yield from unlike({"status": 200, "headers": was["headers"]}, now)
    if "rows" in was:
        rows = was["rows"] if change is None else [change(row) for row in was["rows"]]
        written = {"sha256": was["sha256"], "pyarrow": was["pyarrow"]}
        yield from unlike({**was, "rows": rows}, {**now, **written})
        same_writer = was["pyarrow"] == now["pyarrow"] and change is None
        if same_writer and was["sha256"] != now["sha256"]:
            yield "the rows are the same, the bytes are not"
        return
    lines = zip_longest(was["text"].split("\n"), now["text"].split("\n"))
    for number, (line, shown) in enumerate(lines, start=1):
        expected = rendered(change(json.loads(line))) if change and line else line
        if expected != shown:
            yield f"line {number} {parted(expected or '', shown or '')}"


def rendered(row: dict[str, Any]) -> str:
    return msgspec.json.encode(row).decode()
