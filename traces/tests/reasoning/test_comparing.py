"""Whether two answers are the same, by a file of pairs, and which stage says so."""

import json

import pytest
from django.conf import settings

from traces.reasoning.answers.comparing import OPEN, UNDECIDED, Comparison, compare, same_answer

FILE = settings.BASE_DIR / "training" / "evalsets" / "answer_pairs.jsonl"
PAIRS = [json.loads(line) for line in FILE.read_text().splitlines()]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['a']!r} and {pair['b']!r}"[:80])
def test_every_pair_of_the_file(pair):
    assert same_answer(pair["a"], pair["b"]) is pair["equal"]
    assert same_answer(pair["b"], pair["a"]) is pair["equal"]


def test_the_file_holds_both_kinds():
    assert {pair["equal"] for pair in PAIRS} == {True, False}


@pytest.mark.parametrize(
    ("answer", "reference", "found"),
    [
        ("72", "72", ("right", "text")),
        (" Paris\n", "paris", ("right", "text")),
        ("Paris", "London", ("wrong", "text")),
        ("", "5", ("wrong", "text")),
        ("72", "73", ("wrong", "number")),
        ("$1,458.00", "1458", ("right", "number")),
        ("5%", "0.05", ("right", "number")),
        ("5 apples", "5", ("right", "number")),
        ("\\boxed{5}", "5", ("right", "text")),
        ("(A)", "a", ("right", "notation")),
        ("A", "B", ("wrong", "notation")),
        ("\\frac12", "1/2", ("right", "notation")),
        ("2, 1", "1, 2", ("right", "notation")),
        ("12:00", "12.00", ("wrong", "notation")),
    ],
)
def test_the_stage_that_decides_is_named(answer, reference, found):
    assert compare(answer, reference) == Comparison(*found)


@pytest.mark.parametrize(
    ("answer", "reference", "reason"),
    [
        ("5 km", "5 miles", "the units differ"),
        ("1,5", "1.5", "a comma in a number"),
        ("five", "5", "words that may say a number"),
        ("3:4", "6:8", "a time or a ratio"),
        ("It is Paris", "Paris", "one is a part of the other"),
        ("x" * 2_000, "5", "more than 1,000 characters"),
        (", ".join(map(str, range(30))), "1, 2", "more than 20 elements"),
    ],
)
def test_what_nobody_can_tell_is_undecided_and_says_why(answer, reference, reason):
    for pair in ((answer, reference), (reference, answer)):
        found = compare(*pair)
        assert (found.outcome, found.reason) == (UNDECIDED, reason)
        assert not same_answer(*pair)


@pytest.mark.parametrize(
    ("answer", "reference"),
    [("(x+1)^2", "x^2+2x+1"), ("42!", "42"), ("5x", "5"), ("\\sqrt{8}", "2\\sqrt{2}")],
)
def test_formulas_are_left_to_another_stage(answer, reference):
    assert compare(answer, reference) == OPEN
    assert not same_answer(answer, reference)


@pytest.mark.parametrize(
    "text",
    [
        "\\boxed{" * 5_000,
        "{" * 50_000,
        "9" * 50_000,
        "1e999",
        "1," * 20_000,
        "²",
        "١٢",
        "-",
        ".",
        "%",
        "\\frac" * 4_000,
        "\\frac{" * 150,
        "\\sqrt" * 200,
        "(" * 500 + ")" * 500,
        "x=" * 400,
        "A. " * 300,
        "1 and " * 160,
        "$" * 20_000,
        "answer: " * 2_500,
        "1=1=" * 5_000,
        "a " * 500,
    ],
    ids=lambda text: f"{text[:8]!r} x {len(text)}",
)
def test_any_text_equals_itself_and_not_zero(text):
    assert same_answer(text, text)
    assert not same_answer(text, "0")
    assert not same_answer("0", text)
