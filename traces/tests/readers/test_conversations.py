"""Conversations: `messages`, and ShareGPT's `from` and `value`."""

import pytest

from traces.readers import messages, sharegpt
from traces.tests.readers.reading import only, refusal

USER = {"role": "user", "content": "What is 9 + 9?"}


def reply(content, **more) -> dict:
    return {"role": "assistant", "content": content, **more}


def read(*turns, **more):
    return only(messages.read({"messages": list(turns), **more}))


def text(*steps) -> list:
    return [("reasoning", step) for step in steps]


@pytest.mark.parametrize(
    "said",
    [
        reply("18", reasoning_content="a\n\nb"),
        reply("18", reasoning="a\n\nb"),
        reply("18", thinking="a\n\nb"),
        reply("18", reasoning="a\n\nb", reasoning_content="a\n\nb"),
        reply("<think>\na\n\nb\n</think>\n\n18"),
        reply("a\n\nb\n</think>\n\n18"),
        reply("<reasoning>a\n\nb</reasoning>\n<answer>18</answer>"),
        reply("18", reasoning="a") | {"content": "<think>b</think>18"},
        reply([{"type": "thinking", "thinking": "a\n\nb"}, {"type": "text", "text": "18"}]),
        reply([{"type": "reasoning", "text": "a"}, {"type": "thought", "content": "b"}, "18"]),
        reply([{"type": "output_text", "text": "<think>a\n\nb</think>18"}]),
    ],
)
def test_a_thought_stands_in_a_field_in_tags_or_in_parts(said):
    draft = read(USER, said)
    assert draft.prompt == "What is 9 + 9?"
    assert draft.steps == text("a", "b")
    assert draft.final_answer == "18"
    assert draft.messages == [USER, said]


def test_a_reply_without_a_thought_is_an_answer_alone():
    draft = read(USER, reply(" It is 18.\n\nSure. "))
    assert (draft.steps, draft.final_answer, draft.notes) == ([], " It is 18.\n\nSure. ", {})


@pytest.mark.parametrize(
    ("said", "answer", "mark"),
    [
        ("9 + 9\n\n$= \\boxed{18}$", "18", "boxed"),
        ("9 + 9 = 18\n#### 18", "18", "hashes"),
        ("9 + 9\n\nAnswer: 18", "18", "answer_line"),
        ("I add. The answer is 18.", "18", "the_answer_is"),
        ("I add. <answer>18</answer>", "18", "answer_tag"),
    ],
)
def test_a_reply_that_marks_its_answer_is_the_reasoning_towards_it(said, answer, mark):
    draft = read(USER, reply(said))
    assert draft.steps == text(*said.split("\n\n"))
    assert (draft.final_answer, draft.notes) == (answer, {"answer_from": mark})


def test_what_our_own_template_taught_is_taken_apart():
    draft = read(USER, reply("Reasoning:\n1. a\n2. b\nAnswer: 18"))
    assert (draft.steps, draft.final_answer) == (text("a", "b"), "18")


def test_an_answer_beside_a_thought_is_kept_as_a_whole():
    draft = read(USER, reply("<think>a</think>\n\nSo it is \\boxed{18}."))
    assert (draft.steps, draft.final_answer) == (text("a"), "So it is \\boxed{18}.")


def test_a_thought_that_was_cut_off_is_marked():
    draft = read(USER, reply("<think>\na\n\nb"))
    assert (draft.steps, draft.final_answer) == (text("a", "b"), "")
    assert draft.notes == {"truncated": True}


def test_earlier_turns_are_the_prompt():
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Add 9."}, {"type": "image_url"}]},
        reply("<think>To what?</think>To what?"),
        {"role": "user", "content": "To 9."},
        reply("18", reasoning_content="9 + 9"),
        {"role": "user", "content": "Thanks."},
    ]
    draft = read(*turns)
    assert draft.prompt == "Be brief.\n\nAdd 9.\n\nTo what?\n\nTo 9."
    assert draft.notes == {
        "prompt_roles": ["system", "user", "assistant", "user"],
        "turns_after": 1,
    }
    assert (draft.steps, draft.final_answer) == (text("9 + 9"), "18")
    assert draft.messages == turns


def test_tool_calls_are_kept():
    call = {"id": "c1", "function": {"name": "add", "arguments": "{}"}}
    asking = {"role": "assistant", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "18"}
    draft = read(USER, asking, result, reply("18"), tools=[{"name": "add"}])
    assert draft.prompt == "What is 9 + 9?\n\n18"
    assert draft.messages == [USER, {**asking, "content": None}, result, reply("18")]
    assert draft.record == {"tools": [{"name": "add"}]}

    draft = read(USER, {**asking, "reasoning": "I ask."})
    assert draft.steps == [
        ("reasoning", "I ask."),
        ("tool_call", '{"id":"c1","function":{"name":"add","arguments":"{}"}}'),
    ]
    assert draft.final_answer == ""


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([], "messages"),
        ([USER], "messages"),
        ([reply("18")], "prompt"),
        ([{**USER, "content": None}, reply("18")], "prompt"),
        ([USER, 5], "messages[1]"),
        ([USER, {"content": "18"}], "messages[1].role"),
        ([{"role": ["user"], "content": "x"}, reply("18")], "messages[0].role"),
        ([{"role": "user", "content": 5}, reply("18")], "messages[0].content"),
        ([USER, reply({"text": "18"})], "messages[1].content"),
        ([USER, reply([5])], "messages[1].content[0]"),
        ([USER, reply([{"type": "text"}])], "messages[1].content[0]"),
        ([USER, reply([{"type": "text", "text": 5}])], "messages[1].content[0].text"),
        ([USER, reply("18", reasoning={"effort": "high"})], "messages[1].reasoning"),
        ([USER, reply("18", tool_calls={})], "messages[1].tool_calls"),
        ([USER, reply("18", tool_calls=[2**70])], "messages[1]"),
        ([USER, reply("18", tool_calls=["\ud800"])], "messages[1]"),
        (None, "messages"),
    ],
)
def test_wrong_turns_are_named(turns, field):
    assert refusal(messages, {"messages": turns})[0] == field


def test_sharegpt_is_read_under_the_names_that_messages_have():
    answer = (
        "<|begin_of_thought|>\n\na\n\nb\n\n<|end_of_thought|>\n\n"
        "<|begin_of_solution|>\n\nIt is 18.\n\n<|end_of_solution|>"
    )
    draft = only(
        sharegpt.read(
            {
                "id": "row 5",
                "system": "Think.",
                "conversations": [
                    {"from": "human", "value": "What is 9 + 9?"},
                    {"from": "gpt", "value": answer, "weight": 1},
                ],
            }
        )
    )
    assert draft.prompt == "Think.\n\nWhat is 9 + 9?"
    assert (draft.steps, draft.final_answer) == (text("a", "b"), "It is 18.")
    assert draft.record == {"id": "row 5"}
    assert draft.messages == [
        {"role": "system", "content": "Think."},
        {"role": "user", "content": "What is 9 + 9?", "from": "human"},
        {"role": "assistant", "content": answer, "from": "gpt", "weight": 1},
    ]


@pytest.mark.parametrize("speakers", [("user", "assistant"), ("human", "gpt"), ("human", "model")])
def test_speakers_have_several_names(speakers):
    turns = [{"from": speakers[0], "value": "p"}, {"from": speakers[1], "value": "a"}]
    draft = only(sharegpt.read({"conversations": turns, "system": ""}))
    assert (draft.prompt, draft.final_answer, draft.notes) == ("p", "a", {})
    assert draft.record == {"system": ""}


def test_sharegpt_may_name_roles():
    draft = only(sharegpt.read({"conversations": [USER, reply("<think>a</think>18")]}))
    assert (draft.steps, draft.final_answer) == (text("a"), "18")


@pytest.mark.parametrize(
    ("turns", "field"),
    [
        ([5], "conversations[0]"),
        ([{"value": "x"}], "conversations[0].from"),
        ([{"from": "human", "value": 1}], "conversations[0].value"),
        ([{"from": "human", "value": "x"}], "conversations"),
        ([{"from": "gpt", "value": "x"}], "prompt"),
        ({}, "conversations"),
    ],
)
def test_wrong_conversations_are_named(turns, field):
    assert refusal(sharegpt, {"conversations": turns})[0] == field
