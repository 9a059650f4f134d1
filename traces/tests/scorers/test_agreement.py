"""The criterion `agreement`: what of the attempts at a prompt give the same answer."""

from traces.scorers.known import PROMPT_SCORERS


def score(*answers: str):
    return PROMPT_SCORERS["agreement"].score(answers)


def values(*answers: str) -> list[float]:
    return [scored.value for scored in score(*answers)]


def test_an_attempt_gets_the_share_that_gives_its_answer():
    scored = score("42", "42", "42", "41")
    assert [one.value for one in scored] == [0.75, 0.75, 0.75, 0.25]
    assert scored[0].details == {"attempts": 4, "answers": 2, "most_frequent": 3, "agreeing": 3}
    assert scored[3].details == {"attempts": 4, "answers": 2, "most_frequent": 3, "agreeing": 1}


def test_answers_that_are_equal_count_as_one():
    assert values("1,458", "1458", "1458.0", "$1458", "14") == [0.8, 0.8, 0.8, 0.8, 0.2]


def test_no_answer_agrees_with_none():
    scored = score("", " ", "7")
    assert [one.value for one in scored] == [0, 0, 1 / 3]
    assert scored[0].details == {"attempts": 3, "answers": 1, "most_frequent": 1, "agreeing": 0}


def test_one_attempt_agrees_with_itself():
    assert values("7") == [1]
    assert values("") == [0]
    assert values() == []


def test_the_order_of_the_attempts_changes_nothing():
    answers = ["7", "7.0", "8", "eight", "Eight", "", "9" * 400]
    assert sorted(values(*answers)) == sorted(values(*reversed(answers)))


def test_many_answers_that_differ_are_compared_with_few():
    answers = [str(number) for number in range(3_000)]
    assert values(*answers, "0.0") == [2 / 3_001, *[1 / 3_001] * 2_999, 2 / 3_001]
