"""Final answers, found in the text of a solution by the marks that people and models use.

Of each mark the last one counts that holds something; white space around it is not taken. All
this takes time linear in the text, whatever the text is.
"""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

BOXED = "boxed"
HASHES = "hashes"
ANSWER_LINE = "answer_line"
THE_ANSWER_IS = "the_answer_is"
ANSWER_TAG = "answer_tag"
ANSWER_HEADING = "answer_heading"
A_LINE = "a_line"
# where no mark gave it
FIELD = "field"  # a field of the record holds nothing else
TEXT = "text"  # the text as a whole is the answer
NONE = "none"

MAX_SENTENCE_CHARS = 1_000
MAX_BARE_BOX_CHARS = 200

_BOX_TOKENS = re.compile(r"(\\{1,2}(?:boxed|fbox)(?![A-Za-z]))(?:\s*(\{))?|\\.|[{}]", re.DOTALL)
_HASHES = re.compile(r"^[ \t]*+####[ \t]*+(\S.*)$", re.MULTILINE)
_A_LINE = re.compile(r"^A:[ \t]*+(\S.*)$", re.MULTILINE)
_ANSWER_LINE = re.compile(
    r"^[ \t*_#>]*+(?:the )?(?:final )?answer[ \t*_]*+:[ \t*_]*+(\S.*)$",
    re.MULTILINE | re.IGNORECASE,
)
_ANSWER_HEADING = re.compile(r"^#++[ \t]*+(?:final )?answer[ \t:]*+$", re.MULTILINE | re.IGNORECASE)
_THE_ANSWER_IS = re.compile(r"\bthe\s++(?:final |correct )?answer\s++is\b[ \t:*_]*+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!]+\s")
_BARE_BOX = re.compile(r"\s*([-+\d\\][^\s$]*)")
_EMPHASIS = "*_ \t\r"


class Answer(NamedTuple):
    text: str
    mark: str  # what gave it


def find_answer(text: str, *marks: str) -> Answer:
    """Take the answer of the first of the marks that gives one; else it is empty, by NONE."""
    for mark in marks:
        found = _FINDERS[mark](text)
        if found:
            return Answer(found, mark)
    return Answer("", NONE)


def notes_of(answer: Answer, reference: str | None) -> dict[str, Any]:
    """Note what gave the answer, and the reference answer where there is one."""
    notes: dict[str, Any] = {"answer_from": answer.mark}
    if reference:
        notes["reference_answer"] = reference
    return notes


def answer_of_reply(text: str) -> Answer:
    """Take a reply's last box; what a reply without one says is the answer as a whole."""
    found = find_answer(text, BOXED)
    return found if found.text or not text.strip() else Answer(text, TEXT)


def _boxed(text: str) -> str | None:
    r"""Find the last `\boxed{...}` or `\fbox{...}` with its braces paired, or `\boxed 5`."""
    if "box" not in text:
        return None
    content: str | None = None
    last = -1  # where the box began that gave the content
    opened: list[int] = []  # by open brace: where its box begins, -1 where it is no box's
    for token in _BOX_TOKENS.finditer(text):
        box, brace = token.groups()
        start = -1
        if box and not brace:
            start, found = token.end(), _bare_box(text, token.end())
        elif box or token[0] == "{":
            opened.append(token.end() if box else -1)
        elif token[0] == "}" and opened:
            start = opened.pop()
            found = text[start : token.start()].strip() if start > last else ""
        if start > last and found:
            content, last = found, start
    return content


def _bare_box(text: str, start: int) -> str:
    line = text[start : start + MAX_BARE_BOX_CHARS].partition("\n")[0]
    if "$" in line:
        return line.partition("$")[0].strip()
    found = _BARE_BOX.match(line)
    return found[1].rstrip(".,;") if found else ""


def _last(pattern: re.Pattern[str], around: str = " \t\r") -> Callable[[str], str | None]:
    """Make a finder of what the last line holds that matches, less what is `around` it."""

    def find(text: str) -> str | None:
        lines: list[str] = pattern.findall(text)
        return next((said for line in reversed(lines) if (said := line.strip(around))), None)

    return find


def _sentence(text: str) -> str | None:
    """Find what the last sentence says that begins with "The answer is"."""
    for found in reversed(list(_THE_ANSWER_IS.finditer(text))):
        line = text[found.end() : found.end() + MAX_SENTENCE_CHARS].partition("\n")[0]
        said = _SENTENCE_END.split(line, maxsplit=1)[0].rstrip(".!" + _EMPHASIS)
        if said:
            return said
    return None


def _tagged(text: str) -> str | None:
    end = text.rfind("</answer>")
    start = text.rfind("<answer>", 0, end) if end >= 0 else -1
    return text[start + len("<answer>") : end].strip() if start >= 0 else None


def _under_heading(text: str) -> str | None:
    """Find what stands under the last heading "# Answer", to the end."""
    headings = list(_ANSWER_HEADING.finditer(text))
    return text[headings[-1].end() :].strip() if headings else None


_FINDERS: dict[str, Callable[[str], str | None]] = {
    BOXED: _boxed,
    HASHES: _last(_HASHES),
    ANSWER_LINE: _last(_ANSWER_LINE, _EMPHASIS),
    THE_ANSWER_IS: _sentence,
    ANSWER_TAG: _tagged,
    ANSWER_HEADING: _under_heading,
    A_LINE: _last(_A_LINE),
}
