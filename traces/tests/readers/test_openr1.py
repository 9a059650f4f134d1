"""OpenR1-Math's generations."""

import pytest

from traces.readers import openr1
from traces.tests.readers.reading import only, refusal, without

RIGHT = "<think>\nI add.\n\n9 + 9 = 18.\n</think>\n\nIt is $\\boxed{18}$."
WRONG = "<think>\nI guess.\n</think>\n\nIt is $\\boxed{17}$."


def record(*generations, **more) -> dict:
    return {
        "problem": "What is $9+9$?",
        "solution": "It is $18$.",
        "answer": "18",
        "uuid": "ab-12",
        "source": "olympiads",
        "generations": list(generations),
        **more,
    }


def score(name, value) -> dict:
    return {
        "criteria": "answer_correctness",
        "scorer_version": f"openr1:{name}",
        "value": value,
        "details": {},
    }


def test_each_generation_is_a_trace_with_its_flag():
    source = record(
        WRONG,
        RIGHT,
        correctness_math_verify=[False, True],
        correctness_llama=None,
        finish_reasons=["length", "stop"],
        is_reasoning_complete=[True, True],
        correctness_count=1,
    )
    wrong, right = openr1.read(source)
    assert right.prompt == "What is $9+9$?"
    assert right.steps == [
        ("reasoning", "I add."),
        ("reasoning", "9 + 9 = 18."),
        ("output", "It is $\\boxed{18}$."),
    ]
    assert right.final_answer == "18"
    assert right.external_id == "ab-12/1"
    assert right.notes == {
        "answer_from": "boxed",
        "reply_step": 2,
        "reference_answer": "18",
        "generation": 1,
    }
    assert right.scores == [score("correctness_math_verify", 1.0)]
    assert right.record == {
        "solution": "It is $18$.",
        "uuid": "ab-12",
        "source": "olympiads",
        "generations": [RIGHT],
        "correctness_math_verify": [True],
        "correctness_llama": None,
        "finish_reasons": ["stop"],
        "is_reasoning_complete": [True],
        "correctness_count": 1,
    }
    assert (wrong.final_answer, wrong.external_id) == ("17", "ab-12/0")
    assert wrong.scores == [score("correctness_math_verify", 0.0)]
    assert wrong.record["generations"] == [WRONG]


def test_a_second_judge_gives_a_second_score():
    source = record(RIGHT, correctness_math_verify=[None], correctness_llama=[True])
    assert only(openr1.read(source)).scores == [score("correctness_llama", 1.0)]


def test_without_flags_there_are_no_scores():
    assert only(openr1.read(record(RIGHT))).scores == []


@pytest.mark.parametrize("uuid", [None, ""])
def test_without_a_uuid_there_is_no_id(uuid):
    assert only(openr1.read(record(RIGHT, uuid=uuid))).external_id is None


def test_a_conversation_stays_with_its_own_generation():
    asked = {"role": "user", "content": "What is $9+9$?"}
    messages = [asked, {"role": "assistant", "content": RIGHT}]
    wrong, right = openr1.read(record(WRONG, RIGHT, messages=messages))
    assert right.record["messages"] == messages
    assert "messages" not in wrong.record
    for other in ([asked], "odd", [1, {"content": 2}]):
        drafts = openr1.read(record(WRONG, RIGHT, messages=other))
        assert [draft.record["messages"] for draft in drafts] == [other, other]


@pytest.mark.parametrize(
    ("generation", "steps", "answer", "answer_from"),
    [
        ("I add.\n</think>\nIt is 18.", [("reasoning", "I add.")], "It is 18.", "text"),
        ("It is \\boxed{18}.", [("reasoning", "It is \\boxed{18}.")], "18", "boxed"),
        ("It is 18.", [], "It is 18.", "text"),
        ("<think>\n\n</think>\n\nIt is 18.", [], "It is 18.", "text"),
        ("<think>Only \\boxed{1}</think>", [("reasoning", "Only \\boxed{1}")], "", "none"),
    ],
)
def test_generations_of_other_shapes(generation, steps, answer, answer_from):
    draft = only(openr1.read(record(generation)))
    assert draft.steps == steps
    assert (draft.final_answer, draft.notes["answer_from"]) == (answer, answer_from)
    assert draft.record["generations"] == [generation]


def test_a_thought_that_was_cut_off_says_so():
    draft = only(openr1.read(record("<think>\nI add.\n\n9 + \\boxed{9}")))
    assert draft.steps == [("reasoning", "I add."), ("reasoning", "9 + \\boxed{9}")]
    assert draft.final_answer == ""
    assert draft.notes["truncated"] is True


def test_the_reference_may_be_missing():
    notes = only(openr1.read(record(RIGHT, answer=None))).notes
    assert notes == {"answer_from": "boxed", "reply_step": 2, "generation": 0}


@pytest.mark.parametrize(
    ("source", "field", "reason"),
    [
        (without(record(RIGHT), "problem"), "problem", "This field is required."),
        (record(RIGHT, problem=""), "problem", "This field may not be blank."),
        (record(RIGHT, generations=None), "generations", "This field is required."),
        (record(RIGHT, generations=RIGHT), "generations", "Not a list."),
        (record(), "generations", "Holds no generation."),
        (
            record(*[RIGHT] * 101),
            "generations",
            "A record gives at most 100 traces, not 101.",
        ),
        (record(RIGHT, None), "generations[1]", "Not a string."),
        (record(RIGHT, ["a"]), "generations[1]", "Not a string."),
        (record(RIGHT, ""), "generations[1]", "Holds no text."),
        (record(RIGHT, "<think> </think>"), "generations[1]", "Holds no text."),
        (record(RIGHT, uuid=12), "uuid", "Not a string."),
        (record(RIGHT, answer={}), "answer", "Not a string."),
        (
            record(RIGHT, correctness_math_verify=True),
            "correctness_math_verify",
            "Not a list.",
        ),
        (
            record(RIGHT, RIGHT, correctness_math_verify=[True]),
            "correctness_math_verify",
            "Its length is 1, that of generations 2.",
        ),
        (
            record(RIGHT, RIGHT, correctness_llama=[None, "yes"]),
            "correctness_llama[1]",
            "Not a boolean.",
        ),
    ],
)
def test_what_is_not_of_the_format_is_refused(source, field, reason):
    assert refusal(openr1, source) == (field, reason)


def test_its_shape_is_recognised():
    assert openr1.recognises(record(RIGHT))
    assert not openr1.recognises(without(record(RIGHT), "generations"))
    assert not openr1.recognises(record(RIGHT, generations="a"))
    assert not openr1.recognises(record(RIGHT, problem=1))
