"""A model's thought told from its answer, in every way that models and datasets mark it."""

import re
from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

# Every alternative begins with "<" and repeats nothing: linear in the text.
_TAGS = re.compile(
    r"<(/?)(think|thinking|reason|reasoning|thought)>|<\|(begin|end)_of_(thought|solution)\|>",
    re.IGNORECASE | re.ASCII,
)
THOUGHT = "|thought|"
SOLUTION = "|solution|"
ANY = ""  # the closing tags of every name


class Thought(NamedTuple):
    """`thought` is None where there is none; `cut` tells that `thought` and `answer` are not the
    text word for word, which the caller then keeps."""

    thought: str | None
    answer: str
    truncated: bool = False
    cut: bool = False


class _Tag(NamedTuple):
    name: str
    closes: bool
    start: int
    end: int


def split_thought(text: str) -> Thought:
    """Take the thought out of its tags; all that stands outside is the answer.

    A closing tag that nothing opened ends a thought that began where the text before it did: the
    template had opened it. An opening tag that nothing closes begins one that was cut off. White
    space beside a tag goes with the tag, and a blank line joins what tags parted.
    """
    if "<" not in text:
        return Thought(None, text)
    tags = [_read_tag(found) for found in _TAGS.finditer(text)]
    if not tags:
        return Thought(None, text)
    thoughts, outside, truncated = _part(text, tags)
    return Thought("\n\n".join(thoughts) or None, "\n\n".join(outside), truncated, cut=True)


def _read_tag(found: re.Match[str]) -> _Tag:
    slash, name, edge, part = found.groups()
    if name:
        return _Tag(name.lower(), slash == "/", *found.span())
    return _Tag(f"|{part.lower()}|", edge.lower() == "end", *found.span())


def _part(text: str, tags: list[_Tag]) -> tuple[list[str], list[str], bool]:
    """Give the thoughts, what stands outside them, and whether the last thought was cut off."""
    thoughts: list[str] = []
    outside: list[str] = []
    closings = _closings(tags)
    here = 0  # from where the text is not given out yet
    position = 0
    thought_seen = False
    while position < len(tags):
        tag = tags[position]
        closes = tag.closes
        if tag.name == SOLUTION:  # its beginning ends a thought that the template opened
            closes = not tag.closes and not thought_seen
        _add(thoughts if closes else outside, text, here, tag.start)
        here = tag.end
        position += 1
        if tag.closes or tag.name == SOLUTION:
            thought_seen |= closes
            continue
        thought_seen = True
        closing = _next(closings[tag.name], position) or _next(closings[ANY], position)
        if closing is None:
            _add(thoughts, text, here, len(text))
            return thoughts, outside, True
        _add(thoughts, text, here, tags[closing].start)
        here = tags[closing].end
        position = closing + 1
    _add(outside, text, here, len(text))
    return thoughts, outside, False


def _closings(tags: list[_Tag]) -> defaultdict[str, list[int]]:
    """Give the positions of the closing tags by name; a solution's beginning ends its thought."""
    closings: defaultdict[str, list[int]] = defaultdict(list)
    for position, tag in enumerate(tags):
        if tag.name == SOLUTION:
            if not tag.closes:
                closings[THOUGHT].append(position)
        elif tag.closes:
            closings[tag.name].append(position)
            closings[ANY].append(position)
    return closings


def _next(positions: list[int], least: int) -> int | None:
    found = bisect_left(positions, least)
    return positions[found] if found < len(positions) else None


def _add(parts: list[str], text: str, start: int, end: int) -> None:
    part = text[start:end]
    if start > 0:
        part = part.lstrip()
    if end < len(text):
        part = part.rstrip()
    if part and not part.isspace():
        parts.append(part)
