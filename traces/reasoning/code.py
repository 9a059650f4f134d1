"""Where in a text something is quoted: in Markdown's code, or between quotation marks.

All this takes time linear in the text, whatever the text is.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict

MAX_QUOTED_CHARS = 500  # of a line on either side, looked at for quotation marks

_TICKS = re.compile(r"`+|~{3,}")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
# behind ">", or in a line of code that is indented
_QUOTED_LINE = re.compile(r"[ \t]{0,3}>|    [ \t]*$|\t[ \t]*$")
_INDENTED = re.compile(r"    |\t")
_QUOTES = "\"'`\u2018\u2019\u201c\u201d\u00ab\u00bb\u300c\u300d"
Span = tuple[int, int]


class Quotations:
    """The quoted places of a text, found when the first is asked for."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._spans: list[Span] | None = None

    def hold(self, start: int, end: int) -> bool:
        """Tell whether what stands there is in code, or quoted on its line."""
        return self.touch(start, end) or self._in_code(start) or self._in_quotes(start, end)

    def touch(self, start: int, end: int) -> bool:
        """Tell whether quotation marks or ticks stand right before and right behind it."""
        before, behind = self.text[start - 1 : start], self.text[end : end + 1]
        return bool(before and behind) and before in _QUOTES and behind in _QUOTES

    def _in_code(self, position: int) -> bool:
        if self._spans is None:
            self._spans = code_spans(self.text)
        found = bisect_right(self._spans, (position, len(self.text))) - 1
        return found >= 0 and position < self._spans[found][1]

    def _in_quotes(self, start: int, end: int) -> bool:
        before = self.text[max(0, start - MAX_QUOTED_CHARS) : start].rpartition("\n")
        if not before[1] and start > MAX_QUOTED_CHARS:
            return False  # where a quotation begins so far away, it cannot be told
        line = before[2]
        if _QUOTED_LINE.match(line):
            return True
        if _INDENTED.match(line) and not before[0].rpartition("\n")[2].strip():
            return True  # code behind a blank line
        behind = self.text[end : end + MAX_QUOTED_CHARS].partition("\n")[0]
        if line.count('"') % 2 and '"' in behind:
            return True
        opened = line.rfind("\u201c")
        return opened > line.rfind("\u201d") and "\u201d" in behind


def code_spans(text: str) -> list[Span]:
    """Give the spans of fenced blocks and of inline code; what is never closed is none."""
    if "`" not in text and "~~~" not in text:
        return []
    runs = [found.span() for found in _TICKS.finditer(text)]
    blanks = [found.start() for found in _BLANK_LINE.finditer(text)]
    fences = [_is_fence(text, run) for run in runs]
    by_mark: defaultdict[str, list[int]] = defaultdict(list)  # exact runs, by what they are
    for index, (start, end) in enumerate(runs):
        by_mark[text[start:end]].append(index)
    fence_indexes: defaultdict[str, list[int]] = defaultdict(list)
    for index, is_fence in enumerate(fences):
        if is_fence:
            fence_indexes[text[runs[index][0]]].append(index)
    spans = []
    index = 0
    while index < len(runs):
        start, end = runs[index]
        closing = None
        if fences[index]:
            closing = _next(fence_indexes[text[start]], index)
        if closing is None and text[start] == "`":
            closing = _next(by_mark[text[start:end]], index)
            until = bisect_left(blanks, end)
            if closing is not None and until < len(blanks) and runs[closing][0] > blanks[until]:
                closing = None
        if closing is None:
            index += 1
            continue
        spans.append((start, runs[closing][1]))
        index = closing + 1
    return spans


def _next(indexes: list[int], index: int) -> int | None:
    found = bisect_right(indexes, index)
    return indexes[found] if found < len(indexes) else None


def _is_fence(text: str, run: Span) -> bool:
    """Tell a run of three and more that begins its line, three spaces of indent aside."""
    start, end = run
    if end - start < 3:
        return False
    indent = text[max(0, start - 4) : start].rpartition("\n")
    return (bool(indent[1]) or start <= 3) and not indent[2].strip()
