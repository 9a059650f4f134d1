"""answer_consistency: the final answer against what the reasoning came to."""

import pytest

from traces.scorers.answer_consistency import ANSWER_CONSISTENCY
from traces.tests.scorers.contents import content


@pytest.mark.parametrize(
    ("steps", "answer", "value", "details"),
    [
        (["2+2=4"], "4", 1.0, {"how": "last_step", "found": "4", "step": 0}),
        (["2+2=4", "So 4 apples are left."], "4", 1.0, {"how": "last_step", "step": 1}),
        (["So it is \\boxed{4}."], "4.0", 1.0, {"how": "boxed", "found": "4"}),
        (["So it is \\boxed{4}.", "Let me check."], "5", 0.0, {"how": "boxed", "step": 0}),
        (["It is 5.\n#### 4"], "5", 0.0, {"how": "hashes", "found": "4"}),
        (["Answer: 4", "Answer: 5"], "5", 1.0, {"how": "answer_line", "step": 1}),
        (["2+2=4"], "5", 0.0, {"how": "last_step", "found": "4"}),
        (["2+2=4"], "", 0.0, {"how": "last_step"}),
        (["1260 / 3500 * 100 = 36%"], "36", 1.0, {"how": "last_step"}),
        (["2+2=4", "output:The answer is 5."], "5", 0.0, {"found": "4", "step": 0}),
        (["output:The answer is 5."], "5", 1.0, {"found": "5", "step": 0}),
        (["Paris"], "paris", 1.0, {"how": "last_step"}),
    ],
)
def test_the_final_answer_is_compared(steps, answer, value, details):
    found = ANSWER_CONSISTENCY.score(content(*steps, answer=answer))
    assert found.value == value
    assert found.details["outcome"] == ("right" if value else "wrong")
    assert found.details.items() >= details.items()


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (["Let me think."], "the last step does not say an answer"),
        (["There are 3 left."], "the last step does not say an answer"),
        (["It is \\boxed{(x+1)^2}."], ""),
    ],
)
def test_where_the_reasoning_says_none_it_is_undecided(steps, reason):
    found = ANSWER_CONSISTENCY.score(content(*steps, answer="x^2+2x+1"))
    assert (found.value, found.details["outcome"]) == (None, "undecided")
    assert found.details.get("reason", "") == reason


@pytest.mark.parametrize(
    "text", ["1=1=" * 5_000, "#### " * 4_000, "\\boxed{" * 3_000, "= " * 9_999]
)
def test_a_hostile_text_is_undecided(text):
    found = ANSWER_CONSISTENCY.score(content(text, answer="7"))
    assert found.value is None
    assert len(found.details["found"]) <= 200
