"""Whether what a command printed is what a page shows.

Ids, times, keys and cursors differ from run to run; everything else must be the same.
"""

import json
import re
from typing import Any

LASTING = ("content_hash", "prompt_hash", "content_digest")  # the same on any machine
NUMBERED = (".seconds", ".id")  # another number each time
_CHANGING = (
    ("UUID", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("TIME", r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?"),
    ("DATE", r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"),
    ("KEY", r"tunix_[\w-]{37,}|tunix_[\w-]{6}(?=\.\.\.)"),
    ("CURSOR", r"(?<=cursor=)[\w%]+"),
    ("HEX", r"\b[0-9a-f]{32}\b"),
)
ANYTHING = "..."


def differences(shown: str, language: str, printed: str) -> list[str]:
    """Say where the output is not what the page shows; nothing where it is."""
    if language == "json":
        try:
            return _json_differences(json.loads(shown), json.loads(printed), "$")
        except ValueError as error:
            return [f"no JSON: {error}\nshown:\n{shown}\nprinted:\n{printed}"]
    wanted = [steady(line) for line in shown.splitlines() if line.strip()]
    lines = [steady(line) for line in printed.splitlines() if line.strip()]
    return [] if _lines_match(wanted, lines) else [f"shown:\n{shown}\nprinted:\n{printed}"]


def steady(text: str) -> str:
    for name, pattern in _CHANGING:
        text = re.sub(pattern, name, text)
    return text.rstrip()


def _lines_match(wanted: list[str], lines: list[str]) -> bool:
    """Compare line by line; `...` alone stands for any lines, at an end for any rest of one."""
    if not wanted:
        return not lines
    if wanted[0].strip() == ANYTHING:
        return any(_lines_match(wanted[1:], lines[at:]) for at in range(len(lines) + 1))
    return (
        bool(lines) and _line_matches(wanted[0], lines[0]) and _lines_match(wanted[1:], lines[1:])
    )


def _line_matches(wanted: str, line: str) -> bool:
    if wanted.endswith(ANYTHING):
        return line.startswith(wanted.removesuffix(ANYTHING))
    return wanted == line


def _json_differences(shown: Any, printed: Any, place: str) -> list[str]:
    if isinstance(shown, dict) and isinstance(printed, dict):
        if list(shown) != list(printed):
            return [f"{place}: shown with {list(shown)}, printed with {list(printed)}"]
        pairs = [(f"{place}.{key}", shown[key], printed[key]) for key in shown]
    elif isinstance(shown, list) and isinstance(printed, list) and len(shown) == len(printed):
        pairs = [
            (f"{place}[{at}]", *pair) for at, pair in enumerate(zip(shown, printed, strict=True))
        ]
    else:
        return [] if _same(shown, printed, place) else [f"{place}: {shown!r} is {printed!r}"]
    return [found for at, left, right in pairs for found in _json_differences(left, right, at)]


def _same(shown: Any, printed: Any, place: str) -> bool:
    if isinstance(shown, str) and isinstance(printed, str) and not place.endswith(LASTING):
        return steady(shown) == steady(printed)
    if place.endswith(NUMBERED):
        return type(shown) is type(printed)
    return type(shown) is type(printed) and shown == printed
