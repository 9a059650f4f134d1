"""TRL's formats: prompt-completion, preference and stepwise supervision."""

import pytest

from traces.readers import preference, prompt_completion, stepwise
from traces.readers.draft import Unreadable
from traces.readers.formats import recognise
from traces.tests.readers.reading import only, refusal

USER = {"role": "user", "content": "What is 9 + 9?"}
THOUGHT = "<think>\n9 + 9\n\n= 18\n</think>\n\n18"


def reply(content) -> dict:
    return {"role": "assistant", "content": content}


def text(*steps) -> list:
    return [("reasoning", step) for step in steps]


def test_a_completion_is_split():
    draft = only(prompt_completion.read({"prompt": " p", "completion": THOUGHT, "id": 5}))
    assert (draft.prompt, draft.steps, draft.final_answer) == (" p", text("9 + 9", "= 18"), "18")
    assert draft.record == {"completion": THOUGHT, "id": 5}
    assert draft.messages is None


def test_a_completion_that_is_an_answer_is_left_as_it_is():
    draft = only(prompt_completion.read({"prompt": "The sky is", "completion": " blue.\n"}))
    assert (draft.steps, draft.final_answer, draft.record) == (
        [],
        "blue.",
        {"completion": " blue.\n"},
    )


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [([USER], [reply(THOUGHT)]), ("What is 9 + 9?", [reply(THOUGHT)]), ([USER], THOUGHT)],
)
def test_both_may_be_messages(prompt, completion):
    draft = only(prompt_completion.read({"prompt": prompt, "completion": completion}))
    assert (draft.prompt, draft.steps) == ("What is 9 + 9?", text("9 + 9", "= 18"))
    assert draft.messages == [USER, reply(THOUGHT)]
    assert (draft.notes, draft.record) == ({"prompt_turns": 1, "answer_from": "text"}, {})


@pytest.mark.parametrize(
    ("prompt", "completion", "field"),
    [
        (None, "x", "prompt"),
        ([], "x", "prompt"),
        ("x", {}, "completion[0].role"),
        ("x", [], "completion"),
        ([5], "x", "prompt[0]"),
        ("x", [USER], "completion"),
        ([USER], [{"role": "assistant", "content": 5}], "completion[0].content"),
        ([{**USER, "content": 5}], "x", "prompt[0].content"),
    ],
)
def test_wrong_completions_are_named(prompt, completion, field):
    assert refusal(prompt_completion, {"prompt": prompt, "completion": completion})[0] == field


def pair(**record) -> list:
    chosen, rejected = preference.read(record)
    assert (chosen.status, rejected.status) == ("approved", "rejected")
    assert (chosen.notes["preference"], rejected.notes["preference"]) == ("chosen", "rejected")
    return [chosen, rejected]


def test_a_preference_is_two_traces():
    chosen, rejected = pair(prompt="p", chosen=THOUGHT, rejected="17", margin=2)
    assert (chosen.prompt, rejected.prompt) == ("p", "p")
    assert (chosen.steps, chosen.final_answer) == (text("9 + 9", "= 18"), "18")
    assert (rejected.steps, rejected.final_answer) == ([], "17")
    assert chosen.record == {"chosen": THOUGHT, "margin": 2}
    assert rejected.record == {"margin": 2}


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": [USER], "chosen": [reply("18")], "rejected": [reply("17")]},
        {"prompt": "What is 9 + 9?", "chosen": [reply("18")], "rejected": [reply("17")]},
        {
            "prompt": "What is 9 + 9?",
            "chosen": [USER, reply("18")],
            "rejected": [USER, reply("17")],
        },
        {"prompt": [USER], "chosen": [USER, reply("18")], "rejected": [USER, reply("17")]},
        {"chosen": [USER, reply("18")], "rejected": [USER, reply("17")]},
    ],
)
def test_preferences_may_be_messages_and_repeat_the_prompt(record):
    chosen, rejected = pair(**record)
    for draft, answer in ((chosen, "18"), (rejected, "17")):
        assert (draft.prompt, draft.final_answer) == ("What is 9 + 9?", answer)
        assert draft.messages == [USER, reply(answer)]
        assert draft.record == {}


def test_a_prompt_that_the_turns_do_not_hold_is_kept():
    chosen, _ = pair(prompt="other", chosen=[USER, reply("18")], rejected=[USER, reply("17")])
    assert (chosen.prompt, chosen.record) == ("What is 9 + 9?", {"prompt": "other"})


@pytest.mark.parametrize(
    ("chosen", "rejected", "prompt", "answers"),
    [
        (
            "\n\nHuman: 9 + 9?\n\nAssistant: It is 18.",
            "\n\nHuman: 9 + 9?\n\nAssistant: It is 17.",
            "9 + 9?",
            ["It is 18.", "It is 17."],
        ),
        (
            "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: 9 + 9?\n\nAssistant: 18",
            "\n\nHuman: Hi\n\nAssistant: Hello.\n\nHuman: 9 + 9?\n\nAssistant: 17",
            "User: Hi\n\nAssistant: Hello.\n\nUser: 9 + 9?",
            ["18", "17"],
        ),
        (
            [{"role": "Human", "content": "9 + 9?"}, {"role": "Assistant", "content": "18"}],
            [{"role": "Human", "content": "9 + 9?"}, {"role": "Assistant", "content": "17"}],
            "9 + 9?",
            ["18", "17"],
        ),
    ],
)
def test_a_prompt_may_be_the_turns_that_both_begin_with(chosen, rejected, prompt, answers):
    drafts = pair(chosen=chosen, rejected=rejected)
    assert [draft.prompt for draft in drafts] == [prompt, prompt]
    assert [draft.final_answer for draft in drafts] == answers


@pytest.mark.parametrize(
    ("asked", "prompt"),
    [
        ({"question": "9 + 9?"}, "9 + 9?"),
        ({"question": "9 + 9?", "system": "Be brief."}, "Be brief.\n\n9 + 9?"),
        ({"instruction": "Add.", "input": "9 and 9"}, "Add.\n\n9 and 9"),
        ({"instruction": "Add 9 and 9.", "input": ""}, "Add 9 and 9."),
        ({"conversations": [{"from": "human", "value": "9 + 9?"}]}, "9 + 9?"),
        ({"messages": [{"role": "user", "content": "9 + 9?"}]}, "9 + 9?"),
    ],
)
@pytest.mark.parametrize("sides", [("It is 18.", "It is 17."), (reply("18"), reply("17"))])
def test_a_prompt_is_the_field_that_asks(asked, prompt, sides):
    chosen, rejected = pair(**asked, chosen=sides[0], rejected=sides[1])
    assert (chosen.prompt, rejected.prompt) == (prompt, prompt)
    said = [side if isinstance(side, str) else side["content"] for side in sides]
    assert [chosen.final_answer, rejected.final_answer] == said
    assert {"question", "instruction", "conversations"}.isdisjoint(chosen.record)


@pytest.mark.parametrize(
    ("label", "status"),
    [
        *((True, "approved"), (False, "rejected"), ("True", "approved")),
        *((1, "approved"), (0, "rejected"), (1.0, "approved"), ("1", "approved")),
        *(("0", "rejected"), ("desirable", "approved"), ("Undesirable", "rejected")),
        *(("chosen", "approved"), ("rejected", "rejected")),
    ],
)
def test_a_label_is_a_verdict(label, status):
    draft = only(prompt_completion.read({"prompt": "p", "completion": "18", "label": label}))
    assert (draft.status, draft.record) == (status, {"label": label})


@pytest.mark.parametrize("label", [None, 2, -1, "3", "good"])
def test_any_other_label_is_kept_alone(label):
    draft = only(prompt_completion.read({"prompt": "p", "completion": "18", "label": label}))
    assert (draft.status, draft.record) == (None, {"label": label})


def test_numbers_are_classes_where_a_file_has_others_than_0_and_1():
    records = [{"prompt": "p", "completion": "18", "label": label} for label in (0, 1, 2)]
    read = prompt_completion.reader_for(records)
    assert [only(read(record)).status for record in records] == [None, None, None]
    verdicts = prompt_completion.reader_for(records[:2])
    assert [only(verdicts(one)).status for one in records[:2]] == ["rejected", "approved"]


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "thinking"])
@pytest.mark.parametrize("prompt", ["What is 9 + 9?", [USER]])
@pytest.mark.parametrize("completion", ["18", THOUGHT, [reply("18")], [reply(THOUGHT)]])
def test_a_thought_beside_the_completion_is_its_own(name, prompt, completion):
    record = {"prompt": prompt, "completion": completion, name: "9 + 9\n\n= 18"}
    draft = only(prompt_completion.read(record))
    assert (draft.prompt, draft.final_answer) == ("What is 9 + 9?", "18")
    assert draft.steps == text("9 + 9", "= 18")
    assert name not in draft.record


def test_a_setting_beside_the_completion_is_kept_and_no_thought():
    draft = only(prompt_completion.read({"prompt": "p", "completion": THOUGHT, "reasoning": "on"}))
    assert draft.steps == text("9 + 9", "= 18")
    assert draft.record["reasoning"] == "on"


@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be brief."}]])
@pytest.mark.parametrize("prompt", ["What is 9 + 9?", [USER]])
@pytest.mark.parametrize("completion", [THOUGHT, [reply(THOUGHT)]])
def test_a_system_prompt_beside_the_completion_is_the_first_turn(system, prompt, completion):
    record = {"prompt": prompt, "completion": completion, "system_prompt": system}
    draft = only(prompt_completion.read(record))
    assert draft.messages == [{"role": "system", "content": system}, USER, reply(THOUGHT)]
    assert (draft.final_answer, draft.record) == ("18", {})


def test_a_prompt_that_opens_the_thought_is_kept_as_it_was():
    asked = {"prompt": "Two?\n<think>\n", "completion": "I add and"}
    draft = only(prompt_completion.read(asked))
    assert (draft.prompt, draft.steps, draft.final_answer) == ("Two?", text("I add and"), "")
    assert draft.notes["truncated"] is True
    assert draft.record == asked


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"prompt": "p", "chosen": "x"}, "rejected"),
        ({"prompt": 5, "chosen": "x", "rejected": "y"}, "prompt"),
        ({"chosen": "x y", "rejected": "z y"}, "prompt"),
        ({"chosen": "x", "rejected": "x"}, "prompt"),
        ({"chosen": "", "rejected": ""}, "prompt"),
        ({"chosen": "The sky is blue.", "rejected": "The sky is red."}, "prompt"),
        ({"chosen": [reply("x")], "rejected": [reply("y")]}, "prompt"),
        ({"prompt": "p", "chosen": [5], "rejected": "y"}, "chosen[0]"),
        ({"prompt": "p", "chosen": "x", "rejected": [USER]}, "rejected"),
    ],
)
def test_wrong_preferences_are_named(record, field):
    assert refusal(preference, record)[0] == field


def test_stepwise_labels_are_kept_by_step():
    draft = only(
        stepwise.read(
            {
                "prompt": "p",
                "completions": ["9 + 9", "is 17", "The answer is 17."],
                "labels": [True, False, None],
                "split": "train",
            }
        )
    )
    assert draft.steps == text("9 + 9", "is 17", "The answer is 17.")
    assert draft.step_labels == {"0": 1, "1": -1}
    assert (draft.final_answer, draft.notes) == ("17", {"answer_from": "the_answer_is"})
    assert draft.record == {"split": "train"}


def test_stepwise_may_rate_in_numbers_and_ask_in_messages():
    draft = only(stepwise.read({"prompt": [USER], "completions": ["a", "b"], "labels": [0, -1]}))
    assert draft.step_labels == {"0": 0, "1": -1}
    assert (draft.prompt, draft.messages) == ("What is 9 + 9?", [USER])
    assert draft.final_answer == ""
    assert draft.notes == {"answer_from": "none", "prompt_turns": 1}


def test_integer_labels_are_verdicts_where_a_file_has_no_others():
    first, second, third = (
        {"prompt": "p", "completions": ["a", "b"], "labels": labels}
        for labels in ([1, 0], [0, True], [0, -1])
    )
    verdicts = stepwise.reader_for([first, second])
    assert only(verdicts(first)).step_labels == {"0": 1, "1": -1}
    assert only(verdicts(second)).step_labels == {"0": -1, "1": 1}
    with pytest.raises(Unreadable, match="knows no -1"):
        verdicts(third)
    assert only(stepwise.reader_for([first, third])(first)).step_labels == {"0": 1, "1": 0}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"labels": [True]}, "labels"),
        ({"labels": [True, "no"]}, "labels[1]"),
        ({"labels": [True, 2]}, "labels[1]"),
        ({"labels": [True, 0.5]}, "labels[1]"),
        ({"completions": ["a", 5]}, "completions[1]"),
        ({"completions": [], "labels": []}, "completions"),
        ({"completions": None}, "completions"),
        ({"prompt": None}, "prompt"),
        ({"prompt": [{"role": "user"}]}, "prompt"),
    ],
)
def test_wrong_steps_are_named(change, field):
    record = {"prompt": "p", "completions": ["a", "b"], "labels": [True, False]}
    assert refusal(stepwise, {**record, **change})[0] == field


def test_a_pair_has_earlier_turns_in_its_history():
    record = {"instruction": "Two?", "history": [["Hi", "Hello"]], "system": "Be brief."}
    chosen, rejected = preference.read({**record, "chosen": "4", "rejected": "5"})
    assert [one["role"] for one in chosen.messages] == [
        *("system", "user", "assistant", "user", "assistant"),
    ]
    assert [one["content"] for one in rejected.messages[1:]] == ["Hi", "Hello", "Two?", "5"]
    assert chosen.record == {}


@pytest.mark.parametrize(
    "rejected",
    [
        {"rejected_response": "5"},
        {"rejected_response": [reply("5")]},
        {"rejected_messages": [USER, reply("5")]},
    ],
)
def test_a_rejected_reply_beside_messages_makes_a_pair(rejected):
    record = {"messages": [USER, reply("18")], **rejected, "id": 1}
    assert recognise([record]).name == "preference"
    chosen, other = preference.read(record)
    assert (chosen.prompt, chosen.final_answer, chosen.status) == (
        *("What is 9 + 9?", "18", "approved"),
    )
    assert (other.prompt, other.final_answer, other.status) == (
        *("What is 9 + 9?", "5", "rejected"),
    )
    assert other.record == {"id": 1}


@pytest.mark.parametrize("system", ["Be brief.", [{"type": "text", "text": "Be brief."}]])
@pytest.mark.parametrize("prompt", [{}, {"prompt": "What is 9 + 9?"}, {"prompt": [USER]}])
def test_a_system_prompt_stands_before_pairs_that_repeat_the_prompt(system, prompt):
    sides = {"chosen": [USER, reply("18")], "rejected": [USER, reply("5")]}
    chosen, _ = preference.read({**prompt, **sides, "system": system})
    assert [one["role"] for one in chosen.messages] == ["system", "user", "assistant"]
    assert chosen.record == {}


def test_the_sides_of_a_pair_may_be_numbers():
    chosen, rejected = preference.read({"prompt": "Two?", "chosen": 4, "rejected": 5.0})
    assert (chosen.final_answer, rejected.final_answer) == ("4", "5")
