"""LIMO's problems."""

import pytest

from traces.readers import limo, s1k
from traces.tests.readers.reading import only, refusal, without

RECORD = {
    "question": "What is $9+9$?",
    "solution": "Okay, I add.\nDigit by digit.\n\n**Final Answer**\n\\boxed{18}",
    "answer": "18",
}


def test_the_field_is_the_answer_and_each_paragraph_a_step():
    draft = only(limo.read({**RECORD, "difficulty": 2}))
    assert draft.prompt == "What is $9+9$?"
    assert draft.steps == [
        ("reasoning", "Okay, I add.\nDigit by digit."),
        ("reasoning", "**Final Answer**\n\\boxed{18}"),
    ]
    assert draft.final_answer == "18"
    assert draft.notes == {"answer_from": "field", "reference_answer": "18"}
    assert draft.record == {"difficulty": 2}


def test_without_blank_lines_each_line_is_a_step():
    draft = only(limo.read({**RECORD, "solution": "I add.\nIt is 18."}))
    assert [content for _, content in draft.steps] == ["I add.", "It is 18."]


def test_an_answer_that_is_a_number_stays_in_the_record():
    draft = only(limo.read({**RECORD, "answer": 18}))
    assert draft.final_answer == draft.notes["reference_answer"] == "18"
    assert draft.record == {"answer": 18}


def test_blank_lines_that_were_dropped_are_kept_in_the_record():
    solution = "I add.\n\n\nIt is 18."
    assert only(limo.read({**RECORD, "solution": solution})).record == {"solution": solution}


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        (without(RECORD, "question"), "question", "This field is required."),
        ({**RECORD, "question": " "}, "question", "This field may not be blank."),
        ({**RECORD, "solution": ""}, "solution", "This field may not be blank."),
        ({**RECORD, "solution": 18}, "solution", "Not a string."),
        (without(RECORD, "answer"), "answer", "This field is required."),
        ({**RECORD, "answer": " "}, "answer", "This field is required."),
        ({**RECORD, "answer": True}, "answer", "Not a string."),
        ({**RECORD, "answer": ["18"]}, "answer", "Not a string."),
    ],
)
def test_what_is_not_of_the_format_is_refused(source, field, reason):
    assert refusal(limo, source) == (field, reason)


def test_its_shape_is_recognised():
    assert limo.recognises(RECORD)
    assert limo.recognises({**RECORD, "answer": 18})
    assert not limo.recognises(without(RECORD, "solution"))
    assert not limo.recognises({**RECORD, "answer": True})
    assert not limo.recognises({**RECORD, "answer": None})
    assert not limo.recognises({**s1k.EXAMPLE, "answer": "12"})


def test_a_solution_with_marks_is_a_reply():
    solution = "<think>\nI add.\n\nTwo and two.\n</think>\n\nIt is $\\boxed{4}$."
    draft = only(limo.read({"question": "Two?", "answer": "4", "solution": solution}))
    assert draft.steps == [
        ("reasoning", "I add."),
        ("reasoning", "Two and two."),
        ("output", "It is $\\boxed{4}$."),
    ]
    assert (draft.final_answer, draft.notes["reply_step"]) == ("4", 2)
    assert draft.record["solution"] == solution
