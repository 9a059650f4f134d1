r"""Whether two final answers are the same, in stages; each says that it decided.

First the text, white space folded and case ignored; then numbers by value (1,458 = $1458 = 1458.0
apples, 5 % = 0.05); then choices, lists and LaTeX that says the same. What none of them decides is
undecided. It is not transitive: 5 apples and 5 pears are both 5.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from traces.reasoning.answers.notation import MAX_ANSWER_CHARS, answer_in, in_plain_signs
from traces.reasoning.answers.quantities import quantity, same_number, simple_number

OUTCOMES = RIGHT, WRONG, UNDECIDED = "right", "wrong", "undecided"
# the stages
TEXT, NUMBER, NOTATION = "text", "number", "notation"
MAX_ELEMENTS = 20  # of a list
SHORTEST_PART = 3  # characters, with the spaces around: a letter is none

_SPACES = re.compile(r"(?<!\w)\s+|\s+(?!\w)")
_ASSIGNED = re.compile(r"([a-z](?:_?\w)?|f\(x\)|)\s*=\s*([^=<>]+)", re.IGNORECASE)
_CHOICE = re.compile(r"(?:option|choice)?\s*(?:[(\[]([A-J])[)\]]|([A-J]))\s*[.:)]?", re.IGNORECASE)
_LABELLED = re.compile(r"(?:[(\[]([A-J])[)\]]|([A-J])[.:)])\s+\S.*", re.DOTALL)
_CLOCK = re.compile(r"\d+(?:\s*:\s*\d+)+")
_WORDS = re.compile(r"[^\W\d_]+(?:(?:[ -]|' ?|, )[^\W\d_]+)*'?")
_WORD = re.compile(r"[^\W\d_]+")
_COMMA_NUMBER = re.compile(r"-?\d+,\d+")
# a comma before three digits may be a thousand's
_SEPARATOR = re.compile(
    r"\s*(?:,(?!\d{3}(?!\d))|;)\s*(?:and |or )?|\s+(?:and|or)\s+", re.IGNORECASE
)
_TOKENS = re.compile(rf"([(\[{{])|([)\]}}])|({_SEPARATOR.pattern})", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "\\{": "\\}", "\\langle": "\\rangle"}
_UNORDERED = ("", "\\{")
_SAID = {"yes": "true", "no": "false"}
# Words that say a number, which may be the same as another way to say it.
_TELLING = frozenset(
    [
        *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
        *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
        *("eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty", "seventy"),
        *("eighty", "ninety", "hundred", "thousand", "million", "dozen", "half", "third"),
        *("quarter", "once", "twice", "double", "none", "nothing", "pi", "infinity", "infinite"),
        "inf",
    ]
)


class Comparison(NamedTuple):
    """Whether an answer is the same as the reference, by which stage, or why that is not told."""

    outcome: str
    how: str
    reason: str = ""


SAME_TEXT, OTHER_TEXT = Comparison(RIGHT, TEXT), Comparison(WRONG, TEXT)
SAME_NUMBER, OTHER_NUMBER = Comparison(RIGHT, NUMBER), Comparison(WRONG, NUMBER)
SAME_NOTATION, OTHER_NOTATION = Comparison(RIGHT, NOTATION), Comparison(WRONG, NOTATION)
OPEN = Comparison(UNDECIDED, NOTATION)  # another stage may tell


def same_answer(answer: str, reference: str) -> bool:
    r"""Tell answers that are surely the same: 1,458 = 1458.0 = $1458 = \boxed{1458}; 50% = 0.5."""
    return compare(answer, reference).outcome == RIGHT


def compare(answer: str, reference: str) -> Comparison:
    """Compare an answer with the one that is right."""
    if answer == reference:
        return SAME_TEXT
    left, right = simple_number(answer), simple_number(reference)
    if left is not None and right is not None:
        return SAME_NUMBER if left == right else OTHER_NUMBER
    return _by_quantity(answer, reference) or _closely(answer_in(answer), answer_in(reference))


def _by_quantity(answer: str, reference: str) -> Comparison | None:
    left, right = quantity(answer), quantity(reference)
    if left is None or right is None:
        return None
    if left.unit and right.unit and left.unit != right.unit:
        return Comparison(UNDECIDED, NUMBER, "the units differ")
    return SAME_NUMBER if same_number(left.value, right.value) else OTHER_NUMBER


def _closely(answer: str, reference: str) -> Comparison:
    if answer.casefold().split() == reference.casefold().split():
        return SAME_TEXT
    if not answer or not reference:
        return OTHER_TEXT
    if max(len(answer), len(reference)) > MAX_ANSWER_CHARS:
        return Comparison(UNDECIDED, TEXT, f"more than {MAX_ANSWER_CHARS:,} characters")
    return _in_notation(in_plain_signs(answer), in_plain_signs(reference))


def _in_notation(answer: str, reference: str) -> Comparison:
    if _folded(answer) == _folded(reference):
        return SAME_NOTATION
    found = _by_quantity(answer, reference) or _by_choice(answer, reference)
    if found:
        return found
    left, right = _ASSIGNED.fullmatch(answer), _ASSIGNED.fullmatch(reference)
    if (left or right) and not (left and right and left[1].casefold() != right[1].casefold()):
        return _in_notation(left[2] if left else answer, right[2] if right else reference)
    return (
        _by_comma(answer, reference)
        or _by_part(answer, reference)
        or _by_elements(answer, reference)
        or _by_kind(answer, reference)
        or OPEN
    )


def _folded(text: str) -> str:
    return _SPACES.sub("", text).casefold()


def _by_choice(answer: str, reference: str) -> Comparison | None:
    left, right = _CHOICE.fullmatch(answer), _CHOICE.fullmatch(reference)
    if not (left or right):
        return None
    left, right = left or _LABELLED.fullmatch(answer), right or _LABELLED.fullmatch(reference)
    if left is None or right is None:
        return None
    first, second = (left[1] or left[2]), (right[1] or right[2])
    return SAME_NOTATION if first.casefold() == second.casefold() else OTHER_NOTATION


def _by_comma(answer: str, reference: str) -> Comparison | None:
    """Leave open whether a comma between digits is a decimal point."""
    if {_kind(answer), _kind(reference)} != {"comma", "number"}:
        return None
    return Comparison(UNDECIDED, NOTATION, "a comma in a number")


def _by_part(answer: str, reference: str) -> Comparison | None:
    """Leave open whether words say the same as some of them."""
    if not (_WORDS.fullmatch(answer) and _WORDS.fullmatch(reference)):
        return None
    left, right = (f" {' '.join(_WORD.findall(text.casefold()))} " for text in (answer, reference))
    if left == right:
        return SAME_NOTATION
    if (left in right or right in left) and min(len(left), len(right)) > SHORTEST_PART:
        return Comparison(UNDECIDED, NOTATION, "one is a part of the other")
    return None


def _by_kind(answer: str, reference: str) -> Comparison | None:
    """Tell words from other words, and apart what is of two kinds."""
    kinds = _kind(answer), _kind(reference)
    if not {"words", "clock"} & {*kinds} or {"", "comma"} & {*kinds}:
        return None
    if "clock" in kinds:
        is_other = "number" in kinds
        return OTHER_NOTATION if is_other else Comparison(UNDECIDED, NOTATION, "a time or a ratio")
    left, right = answer.casefold(), reference.casefold()
    if _SAID.get(left, left) == _SAID.get(right, right):
        return SAME_NOTATION
    if _TELLING & {*_WORD.findall(left), *_WORD.findall(right)}:
        return Comparison(UNDECIDED, NOTATION, "words that may say a number")
    return OTHER_TEXT


def _kind(text: str) -> str:
    if _WORDS.fullmatch(text):
        return "words" if len(text) > 1 else ""
    if quantity(text):
        return "number"
    if _CLOCK.fullmatch(text):
        return "clock"
    return "comma" if _COMMA_NUMBER.fullmatch(text) else ""


def _by_elements(answer: str, reference: str) -> Comparison | None:
    """Compare lists: in order within round and square brackets, in any order otherwise."""
    (bracket, left), (other, right) = _elements(answer), _elements(reference)
    if len(left) < 2 and len(right) < 2:
        return None
    if max(len(left), len(right)) > MAX_ELEMENTS:
        return Comparison(UNDECIDED, NOTATION, f"more than {MAX_ELEMENTS} elements")
    if len(left) != len(right):
        are_plain = all(_kind(part) in ("number", "words") for part in [*left, *right])
        return OTHER_NOTATION if are_plain else None
    if bracket in _UNORDERED and other in _UNORDERED:
        return _in_any_order(left, right)
    found = _in_order(left, right)
    if found == SAME_NOTATION and bracket != other and bracket and other:
        return OTHER_NOTATION  # an open interval and a closed one
    return found


def _elements(text: str) -> tuple[str, list[str]]:
    """Give the bracket around a list, and what is in it; one element where it is none."""
    for opening, closing in _BRACKETS.items():
        if text.startswith(opening) and text.endswith(closing):
            inner = _parts(text[len(opening) : -len(closing)])
            if inner:
                return opening, inner
    return "", _parts(text) or [text]


def _parts(text: str) -> list[str]:
    """Cut a list at what separates its elements outside of brackets; [] where these do not pair."""
    parts, start, depth = [], 0, 0
    for token in _TOKENS.finditer(text):
        depth += bool(token[1]) - bool(token[2])
        if depth < 0:
            return []
        if token[3] and depth == 0:
            parts.append(text[start : token.start()].strip())
            start = token.end()
    return [part for part in [*parts, text[start:].strip()] if part] if depth == 0 else []


def _in_order(left: Sequence[str], right: Sequence[str]) -> Comparison | None:
    found = [_element(one, other) for one, other in zip(left, right, strict=True)]
    if all(one == RIGHT for one in found):
        return SAME_NOTATION
    return OTHER_NOTATION if WRONG in found else None


def _in_any_order(left: Sequence[str], right: Sequence[str]) -> Comparison | None:
    """Find for each element another that is the same."""
    remaining = list(right)
    is_open = False
    for one in left:
        found = [_element(one, other) for other in remaining]
        if RIGHT in found:
            del remaining[found.index(RIGHT)]
        elif UNDECIDED in found:
            is_open = True
        else:
            return OTHER_NOTATION
    return None if is_open else SAME_NOTATION


def _element(one: str, other: str) -> str:
    if one == other:
        return RIGHT
    return _in_notation(one, other).outcome
