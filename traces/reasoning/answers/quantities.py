"""Quantities as people write them: a number with its commas, currency, percent sign or unit."""

import re
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

MAX_QUANTITY_CHARS = 100
MAX_UNIT_WORDS = 4
Number = Decimal | Fraction

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
_QUANTITY = re.compile(
    rf"(?P<sign>[-+\u2212]?)\s?(?:US)?(?P<currency>\\?[$\u20ac\xa3\xa5])?\s?(?P<inner>[-\u2212]?)"
    rf"(?:(?P<whole>\d+)\s+(?=\d+/\d))?(?P<number>{_DIGITS})(?P<exponent>[eE][-+]?\d{{1,3}})?\.?"
    r"(?:\s?/\s?(?P<below>\d+))?"
    r"(?:\s*(?P<percent>\\?%|percent\b|per cent\b)|"
    r"(?P<space>\s*)(?P<unit>[^\W\d_]\S*(?: \S+)*|[$\u20ac\xa3\xa5\xb0]\S*))?"
    r"\s*\.?",
    re.ASCII,
)
_UNIT_WORD = re.compile(r"[a-z\u20ac\xa3\xa5$\xb0]+(?:[/.-][a-z]+)*(?:\^?[23]|[\xb2\xb3])?\.?")
_SIMPLE = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)

# Words behind a number that change it, or that join it to another: it is no quantity then.
_NO_UNITS = frozenset(
    [
        *("and", "or", "to", "plus", "minus", "times", "over", "divided", "mod", "of", "more"),
        *("less", "than", "half", "halves", "third", "thirds", "quarter", "quarters", "fourths"),
        *("fifths", "sixths", "eighths", "tenths", "squared", "cubed", "pi", "sqrt", "sin", "cos"),
        *("tan", "log", "ln", "exp", "am", "pm", "a.m", "p.m", "remainder", "not", "base", "x"),
        *("choose", "factorial", "if", "is", "are", "percent", "pct", "percentage"),
    ]
)
_MULTIPLES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
_NEVER_FIRST = frozenset(["a", "per"])
_SHORT_UNITS = frozenset(["a", "m", "g", "s", "h", "l", "$", "\u20ac", "\xa3", "\xa5", "\xb0"])
_ATTACHED_UNITS = frozenset(
    [
        *("km", "cm", "mm", "kg", "mg", "lb", "lbs", "oz", "ft", "yd", "mi", "mph", "km/h", "m/s"),
        *("ml", "hr", "hrs", "min", "mins", "sec", "secs", "usd", "eur", "kb", "mb", "gb", "tb"),
        *("$", "\u20ac", "\xa3", "\xa5", "\xb0", "\xb0c", "\xb0f"),
    ]
)
_SAME_UNITS = {
    **dict.fromkeys(["dollar", "usd", "buck"], "$"),
    **dict.fromkeys(["euro", "eur"], "\u20ac"),
    **dict.fromkeys(["gbp"], "\xa3"),
    **dict.fromkeys(["yen", "jpy"], "\xa5"),
    **dict.fromkeys(["degree", "deg"], "\xb0"),
    **dict.fromkeys(["kilometer", "kilometre"], "km"),
    **dict.fromkeys(["meter", "metre"], "m"),
    **dict.fromkeys(["centimeter", "centimetre"], "cm"),
    **dict.fromkeys(["millimeter", "millimetre"], "mm"),
    **dict.fromkeys(["mile"], "mi"),
    **dict.fromkeys(["foot", "feet"], "ft"),
    **dict.fromkeys(["inch", "inches"], "in"),
    **dict.fromkeys(["yard"], "yd"),
    **dict.fromkeys(["pound", "lb"], "lb"),
    **dict.fromkeys(["ounce"], "oz"),
    **dict.fromkeys(["kilogram", "kilo"], "kg"),
    **dict.fromkeys(["gram"], "g"),
    **dict.fromkeys(["liter", "litre"], "l"),
    **dict.fromkeys(["milliliter", "millilitre"], "ml"),
    **dict.fromkeys(["hour", "hr"], "h"),
    **dict.fromkeys(["minute", "min"], "min"),
    **dict.fromkeys(["second", "sec"], "s"),
}


class Quantity(NamedTuple):
    value: Number
    unit: str = ""  # in one spelling; "" for none


def simple_number(text: str) -> Decimal | None:
    """Read what most answers are: digits with a sign and a point, however many."""
    return Decimal(text) if _SIMPLE.fullmatch(text) else None


def quantity(text: str) -> Quantity | None:
    """Read a number exactly, and what it counts; 5 % is 0.05. None for anything else."""
    if len(text) > MAX_QUANTITY_CHARS:
        return None
    found = _QUANTITY.fullmatch(text)
    if found is None:
        return None
    value = _value(found)
    unit = _unit(found)
    if value is None or unit is None:
        return None
    first, _, rest = unit.partition(" ")
    if first in _MULTIPLES:
        return Quantity(Fraction(value) * _MULTIPLES[first], _joined(found["currency"], rest))
    return Quantity(value, _joined(found["currency"], unit))


def same_number(left: Number, right: Number) -> bool:
    if type(left) is type(right):
        return left == right
    return Fraction(left) == Fraction(right)


def _value(found: re.Match[str]) -> Number | None:
    number = found["number"].replace(",", "")
    value: Number = Decimal(number + (found["exponent"] or ""))
    if below := found["below"]:
        if not int(below) or (found["whole"] and "." in number):
            return None
        value = Fraction(value) / int(below) + int(found["whole"] or 0)
    if found["percent"]:
        value = Fraction(value) / 100
    signs = found["sign"].replace("+", "") + found["inner"]
    if len(signs) > 1:
        return None
    return -value if signs else value


def _unit(found: re.Match[str]) -> str | None:
    """Give the unit in one spelling; None where what follows the number is none."""
    unit = found["unit"]
    if unit is None:
        return ""
    words = unit.casefold().rstrip(".").split(" ")
    if len(words) > MAX_UNIT_WORDS:
        return None
    if words[0] in _NEVER_FIRST or (not found["space"] and words[0] not in _ATTACHED_UNITS):
        return None  # 5 a, 5x, 2ab
    for word in words:
        if word in _NO_UNITS or not _UNIT_WORD.fullmatch(word):
            return None
        if len(word) == 1 and word not in _SHORT_UNITS:
            return None
    return " ".join(map(_spelled, words))


def _spelled(word: str) -> str:
    singular = word[:-1] if word.endswith("s") and len(word) > 2 else word
    return _SAME_UNITS.get(word) or _SAME_UNITS.get(singular, singular)


def _joined(currency: str | None, unit: str) -> str:
    return f"{(currency or '').lstrip(chr(92))} {unit}".strip()
