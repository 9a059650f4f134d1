"""Equations in reasoning text."""

import json
import os
import random
import re
from pathlib import Path

import pytest
from django.conf import settings

from traces.reasoning.arithmetic.equations import equations_in

FOLDER = Path(os.environ.get("TUNIX_GSM8K") or settings.BASE_DIR.parent / "shared" / "data")
FILES = [FOLDER / f"gsm8k_{part}.jsonl" for part in ("train", "test")]
MARK = re.compile(r"<<([^<>\n]*)>>")
HOSTILE_CHARS = 20_000


def found(text: str) -> list[tuple[str, bool]]:
    return [(equation.text, equation.is_right) for equation in equations_in(text)]


def verdicts(text: str) -> list[bool]:
    return [equation.is_right for equation in equations_in(text)]


def test_equations_are_found_right_and_wrong():
    text = "She bakes 3 + 4 = 7 cakes and sells 7 * 2 = 15 of them."
    assert found(text) == [("3 + 4 = 7", True), ("7 * 2 = 15", False)]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("48/2 = 24 clips", "48/2 = 23 clips"),
        ("1,000 * 2 = 2,000", "1,000 * 2 = 20,000"),
        ("$5/hour * 3 hours = $15", "$5/hour * 3 hours = $16"),
        ("2 1/2 * 4 = 10", "2 1/2 * 4 = 9"),
        ("2(3 + 4) = 14", "2(3 + 4) = 15"),
        ("(3)(4) = 12", "(3)(4) = 7"),
        ("3 x 4 = 12", "3x4 = 13"),
        ("12 \u00f7 4 = 3", "12 \u2212 4 = 9"),
        ("2^10 = 1024", "2**10 = 1000"),
        ("-2^2 = -4", "(-2)^2 = -4"),
        ("50% of 30 = 15", "50% of 30 = 20"),
        ("20/100 = 20%", "20/100 = 25%"),
        ("7 = 3 + 4", "7 = 3 + 5"),
        ("10 - -3 = 13", "10 - 3 = -7"),
        ("0.1 + 0.2 = 0.3", "0.1 + 0.2 = 0.4"),
        (r"\frac{1}{2} + \frac{1}{4} = \frac{3}{4}", r"\frac{1}{2} + \frac{1}{4} = \frac{2}{6}"),
        (r"$3 \times 4 = \boxed{12}$", r"$3 \cdot 4 = \boxed{13}$"),
        ("3 + 4\n= 7", "3 + 4\n= 8"),
        ("**Total:** 2 + 3 = 5", "**Total:** 2 + 3 = 6"),
        ("- 3 + 4 = 7", "- 3 + 4 = 8"),
        ("- 3 + 4 = 1", "* 3 + 4 = 1"),
        ("<<3+4=7>>", "<<3+4=8>>"),
        (r"\[ 3 + 4 = 7 \]", r"\[ 3 + 4 = 8 \]"),
        (r"3 + 4 &= 7 \\", r"3 + 4 &= 8 \\"),
        ("Step 1: `3 + 4 = 7`", "Step 1: `3 + 4 = 8`"),
        ("so x = 3 + 4 = 7", "so x = 3 + 4 = 8"),
        ("for a total of 3 + 4 = 7", "for a total of 3 + 4 = 8"),
    ],
)
def test_what_people_write_is_read(right, wrong):
    assert verdicts(right) == [True]
    assert verdicts(wrong) == [False]


@pytest.mark.parametrize(
    "text",
    [
        "1/3 = 0.33",
        "2/3 = 0.67",
        "10/3 = 3",
        "7/2 = 4 buses",
        "5 + 1 = 6 * 2",
        "100 - 20 = 80%",
    ],
)
def test_rounded_results_and_running_ones_are_right(text):
    assert verdicts(text) == [True]


@pytest.mark.parametrize(
    "text",
    [
        "x = 5",
        "2x + 4 = 10",
        "3a = 12 + 1",
        "x1 + 3 = 9",
        "sqrt(16) + 3 = 7",
        "5! + 1 = 121",
        "twice 5 + 3 = 13",
        "3 squared + 1 = 10",
        "17 mod 5 + 1 = 3",
        "negative 3 + 5 = 2",
        "a[3] = 4 + 5",
        "C(5, 2) + 1 = 11",
        "10:30 + 2 = 12",
        "3-5 hours = 4 hours",
        "6 / 1/2 = 12",
        "4 days = 3 * 8",
        "Day 2 = 3 * 8",
        "1/2 a cup = 4 ounces",
        "60 minutes * 2 = 2 hours",
        "4 pounds - 6 ounces = 58 ounces",
        "0900-0130 = 0730",
        "3 dozen - 2 = 34",
        "3 + 4 != 8",
        "3 + 4 <= 8",
        "a == 3 + 4",
        "3 + = 4",
        "3 + 4 =",
        "= 3 + 4",
        "1/0 = 5",
        "0^0 = 2",
        "2^99999 = 3",
        "9" * 31 + " + 1 = 3",
        "((((((((((((1 + 1)))))))))))) = 3",
    ],
)
def test_what_is_not_beyond_doubt_is_passed_over(text):
    assert found(text) == []


def test_a_chain_is_an_equation_at_each_sign():
    assert found("2 + 2 = 4 = 5 - 1 = 3") == [
        ("2 + 2 = 4", True),
        ("4 = 5 - 1", True),
        ("5 - 1 = 3", False),
    ]


HOSTILE = {
    name: (part * HOSTILE_CHARS)[:HOSTILE_CHARS]
    for name, part in {
        "equations": "1=1=",
        "sums": "1+1=",
        "powers": "9^9^",
        "big powers": "2^64=",
        "digits": "9",
        "slashes": "/",
        "fractions": "1/",
        "brackets": "(",
        "open equations": "(1=",
        "mixed numbers": "1 1/2=",
        "percents": "1%=",
        "long sums": "+".join(["1"] * 40) + "=",
        "long percents": "+".join(["7/9%"] * 25) + "=",
        "commas": "1,",
        "marks": "<<",
        "words": "a'",
        "latex": r"\frac{",
        "signs": "-",
        "backslashes": "\\",
    }.items()
} | {
    "deep": "(" * 9_999 + "1" + ")" * 9_999 + "=1",
    "one large group": "(" + "+".join(["1"] * 9_900) + ")=9900",
    "signs in a group": "(" + "-" * 19_000 + "1)=1",
    "noise": "".join(random.Random(1).choices("0123456789+-*/^=()[]{}%.,xa \n<>\\$", k=20_000)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_is_read_to_its_end(name):
    """A scanner that goes back over what it read would not come to it."""
    assert len(verdicts(HOSTILE[name])) <= HOSTILE[name].count("=")


@pytest.mark.real_data
@pytest.mark.skipif(not FILES[0].exists(), reason=f"{FILES[0]} is not there")
def test_gold_solutions_are_hardly_flagged_and_mistakes_are_found():
    answers = [
        json.loads(line)["answer"]
        for path in FILES
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    marks = [mark for answer in answers for mark in MARK.findall(answer)]
    assert len(marks) > 25_000
    assert not [mark for mark in marks if False in verdicts(mark)]
    flagged = [answer for answer in answers if False in verdicts(MARK.sub("", answer))]
    assert len(flagged) <= 0.005 * len(answers)
    changed = [changed for answer in answers[:1_000] for changed in with_a_mistake(answer)]
    found = [text for text in changed if False in verdicts(text)]
    assert len(found) >= 0.85 * len(changed)


def with_a_mistake(answer: str) -> list[str]:
    """Give the lines of an answer with another whole number in place of a result."""
    lines = []
    for line in answer.split("\n"):
        for mark in MARK.finditer(line):
            printed = re.match(r"\d+", line[mark.end() :])
            if printed and mark[1].endswith(f"={printed[0]}"):
                rest = line[mark.end() + printed.end() :]
                before = line[: mark.end()]
                lines.append(MARK.sub("", f"{before}{int(printed[0]) + 3}{rest}"))
    return lines
