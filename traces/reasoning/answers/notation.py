r"""Answers freed of their notation: LaTeX that says the same as plain signs becomes these.

What is left of LaTeX after that is for a computer algebra system.
"""

import re

from traces.reasoning.answers.answer import find_answer
from traces.reasoning.answers.trimming import trimmed

MAX_ANSWER_CHARS = 1_000  # of what is looked at closely
MAX_NESTED = 10
_MARKED = re.compile(r"box|####|nswer|NSWER")
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("\u2212\u2013\u2010\u2011\ufe63\uff0d", "-"),
        **dict.fromkeys("\xd7\u22c5\xb7\u2217", "*"),
        "\xf7": "/",
        "\u2044": "/",
        "\u03c0": "\\pi ",
        "\u221a": "\\sqrt ",
        "\u221e": "\\infty ",
        "\xb2": "^2",
        "\xb3": "^3",
        "\xbd": " 1/2",
        "\xbc": " 1/4",
        "\xbe": " 3/4",
        "\u2153": " 1/3",
        "\u2154": " 2/3",
        "\u2019": "'",
        "\xa0": " ",
        "\u202f": " ",
        "\u2009": " ",
    }
)
# Longer ones first; each says only how what follows looks, or how far it is from it.
_LAYOUT = re.compile(
    r"\\(?:left|right|displaystyle|textstyle|bigl|bigr|Bigl|Bigr|big|Big|limits|quad|qquad)"
    r"(?![A-Za-z])\.?|\\[!,;: ]|~|\{\}"
)
_TEXT = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|operatorname|mbox|hbox)"
    r"\s*\{([^{}\\]*)\}"
)
_FRACTION = re.compile(
    r"\\frac\s*(?:(\d)\s*(\d)(?!\d)|\{([^{}]*)\}\s*(\w)|(\w)\s*\{([^{}]*)\}|\{([^{}]*)\}\s*\{([^{}]*)\})"
)
_ROOT = re.compile(r"\\sqrt\s*(?:(\w)|\{([^{}]*)\})")
_MIXED = re.compile(r"(\d)\s*(?=\\frac)")
_PLAIN_SIGNS = (
    ("{,}", ","),
    ("\\$", "$"),
    ("\\%", "%"),
    ("\\cdot", "*"),
    ("\\times", "*"),
    ("\\div", "/"),
    ("\\dfrac", "\\frac"),
    ("\\tfrac", "\\frac"),
    ("\\cfrac", "\\frac"),
    ("^{\\circ}", "\xb0"),
    ("^\\circ", "\xb0"),
    ("\\degree", "\xb0"),
    ("\\lbrace", "\\{"),
    ("\\rbrace", "\\}"),
    ("\\leqslant", "\\leq"),
    ("\\geqslant", "\\geq"),
)
_ATOM = re.compile(r"-?(?:[\w.]+|\\\w+|\w+\([\w.]+\))\Z")
_FACTOR = re.compile(r"\s*(?:[A-Za-z]\b|[\\(^\d])|[A-Za-z]")
_THIN_SPACE = re.compile(r"(?<=\d)(?:\\[,!; ]|~)(?=\d{3}(?!\d))")
_SCIENTIFIC = re.compile(r"(\d)\s*\*\s*10\s*\^\s*(?:\{\s*(-?\d{1,3})\s*\}|(-?\d{1,3}))(?![\w^.])")
_SPACED_NUMBER = re.compile(r"-?\d{1,3}(?: \d{3})+(?:\.\d+)?")


def answer_in(text: str) -> str:
    """Take the answer that a text marks, or all of it, without what surrounds it."""
    if _MARKED.search(text) and (found := find_answer(text)).text:
        text = found.text
    return trimmed(text)


def in_plain_signs(answer: str) -> str:
    """Write an answer without LaTeX as far as can be, white space folded."""
    if not answer.isascii():
        answer = answer.translate(_SIGNS)
    if "\\" in answer or "{" in answer or "~" in answer:
        answer = _without_latex(answer)
    if "^" in answer:
        answer = _SCIENTIFIC.sub(lambda found: f"{found[1]}e{found[2] or found[3]}", answer)
    answer = " ".join(answer.split())
    return answer.replace(" ", "") if _SPACED_NUMBER.fullmatch(answer) else answer


def _without_latex(text: str) -> str:
    for latex, plain in _PLAIN_SIGNS:
        if latex in text:
            text = text.replace(latex, plain)
    text = _TEXT.sub(r" \1 ", _LAYOUT.sub(" ", _THIN_SPACE.sub("", text)))
    if "frac" not in text and "sqrt" not in text:
        return text
    text = _MIXED.sub(r"\1 ", text)
    for _ in range(MAX_NESTED):  # the inner ones first
        changed = _FRACTION.sub(_fraction, _ROOT.sub(_root, text))
        if changed == text:
            break
        text = changed
    return text


def _root(found: re.Match[str]) -> str:
    return f" sqrt({found[1] or found[2]})"


def _fraction(found: re.Match[str]) -> str:
    above, below = (part.strip() for part in found.groups() if part is not None)
    if not _ATOM.match(above):
        above = f"({above})"
    if not _ATOM.match(below) or below.startswith("-"):
        below = f"({below})"
    before = found.string[: found.start()][-1:]
    is_factor = before.isalnum() or before in tuple(")^}")
    if is_factor or _FACTOR.match(found.string, found.end()):
        return f"({above}/{below})"
    return f"{above}/{below}"
