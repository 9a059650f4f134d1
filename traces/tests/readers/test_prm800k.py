"""PRM800K's rated solutions."""

from copy import deepcopy

import pytest

from traces.readers import prm800k
from traces.tests.readers.reading import only, refusal


def completion(text, rating=1, **more) -> dict:
    return {"text": text, "rating": rating, "flagged": None, **more}


def step(*completions, chosen=0, written=None) -> dict:
    return {
        "completions": list(completions),
        "human_completion": written,
        "chosen_completion": chosen,
    }


def record(*steps, finish_reason="solution", **question) -> dict:
    return {
        "labeler": "one",
        "generation": 9,
        "question": {"problem": "What is $9+9$?", "ground_truth_answer": "18", **question},
        "label": {"steps": list(steps), "total_time": 5, "finish_reason": finish_reason},
    }


FIRST = step(completion("I add.", 0))
LAST = step(completion("It is 19.", -1), completion("It is 18.\n\n# Answer\n\n18"), chosen=1)


def test_the_chosen_path_with_its_ratings():
    source = record(FIRST, LAST, pre_generated_steps=["I add.", "It is 19."])
    before = deepcopy(source)
    draft = only(prm800k.read(source))
    assert draft.prompt == "What is $9+9$?"
    assert draft.steps == [
        ("reasoning", "I add."),
        ("reasoning", "It is 18.\n\n# Answer\n\n18"),
    ]
    assert draft.step_labels == {"0": 0, "1": 1}
    assert draft.final_answer == "18"
    assert draft.notes == {"answer_from": "answer_line", "reference_answer": "18"}
    assert draft.scores == []
    question = before.pop("question")
    del question["problem"]
    assert draft.record == {**before, "question": question}
    assert source["question"]["problem"] == "What is $9+9$?"


@pytest.mark.parametrize(
    ("written", "labels"),
    [
        ("I write.", {"0": 0}),
        ({"text": "I write.", "rating": None, "source": "human"}, {"0": 0}),
        ({"text": "I write.", "rating": 1}, {"0": 0, "1": 1}),
    ],
)
def test_where_none_was_chosen_a_person_wrote_the_step(written, labels):
    source = record(FIRST, step(completion("Bad.", -1), chosen=None, written=written))
    draft = only(prm800k.read(source))
    assert [content for _, content in draft.steps] == ["I add.", "I write."]
    assert draft.step_labels == labels


def test_a_person_may_write_where_there_are_no_completions():
    source = record({"completions": None, "human_completion": "I write."})
    assert only(prm800k.read(source)).steps == [("reasoning", "I write.")]


def test_what_was_chosen_wins_over_what_a_person_wrote():
    source = record(step(completion("Chosen."), written="Written."))
    assert only(prm800k.read(source)).steps == [("reasoning", "Chosen.")]


def test_labelling_may_end_at_a_wrong_step():
    wrong = step(completion("It is 19.", -1), completion("It is 20.", -1), chosen=None)
    draft = only(prm800k.read(record(FIRST, wrong, finish_reason="found_error")))
    assert [content for _, content in draft.steps] == ["I add.", "It is 19."]
    assert draft.step_labels == {"0": 0, "1": -1}
    assert (draft.final_answer, draft.notes["answer_from"]) == ("", "none")
    assert draft.record["label"]["finish_reason"] == "found_error"


def test_a_null_rating_gives_no_label():
    draft = only(prm800k.read(record(FIRST, step(completion("So.", None)), LAST)))
    assert draft.step_labels == {"0": 0, "2": 1}


def test_only_the_last_step_gives_the_answer():
    draft = only(prm800k.read(record(LAST, FIRST)))
    assert draft.final_answer == ""


def test_the_reference_may_be_missing():
    draft = only(prm800k.read(record(LAST, ground_truth_answer=None)))
    assert draft.notes == {"answer_from": "answer_line"}


@pytest.mark.parametrize(
    ("label", "field", "reason"),
    [
        (None, "label", "This field is required."),
        ([], "label", "Not an object."),
        ({}, "label.steps", "This field is required."),
        ({"steps": {}}, "label.steps", "Not a list."),
        ({"steps": []}, "label.steps", "Holds no step."),
        ({"steps": [FIRST, 1]}, "label.steps[1]", "Not an object."),
        (
            {"steps": [FIRST, FIRST, step(chosen=0)]},
            "label.steps[2].chosen_completion",
            "No completion has this index.",
        ),
        (
            {"steps": [step(completion("a"), chosen=-1)]},
            "label.steps[0].chosen_completion",
            "No completion has this index.",
        ),
        (
            {"steps": [step(completion("a"), chosen=False)]},
            "label.steps[0].chosen_completion",
            "Not an integer.",
        ),
        (
            {"steps": [step(completion("a"), chosen=None), LAST]},
            "label.steps[0].chosen_completion",
            "Neither this nor human_completion is given.",
        ),
        (
            {"steps": [{"completions": "a", "chosen_completion": 0}]},
            "label.steps[0].completions",
            "Not a list.",
        ),
        ({"steps": [step("a")]}, "label.steps[0].completions[0]", "Not an object."),
        (
            {"steps": [step(completion(None))]},
            "label.steps[0].completions[0].text",
            "This field is required.",
        ),
        (
            {"steps": [step(completion(" "))]},
            "label.steps[0].completions[0].text",
            "This field may not be blank.",
        ),
        (
            {"steps": [step(chosen=None, written=5)]},
            "label.steps[0].human_completion",
            "Not a string.",
        ),
        (
            {"steps": [step(chosen=None, written={})]},
            "label.steps[0].human_completion.text",
            "This field is required.",
        ),
        *(
            (
                {"steps": [step(completion("a", rating))]},
                "label.steps[0].completions[0].rating",
                "Not -1, 0 or 1.",
            )
            for rating in (2, True, 1.0, "1", [])
        ),
    ],
)
def test_labels_that_are_not_of_the_format_are_refused(label, field, reason):
    assert refusal(prm800k, {**record(), "label": label}) == (field, reason)


@pytest.mark.parametrize(
    ("question", "field", "reason"),
    [
        ("?", "question", "Not an object."),
        ({}, "question.problem", "This field is required."),
        ({"problem": ""}, "question.problem", "This field may not be blank."),
        (
            {"problem": "?", "ground_truth_answer": []},
            "question.ground_truth_answer",
            "Not a string.",
        ),
    ],
)
def test_questions_that_are_not_of_the_format_are_refused(question, field, reason):
    assert refusal(prm800k, {**record(LAST), "question": question}) == (field, reason)


def test_its_shape_is_recognised():
    assert prm800k.recognises(record(LAST))
    for source in (
        {"question": "?", "label": {"steps": []}},
        {"question": {"problem": "?"}, "label": 1},
        {"question": {"problem": "?"}, "label": {"steps": None}},
        {"question": {"problem": None}, "label": {"steps": []}},
    ):
        assert not prm800k.recognises(source)
