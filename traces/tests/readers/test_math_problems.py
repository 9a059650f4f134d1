"""MATH's problems."""

import pytest

from traces.readers import math_problems
from traces.tests.readers.reading import only, refusal

LINES = (
    "Completing the square gives\n\\[\n(x-1)^2 = 4.\n\\]\n\nSo $x$ is $\\boxed{3}$ or $-1$.\n"
    "Of these the larger is $\\boxed{\\frac{6}{2}}$."
)


def record(solution, **more) -> dict:
    return {
        "problem": "Solve $x^2-2x=3$ for the larger $x$.",
        "level": "Level 5",
        "type": "Algebra",
        "solution": solution,
        **more,
    }


def test_a_step_for_each_line_and_the_last_box_is_the_answer():
    draft = only(math_problems.read(record(LINES)))
    assert draft.prompt == "Solve $x^2-2x=3$ for the larger $x$."
    assert draft.steps == [
        ("reasoning", "Completing the square gives"),
        ("reasoning", "\\[\n(x-1)^2 = 4.\n\\]"),
        ("reasoning", "So $x$ is $\\boxed{3}$ or $-1$."),
        ("reasoning", "Of these the larger is $\\boxed{\\frac{6}{2}}$."),
    ]
    assert draft.final_answer == r"\frac{6}{2}"
    assert draft.notes == {"answer_from": "boxed", "reference_answer": r"\frac{6}{2}"}
    # the blank line is gone from the steps
    assert draft.record == {"level": "Level 5", "type": "Algebra", "solution": LINES}
    assert (draft.external_id, draft.scores) == (None, [])


def test_a_step_for_each_sentence_of_one_line():
    said = "Add $3.$ Then $x=5$. It is $\\boxed{5}$."
    draft = only(math_problems.read(record(said)))
    assert [content for _, content in draft.steps] == [
        "Add $3.$",
        "Then $x=5$.",
        "It is $\\boxed{5}$.",
    ]
    assert draft.record == {"level": "Level 5", "type": "Algebra"}


@pytest.mark.parametrize(
    ("solution", "answer"),
    [
        (r"It is $\boxed 5$.", "5"),
        (r"It is \fbox{5}.", "5"),
        (r"$\boxed{\text{(A) } 5}$", r"\text{(A) } 5"),
    ],
)
def test_other_boxes(solution, answer):
    draft = only(math_problems.read(record(solution)))
    assert (draft.final_answer, draft.notes["answer_from"]) == (answer, "boxed")


def test_without_a_box_there_is_no_answer():
    draft = only(math_problems.read(record("It holds by symmetry.")))
    assert draft.steps == [("reasoning", "It holds by symmetry.")]
    assert (draft.final_answer, draft.notes) == ("", {"answer_from": "none"})


def test_an_answer_of_its_own_is_the_reference():
    draft = only(math_problems.read(record(r"\boxed{4}", answer="5", unique_id="test/a/1.json")))
    assert (draft.final_answer, draft.notes["reference_answer"]) == ("4", "5")
    assert draft.external_id == "test/a/1.json"
    assert "answer" not in draft.record
    assert draft.record["unique_id"] == "test/a/1.json"


def test_an_answer_of_its_own_stands_in_for_the_box():
    draft = only(math_problems.read(record("It is five.", answer=5, level=5)))
    assert (draft.final_answer, draft.notes["answer_from"]) == ("5", "field")
    assert draft.record == {"level": 5, "type": "Algebra", "answer": 5}


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"problem": None}, "problem", "This field is required."),
        ({"problem": ""}, "problem", "This field may not be blank."),
        ({"solution": "\n"}, "solution", "This field may not be blank."),
        ({"solution": {"a": 1}}, "solution", "Not a string."),
        ({"answer": ["5"]}, "answer", "Not a string."),
        ({"unique_id": 5}, "unique_id", "Not a string."),
    ],
)
def test_what_is_not_of_the_format_is_refused(change, field, reason):
    assert refusal(math_problems, {**record(LINES), **change}) == (field, reason)


def test_its_shape_is_recognised():
    assert math_problems.recognises(record(LINES))
    assert math_problems.recognises({"problem": "?", "solution": r"\boxed{1}"})
    for source in (
        {"problem": "?", "solution": "one"},
        {"problem": "?", "solution": ["one"], "level": 1},
        record(LINES, generations=["a"]),
        record(LINES, messages=[]),
    ):
        assert not math_problems.recognises(source)


def test_a_solution_with_marks_is_a_reply():
    solution = "<think>\nI add.\n\nTwo and two.\n</think>\n\nIt is $\\boxed{4}$."
    draft = only(math_problems.read({"problem": "Two?", "level": "1", "solution": solution}))
    assert draft.steps == [
        ("reasoning", "I add."),
        ("reasoning", "Two and two."),
        ("output", "It is $\\boxed{4}$."),
    ]
    assert (draft.final_answer, draft.notes["reply_step"]) == ("4", 2)
    assert draft.record["solution"] == solution
