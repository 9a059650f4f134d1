"""What marks an answer in a text, a function a mark."""

import re
from itertools import islice

from traces.reasoning.answers.trimming import (
    MAX_NUMBER_CHARS,
    MAX_SENTENCE_CHARS,
    is_no_answer,
    is_number,
    sentence_ends,
    trimmed,
)

MAX_BARE_BOX_CHARS = 200
MAX_BLOCK_CHARS = 10_000
_BOX_TOKENS = re.compile(r"(\\{1,2}(?:boxed|fbox)(?![A-Za-z]))(?:\s*(\{))?|\\.|[{}]", re.DOTALL)
_BARE_BOX = re.compile(r"\s*([-+\d\\][^\s$]*)")
_HASHES = re.compile(r"^[ \t]*+####[ \t]*+(\S.*)$", re.MULTILINE)
_A_LINE = re.compile(r"^A:[ \t]*+(\S.*)$", re.MULTILINE)
_TAG = re.compile(r"<(/?)(?:final_)?answer>", re.IGNORECASE)
_EMPHASIS = r"[ \t*_#>`-]*+"
_ANSWER_LINE = re.compile(
    rf"^{_EMPHASIS}(?:(?:so|thus|hence|therefore)[ ,]++)?(?:(?:the|my|our) )?"
    rf"(?:(?:final|correct|short) )?answer[ \t*_]*+"
    rf"(?:[:=\uff1a][ \t*_]*+(?P<said>\S.*)|[:\uff1a]?[ \t*_#:\uff1a]*+)$",
    re.MULTILINE | re.IGNORECASE,
)
_BLOCK_END = re.compile(r"\r?\n[ \t]*\r?\n")
_THE_ANSWER_IS = re.compile(
    r"\b(?:(?:the\s++)?(?:final |correct |right )?answer|the\s++correct\s++(?:option|choice))\s++"
    r"(?:is|would be)\b(?:\s++(?:as follows|the following|therefore|thus|then|simply)\b)?"
    r"[ \t:*_]*+",
    re.IGNORECASE,
)
_HOPE = re.compile(r"\bI hope (?:it|this) is correct\W{0,9}\Z", re.IGNORECASE)
# a sentence's end, or a line that begins anew
_BETWEEN_SENTENCES = re.compile(r"[.!?][*_\"')\]$]*\s|\n[ \t]*\n|\n[ \t]*(?=[A-Z0-9*#-])")
_FENCE = re.compile(r"```[^\n`]{0,40}\n(.*?)\n[ \t]*```", re.DOTALL)


def within_tag(text: str) -> str | None:
    """Give what stands in `<answer>...</answer>` where that is all there is."""
    tags = list(islice(_TAG.finditer(text), 3))
    if len(tags) != 2 or tags[0][1] or not tags[1][1]:
        return None
    if tags[0].start() > 0 or tags[1].end() < len(text):
        return None
    return text[tags[0].end() : tags[1].start()].strip()


def in_box(text: str) -> str | None:
    r"""Find the boxes of the last sentence with any: `\boxed{...}`, `\fbox{...}`, `\boxed 5`."""
    if "box" not in text:
        return None
    last: list[str] = []
    until = 0
    for start, end, content in _boxes(text):
        if until and not _BETWEEN_SENTENCES.search(text, until, start):
            last.append(content)
        else:
            last = [content]
        until = end
    said = [content for content in last if not is_no_answer(content)]
    return ", ".join(dict.fromkeys(said or last))


def _boxes(text: str) -> list[tuple[int, int, str]]:
    """Give the boxes that hold something, the inner of two, with braces paired, in order."""
    found: list[tuple[int, int, str]] = []
    opened: list[tuple[int, int]] = []  # by open brace: where its box and its content begin
    for token in _BOX_TOKENS.finditer(text):
        box, brace = token.groups()
        start, inside = -1, -1
        content = ""
        end = token.end()
        if box and not brace:
            start = inside = token.start()
            content, end = _bare_box(text, token.end())
        elif box or token[0] == "{":
            opened.append((token.start() if box else -1, token.end()))
        elif token[0] == "}" and opened:
            start, inside = opened.pop()
            if start >= 0 and not (found and found[-1][0] > start):
                content = text[inside : token.start()].strip()
        if start >= 0 and content:
            found.append((start, end, content))
    return found


def _bare_box(text: str, start: int) -> tuple[str, int]:
    line = text[start : start + MAX_BARE_BOX_CHARS].partition("\n")[0]
    if "$" in line:
        said = line.partition("$")[0]
        return said.strip(), start + len(said)
    found = _BARE_BOX.match(line)
    return (found[1].rstrip(".,;"), start + found.end()) if found else ("", start)


def behind_hashes(text: str) -> str | None:
    """Find what the last line `#### x` says; of a heading, which it may be, nothing."""
    if "####" not in text:
        return None
    end = len(text.rstrip())
    for found in reversed(list(_HASHES.finditer(text))):
        said = trimmed(found[1])
        if said and (is_number(said) or found.end() >= end):
            return said
    return None


def in_tag(text: str) -> str | None:
    end = -1
    for tag in reversed(list(_TAG.finditer(text))):
        if tag[1]:
            end = tag.start()
        elif end >= 0:
            said = trimmed(text[tag.end() : end])
            if said:
                return said
            end = -1
    return None


def behind_answer(text: str) -> str | None:
    """Find what follows the last `Answer:`, on its line or in the block under it."""
    if "nswer" not in text and "NSWER" not in text:
        return None
    for found in reversed(list(_ANSWER_LINE.finditer(text))):
        said = found["said"]
        if said is None:
            rest = text[found.end() : found.end() + MAX_BLOCK_CHARS].lstrip()
            if rest.startswith("```") and (code := _unfenced(rest).strip()) != rest.strip():
                return code
            end = _BLOCK_END.search(rest)
            said = rest[: end.start()] if end else rest
        said = _without_hope(said)
        if said := in_sentence(said) or trimmed(said):
            return said
    return None


def _without_hope(said: str) -> str:
    """Leave out how Minerva's answers end."""
    hope = _HOPE.search(said, max(0, len(said) - MAX_NUMBER_CHARS))
    return said[: hope.start()].rstrip() if hope else said


def in_sentence(text: str) -> str | None:
    """Find what the last sentence says that begins with "The answer is"."""
    for found in reversed(list(_THE_ANSWER_IS.finditer(text))):
        rest = text[found.end() : found.end() + MAX_SENTENCE_CHARS].lstrip()
        if rest.startswith("```") and (code := _unfenced(rest).strip()) != rest.strip():
            return code
        line = rest.partition("\n")[0]
        said = trimmed(line[: next(sentence_ends(line), len(line))])
        if said:
            return said
    return None


def _unfenced(text: str) -> str:
    """Give what is in a block of code with which a text begins."""
    fence = _FENCE.match(text)
    return fence[1] if fence else text


def behind_a(text: str) -> str | None:
    lines: list[str] = _A_LINE.findall(text)
    return next((said for line in reversed(lines) if (said := line.strip(" \t\r"))), None)
