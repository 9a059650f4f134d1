"""Solutions of GSM8K's problems by several models."""

import pytest

from traces.readers import gsm8k_solutions
from traces.tests.readers.reading import only, refusal

RIGHT = {"is_correct": True, "solution": "She sells 3*6=<<3*6=18>>18.\n\nAll of them.\nA: 18"}
WRONG = {"is_correct": False, "solution": "She sells 3+6=<<3+6=9>>9.\nA: 9"}
TRUTH = "3*6=<<3*6=18>>18\nA: 18"


def record(**more) -> dict:
    return {"question": "How many eggs?", "ground_truth": TRUTH, **more}


def score(value) -> dict:
    return {
        "criteria": "answer_correctness",
        "scorer_version": "gsm8k_solutions:is_correct",
        "value": value,
        "details": {},
    }


def test_each_model_gives_a_trace_with_its_score():
    source = record(**{"6b_finetuning": WRONG, "175b_verification": RIGHT}, id=3)
    wrong, right = gsm8k_solutions.read(source)
    assert wrong.prompt == right.prompt == "How many eggs?"
    assert right.steps == [("reasoning", "She sells 3*6=18."), ("reasoning", "All of them.")]
    assert right.final_answer == "18"
    assert right.notes == {
        "model": "175b_verification",
        "answer_from": "a_line",
        "reference_answer": "18",
        "calculations": ["3*6=18"],
    }
    assert right.record == {"ground_truth": TRUTH, "175b_verification": RIGHT, "id": 3}
    assert wrong.record == {"ground_truth": TRUTH, "6b_finetuning": WRONG, "id": 3}
    assert (wrong.final_answer, wrong.notes["reference_answer"]) == ("9", "18")
    assert (wrong.scores, right.scores) == ([score(0.0)], [score(1.0)])


@pytest.mark.parametrize(
    ("solution", "steps", "answer", "answer_from"),
    [
        ("3*6=<<3*6=18>>18\nthat is <<18", ["3*6=18", "that is <<18"], "", "none"),
        ("3*6=18\n#### 18", ["3*6=18"], "18", "hashes"),
        ("A: 5\nno, more", ["A: 5", "no, more"], "5", "a_line"),
    ],
)
def test_solutions_that_were_cut_off_or_end_otherwise(solution, steps, answer, answer_from):
    draft = only(gsm8k_solutions.read(record(m={"is_correct": None, "solution": solution})))
    assert [content for _, content in draft.steps] == steps
    assert (draft.final_answer, draft.notes["answer_from"]) == (answer, answer_from)
    assert draft.scores == []
    assert draft.record["m"] == {"is_correct": None, "solution": solution}


def test_an_answer_without_steps_is_output():
    draft = only(gsm8k_solutions.read(record(m={"solution": "A: 18"})))
    assert (draft.steps, draft.final_answer) == ([("output", "A: 18")], "18")


def test_a_truth_that_is_the_answer_alone_is_the_reference():
    draft = only(gsm8k_solutions.read({**record(m=RIGHT), "ground_truth": "18"}))
    assert draft.notes["reference_answer"] == "18"
    assert draft.record == {"m": RIGHT}


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        (record(), "solution", "No field is an object with a solution."),
        (record(m="text"), "solution", "No field is an object with a solution."),
        (record(m=RIGHT, n={"solution": None}), "n.solution", "This field is required."),
        (record(m={"solution": " "}), "m.solution", "This field may not be blank."),
        (record(m={"solution": ["a"]}), "m.solution", "Not a string."),
        (record(m={**RIGHT, "is_correct": 1}), "m.is_correct", "Not a boolean."),
        ({**record(m=RIGHT), "question": None}, "question", "This field is required."),
        ({**record(m=RIGHT), "ground_truth": 18}, "ground_truth", "Not a string."),
        (
            record(**{f"m{number}": RIGHT for number in range(101)}),
            "solution",
            "A record gives at most 100 traces, not 101.",
        ),
    ],
)
def test_what_is_not_of_the_format_is_refused(source, field, reason):
    assert refusal(gsm8k_solutions, source) == (field, reason)


def test_its_shape_is_recognised():
    assert gsm8k_solutions.recognises(record(m=RIGHT))
    assert not gsm8k_solutions.recognises(record())
    assert not gsm8k_solutions.recognises({"question": "?", "m": RIGHT})
