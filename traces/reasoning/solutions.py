"""Written solutions split into steps, their LaTeX blocks and diagrams kept in one piece."""

import re
from collections.abc import Sequence

from traces.reasoning.steps import REASONING, steps_of_thought

# "\\[2pt]" is a line's end, no formula's beginning: the pair comes first
_BLOCK_TOKENS = re.compile(
    r"(?P<pair>\\\\)|(?P<open>\\begin\{|\\\[|\\\(|\[asy\])|(?P<close>\\end\{|\\\]|\\\)|\[/asy\])"
    r"|(?P<dollars>\$\$?)|\\.|(?P<line>\n)|(?P<end>[.!?])",
    re.DOTALL,
)
_NEXT_SENTENCE = re.compile(r"\s+(?=[A-Z$\\(])")
_ENDS = ".!?"


def steps_of_solution(text: str) -> list[tuple[str, str]]:
    """Split at blank lines, or at every line where there are none."""
    steps = steps_of_thought(text)
    return steps if len(steps) > 1 else steps_by_line(text)


def steps_by_line(text: str) -> list[tuple[str, str]]:
    return _steps(text, _line_breaks(text))


def steps_by_sentence(text: str) -> list[tuple[str, str]]:
    return _steps(text, _sentence_breaks(text))


def holds(steps: list[tuple[str, str]], text: str) -> bool:
    """Tell whether the steps give the text back word for word, joined as it was split."""
    parts = [content for _, content in steps]
    return any(joint.join(parts) == text for joint in ("\n\n", "\n", " "))


def holds_in_order(text: str, parts: Sequence[str]) -> bool:
    """Tell whether a text holds all parts, one after the other."""
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _steps(text: str, breaks: list[tuple[int, int]]) -> list[tuple[str, str]]:
    starts = [0, *(end for _, end in breaks)]
    ends = [*(start for start, _ in breaks), len(text)]
    parts = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return [(REASONING, part) for part in parts if part.strip()]


def _line_breaks(text: str) -> list[tuple[int, int]]:
    """Give the spans of the line ends outside blocks; of all where a block does not end."""
    breaks = []
    every = []
    depth = 0
    in_display = False
    for token in _BLOCK_TOKENS.finditer(text):
        kind = token.lastgroup
        if kind == "line":
            start = token.start()
            every.append((start - text.endswith("\r", 0, start), token.end()))
            if not depth and not in_display:
                breaks.append(every[-1])
        elif kind == "dollars":
            in_display ^= token[0] == "$$"
        else:
            depth = _depth(depth, kind)
    return every if depth or in_display else breaks


def _sentence_breaks(text: str) -> list[tuple[int, int]]:
    """Give the spans of the white space between sentences, none of them within a formula."""
    breaks = []
    depth = 0
    formula = ""  # the dollars that opened it
    for token in _BLOCK_TOKENS.finditer(text):
        kind = token.lastgroup
        ends = kind == "end"
        if kind == "dollars":
            formula, ends = _after_dollars(
                formula, token[0], text[token.start() - 1 : token.start()]
            )
        else:
            depth = _depth(depth, kind)
        if ends and not depth and not formula:
            space = _NEXT_SENTENCE.match(text, token.end())
            if space:
                breaks.append(space.span())
    return breaks


def _after_dollars(formula: str, dollars: str, before: str) -> tuple[str, bool]:
    """Give the formula that is open after the dollars, and whether a sentence may end at them."""
    if not formula:
        return dollars, False
    if formula != dollars:  # "$a$$b$" closes one and opens the next
        return formula, False
    return "", before != "" and before in _ENDS


def _depth(depth: int, kind: str | None) -> int:
    if kind == "open":
        return depth + 1
    return max(depth - 1, 0) if kind == "close" else depth
