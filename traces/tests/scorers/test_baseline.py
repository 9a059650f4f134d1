import pytest

from traces.scorers.baseline import BASELINE
from traces.scorers.scorer import Content, Scored


def content(*lengths: int, **changes) -> Content:
    """Give content whose steps have so many characters, each of more than one byte."""
    steps = [{"i": i, "type": "a", "content": "é" * length} for i, length in enumerate(lengths)]
    return Content("What?", steps, "That.", {})._replace(**changes)


def test_a_score_says_how_it_came_about():
    assert (BASELINE.criteria, BASELINE.version) == ("baseline", "1")
    assert BASELINE.score(content(100, 250, 300)) == Scored(
        value=36.67,
        details={
            "step_count": 3,
            "avg_step_length": 216.67,
            "total_chars": 650,
            "step_score": 15.0,
            "length_score": 21.67,
        },
    )


@pytest.mark.parametrize(
    ("lengths", "value"),
    [
        ((1,), 5.1),  # 1/10*50 + 1/500*50
        ((500,), 55.0),
        ((501,), 55.0),
        ((20_000,), 55.0),
        ((1,) * 10, 50.1),
        ((1,) * 11, 50.1),
        ((1,) * 1_000, 50.1),
        ((500,) * 10, 100.0),
        ((999, 1), 60.0),  # the mean is 500
        ((1_000,) * 20, 100.0),
        ((10, 10, 11), 16.03),  # 15 + 31/3/500*50 = 16.0333
        ((1, 1, 3), 15.17),  # 15 + 5/3/500*50 = 15.1667
    ],
)
def test_the_baseline_is_the_formula(lengths, value):
    assert BASELINE.score(content(*lengths)).value == value


def test_prompt_answer_and_meta_do_not_count():
    long = content(500, prompt="p" * 9_000, final_answer="a" * 9_000, meta={"a": "b" * 9_000})
    assert BASELINE.score(long) == BASELINE.score(content(500))
