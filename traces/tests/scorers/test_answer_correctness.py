"""answer_correctness: the final answer against the reference."""

import pytest

from traces.scorers.answer_correctness import ANSWER_CORRECTNESS
from traces.scorers.scorer import CannotScore
from traces.tests.scorers.contents import content


def scored(answer, reference):
    found = ANSWER_CORRECTNESS.score(content(answer=answer, reference_answer=reference))
    return found.value, found.details


@pytest.mark.parametrize(
    ("answer", "reference", "value", "outcome", "how"),
    [
        ("4", "4", 1.0, "right", "text"),
        ("$4.00", "4", 1.0, "right", "number"),
        ("5", "4", 0.0, "wrong", "number"),
        ("\\boxed{(B)}", "B", 1.0, "right", "notation"),
        ("(x-1)(x+1)", "$x^2-1$", 1.0, "right", "math_verify"),
        ("\\boxed{(x-1)(x+1)}", "x^2-2", 0.0, "wrong", "math_verify"),
        ("", "4", 0.0, "wrong", "text"),
        ("4", 4, 1.0, "right", "text"),
        ("1/2", 0.5, 1.0, "right", "number"),
    ],
)
def test_the_stage_that_decides_is_named(answer, reference, value, outcome, how):
    assert scored(answer, reference) == (value, {"outcome": outcome, "how": how})


@pytest.mark.parametrize(
    ("answer", "reference", "how", "reason"),
    [
        ("42!", "42", "math_verify", "a factorial"),
        ("5 km", "5 miles", "number", "the units differ"),
        ("9^{9^{9}}", "1", "math_verify", "a power of a power"),
        ("\\frac{a}{b", "5", "math_verify", "no formula"),
        ("x^2 " * 1_000, "5", "text", "more than 1,000 characters"),
    ],
)
def test_what_cannot_be_told_is_undecided_and_says_why(answer, reference, how, reason):
    details = {"outcome": "undecided", "how": how, "reason": reason}
    assert scored(answer, reference) == (None, details)


@pytest.mark.parametrize("meta", [{}, *({"reference_answer": x} for x in (None, "", " ", [], {}))])
def test_without_a_reference_there_is_no_score(meta):
    with pytest.raises(CannotScore, match=r"meta\.reference_answer"):
        ANSWER_CORRECTNESS.score(content(**meta))


@pytest.mark.parametrize("given", [True, ["4"], {"value": "4"}, "not found"])
def test_what_is_no_answer_is_no_reference(given):
    with pytest.raises(CannotScore, match=r"meta\.reference_answer"):
        ANSWER_CORRECTNESS.score(content(reference_answer=given))
