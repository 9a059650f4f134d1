"""s1K, both versions."""

import pytest

from traces.readers import s1k
from traces.tests.readers.reading import only, refusal, without

FIRST = {
    "question": "What is $9+9$?",
    "solution": "18",
    "cot_type": "math",
    "metadata": "{'level': 1}",
    "cot": None,
    "thinking_trajectories": ["I add.\n\n9 + 9 = 18."],
    "attempt": "It is $\\boxed{18}$.",
}
SECOND = {
    "question": "What is $9+9$?",
    "solution": "18",
    "cot_type": "math",
    "gemini_thinking_trajectory": "I add.\n\nIt is 18.",
    "gemini_attempt": "So \\boxed{18}.",
    "gemini_grade": "Yes",
    "gemini_grade_reason": "The same.",
    "deepseek_thinking_trajectory": "I guess.\n\n\nIt is 17.",
    "deepseek_attempt": "It is 17.",
    "deepseek_grade": "No",
    "deepseek_grade_reason": "Not the same.",
}


def score(name, value) -> dict:
    return {
        "criteria": "answer_correctness",
        "scorer_version": f"s1k:{name}",
        "value": value,
        "details": {},
    }


def test_the_first_version_gives_one_trace():
    draft = only(s1k.read(FIRST))
    assert draft.prompt == "What is $9+9$?"
    assert draft.steps == [
        ("reasoning", "I add."),
        ("reasoning", "9 + 9 = 18."),
        ("output", "It is $\\boxed{18}$."),
    ]
    assert draft.final_answer == "18"
    assert draft.notes == {"answer_from": "boxed", "reply_step": 2, "reference_answer": "18"}
    assert draft.record == {
        "cot_type": "math",
        "metadata": "{'level': 1}",
        "cot": None,
    }
    assert (draft.external_id, draft.scores) == (None, [])


def test_several_trajectories_follow_each_other():
    thoughts = ["I add.", "", "9 + 9."]
    draft = only(s1k.read({**FIRST, "thinking_trajectories": thoughts}))
    assert draft.steps[:2] == [("reasoning", "I add."), ("reasoning", "9 + 9.")]
    assert draft.record["thinking_trajectories"] == thoughts


def test_the_second_version_gives_a_trace_for_each_model():
    gemini, deepseek = s1k.read(SECOND)
    assert gemini.steps == [
        ("reasoning", "I add."),
        ("reasoning", "It is 18."),
        ("output", "So \\boxed{18}."),
    ]
    assert gemini.notes == {
        "model": "gemini",
        "answer_from": "boxed",
        "reply_step": 2,
        "reference_answer": "18",
    }
    assert gemini.record == {
        "cot_type": "math",
        "gemini_grade": "Yes",
        "gemini_grade_reason": "The same.",
    }
    assert deepseek.steps == [("reasoning", "I guess."), ("reasoning", "It is 17.")]
    assert (deepseek.final_answer, deepseek.notes["answer_from"]) == ("It is 17.", "text")
    assert deepseek.record == {  # the steps do not say how many lines were blank
        "cot_type": "math",
        "deepseek_thinking_trajectory": "I guess.\n\n\nIt is 17.",
        "deepseek_grade": "No",
        "deepseek_grade_reason": "Not the same.",
    }
    assert gemini.scores == [score("gemini_grade", 1.0)]
    assert deepseek.scores == [score("deepseek_grade", 0.0)]


def test_one_model_may_be_missing():
    draft = only(s1k.read({**SECOND, "gemini_thinking_trajectory": None}))
    assert draft.notes["model"] == "deepseek"


@pytest.mark.parametrize("grade", [None, "", "Unsure"])
def test_a_grade_that_says_neither_gives_no_score(grade):
    gemini, _ = s1k.read({**SECOND, "gemini_grade": grade})
    assert gemini.scores == []
    assert gemini.record["gemini_grade"] == grade


@pytest.mark.parametrize(
    ("solution", "reference"),
    [
        ("One adds.\n\nSo \\boxed{18}.", "18"),
        ("One adds.\nSo it holds.", None),
        (None, None),
        ("", None),
        (18, "18"),
    ],
)
def test_a_solution_that_is_written_out_is_no_reference(solution, reference):
    draft = only(s1k.read({**FIRST, "solution": solution}))
    assert draft.notes.get("reference_answer") == reference
    assert draft.record["solution"] == solution


def test_an_attempt_without_a_thought_is_output():
    draft = only(s1k.read({**FIRST, "thinking_trajectories": []}))
    assert draft.steps == [("output", "It is $\\boxed{18}$.")]
    assert draft.final_answer == "18"


def test_a_thought_without_an_attempt_has_no_answer():
    draft = only(s1k.read({**FIRST, "attempt": None}))
    assert (draft.final_answer, draft.notes["answer_from"]) == ("", "none")
    assert draft.record["attempt"] is None


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        (without(FIRST, "question"), "question", "This field is required."),
        ({**FIRST, "question": 9}, "question", "Not a string."),
        ({**FIRST, "solution": ["18"]}, "solution", "Not a string."),
        ({**FIRST, "attempt": {}}, "attempt", "Not a string."),
        (
            without(FIRST, "thinking_trajectories"),
            "thinking_trajectories",
            "This field is required.",
        ),
        ({**FIRST, "thinking_trajectories": "a"}, "thinking_trajectories", "Not a list."),
        (
            {**FIRST, "thinking_trajectories": ["a", None]},
            "thinking_trajectories[1]",
            "Not a string.",
        ),
        (
            {**FIRST, "thinking_trajectories": [" "], "attempt": " "},
            "thinking_trajectories",
            "Neither this nor the attempt holds any text.",
        ),
        (
            {**SECOND, "deepseek_thinking_trajectory": ["a"]},
            "deepseek_thinking_trajectory",
            "Not a string.",
        ),
        ({**SECOND, "gemini_grade": True}, "gemini_grade", "Not a string."),
        ({**SECOND, "gemini_attempt": 18}, "gemini_attempt", "Not a string."),
    ],
)
def test_what_is_not_of_the_format_is_refused(source, field, reason):
    assert refusal(s1k, source) == (field, reason)


def test_its_shape_is_recognised():
    assert s1k.recognises(FIRST)
    assert s1k.recognises(SECOND)
    assert not s1k.recognises(without(FIRST, "thinking_trajectories"))
    assert not s1k.recognises(without(FIRST, "question"))
    assert not s1k.recognises({**FIRST, "thinking_trajectories": "a"})
