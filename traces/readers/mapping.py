r"""Which field of a record is which part of a trace: `prompt:question,final_answer:answer`.

A path goes into objects and lists by dots (`response.choices.0.message.content`, -1 is the last
item) and into the JSON that a text holds. A key that has dots itself is found as it is; `\,`
stands for a comma in a key.
"""

import re
from collections.abc import Mapping as Names
from typing import Any, NamedTuple

from traces.readers.draft import Unreadable
from traces.sources.json_texts import opened
from traces.sources.source import Row
from tunix_site import strict_json

PROMPT = "prompt"
MESSAGES = "messages"
META = "meta."
REPLIES = ("reply", "thought", "steps", "final_answer")
TARGETS = (
    *(PROMPT, "system", *REPLIES, MESSAGES),
    *("reference_answer", "status", "label", "external_id", "source", "tags", f"{META}KEY"),
)
MAX_CHARS = 4_000
MAX_SEGMENTS = 20
MAX_NAMED = 20  # keys, in an error
MAX_NAME_CHARS = 64

_comma = re.compile(r"(?<!\\),")
_index = re.compile(r"-?[0-9]{1,6}").fullmatch


class BadMapping(ValueError):
    """The text is no mapping; says why, and what there is."""


class Path(NamedTuple):
    """A place in a record, as it was written and in its parts."""

    text: str
    segments: tuple[str, ...]


Paths = Names[str, Path]


def parse(text: str) -> dict[str, Path]:
    """Read `target:path,target:path`; BadMapping."""
    if len(text) > MAX_CHARS:
        raise BadMapping(f"Longer than {MAX_CHARS:,} characters.")
    paths: dict[str, Path] = {}
    for part in _comma.split(text):
        target, colon, place = part.strip().partition(":")
        if not colon or not place.strip():
            raise BadMapping(f"Not TARGET:FIELD: {_shown(part)!r}.")
        target = target.strip()
        if not _is_target(target):
            raise BadMapping(f"Unknown target {_shown(target)!r}. {_known()}")
        if target in paths:
            raise BadMapping(f"The target {target!r} is given twice.")
        place = place.strip().replace("\\,", ",")
        paths[target] = Path(place, tuple(place.split(".")))
        if len(paths[target].segments) > MAX_SEGMENTS:
            raise BadMapping(f"A path has at most {MAX_SEGMENTS} parts: {_shown(place)!r}.")
    _check_whole(paths)
    return paths


def _is_target(name: str) -> bool:
    return name in TARGETS[:-1] or (name.startswith(META) and all(name.split(".")))


def _check_whole(paths: Paths) -> None:
    if MESSAGES in paths:
        mixed = [name for name in (PROMPT, "system", *REPLIES) if name in paths]
        if mixed:
            raise BadMapping(
                f"messages holds prompt and reply: {', '.join(mixed)} cannot be named beside it."
            )
    elif PROMPT not in paths:
        raise BadMapping(f"The prompt is required, or messages. {_known()}")
    elif not any(name in paths for name in REPLIES):
        raise BadMapping(f"One of {', '.join(REPLIES)} is required. {_known()}")
    if "status" in paths and "label" in paths:
        raise BadMapping("Both status and label would give the status: name one of them.")


def _known() -> str:
    return f"Targets are {', '.join(TARGETS)}."


def _shown(text: str) -> str:
    return strict_json.shown(text)[:MAX_NAME_CHARS]


def located(record: dict[str, Any], path: Path) -> Any:
    """Give what stands at a path; Unreadable where nothing does, with the keys that do.

    Of a table a column that holds nothing gives None.
    """
    value, missed = _walk(record, path.segments)
    if missed is None:
        return value
    if isinstance(record, Row) and _walk(dict.fromkeys(record.columns), path.segments)[1] is None:
        return None
    raise Unreadable(path.text[:MAX_NAME_CHARS], f"There is no such field; {missed}")


def finds(record: dict[str, Any], path: Path) -> bool:
    return _walk(record, path.segments)[1] is None


def _walk(value: Any, segments: tuple[str, ...]) -> tuple[Any, str | None]:
    """Follow a path; give the value, or what there is at the place from which it leads nowhere."""
    here: list[str] = []
    while len(here) < len(segments):
        left = segments[len(here) :]
        inside = opened(value)
        if isinstance(inside, dict):
            # the longest first: keys may hold dots
            names = (".".join(left[:size]) for size in range(len(left), 0, -1))
            name = next((name for name in names if name in inside), None)
            if name is None:
                return None, f"{_place(here)} has the keys: {keys_of(inside)}."
            value = inside[name]
            here += name.split(".")
        elif isinstance(inside, list):
            if not _index(left[0]) or not -len(inside) <= int(left[0]) < len(inside):
                return None, f"{_place(here)} is a list of {len(inside):,}."
            value = inside[int(left[0])]
            here.append(left[0])
        elif inside is None:  # what stands in null is null
            return None, None
        else:
            return None, f"{_place(here)} is no object."
    return value, None


def _place(here: list[str]) -> str:
    return _shown(".".join(here)) if here else "the record"


def keys_of(value: Names[str, Any]) -> str:
    """Name an object's keys, as many as may stand in an error."""
    names = [_shown(name) for name, _ in zip(value, range(MAX_NAMED), strict=False)]
    more = f" and {len(value) - MAX_NAMED:,} more" if len(value) > MAX_NAMED else ""
    return f"{', '.join(names)}{more}" if names else "(none)"


def without(record: dict[str, Any], path: Path) -> dict[str, Any]:
    """Give a copy of a record without what stands at a path; within lists and texts it stays."""
    left = path.segments
    for size in range(len(left), 0, -1):
        name = ".".join(left[:size])
        if name in record:
            inner = record[name]
            kept = {key: value for key, value in record.items() if key != name}
            if size == len(left):
                return kept
            if isinstance(inner, dict):
                rest = without(inner, Path(path.text, left[size:]))
                return {**record, name: rest} if rest else kept
            break
    return record
