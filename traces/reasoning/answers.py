r"""Final answers, found in a text by the marks that people and models use.

One order of trust for all: `\boxed{...}` (all boxes of the last sentence that has one), `#### x`,
`<answer>x</answer>`, `Answer: x` and its kin, "The answer is x". Of each mark the last one counts
that holds something. What ends a reply and is no answer (a stop token, the full stop of the
sentence) is not taken, nor words that say that there is none. All this takes time linear in the
text, whatever the text is.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, NamedTuple

BOXED = "boxed"
HASHES = "hashes"
ANSWER_TAG = "answer_tag"
ANSWER_LINE = "answer_line"
THE_ANSWER_IS = "the_answer_is"
A_LINE = "a_line"  # of `gsm8k_solutions` alone
MARKS = (BOXED, HASHES, ANSWER_TAG, ANSWER_LINE, THE_ANSWER_IS)
# where no mark gave it
FIELD = "field"  # a field of the record holds nothing else
TEXT = "text"  # the text as a whole is the answer
NONE = "none"

MAX_SENTENCE_CHARS = 1_000
MAX_BARE_BOX_CHARS = 200
MAX_BLOCK_CHARS = 10_000
MAX_NUMBER_CHARS = 100

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
_STOPS = re.compile(r"(?<![.!?])[.!?]++(?=\s|$)|[\u3002\uff01\uff1f]")
_WORD_BEFORE = re.compile(r"[A-Za-z.]*\Z")
_WORD_BEHIND = re.compile(r"[\s\"'(*_$]*(\w+\.?)")
_BEFORE_FACTORIALS = tuple("0123456789)")
_NEVER_LAST = frozenset(
    [
        *("approx", "ca", "cf", "dr", "eq", "e.g", "i.e", "fig", "mr", "mrs", "ms", "no", "nos"),
        *("prof", "st", "vs", "vol"),
    ]
)
_CHOICES = frozenset("ABCDEFGH")
_BEGINNERS = frozenset(
    [
        *("The", "This", "That", "These", "It", "We", "I", "You", "So", "Because", "Since", "As"),
        *(
            "Thus",
            "Hence",
            "Therefore",
            "However",
            "And",
            "But",
            "If",
            "In",
            "Note",
            "Let",
            "There",
        ),
    ]
)
_FENCE = re.compile(r"```[^\n`]{0,40}\n(.*?)\n[ \t]*```", re.DOTALL)
_END_TOKENS = re.compile(
    r"(?:\s|<\|?(?:im_end|eot_id|eot|eom_id|end|return|call|eos|pad|end_of_utterance|endofturn)\|?>"
    r"|<\|(?:user|observation|EOT)\|>|<EOT>|\[\|endofturn\|\]|<\|im_end\|>\s*<\|im_start\|>\w*"
    r"|<\|?(?:endoftext|end_of_text|end_of_turn)\|?>"
    r"|<\|END_OF_TURN_TOKEN\|>|<\uff5cend\u2581of\u2581sentence\uff5c>|</s>|\[/?(?:EOS|PAD)\])+\Z"
)
_BEGIN_TOKENS = re.compile(r"(?:<s>|<bos>|<\|begin_of_text\|>)\s*")
_RUN_ON = re.compile(r"<\|im_start\|>\w+\Z")
_STRUCK = re.compile(r"<s>[^<]*</s>\s*\S")  # HTML's, of a price that was higher
_WRAPPED = re.compile(r"\$\$?([^$]+)\$\$?|\\\((.+)\\\)|\\\[(.+)\\\]|\*\*(.+)\*\*", re.DOTALL)
_NUMBER = re.compile(r"[-+\u2212]?[$€£]?\d[\d.,]*(?:[/:]\d+)?\s?%?")
_NO_ANSWERS = frozenset(
    [
        "proof",
        "notfound",
        "not found",
        "not_found",
        "n/a",
        "nan",
        "null",
        "no answer",
        "no final answer",
        "not available",
        "not applicable",
        "not provided",
        "[invalid]",
        "[no answer]",
    ]
)


class Answer(NamedTuple):
    text: str
    mark: str  # what gave it


def find_answer(text: str, *marks: str) -> Answer:
    """Take the answer of the first of the marks that gives one; else it is empty, by NONE."""
    for mark in marks or MARKS:
        found = _FINDERS[mark](text)
        if found and not is_no_answer(found):
            return Answer(found, mark)
    return Answer("", NONE)


def answer_of_reply(text: str) -> Answer:
    """Take the answer that a reply marks; what one without a mark says is the answer as a whole."""
    found = find_answer(text)
    if found.text or not text.strip():
        return found
    if any(is_no_answer(_FINDERS[mark](text) or "") for mark in MARKS):
        return found  # it says that there is none
    bare = _unwrapped(text)
    return Answer(bare if is_number(bare) else text, TEXT)


def within_tag(text: str) -> str | None:
    """Give what stands in `<answer>...</answer>` where that is all there is."""
    tags = list(islice(_TAG.finditer(text), 3))
    if len(tags) != 2 or tags[0][1] or not tags[1][1]:
        return None
    if tags[0].start() > 0 or tags[1].end() < len(text):
        return None
    return text[tags[0].end() : tags[1].start()].strip()


def without_ends(text: str) -> str:
    """Take white space around a reply off, and the tokens that ended it."""
    stripped = text.strip()
    begin = _BEGIN_TOKENS.match(stripped)
    if begin and not _STRUCK.match(stripped):
        stripped = stripped[begin.end() :]
    if stripped.endswith((">", "]")) or _RUN_ON.search(stripped, max(0, len(stripped) - 50)):
        ends = _END_TOKENS.search(stripped, max(0, len(stripped) - MAX_SENTENCE_CHARS))
        if ends and not (ends[0].strip() == "</s>" and "<s>" in stripped):
            return stripped[: ends.start()]
    return stripped


def is_no_answer(text: str) -> bool:
    r"""Tell words that stand where an answer would, as in `\boxed{\text{not found}}`."""
    if len(text) > MAX_NUMBER_CHARS:
        return False
    bare = re.sub(r"\\(?:text|mathrm|mbox)\{([^{}]*)\}", r"\1", text)
    return bare.strip(" .*_$'\"").lower() in _NO_ANSWERS


def is_number(text: str) -> bool:
    return len(text) <= MAX_NUMBER_CHARS and _NUMBER.fullmatch(text) is not None


def reference_of(given: str | None) -> str | None:
    """Give the answer that a field says is right, if it says one."""
    return given if given and given.strip() and not is_no_answer(given) else None


def notes_of(answer: Answer, reference: str | None) -> dict[str, Any]:
    """Note what gave the answer, and the reference answer where there is one."""
    return {"answer_from": answer.mark, **note_of(reference)}


def note_of(reference: str | None) -> dict[str, Any]:
    return {"reference_answer": reference} if reference else {}


def _boxed(text: str) -> str | None:
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


def _hashes(text: str) -> str | None:
    """Find what the last line `#### x` says; of a heading, which it may be, nothing."""
    if "####" not in text:
        return None
    end = len(text.rstrip())
    for found in reversed(list(_HASHES.finditer(text))):
        said = _trimmed(found[1])
        if said and (is_number(said) or found.end() >= end):
            return said
    return None


def _tagged(text: str) -> str | None:
    end = -1
    for tag in reversed(list(_TAG.finditer(text))):
        if tag[1]:
            end = tag.start()
        elif end >= 0:
            said = _trimmed(text[tag.end() : end])
            if said:
                return said
            end = -1
    return None


def _answer_line(text: str) -> str | None:
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
        if said := _sentence(said) or _trimmed(said):
            return said
    return None


def _without_hope(said: str) -> str:
    """Leave out how Minerva's answers end."""
    hope = _HOPE.search(said, max(0, len(said) - MAX_NUMBER_CHARS))
    return said[: hope.start()].rstrip() if hope else said


def _sentence(text: str) -> str | None:
    """Find what the last sentence says that begins with "The answer is"."""
    for found in reversed(list(_THE_ANSWER_IS.finditer(text))):
        rest = text[found.end() : found.end() + MAX_SENTENCE_CHARS].lstrip()
        if rest.startswith("```") and (code := _unfenced(rest).strip()) != rest.strip():
            return code
        line = rest.partition("\n")[0]
        said = _trimmed(line[: next(_sentence_ends(line), len(line))])
        if said:
            return said
    return None


def _sentence_ends(text: str) -> Iterator[int]:
    """Yield where a sentence's stop stands."""
    for stop in _STOPS.finditer(text):
        if stop[0] == "!" and text[stop.start() - 1 : stop.start()] in _BEFORE_FACTORIALS:
            yield stop.end()
        elif stop[0][0] != "." or _ends_sentence(text, stop):
            yield stop.start()


def _ends_sentence(text: str, stop: re.Match[str]) -> bool:
    """Tell a sentence's full stop from that of an abbreviation or of an initial."""
    before = text[max(0, stop.start() - 40) : stop.start()]
    found = _WORD_BEFORE.search(before)
    word = found[0] if found else ""
    behind = _WORD_BEHIND.match(text, stop.end())
    if behind is None:
        return "." not in word.strip(".")  # "9 a.m." keeps its own
    following = behind[1]
    if word.lower() in _NEVER_LAST or following[0].islower():
        return False
    is_initial = len(word) == 1 and word.isupper()
    if is_initial and len(following) == 2 and following[1] == ".":
        return False  # "J. K. Rowling"
    if is_initial:
        named = before[:-1].split()
        begins = named[-1][0].isupper() if named else word not in _CHOICES
        return not begins or following in _BEGINNERS
    if "." in word and word.replace(".", "").isupper():
        return following in _BEGINNERS
    return True


def _has_full_stop(text: str) -> bool:
    """Tell an answer that is one sentence, with its stop; of "5!" the mark is the answer's."""
    if not text.endswith((".", "!")) or text.endswith(("..", "!!")) or "\n" in text:
        return False
    if text.endswith("!") and not text[-2:-1].isalpha():
        return False
    if len(text) > MAX_SENTENCE_CHARS:
        return False
    return list(islice(_sentence_ends(text), 2)) == [len(text) - 1]


def _unfenced(text: str) -> str:
    """Give what is in a block of code with which a text begins."""
    fence = _FENCE.match(text)
    return fence[1] if fence else text


def _trimmed(text: str) -> str:
    """Take off what surrounds an answer: white space, emphasis, a formula's marks, the full stop.

    The full stop closes the sentence where it is the text's only one.
    """
    text = without_ends(text)
    while True:
        before = text
        text = text.strip().strip("*_`").strip()
        if _has_full_stop(text):
            text = text[:-1]
        wrapped = _WRAPPED.fullmatch(text)
        if wrapped and (inner := next(filter(None, wrapped.groups()), "").strip()):
            text = inner
        if text == before:
            return text


def _unwrapped(text: str) -> str:
    return _trimmed(text) if len(text) <= MAX_NUMBER_CHARS else text


def _last_a_line(text: str) -> str | None:
    lines: list[str] = _A_LINE.findall(text)
    return next((said for line in reversed(lines) if (said := line.strip(" \t\r"))), None)


_FINDERS: dict[str, Callable[[str], str | None]] = {
    BOXED: _boxed,
    HASHES: _hashes,
    ANSWER_TAG: _tagged,
    ANSWER_LINE: _answer_line,
    THE_ANSWER_IS: _sentence,
    A_LINE: _last_a_line,
}
