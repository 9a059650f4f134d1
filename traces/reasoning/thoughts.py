"""A model's thought told from its answer, in every way that models and datasets mark it.

A mark counts where a thought can stand: it opens one at the start of the reply, white space aside,
and closes one outside code and quotation marks. Anywhere else it is text. All this takes time
linear in the text, whatever the text is.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from typing import NamedTuple

from traces.reasoning.channels import OPENS_CHANNEL, holds_channels, split_channels
from traces.reasoning.code import Quotations

_NAMES = "think|thinking|thinks|reason|reasoning|thought|thoughts|scratchpad|cot|inner_monologue"
_ANSWER = "answer|response|final|solution"
ANSWERS = frozenset(_ANSWER.split("|"))
# The first character alone is looked for; behind it nothing repeats without bound: linear.
_MARKS = re.compile(
    rf"""[<\[\u25c1\u27e8\u3010\uff1c](?:
    (?<=<)(?:
        \ ?(?P<angle>/?)(?:[a-z][\w.-]{{0,20}}[:_])?(?P<angle_name>{_NAMES})(?:\ [^<>\n]{{0,80}})?>
        | [|\uff5c](?P<pipe>/?)(?P<pipe_name>{_NAMES})[|\uff5c]>
        | [|\uff5c](?P<edge>begin|start|end)[_\u2581](?:of[_\u2581])?
          (?P<part>{_NAMES}|{_ANSWER})[|\uff5c]>
        | [|\uff5c](?P<part_first>{_NAMES}|{_ANSWER})[_\u2581]
          (?P<edge_last>begin|start|end)[|\uff5c]>
        | \|channel>(?P<gemma>thought|analysis)\s?\n | (?P<gemma_end>channel)\|>
        | \|im_start\|>(?P<turn>{_NAMES}|{_ANSWER})[ \t]*(?:\r?\n|(?=<)|$)
    )
    | (?<!<)(?P<other>/?)(?P<other_name>{_NAMES})[\]\u25b7\u27e9\u3011\uff1e]
    )""",
    re.IGNORECASE | re.ASCII | re.VERBOSE,
)
_BEGINNINGS = re.compile(
    r"(?:\s+|<s>|<bos>|<\|begin_of_text\|>|<\|startoftext\|>"
    r"|<\uff5cbegin\u2581of\u2581sentence\uff5c>"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|assistant\|>"
    r"|<\|im_start\|>assistant\s|<start_of_turn>model\s|<\uff5cAssistant\uff5c>)+"
)
_SENTENCE_END = re.compile(r"[.,;:!?)]+(?:\s|$)")
THOUGHT, SOLUTION = "|thought", "|solution"
ANY = ""  # whatever the name is
MAX_NESTED_MARKS = 64


class Thought(NamedTuple):
    """`thought` is None where there is none; `marked` tells that there were marks all the same.

    With marks, `thought` and `answer` are not the text word for word, which the caller then keeps.
    """

    thought: str | None
    answer: str
    truncated: bool = False
    marked: bool = False
    calls: tuple[str, ...] = ()  # of gpt-oss, as JSON


class _Mark(NamedTuple):
    name: str
    closes: bool
    start: int
    end: int

    @property
    def opens(self) -> bool:
        """Tell whether it opens a thought."""
        return not self.closes and self.name != SOLUTION

    @property
    def closed(self) -> str:
        """Name what it ends, if it does: a solution's beginning ends the thought before it."""
        return THOUGHT if self.name == SOLUTION else self.name

    @property
    def ends(self) -> bool:
        """Tell whether it ends a thought."""
        return self.closes != (self.name == SOLUTION)


def split_thought(text: str, *, opened: bool = False) -> Thought:
    """Take the thought out of its marks; all that follows is the answer.

    A closing mark that nothing opened ends a thought that began where the text did: the template
    or the prompt had opened it, which is known of one that is `opened`. An opening mark that
    nothing closes begins a thought that was cut off. White space beside a mark goes with it.
    """
    if holds_channels(text, opened=opened):
        thought, answer, truncated, calls = split_channels(text)
        return Thought(thought, answer, truncated, marked=True, calls=calls)
    marks = [_read_mark(found) for found in _MARKS.finditer(text)]
    if not marks:
        if opened:
            return Thought(text.strip() or None, "", truncated=True, marked=True)
        return Thought(None, text)
    return _Reply(text, marks).split(opened=opened)


def opens_thought(prompt: str) -> tuple[str, bool]:
    """Take the mark off the end of a prompt that opens the reply's thought; tell if it does."""
    stripped = prompt.rstrip()
    if (channel := OPENS_CHANNEL.search(stripped, max(0, len(stripped) - 200))) is not None:
        return stripped[: channel.start()].rstrip(), True
    last = None
    for last in _MARKS.finditer(stripped, max(0, len(stripped) - 200)):  # noqa: B007  # the last
        pass
    if last is None or last.end() < len(stripped):
        return prompt, False
    mark = _read_mark(last)
    before = stripped[: mark.start].rstrip(" \t")
    begins = not before or before.endswith(("\n", ">", "]"))
    if not mark.opens or not begins or Quotations(stripped).hold(mark.start, mark.end):
        return prompt, False
    return stripped[: mark.start].rstrip(), True


def _read_mark(found: re.Match[str]) -> _Mark:
    given = found.groupdict()
    start, end = found.span()
    for name, slash in (("angle_name", "angle"), ("other_name", "other"), ("pipe_name", "pipe")):
        if given[name]:
            return _Mark(given[name].lower(), given[slash] == "/", start, end)
    if given["gemma"] or given["gemma_end"]:
        return _Mark("channel", bool(given["gemma_end"]), start, end)
    if given["turn"]:
        name = given["turn"].lower()
        closes = name in ANSWERS
        return _Mark("turn", closes, start, end)
    edge, part = given["edge"] or given["edge_last"], given["part"] or given["part_first"]
    name = SOLUTION if part.lower() in ANSWERS else f"|{part.lower()}"
    return _Mark(name, edge.lower() == "end", start, end)


class _Reply:
    """A reply with marks, taken apart from its start on."""

    def __init__(self, text: str, marks: list[_Mark]) -> None:
        self.text = text
        self.marks = marks
        self.thoughts: list[str] = []
        self.marked = False
        quotations = Quotations(text)
        self.quoted = [quotations.hold(mark.start, mark.end) for mark in marks]
        # Where thoughts end, by the name of what they close: first where nothing is quoted, then
        # what is in code, of which a fence may be open; what stands between ticks itself never.
        plain, in_code = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        for index, mark in enumerate(marks):
            if mark.ends and not (self.quoted[index] and quotations.touch(mark.start, mark.end)):
                for name in (mark.closed, ANY):
                    (in_code if self.quoted[index] else plain)[name].append(index)
        self.endings = plain, in_code

    def split(self, *, opened: bool) -> Thought:
        here, position = self._skip(0, 0, leading=True)
        first = self._mark_at(here, position)
        truncated = False
        if opened and not (first and first.opens):
            here, position, truncated = self._take(0, self._ending(position, ANY))
        elif first is None and (ending := self._orphan(position)) is not None:
            here, position, truncated = self._take(0, ending)
        while not truncated and (mark := self._mark_at(here, position)):
            self.marked = True
            if mark.opens:
                ending = self._ending(position + 1, mark.name)
                here, position, truncated = self._take(mark.end, ending)
            else:  # it closes nothing, or begins the solution
                here, position = self._skip(mark.end, position + 1)
        if not self.marked:
            return Thought(None, self.text)
        return Thought(
            "\n\n".join(self.thoughts) or None, self._answer(here, position), truncated, marked=True
        )

    def _take(self, start: int, ending: int | None) -> tuple[int, int, bool]:
        """Take a thought up to the mark that ends it; give where to go on, and if it was cut."""
        self.marked = True
        end = len(self.text) if ending is None else self.marks[ending].start
        thought = self.text[start:end].strip()
        if thought:
            self.thoughts.append(thought)
        if ending is None:
            return len(self.text), len(self.marks), True
        return *self._skip(self.marks[ending].end, ending + 1), False

    def _skip(self, here: int, position: int, *, leading: bool = False) -> tuple[int, int]:
        """Go past white space (and what begins a reply) to the text, and to the mark there."""
        if leading and (found := _BEGINNINGS.match(self.text, here)):
            here = found.end()
        while here < len(self.text) and self.text[here].isspace():
            here += 1
        while position < len(self.marks) and self.marks[position].start < here:
            position += 1
        return here, position

    def _mark_at(self, here: int, position: int) -> _Mark | None:
        if position < len(self.marks) and self.marks[position].start == here:
            return self.marks[position]
        return None

    def _ending(self, position: int, name: str) -> int | None:
        """Find the mark that ends a thought: of its name rather than of another."""
        depth = 1  # one thought within another is passed by, if both are closed
        for index in range(position, min(position + MAX_NESTED_MARKS, len(self.marks))):
            mark = self.marks[index]
            if self.quoted[index] or name not in (mark.name, mark.closed):
                continue
            depth += 1 if mark.opens else -1
            if not depth:
                return index
        for endings in self.endings:
            for found in (endings[name], endings[ANY]):
                if (at := bisect_left(found, position)) < len(found):
                    return found[at]
        return None

    def _orphan(self, position: int) -> int | None:
        """Find a mark that closes what nothing has opened.

        What a mark before it opens in the midst of the text is text, and so is what closes that;
        unless it has a line to itself and the other has not.
        """
        opened: list[_Mark] = []
        for index in range(position, len(self.marks)):
            mark = self.marks[index]
            if self.quoted[index]:
                continue
            if mark.opens:
                opened.append(mark)
            elif not mark.ends:
                continue
            elif _SENTENCE_END.match(self.text, mark.end):
                opened.clear()  # a sentence that speaks of it
            elif not opened or (self._alone(mark) and not self._alone(opened[-1])):
                return index
            else:
                opened.pop()
        return None

    def _alone(self, mark: _Mark) -> bool:
        before = self.text[max(0, mark.start - 80) : mark.start].rpartition("\n")
        behind = self.text[mark.end : mark.end + 80].partition("\n")[0]
        return bool(before[1]) and not before[2].strip() and not behind.strip()

    def _answer(self, here: int, position: int) -> str:
        """Give what follows the thoughts, without the marks of a solution."""
        parts = []
        for index in range(position, len(self.marks)):
            mark = self.marks[index]
            if mark.name == SOLUTION and mark.start >= here and not self.quoted[index]:
                parts.append(self.text[here : mark.start].strip())
                here = mark.end
        parts.append(self.text[here:].strip() if parts else self.text[here:].lstrip())
        return "\n\n".join(filter(None, parts))
