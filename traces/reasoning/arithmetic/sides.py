"""The two sides of an equals sign: which of the tokens before and behind it belong to them."""

from dataclasses import dataclass

from traces.reasoning.arithmetic.tokens import (
    CLOSE,
    EQUALS,
    FRACTION,
    LINE_END,
    MINUS,
    NUMBER,
    OF,
    OPEN,
    OPERATORS,
    OVER,
    PERCENT,
    PLUS,
    POWER,
    STOP,
    WORD,
    Tokens,
)

MAX_TOKENS = 120  # on one side
MAX_UNIT_WORDS = 4
MAX_CLEAR_WORDS = 2  # of them, before an equals sign
MAX_ENDS = 3  # of the right side: it may end before its last operand
_SIGNS = (PLUS, MINUS)
_BEFORE_SIGNS = frozenset((*OPERATORS, OPEN, EQUALS, STOP, LINE_END))
_ENDS = frozenset((LINE_END, STOP, EQUALS, OPEN, CLOSE))
_NO_UNITS = frozenset(
    (
        *("because", "so", "then", "since", "if", "and", "or", "but", "that", "is", "are", "was"),
        *("equals", "have", "has", "therefore", "thus", "hence", "which"),
    )
)
# Before a number they say that it is not all of the expression.
_ASK_FOR_MORE = frozenset(
    (
        *("times", "plus", "minus", "by", "half", "twice", "double", "triple", "thrice"),
        *("quarter", "third", "less", "more", "over", "into", "difference", "product", "root"),
        *("negative", "mod", "choose", "log", "ln", "sin", "cos", "tan", "gcd", "lcm", "max"),
        *("min", "abs", "sqrt"),
    )
)
_ALL_OF_IT = frozenset(("total", "sum", "cost", "amount", "distance", "profit"))  # "of 3 + 4"


@dataclass(slots=True)
class Side:
    """Tokens from one of `starts` to one of `ends`, the first of which are the likeliest.

    It is clear where nothing else may belong to it.
    """

    starts: list[int]
    ends: list[int]
    operands: int
    is_clear: bool = False
    has_words_before: bool = False
    has_words_behind: bool = False

    @property
    def start(self) -> int:
        return self.starts[0]

    @property
    def end(self) -> int:
        return self.ends[0]


def side_before(tokens: Tokens, equals: int) -> Side | None:
    """Go from an equals sign to the left; None where no number stands there."""
    kinds = tokens.kinds
    at = equals - 1
    if at > 0 and kinds[at] == LINE_END:
        at -= 1
    end = at + 1
    start = operands = unit_words = 0
    while end - at <= MAX_TOKENS:
        operand_end = _without_units(tokens, at)
        found = _operand_before(tokens, operand_end)
        if found < 0 or (operand_end < at and operands and kinds[at + 1] == POWER):
            return Side([start], [end], operands) if operands else None
        if not operands:
            unit_words = at - operand_end
        start, operands = found, operands + 1
        at = start - 1
        before = kinds[at] if at >= 0 else LINE_END
        if before in OPERATORS:
            starts_line = at == 0 or kinds[at - 1] == LINE_END
            if starts_line and not tokens.is_glued(start):  # it is a bullet, or a sign
                starts = [start, at] if before in _SIGNS else [start]
                return Side(starts, [end], operands, is_clear=unit_words <= MAX_CLEAR_WORDS)
            if before in _SIGNS and (at == 0 or kinds[at - 1] in _BEFORE_SIGNS):
                start, at = at, at - 1
                before = kinds[at] if at >= 0 else LINE_END
        if before in OPERATORS or (
            before == OF and at > 0 and kinds[at - 1] in (NUMBER, PERCENT, CLOSE)
        ):
            at -= 1
        elif before not in (NUMBER, CLOSE):
            break
    else:
        return Side([start], [end], operands)
    return Side(
        [start],
        [end],
        operands,
        is_clear=unit_words <= MAX_CLEAR_WORDS and _is_clear_before(tokens, start),
        has_words_before=start > 0 and kinds[start - 1] == WORD,
        has_words_behind=unit_words > 0,
    )


def side_behind(tokens: Tokens, equals: int) -> Side | None:
    """Go from an equals sign to the right; None where no number stands there."""
    kinds = tokens.kinds
    last = len(kinds)
    at = equals + 1
    if at < last and kinds[at] == LINE_END:
        at += 1
    start = at
    ends: list[int] = []
    is_clear = False
    while at < last and at - start <= MAX_TOKENS:
        if kinds[at] in _SIGNS:
            at += 1
        found = _operand_behind(tokens, at)
        if found < 0:
            break
        at = found
        ends.append(found)
        behind = _behind_units(tokens, at)
        kind = kinds[behind] if behind < last else LINE_END
        is_of = kind == OF and behind == at
        if is_of and behind + 1 < last and kinds[behind + 1] == WORD:
            is_clear = True  # "15 of them"
            break
        if kind in OPERATORS or is_of:
            at = behind + 1
        elif behind > at or kind not in (OPEN, NUMBER):
            is_clear = at == last or _is_clear_behind(tokens, at)
            break
    if not ends:
        return None
    return Side([start], [ends[-1], *ends[: MAX_ENDS - 1]], len(ends), is_clear)


def _operand_before(tokens: Tokens, end: int) -> int:
    """Give where the number or the brackets start that end at a token; -1 where it is neither."""
    kinds = tokens.kinds
    while end >= 0 and kinds[end] == PERCENT:
        end -= 1
    if end < 0:
        return -1
    if kinds[end] == NUMBER:
        return end
    start = tokens.pairs.get(end, -1) if kinds[end] == CLOSE else -1
    if start > 1 and kinds[start - 1] == CLOSE:
        above = tokens.pairs.get(start - 1, 0)
        if above and kinds[above - 1] == FRACTION:
            return above - 1
    return start


def _operand_behind(tokens: Tokens, start: int) -> int:
    """Give where the number or the brackets end that start at a token; -1 where it is neither."""
    kinds = tokens.kinds
    kind = kinds[start] if start < len(kinds) else ""
    end = -1
    if kind == NUMBER:
        end = start + 1
    elif kind == OPEN:
        end = tokens.pairs.get(start, -2) + 1
    elif kind == FRACTION:
        below = tokens.pairs.get(start + 1, -2) + 1
        end = tokens.pairs.get(below, -2) + 1
    while 0 < end < len(kinds) and kinds[end] == PERCENT:
        end += 1
    return end


def _without_units(tokens: Tokens, at: int) -> int:
    """Go to the left past the words that may be a unit, in brackets or behind a slash too."""
    kinds = tokens.kinds
    if at > 0 and kinds[at] == CLOSE and kinds[at - 1] == WORD:
        at = tokens.pairs.get(at, at + 1) - 1
    for _ in range(MAX_UNIT_WORDS):
        if at < 0 or kinds[at] != WORD or _says(tokens, at, _NO_UNITS):
            return at
        at -= 1
        if at > 0 and kinds[at] == OF and kinds[at - 1] == WORD:  # "pieces of bread"
            at -= 1
        if at > 0 and kinds[at] == OVER:
            at -= 1
    return at


def _behind_units(tokens: Tokens, at: int) -> int:
    """Go to the right past the words that may be a unit, in brackets or behind a slash too."""
    kinds, last = tokens.kinds, len(tokens.kinds)
    for _ in range(MAX_UNIT_WORDS):
        if at < last and kinds[at] == WORD:
            if _says(tokens, at, _NO_UNITS):
                return at
            at += 1
        elif at + 1 < last and kinds[at + 1] == WORD and kinds[at] == OVER:
            at += 2
        elif at + 1 < last and kinds[at + 1] == WORD and kinds[at] == OPEN and at in tokens.pairs:
            at = tokens.pairs[at] + 1
        else:
            return at
    return at


def _is_clear_before(tokens: Tokens, start: int) -> bool:
    if start == 0:
        return True
    kinds = tokens.kinds
    at = start - 1
    if kinds[at] == OF:
        return at > 0 and _says(tokens, at - 1, _ALL_OF_IT)
    if kinds[at] == WORD:
        if tokens.is_glued(start) or _says(tokens, at, _ASK_FOR_MORE):
            return False
        while at > 0 and kinds[at] == WORD and start - at <= MAX_UNIT_WORDS:
            at -= 1
        is_mixed = kinds[at] == NUMBER and tokens.said(start - 1) == "and"
        return kinds[at] not in OPERATORS and not is_mixed
    if kinds[at] not in _ENDS or (at and kinds[at - 1] in OPERATORS):
        return False
    is_inside = tokens.is_glued(start) and tokens.is_glued(at) and kinds[at - 1] == NUMBER
    return kinds[at] != STOP or not is_inside  # "10:30"


def _is_clear_behind(tokens: Tokens, end: int) -> bool:
    kinds = tokens.kinds
    if kinds[end] == WORD:
        return True
    if kinds[end] == STOP and end + 1 < len(kinds) and kinds[end + 1] == NUMBER:
        return not (tokens.is_glued(end) and tokens.is_glued(end + 1))
    return kinds[end] in _ENDS or kinds[end] == OVER  # "/ hour"


def _says(tokens: Tokens, position: int, words: frozenset[str]) -> bool:
    return tokens.said(position).lower() in words
