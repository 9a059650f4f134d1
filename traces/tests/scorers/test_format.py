"""format: marks closed, not cut off, no loops."""

import pytest

from traces.scorers.format import FORMAT
from traces.tests.scorers.contents import content

WHOLE = {"marks_closed": True, "complete": True, "no_loops": True, "problems": []}


@pytest.mark.parametrize(
    "steps",
    [
        ["Twice 2 is 4."],
        ["<think>2+2", "is 4</think>"],
        ["```python\nprint(2+2)\n```"],
        ["So \\boxed{\\frac{4}{1}}"],
        ["| a | b |\n| --- | --- |\n" + "-" * 300],
        [" ".join(str(n * 7_919 % 10_007) for n in range(3_000))],
        ["Check. " * 10],
        ["1, 2, 3, " * 5 + "and so on"],
    ],
)
def test_a_trace_that_is_whole_has_the_full_score(steps):
    found = FORMAT.score(content(*steps))
    assert (found.value, found.details) == (1.0, WHOLE)


@pytest.mark.parametrize(
    ("steps", "changes", "check", "problem"),
    [
        (["<think>2+2 is 4"], {}, "marks_closed", "<think> is not closed"),
        (["2+2 is 4</think>"], {}, "marks_closed", "</think> is not opened"),
        (["<answer>4"], {}, "marks_closed", "<answer> is not closed"),
        (["```python\nprint(4)"], {}, "marks_closed", "a block of code is not closed"),
        (["So \\boxed{4"], {}, "marks_closed", "a box is not closed"),
        (["So \\boxed{\\frac{4}{1}"], {}, "marks_closed", "a box is not closed"),
        (["2+2 ="], {}, "complete", "the last step breaks off"),
        (["It is 4."], {"truncated": True}, "complete", "it was cut off"),
        (["It is 4."], {"answer": ""}, "complete", "there is no final answer"),
        (["It is 4."], {"answer": "4 +"}, "complete", "the final answer breaks off"),
        (["Wait. Let me check that again. " * 20], {}, "no_loops", "8 tokens are repeated"),
        (["the " * 5_000], {}, "no_loops", "1 tokens are repeated"),
        (["a" * 20_000], {}, "no_loops", "1 tokens are repeated"),
        (["1+1=2, " * 2_000 + "so 4"], {}, "no_loops", "6 tokens are repeated"),
    ],
)
def test_what_is_wrong_is_named(steps, changes, check, problem):
    found = FORMAT.score(content(*steps, **changes))
    assert found.value == pytest.approx(2 / 3)
    assert found.details[check] is False
    [said] = found.details["problems"]
    assert said.startswith(problem)


def test_all_may_be_wrong_at_once():
    found = FORMAT.score(content("<think>" + "1=1=" * 5_000))
    assert found.value == 0
    assert len(found.details["problems"]) == 3
