r"""What may be given to a computer algebra system: the gate before it.

It must take little time and mean one thing. math-verify holds 42! for 42, 12:00 for 12.00, 1,00 for
1, and 5, 5\% and 0.05 for the same.
"""

import re

MAX_CHARS = 200
MAX_DIGITS = 50  # in a row
MAX_DEPTH = 10

_BRACKETS = re.compile(r"([(\[{])|([)\]}])")
_REFUSED = (
    (re.compile(rf"\d{{{MAX_DIGITS + 1}}}"), f"more than {MAX_DIGITS} digits in a row"),
    (re.compile(r"!"), "a factorial"),
    (re.compile(r":|\\colon"), "a time or a ratio"),
    (re.compile(r"%|\bper ?cent|\bpct\b", re.IGNORECASE), "a percentage"),
    (re.compile(r"\d\s+\d"), "numbers side by side"),
    (re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}\s+[A-Za-z]{2,}"), "words"),
    (re.compile(r"[-+]?\d+,\d+\Z"), "a comma in a number"),
    (re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff]"), "a control character"),
)
_COMMAND = re.compile(r"\\[A-Za-z]+\s*")
_POWER = re.compile(r"\*\*|\^")


def refusal(formula: str) -> str | None:
    """Say why a formula is not computed with; None where it may be. Takes time linear in it."""
    if len(formula) > MAX_CHARS:
        return f"more than {MAX_CHARS} characters"
    for pattern, reason in _REFUSED:
        if pattern.search(formula):
            return reason
    if _depth(formula) > MAX_DEPTH:
        return f"brackets deeper than {MAX_DEPTH}"
    return "a power of a power" if _has_tower(formula) else None


def _depth(formula: str) -> int:
    depth = deepest = 0
    for opening, _ in _BRACKETS.findall(formula):
        depth = depth + 1 if opening else max(depth - 1, 0)
        deepest = max(deepest, depth)
    return deepest


def _has_tower(formula: str) -> bool:
    """Tell an exponent, or a base in brackets, that has an exponent itself."""
    depth = 0
    powers: dict[int, bool] = {}  # by depth: whether a group there is an exponent or a base
    position = 0
    after_power = False
    while position < len(formula):
        sign = formula[position]
        if sign in "([{":
            depth += 1
            powers[depth] = after_power
            after_power = False
        elif sign in ")]}":
            powers.pop(depth, None)
            depth = max(depth - 1, 0)
            after_power = False
        elif power := _POWER.match(formula, position):
            if after_power or any(powers.values()):
                return True
            position = power.end()
            after_power = True
            continue
        elif command := _COMMAND.match(formula, position):
            position = command.end()
            after_power = after_power and formula[position : position + 1] in ("{", "[", "(")
            continue
        elif not sign.isspace():
            # 2^3^4: what stands for the exponent is followed by another power
            rest = formula[position + 1 :].lstrip()
            if after_power and _POWER.match(rest):
                return True
            after_power = False
        position += 1
    return False
