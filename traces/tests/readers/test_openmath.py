"""OpenMathInstruct's and OpenMathReasoning's generated solutions."""

import pytest

from traces.readers import openmath
from traces.tests.readers.reading import only, refusal, without

RECORD = {
    "problem": "What is $9+9$?",
    "generated_solution": "I add.\n\nIt is $\\boxed{18}$.",
    "expected_answer": "18",
    "problem_source": "augmented_gsm8k",
}


def test_each_paragraph_is_a_step_and_the_box_the_answer():
    draft = only(openmath.read(RECORD))
    assert draft.prompt == "What is $9+9$?"
    assert draft.steps == [("reasoning", "I add."), ("reasoning", "It is $\\boxed{18}$.")]
    assert draft.final_answer == "18"
    assert draft.notes == {
        "answer_from": "boxed",
        "reply_in_steps": True,
        "reference_answer": "18",
    }
    assert draft.record == {"problem_source": "augmented_gsm8k"}
    assert draft.scores == []


def test_a_thought_gives_the_steps():
    solution = "<think>I add.\n\nThat is \\boxed{17}.</think>**Solution:** It is $\\boxed{18}$."
    draft = only(
        openmath.read({**RECORD, "generated_solution": solution, "pass_rate_72b_tir": "0.5"})
    )
    assert draft.steps == [
        ("reasoning", "I add."),
        ("reasoning", "That is \\boxed{17}."),
        ("output", "**Solution:** It is $\\boxed{18}$."),
    ]
    assert (draft.final_answer, draft.notes["reply_step"]) == ("18", 2)
    assert draft.record["generated_solution"] == solution
    assert draft.record["pass_rate_72b_tir"] == "0.5"


def test_a_thought_that_was_cut_off_says_so():
    draft = only(openmath.read({**RECORD, "generated_solution": "<think>I \\boxed{1}"}))
    assert draft.steps == [("reasoning", "I \\boxed{1}")]
    assert draft.final_answer == ""
    assert draft.notes["truncated"] is True


def test_a_solution_that_marks_no_answer_is_the_answer():
    draft = only(openmath.read({**RECORD, "generated_solution": "It is 18."}))
    assert (draft.steps, draft.final_answer) == ([], "It is 18.")
    assert draft.notes == {"answer_from": "text", "reference_answer": "18"}


def test_the_first_version_asks_a_question_and_says_what_is_correct():
    source = {**without(RECORD, "problem"), "question": "9+9?", "is_correct": False}
    draft = only(openmath.read(source))
    assert draft.prompt == "9+9?"
    assert draft.scores == [
        {
            "criteria": "answer_correctness",
            "scorer_version": "openmath:is_correct",
            "value": 0.0,
            "details": {},
        }
    ]
    assert draft.record == {"problem_source": "augmented_gsm8k", "is_correct": False}


@pytest.mark.parametrize("expected", [None, "", 18])
def test_an_expected_answer_that_is_not_held_stays_in_the_record(expected):
    draft = only(openmath.read({**RECORD, "expected_answer": expected}))
    assert draft.notes.get("reference_answer") == ("18" if expected else None)
    assert draft.record["expected_answer"] == expected


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        (without(RECORD, "problem"), "question", "This field is required."),
        ({**RECORD, "problem": []}, "problem", "Not a string."),
        (
            without(RECORD, "generated_solution"),
            "generated_solution",
            "This field is required.",
        ),
        (
            {**RECORD, "generated_solution": "<think></think>"},
            "generated_solution",
            "Holds no text.",
        ),
        ({**RECORD, "expected_answer": ["18"]}, "expected_answer", "Not a string."),
        ({**RECORD, "is_correct": "yes"}, "is_correct", "Not a boolean."),
    ],
)
def test_what_is_not_of_the_format_is_refused(source, field, reason):
    assert refusal(openmath, source) == (field, reason)


def test_its_shape_is_recognised():
    assert openmath.recognises(RECORD)
    assert openmath.recognises({**without(RECORD, "problem"), "question": "9+9?"})
    for name in RECORD.keys() - {"problem_source"}:
        assert not openmath.recognises(without(RECORD, name))
