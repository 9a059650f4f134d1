"""What surrounds an answer and is none of it: end tokens, emphasis, the full stop."""

import re
from collections.abc import Iterator
from itertools import islice

MAX_SENTENCE_CHARS = 1_000
MAX_NUMBER_CHARS = 100
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
NO_ANSWERS = frozenset(
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
    return bare.strip(" .*_$'\"").lower() in NO_ANSWERS


def is_number(text: str) -> bool:
    return len(text) <= MAX_NUMBER_CHARS and _NUMBER.fullmatch(text) is not None


def sentence_ends(text: str) -> Iterator[int]:
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
    return list(islice(sentence_ends(text), 2)) == [len(text) - 1]


def trimmed(text: str) -> str:
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
