"""Text as HTML: escaped, and what would not be seen in it as small marks.

Characters that turn the order of others around, join, part or hide them can make a text look like
another one; marked, they do nothing.
"""

import re
import unicodedata
from itertools import groupby

from django.utils.html import escape

MAX_MARKS = 8  # of one run; the others are counted

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
_RUN = re.compile(
    f"[{_CONTROLS}\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
_LINE_ENDS = "\u2028\u2029"
_JOINERS = "\u200c\u200d"
_EMOJI = frozenset({"So", "Sk", "Mn"})  # with their skin tones and selectors
_FIRST_OF_OTHER_SCRIPTS = "\u0590"  # from Hebrew on; Latin, Greek and Cyrillic join nothing


def shown(text: str) -> str:
    """Give the HTML of a text, in time linear in it."""
    parts: list[str] = []
    start = 0
    for run in _RUN.finditer(text):
        parts.append(escape(text[start : run.start()]))
        parts.append(run[0] if _joins(text, run) else "".join(_marks(run[0])))
        start = run.end()
    return "".join([*parts, escape(text[start:])])


def is_plain(text: str) -> bool:
    """Tell whether all of a text would be seen."""
    return _RUN.search(text) is None


def _marks(run: str) -> list[str]:
    groups = [(character, len([*same])) for character, same in groupby(run)]
    marks = [_mark(character, count) for character, count in groups[:MAX_MARKS]]
    if more := sum(count for _, count in groups[MAX_MARKS:]):
        marks.append(f'<span class="mark">+{more:,}</span>')
    return marks


def _mark(character: str, count: int) -> str:
    code = f"U+{ord(character):04X}"
    name = unicodedata.name(character, "control")
    times = f"\N{MULTIPLICATION SIGN}{count:,}" if count > 1 else ""
    end = "\n" if character in _LINE_ENDS else ""
    return f'<span class="mark" title="{code} {name.lower()}">{code}{times}</span>{end}'


def _joins(text: str, run: re.Match[str]) -> bool:
    """Tell a joiner that has its use: within an emoji, or between letters that join."""
    before, after = text[max(run.start() - 1, 0) : run.start()], text[run.end() : run.end() + 1]
    if len(run[0]) > 1 or run[0] not in _JOINERS or not before or not after:
        return False
    kinds = unicodedata.category(before), unicodedata.category(after)
    if run[0] == "\u200d" and set(kinds) <= _EMOJI and after > "\u2000":
        return True
    return min(before, after) >= _FIRST_OF_OTHER_SCRIPTS and all(kind[0] in "LM" for kind in kinds)
