"""Whether two answers are the same, by a file of pairs."""

import json

import pytest
from django.conf import settings

from traces.reasoning.answers.comparing import same_answer

FILE = settings.BASE_DIR / "training" / "evalsets" / "answer_pairs.jsonl"
PAIRS = [json.loads(line) for line in FILE.read_text().splitlines()]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair['a']!r} and {pair['b']!r}")
def test_every_pair_of_the_file(pair):
    assert same_answer(pair["a"], pair["b"]) is pair["equal"]
    assert same_answer(pair["b"], pair["a"]) is pair["equal"]


def test_the_file_holds_both_kinds():
    assert {pair["equal"] for pair in PAIRS} == {True, False}


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
    ],
)
def test_any_text_equals_itself_and_not_zero(text):
    assert same_answer(text, text)
    assert not same_answer(text, "0")
