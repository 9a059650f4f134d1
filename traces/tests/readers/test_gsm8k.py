"""GSM8K's problems."""

import re

import pytest

from traces.readers import gsm8k, gsm8k_socratic
from traces.tests.readers.reading import only, refusal
from traces.tests.real_data import read_problems


def record(answer, **more) -> dict:
    return {"question": "How many eggs?", "answer": answer, **more}


def test_each_line_is_a_step_without_its_marks():
    source = record("He has 3*6=<<3*6=18>>18 eggs.\n18/2=$<<18/2=9>>9 each\n#### 1,009")
    draft = only(gsm8k.read(source))
    assert draft.prompt == "How many eggs?"
    assert draft.steps == [("reasoning", "He has 3*6=18 eggs."), ("reasoning", "18/2=$9 each")]
    assert draft.final_answer == "1,009"
    assert draft.notes == {
        "answer_from": "hashes",
        "reference_answer": "1,009",
        "calculations": ["3*6=18", "18/2=9"],
    }
    assert draft.record == {"answer": source["answer"]}
    assert (draft.external_id, draft.scores, draft.step_labels) == (None, [], {})


def test_other_fields_stay_in_the_record():
    draft = only(gsm8k.read(record("a\n#### 1", id=7, level={"x": None})))
    assert draft.record == {"answer": "a\n#### 1", "id": 7, "level": {"x": None}}


@pytest.mark.parametrize(
    ("answer", "steps"),
    [
        ("one\n\n two \n#### 2", ["one", " two "]),
        ("one\r\ntwo\r\n#### 2\r\n", ["one", "two"]),
        ("if 2 < 3 << 4\n<<cut off\n####2", ["if 2 < 3 << 4", "<<cut off"]),
        ("one\n<<1+1=2>>\n#### 2", ["one"]),
        ("#### 1\none\n  #### 2\n\n", ["#### 1", "one"]),
    ],
)
def test_odd_lines(answer, steps):
    draft = only(gsm8k.read(record(answer)))
    assert [content for _, content in draft.steps] == steps
    assert draft.final_answer == "2"


def test_an_answer_without_steps_is_output():
    assert only(gsm8k.read(record("#### 72"))).steps == [("output", "72")]


@pytest.mark.parametrize(
    "answer", ["He has 18.", "####", "one\n#### ", "#### 72\nmore", "one #### 72", "#### <<1=1>>"]
)
def test_an_answer_must_end_in_its_line(answer):
    expected = ("answer", "The last line is not '#### ' and the answer.")
    assert refusal(gsm8k, record(answer)) == expected
    assert refusal(gsm8k_socratic, record(answer)) == expected


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        ({"answer": "a\n#### 1"}, "question", "This field is required."),
        ({"question": "?"}, "answer", "This field is required."),
        ({"question": " ", "answer": "a\n#### 1"}, "question", "This field may not be blank."),
        ({"question": "?", "answer": ""}, "answer", "This field may not be blank."),
        ({"question": ["?"], "answer": "a\n#### 1"}, "question", "Not a string."),
        ({"question": "?", "answer": 72}, "answer", "Not a string."),
    ],
)
@pytest.mark.parametrize("reader", [gsm8k, gsm8k_socratic])
def test_fields_of_other_types_are_refused(reader, source, field, reason):
    assert refusal(reader, source) == (field, reason)


def test_its_shape_is_recognised():
    assert gsm8k.recognises(record("2 ** 3 is 8\nso 9\n#### 9", id=1))
    assert gsm8k.recognises(record("#### 9"))
    assert not gsm8k.recognises(record("9"))
    assert not gsm8k.recognises(record(9))
    assert not gsm8k.recognises({"answer": "#### 9"})


def restored(draft) -> str:
    """Put the marks back where the original has them."""
    original = draft.record["answer"]
    marks = iter(draft.notes["calculations"])
    lines = "\n".join([content for _, content in draft.steps] + [f"#### {draft.final_answer}"])
    whole = ""
    for piece in re.split(r"(<<[^<>\n]*>>)", re.sub(r"\n\n+", "\n", original)):
        if piece.startswith("<<"):
            whole += f"<<{next(marks)}>>"
        else:
            assert lines.startswith(piece)
            whole += piece
            lines = lines.removeprefix(piece)
    assert lines == ""
    assert next(marks, None) is None
    return whole


@pytest.mark.real_data
@pytest.mark.parametrize(("name", "count"), [("train", 7_473), ("test", 1_319)])
def test_every_real_problem_is_read_and_can_be_restored(name, count):
    records = read_problems(name)
    assert len(records) == count
    for source in records:
        assert gsm8k.recognises(source)
        draft = only(gsm8k.read(source))
        assert draft.prompt == source["question"]
        assert not any("<<" in content or ">>" in content for _, content in draft.steps)
        assert restored(draft) == re.sub(r"\n\n+", "\n", source["answer"])
        assert draft.record == {"answer": source["answer"]}
