"""A text as the tokens of arithmetic: numbers, operators, brackets, words, and what is none of it.

One pass, linear in the text: what a token is depends on the characters next to it at most.
"""

import re
from fractions import Fraction

Number = int | Fraction

# Kinds of tokens; an operator's kind is its sign.
NUMBER = "n"
WORD = "w"
EQUALS = "="
OPEN = "("
CLOSE = ")"
PERCENT = "%"
OF = "o"  # "1/2 of 30" is a product
FRACTION = "f"  # LaTeX's, before its two groups
LINE_END = "l"
STOP = "."  # an expression ends here
UNCLEAR = "?"  # it may be part of an expression, and is not understood
PLUS, MINUS, TIMES, OVER, POWER = "+", "-", "*", "/", "^"
OPERATORS = frozenset((PLUS, MINUS, TIMES, OVER, POWER))

MAX_NUMBER_CHARS = 30
_TOKEN = re.compile(
    r"(?P<number>[0-9]++(?:,[0-9]++)*+(?:\.[0-9]++)?|\.[0-9]++)"
    r"|(?P<word>[^\W\d_]++(?:['\u2019][^\W\d_]++)*+)"
    r"|(?P<line>\n|\\\\)"
    r"|(?P<nothing>[\s&`]|\\?[$]|[\u20ac\u00a3\u00a5]|\\(?:left|right|quad|text|boxed)\b|\\[,;:! ])"
    r"|(?P<equals>=)"
    r"|(?P<power>(?<=[0-9)])\*\*(?=[0-9(])|(?<=[0-9)] )\*\*(?= [0-9(]))"
    r"|(?P<emphasis>\*\*)"
    r"|(?P<operator>[-+*/^\u2212\u2013\u00d7\u00f7\u00b7\u22c5]|\\(?:times|cdot|div|d?frac)\b)"
    r"|(?P<bracket>\\?[()\[\]{}])"
    r"|(?P<percent>\\?%)"
    r"|(?P<stop>[.,;:?\"\u201c\u201d\u2014|])"
    r"|(?P<rest>\\[A-Za-z]++|.)"
)
_OPERATORS = {
    **{sign: sign for sign in OPERATORS},
    **dict.fromkeys(("\u2212", "\u2013"), MINUS),
    **dict.fromkeys(("\u00f7", r"\div"), OVER),
    **dict.fromkeys(("\u00d7", "\u00b7", "\u22c5", r"\times", r"\cdot"), TIMES),
    **dict.fromkeys((r"\frac", r"\dfrac"), FRACTION),
}
_ARTICLE = "aA"
_X = "xX"  # a product's sign, or a letter of algebra
_BEFORE_X = frozenset((NUMBER, CLOSE, PERCENT, WORD))
_BEHIND_X = frozenset((NUMBER, OPEN, FRACTION))
_KINDS = {"number": NUMBER, "line": LINE_END, "percent": PERCENT, "stop": STOP, "rest": UNCLEAR}
_KINDS["power"] = POWER
_COMPARISONS = frozenset("=<>!:~\u2260")  # beside an equals sign they make another of it


class Tokens:
    """The tokens of a text, by position in `kinds` and `spans`; spaces and currencies are none.

    `pairs` gives a bracket's other one, where no equals sign is between them.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.kinds: list[str] = []
        self.spans: list[tuple[int, int]] = []
        self.equals: list[int] = []
        self.pairs: dict[int, int] = {}
        self._xs: list[int] = []
        self._opened: list[tuple[int, int]] = []  # brackets, and how many equals signs before
        add_kind, add_span = self.kinds.append, self.spans.append
        for found in _TOKEN.finditer(text):
            name = found.lastgroup
            if name in ("nothing", "emphasis"):
                continue
            if name == "word":
                word = found[0]
                add_kind(WORD if word[1:] and word != "of" else self._letter(word, found.start()))
            elif name == "operator":
                add_kind(_OPERATORS[found[0]])
            elif name == "equals":
                add_kind(self._equals(found.start()))
            elif name == "bracket":
                add_kind(self._bracket(found[0][-1]))
            else:
                add_kind(_KINDS[name])  # type: ignore[index]  # each token is of one group
            add_span(found.span())
        for position in self._xs:
            kinds = self.kinds[position - 1 : position] + self.kinds[position + 1 : position + 2]
            if len(kinds) < 2 or kinds[0] not in _BEFORE_X or kinds[1] not in _BEHIND_X:
                self.kinds[position] = UNCLEAR

    def is_glued(self, position: int) -> bool:
        """Tell whether a token follows the one before it without anything between them."""
        return position > 0 and self.spans[position][0] == self.spans[position - 1][1]

    def said(self, position: int) -> str:
        start, end = self.spans[position]
        return self.text[start:end]

    def value(self, position: int) -> Number | None:
        """Read a number; None where it is too long, or its commas mark no thousands."""
        said = self.said(position)
        if len(said) > MAX_NUMBER_CHARS:
            return None
        if said.isdigit():
            return None if said[0] == "0" and said != "0" else int(said)  # "0730" is a time
        whole, _, places = said.partition(".")
        first, *thousands = whole.split(",")
        if thousands and (len(first) > 3 or any(len(part) != 3 for part in thousands)):
            return None
        digits = int("".join((first, *thousands, places)))
        return Fraction(digits, 10 ** len(places)) if places else digits

    def places(self, position: int) -> int:
        """Count a number's decimal places."""
        return len(self.said(position).partition(".")[2])

    def _letter(self, word: str, start: int) -> str:
        """Tell the kind of "of" or of a letter: an article stands alone, others are unknowns."""
        if word == "of":
            return OF
        if word in _X:
            self._xs.append(len(self.kinds))
            return TIMES
        is_alone = not self.spans or self.spans[-1][1] < start
        return WORD if word in _ARTICLE and is_alone else UNCLEAR

    def _equals(self, start: int) -> str:
        before, behind = self.text[start - 1 : start], self.text[start + 1 : start + 2]
        if before in _COMPARISONS or behind in _COMPARISONS:
            return UNCLEAR
        self.equals.append(len(self.kinds))
        return EQUALS

    def _bracket(self, sign: str) -> str:
        position = len(self.kinds)
        if sign in "([{":
            self._opened.append((position, len(self.equals)))
            return OPEN
        if self._opened:
            opened, equals = self._opened.pop()
            if equals == len(self.equals):
                self.pairs[opened], self.pairs[position] = position, opened
        return CLOSE
