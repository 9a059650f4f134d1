"""GSM8K's problems with a sub-question a line."""

from traces.readers import formats, gsm8k_socratic
from traces.tests.readers.reading import only, refusal


def record(answer) -> dict:
    return {"question": "How many eggs?", "answer": answer}


GSM8K, SOCRATIC = formats.FORMATS["gsm8k"], formats.FORMATS["gsm8k_socratic"]
WORKED = "How many does he have? ** He has 3*6=<<3*6=18>>18.\nHow many each? ** 9\n#### 9"


def test_a_step_holds_the_sub_question_and_its_answer():
    draft = only(gsm8k_socratic.read(record(WORKED)))
    assert draft.steps == [
        ("subquestion", "How many does he have? ** He has 3*6=18."),
        ("subquestion", "How many each? ** 9"),
    ]
    assert draft.final_answer == draft.notes["reference_answer"] == "9"
    assert draft.notes["calculations"] == ["3*6=18"]
    assert draft.record == {"answer": WORKED}


def test_a_line_without_a_sub_question_is_a_step_as_it_is():
    draft = only(gsm8k_socratic.read(record("How many? ** 9\nSo it is.\n#### 9")))
    assert draft.steps == [("subquestion", "How many? ** 9"), ("reasoning", "So it is.")]


def test_an_answer_without_sub_questions_is_refused():
    for answer in ("So it is.\n#### 9", "#### 9"):
        assert refusal(gsm8k_socratic, record(answer)) == (
            "answer",
            "No line is a sub-question, ' ** ' and a step.",
        )


def test_its_shape_is_told_from_gsm8k():
    assert formats.recognise([record(WORKED), record("How? ** So.\nSo.\n#### 9")]) is SOCRATIC
    assert formats.recognise([record(WORKED), record("2 and 7\n#### 9")]) is GSM8K
    for answer in ("a\n#### 9", "#### 9", "a ** b", 9):
        assert not gsm8k_socratic.recognises(record(answer))
