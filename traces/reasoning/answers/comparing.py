"""Whether two final answers are the same, by value where they are numbers and by text otherwise."""

import re
from fractions import Fraction

_BOXED = re.compile(r"\\boxed\{((?:[^{}]|\{[^{}]*\})*)\}")
_NUMBER = re.compile(r"[-+]?(?:\d+(?:,\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d{1,3})?")
_FRACTION = re.compile(r"([-+]?\d+)\s*/\s*(\d+)")
_LATEX_FRACTION = re.compile(r"([-+]?)\\[dt]?frac\{(\d+)\}\{(\d+)\}")
MAX_NUMBER_CHARS = 100


def same_answer(first: str, second: str) -> bool:
    """Compare answers by equivalence: 1,458 = 1458.0 = $1458 = \\boxed{1458}; 50% = 50 %."""
    left, right = plain(first), plain(second)
    if not left or not right:
        return left == right
    left_value, right_value = number(left), number(right)
    if left_value is not None and right_value is not None:
        return left_value == right_value
    return left.casefold() == right.casefold()


def plain(answer: str) -> str:
    """Strip what surrounds an answer without changing it: boxes, dollar signs, a full stop."""
    boxed = _BOXED.findall(answer)
    text = boxed[-1] if boxed else answer
    text = " ".join(text.replace("\\$", "$").replace("$", " ").split())
    return text.removesuffix(".").strip()


def number(text: str) -> Fraction | None:
    """Read a number exactly: digits with or without thousands marks, a decimal or a fraction."""
    if len(text) > MAX_NUMBER_CHARS:
        return None
    text = text.removesuffix("%").strip()
    if fraction := _LATEX_FRACTION.fullmatch(text):
        sign, above, below = fraction.groups()
        text = f"{sign}{above}/{below}"
    if fraction := _FRACTION.fullmatch(text):
        above, below = int(fraction[1]), int(fraction[2])
        return Fraction(above, below) if below else None
    if not any(map(str.isdigit, text)) or not _NUMBER.fullmatch(text):
        return None
    return Fraction(text.replace(",", ""))
