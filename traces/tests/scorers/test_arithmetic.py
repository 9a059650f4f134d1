"""The criterion `arithmetic`."""

from traces.scorers.known import SCORERS
from traces.scorers.scorer import Content


def score(*steps: str):
    listed = [{"i": 10 * n, "type": "reasoning", "content": text} for n, text in enumerate(steps)]
    return SCORERS["arithmetic"].score(Content("What is it?", listed, "7", {}))


def test_the_share_of_right_equations_is_the_score():
    scored = score("First 3 + 4 = 7.", "Then 7 * 2 = 15, and 15 - 1 = 15.", "So 15 + 0 = 15.")
    assert scored.value == 0.5
    assert scored.details == {
        "equations": 4,
        "wrong": 2,
        "first_wrong_step": 10,
        "step_labels": {"10": -1},
        "wrong_equations": [
            {"i": 10, "equation": "7 * 2 = 15"},
            {"i": 10, "equation": "15 - 1 = 15"},
        ],
    }


def test_right_equations_propose_no_label():
    scored = score("3 + 4 = 7", "7 * 2 = 14")
    assert scored.value == 1
    assert scored.details["step_labels"] == {}
    assert scored.details["first_wrong_step"] is None


def test_where_there_is_no_equation_it_is_undecided():
    scored = score("Seven, because three and four are seven.")
    assert scored.value is None
    assert scored.details["outcome"] == "undecided"
    assert scored.details["reason"] == "no equation that can be checked"
    assert (scored.details["equations"], scored.details["first_wrong_step"]) == (0, None)


def test_the_details_of_many_mistakes_stay_small():
    scored = score(*["1 + 1 = 3"] * 1_000, "(" + "1 + " * 100 + "1) * 2 = 3")
    assert scored.value == 0
    assert scored.details["wrong"] == 1_001
    assert len(scored.details["step_labels"]) == 1_001
    assert len(scored.details["wrong_equations"]) == 10
