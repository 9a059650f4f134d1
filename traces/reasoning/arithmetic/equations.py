"""Equations in a text: found at each equals sign, and right or wrong where that is beyond doubt."""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise, product
from typing import NamedTuple

from traces.reasoning.arithmetic.evaluating import HUNDREDTH, Unclear, value_of
from traces.reasoning.arithmetic.sides import Side, side_before, side_behind
from traces.reasoning.arithmetic.tokens import NUMBER, OVER, PERCENT, WORD, Number, Tokens

_MARK = re.compile(r"<<([^<>]*+)>>")  # of a calculator, as in GSM8K
# Units of what is measured, without the s of several: 60 minutes are 1 hour.
_MEASURES = frozenset(
    (
        *("second", "minute", "hour", "day", "week", "month", "year", "inch", "inche", "foot"),
        *("feet", "yard", "mile", "mm", "cm", "m", "km", "millimeter", "centimeter", "meter"),
        *("kilometer", "mg", "g", "gram", "kg", "kilogram", "pound", "lb", "ounce", "oz", "ton"),
        *("cup", "pint", "quart", "gallon", "ml", "liter", "cent", "dollar", "nickel", "dime"),
    )
)
# Behind a number they are no unit of it.
_CHANGE_IT = frozenset(
    (
        *("dozen", "hundred", "thousand", "million", "billion", "percent", "cent", "half", "third"),
        *("quarter", "squared", "cubed", "factorial", "times", "plus", "minus", "over", "mod"),
        *("divided", "multiplied", "choose"),
    )
)
_AS_WRITTEN: tuple[Number, ...] = (1,)
_PER_CENT: tuple[Number, ...] = (HUNDREDTH, 1)  # "20%" is 0.2, and many write 20


class Equation(NamedTuple):
    text: str
    is_right: bool


def equations_in(text: str) -> Iterator[Equation]:
    """Yield the equations of a text that can be told right from wrong, in time linear in it.

    Rounded results are right, and so is whatever may be read as right: `5 + 1 = 6 * 2 = 12` or
    `100 / 5 = 20%`. What may be a label, algebra or a change of units is passed over unless right.
    """
    if "=" not in text:
        return
    if "<<" in text:
        for mark in _MARK.findall(text):
            yield from _equations(mark)
        text = _MARK.sub("", text)
    yield from _equations(text)


def _equations(text: str) -> Iterator[Equation]:
    tokens = Tokens(text)
    for position in tokens.equals:
        left = side_before(tokens, position)
        right = side_behind(tokens, position) if left else None
        if not left or not right or left.operands + right.operands < 3:
            continue
        is_right = _is_right(tokens, left, right)
        if is_right or (is_right is not None and _is_clear(tokens, left, right)):
            start, end = tokens.spans[left.start][0], tokens.spans[right.end - 1][1]
            yield Equation(text[start:end], is_right)


def _is_right(tokens: Tokens, left: Side, right: Side) -> bool | None:
    """Tell whether any reading of one side is any of the other; None where there is no reading."""
    has_per_cent = PERCENT in tokens.kinds[left.start : right.end]
    per_cents = _PER_CENT if has_per_cent else _AS_WRITTEN
    try:
        for start, here, there in product(left.starts, per_cents, per_cents):
            value = value_of(tokens, start, left.end, per_cent=here)
            tolerance = max(_tolerance(tokens, left, here), _tolerance(tokens, right, there))
            for end in right.ends:
                other = value_of(tokens, right.start, end, per_cent=there)
                if value == other or abs(Fraction(value - other)) < tolerance:
                    return True
    except Unclear:
        return None
    return False


def _is_clear(tokens: Tokens, left: Side, right: Side) -> bool:
    """Tell where a difference can only be a mistake."""
    if not (left.is_clear and right.is_clear):
        return False
    if any(_divisions(tokens, side) > 1 for side in (left, right)):
        return False  # "6 / 1/2" is read in two ways
    words = _words(tokens, left) | _words(tokens, right)
    if words & _CHANGE_IT or len(words & _MEASURES) > 1:
        return False
    if left.operands == 1:  # "4 days = 3 * 8" and "Day 2 = 3 * 8" say what something is
        return not (left.has_words_before or left.has_words_behind)
    match tokens.kinds[left.start : left.end]:
        case ["n", "/", "n", *_] if left.operands == 2 and right.operands == 1:
            return not left.has_words_behind  # "1/2 a cup = 4 ounces"
        case ["n", "-", "n", *_] if left.operands == 2 and tokens.is_glued(left.start + 1):
            return _is_no_range(tokens, left.start)
    return True


def _words(tokens: Tokens, side: Side) -> set[str]:
    """Give the words that a side holds, and the one behind it, with and without an s."""
    positions = range(side.start, min(side.end + 1, len(tokens.kinds)))
    said = {tokens.said(at).lower() for at in positions if tokens.kinds[at] == WORD}
    return said | {word.removesuffix("s") for word in said}


def _is_no_range(tokens: Tokens, start: int) -> bool:
    """Tell "9-5" from "5-9", which may be a range."""
    first, second = tokens.value(start), tokens.value(start + 2)
    return first is not None and second is not None and first >= second


def _divisions(tokens: Tokens, side: Side) -> int:
    kinds = tokens.kinds[side.start : side.end + 1]
    return sum(kind == OVER and behind != WORD for kind, behind in pairwise(kinds))


def _tolerance(tokens: Tokens, side: Side, per_cent: Number) -> Fraction:
    """Give how far a result that stands alone may be off: less than one in its last place."""
    if side.operands > 1 or tokens.kinds[side.start] != NUMBER:
        return Fraction(0)
    is_per_cent = tokens.kinds[side.end - 1] == PERCENT
    return Fraction(1, 10 ** tokens.places(side.start)) * (per_cent if is_per_cent else 1)
