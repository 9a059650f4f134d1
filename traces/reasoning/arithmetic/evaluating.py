"""The value of an expression: exact, and of bounded size."""

from fractions import Fraction

from traces.reasoning.arithmetic.tokens import (
    CLOSE,
    FRACTION,
    MINUS,
    NUMBER,
    OF,
    OPEN,
    OVER,
    PERCENT,
    PLUS,
    POWER,
    TIMES,
    WORD,
    Number,
    Tokens,
)

MAX_DEPTH = 10  # of brackets
MAX_POWER = 64
MAX_BITS = 1_024  # of a number above or below the line
HUNDREDTH = Fraction(1, 100)


class Unclear(Exception):
    """It is no expression that is understood, or one that is too large."""


def value_of(tokens: Tokens, start: int, end: int, *, per_cent: Number = HUNDREDTH) -> Number:
    """Compute what stands from `start` to `end`; words are units. Unclear where it is none."""
    reader = _Reader(tokens, start, end, per_cent)
    value = reader.sum()
    if reader.at != end:
        raise Unclear
    return value


class _Reader:
    """Reads an expression from the left, one token after the other."""

    def __init__(self, tokens: Tokens, start: int, end: int, per_cent: Number) -> None:
        self.at = start
        self._tokens = tokens
        self._end = end
        self._per_cent = per_cent
        self._depth = 0

    def sum(self) -> Number:
        value = self._product()
        while (kind := self._kind()) in (PLUS, MINUS):
            self.at += 1
            other = self._product()
            value = _bounded(value + other if kind == PLUS else value - other)
        return value

    def _product(self) -> Number:
        value = self._power()
        while (kind := self._kind()) in (TIMES, OVER, OF, OPEN):
            if kind != OPEN:  # before a bracket the sign may be left out
                self.at += 1
            other = self._power()
            if kind != OVER:
                value = _bounded(value * other)
            elif other:
                value = _bounded(Fraction(value) / other)
            else:
                raise Unclear
        return value

    def _power(self) -> Number:
        sign = self._sign()
        value = self._operand()
        if self._kind() == POWER:
            self.at += 1
            exponent = Fraction(self._sign() * self._operand())
            if (
                exponent.denominator != 1
                or abs(exponent) > MAX_POWER
                or (not value and exponent <= 0)
            ):
                raise Unclear
            value = _bounded(Fraction(value) ** int(exponent))
        self._pass_units()
        return sign * value

    def _sign(self) -> int:
        kind = self._kind()
        self.at += kind in (PLUS, MINUS)
        return -1 if kind == MINUS else 1

    def _operand(self) -> Number:
        kind = self._kind()
        self.at += 1
        if kind == NUMBER:
            value = self._number()
        elif kind == OPEN:
            value = self._group()
        elif kind == FRACTION:
            value = self._fraction()
        else:
            raise Unclear
        if self._kind() == PERCENT:
            self.at += 1
            value *= self._per_cent
        return value

    def _number(self) -> Number:
        """Read a number, or a mixed one: "2 1/2"."""
        value = self._known(self.at - 1)
        at, kinds = self.at, self._tokens.kinds
        if self._kind() != NUMBER:
            return value
        if kinds[at + 1 : at + 3] != [OVER, NUMBER] or at + 3 > self._end:
            raise Unclear
        above, below = self._known(at), self._known(at + 2)
        if not above < below or any(number.denominator != 1 for number in (value, above, below)):
            raise Unclear
        self.at += 3
        return value + Fraction(int(above), int(below))

    def _known(self, at: int) -> Number:
        value = self._tokens.value(at)
        if value is None:
            raise Unclear
        return value

    def _group(self) -> Number:
        """Read the rest of what is in brackets."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unclear
        value = self.sum()
        if self._kind() != CLOSE:
            raise Unclear
        self.at += 1
        self._depth -= 1
        return value

    def _fraction(self) -> Number:
        parts = []
        for _ in range(2):
            if self._kind() != OPEN:
                raise Unclear
            self.at += 1
            parts.append(self._group())
        if not parts[1]:
            raise Unclear
        return Fraction(parts[0]) / parts[1]

    def _pass_units(self) -> None:
        """Pass over words, `/ word` and words in brackets."""
        kinds, end = self._tokens.kinds, self._end
        while self.at < end:
            kind = kinds[self.at]
            behind = kinds[self.at + 1] if self.at + 1 < end else ""
            if kind == WORD or (kind == OF and behind == WORD):
                self.at += 1
            elif kind == OVER and behind == WORD:
                self.at += 2
            elif kind == OPEN and behind == WORD and self.at in self._tokens.pairs:
                if self._tokens.is_glued(self.at):
                    raise Unclear  # "2(apples)" is a product
                self.at = self._tokens.pairs[self.at] + 1
            else:
                return

    def _kind(self) -> str:
        return self._tokens.kinds[self.at] if self.at < self._end else ""


def _bounded(value: Number) -> Number:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > MAX_BITS:
        raise Unclear
    return value
