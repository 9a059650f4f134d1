import pytest

from pages.tests.markup import Markup
from pages.text.formulas import MAX_CHARS, formula


def shown(latex: str) -> Markup:
    return Markup(formula(f"${latex}$", latex, is_block=False))


@pytest.mark.parametrize(
    ("latex", "tag"),
    [
        ("x^2", "msup"),
        ("\\frac{1}{2}", "mfrac"),
        ("\\sqrt{2}", "msqrt"),
        ("\\sum_{i=1}^n i", "mo"),
        ("\\begin{pmatrix}1 & 2\\\\3 & 4\\end{pmatrix}", "mtable"),
        ("\\text{if } x", "mtext"),
        ("\\left(\\frac{a}{b}\\right)", "mo"),
    ],
)
def test_latex_is_mathml(latex, tag):
    markup = shown(latex)
    assert markup.elements[0] == ("math", {"display": "inline"})
    assert tag in markup.tags


@pytest.mark.parametrize(
    "latex",
    [
        "{" * 100 + "}" * 100,
        "\\left(",
        "\\begin{matrix}",
        "\u202ex",
        "a" * (MAX_CHARS + 1),
        " ",
        "\\sqrt" * 150,
        "\\frac" * 150,
    ],
)
def test_what_cannot_be_read_is_its_source(latex):
    markup = shown(latex)
    assert markup.tags <= {"code", "span"}
    assert markup.text.replace("U+202E", "\u202e") == f"${latex}$"


@pytest.mark.parametrize(
    "latex", ["&#x202E;", "\\text{&#x202E;}", "\\unicode{x202E}", '\\char"202E']
)
def test_a_formula_hides_nothing(latex):
    assert "\u202e" not in shown(latex).text
