"""Conversations: `messages`, and ShareGPT's `from` and `value`."""

import pytest

from traces.readers import messages, sharegpt
from traces.reasoning.messages.message import read_message
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
        reply("<reasoning>a\n\nb</reasoning>\n18<|im_end|>"),
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
    assert (draft.steps, draft.final_answer) == ([], "It is 18.\n\nSure.")
    assert draft.notes == {"answer_from": "text"}


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
    assert (draft.final_answer, draft.notes) == (
        answer,
        {"answer_from": mark, "reply_in_steps": True},
    )


def test_what_our_own_template_taught_is_taken_apart():
    draft = read(USER, reply("Reasoning:\n1. a\n2. b\nAnswer: 18"))
    assert (draft.steps, draft.final_answer) == (text("a", "b"), "18")


@pytest.mark.parametrize(
    "said",
    [
        reply("<think>a</think>\n\nSo it is \\boxed{18}.<|im_end|>"),
        reply("So it is \\boxed{18}.", reasoning="a"),
    ],
)
def test_a_reply_behind_a_thought_stays_whole_beside_its_answer(said):
    draft = read(USER, said)
    assert draft.steps == [("reasoning", "a"), ("output", "So it is \\boxed{18}.")]
    assert draft.final_answer == "18"
    assert draft.notes == {"answer_from": "boxed", "reply_step": 1}


def test_calls_come_behind_the_reply():
    call = {"function": {"name": "add", "arguments": "{}"}}
    draft = read(USER, reply("Answer: 18", reasoning="a", tool_calls=[call]))
    assert [kind for kind, _ in draft.steps] == ["reasoning", "output", "tool_call"]
    assert draft.notes["reply_step"] == 1


@pytest.mark.parametrize(
    "said",
    [
        reply("18", reasoning_details=[{"type": "reasoning.text", "text": "a"}]),
        reply(
            "18",
            reasoning="a",
            reasoning_details=[
                {"type": "reasoning.text", "text": "a"},
                {"type": "reasoning.encrypted", "data": "x"},
            ],
        ),
        reply("18", thinking=[{"type": "text", "text": "a"}]),
        reply("18", thinking_blocks=[{"type": "thinking", "thinking": "a", "signature": "s"}]),
        reply("18", additional_kwargs={"reasoning_content": "a"}),
        reply("18", provider_specific_fields={"reasoning_content": " a"}, reasoning_content="a"),
        reply("<think>\na\n</think>\n18", reasoning_content="a"),
        reply("18", reasoning_content="<think>a</think>"),
        reply([{"type": "thinking", "thinking": [{"type": "text", "text": "a"}]}, {"text": "18"}]),
        reply(
            [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}]},
                {"type": "output_text", "text": "18"},
            ]
        ),
        reply([{"reasoningContent": {"reasoningText": {"text": "a", "signature": "s"}}}, "18"]),
        reply([{"thought": True, "text": "a"}, {"text": "18"}]),
        reply([{"type": "thinking", "thinking": "a"}, {"text": "18"}], reasoning_content="a"),
        reply([{"type": "thinking", "thinking": "a"}, {"type": "reasoning", "text": "a"}, "18"]),
        reply([{"type": "reasoning_content", "reasoning_content": {"text": "a"}}, "18"]),
        reply(
            [
                {
                    "type": "reasoning",
                    "summary": [{"type": "summary_text", "text": "short"}],
                    "content": [{"type": "reasoning_text", "text": "a"}],
                },
                {"type": "output_text", "text": "18"},
            ]
        ),
        reply("", parts=[{"type": "reasoning", "text": "a"}, {"type": "text", "text": "18"}]),
        reply("18<|im_end|>", reasoning_content="a<|im_end|>"),
        reply([{"type": "reasoning", "text": "a"}, {"type": "text", "text": None}, "18"]),
    ],
)
def test_a_thought_stands_in_many_places_and_counts_once(said):
    draft = read(USER, said)
    assert (draft.steps, draft.final_answer) == (text("a"), "18")


def test_parts_that_are_no_text_leave_a_mark():
    draft = read(
        {"role": "user", "content": [{"type": "image_url"}, {"text": "How many?"}, {"image": {}}]},
        reply([{"type": "text", "text": "7"}, {"type": "input_audio", "data": "x"}]),
    )
    assert draft.prompt == "[image]\n\nHow many?\n\n[image]"
    assert draft.final_answer == "7\n\n[audio]"


@pytest.mark.parametrize(
    ("result", "shown"),
    [
        ({"sum": 4}, '{"sum":4}'),
        ([1, 2], "[1,2]"),
        ([{"sum": 4}], '[{"sum":4}]'),
        (4, "4"),
        ([{"type": "text", "text": "four"}], "four"),
        ([{"type": "tool_result", "content": [{"type": "text", "text": "four"}]}], "four"),
    ],
)
def test_a_tool_may_return_anything(result, shown):
    draft = read(USER, {"role": "tool", "content": result}, reply("4"))
    assert draft.prompt == f"User: What is 9 + 9?\n\nTool: {shown}"


def test_calls_have_older_forms():
    call = {"name": "add", "arguments": '{"a": 9}'}
    draft = read(USER, {"role": "assistant", "content": None, "function_call": call})
    assert draft.steps == [("tool_call", '{"name":"add","arguments":"{\\"a\\": 9}"}')]
    draft = only(
        sharegpt.read(
            {
                "conversations": [
                    {"from": "human", "value": "Add."},
                    {"from": "function_call", "value": '{"name": "add", "arguments": {"a": 9}}'},
                    {"from": "observation", "value": "18"},
                    {"from": "gpt", "value": "It is 18."},
                ]
            }
        )
    )
    assert draft.prompt == 'User: Add.\n\nAssistant calls: add {"a":9}\n\nTool: 18'
    assert [message["role"] for message in draft.messages] == [
        *("user", "assistant", "tool", "assistant")
    ]
    assert draft.messages[1]["from"] == "function_call"
    assert read_message(draft.messages[1]).calls == [{"name": "add", "arguments": {"a": 9}}]
    assert draft.final_answer == "It is 18."


def test_the_prompt_may_open_the_thought():
    draft = read({**USER, "content": "What is 9 + 9?\n<think>\n"}, reply("a</think>18"))
    assert (draft.prompt, draft.steps, draft.final_answer) == ("What is 9 + 9?", text("a"), "18")


def test_a_thought_that_was_cut_off_is_marked():
    draft = read(USER, reply("<think>\na\n\nb"))
    assert (draft.steps, draft.final_answer) == (text("a", "b"), "")
    assert draft.notes == {"truncated": True, "answer_from": "none"}


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
    assert draft.prompt == (
        "Be brief.\n\nUser: Add 9.\n\n[image]\n\nAssistant: To what?\n\nUser: To 9."
    )
    assert draft.notes == {
        "prompt_roles": ["system", "user", "assistant", "user"],
        "turns_after": 1,
        "answer_from": "text",
    }
    assert (draft.steps, draft.final_answer) == (text("9 + 9"), "18")
    assert draft.messages == turns


def test_tool_calls_are_kept():
    call = {"id": "c1", "function": {"name": "add", "arguments": "{}"}}
    asking = {"role": "assistant", "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "c1", "content": "18"}
    draft = read(USER, asking, result, reply("18"), tools=[{"name": "add"}])
    assert draft.prompt == "User: What is 9 + 9?\n\nAssistant calls: add {}\n\nTool: 18"
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
        ([USER, reply({"image": "18"})], "messages[1].content"),
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
    assert (draft.prompt, draft.final_answer, draft.notes) == ("p", "a", {"answer_from": "text"})
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


def test_a_turn_that_only_opens_the_thought_begins_the_reply():
    draft = read(USER, reply("<think>\n"), reply("a</think>18"))
    assert (draft.prompt, draft.steps, draft.final_answer) == (USER["content"], text("a"), "18")


def test_a_reply_that_is_a_tagged_answer_is_that():
    draft = read(USER, reply("<think>a</think><answer>18</answer>"))
    assert (draft.steps, draft.final_answer) == (text("a"), "18")
    assert draft.notes == {"answer_from": "answer_tag"}


@pytest.mark.parametrize("name", ["label", "kto_tag"])
def test_a_conversation_may_be_labelled(name):
    assert read(USER, reply("18"), **{name: False}).status == "rejected"
    assert read(USER, reply("18")).status is None


def test_a_user_may_return_what_a_tool_said():
    call = {"type": "tool_use", "id": "x", "name": "add", "input": {"a": 9}}
    result = {"type": "tool_result", "tool_use_id": "x", "content": "18"}
    draft = read(USER, reply([call]), {"role": "user", "content": [result]}, reply("18"))
    assert draft.prompt == 'User: What is 9 + 9?\n\nAssistant calls: add {"a":9}\n\nTool: 18'


def test_messages_may_name_their_role_as_a_type():
    turns = [{"type": "human", "content": "9 + 9?"}, {"type": "ai", "content": "18"}]
    assert messages.recognises({"messages": turns})
    draft = read(*turns)
    assert (draft.prompt, draft.final_answer) == ("9 + 9?", "18")
    assert [message["role"] for message in draft.messages] == ["human", "ai"]


@pytest.mark.parametrize(
    "thought",
    [
        {"role": "assistant", "channel": "analysis", "content": "a"},
        {"role": "reasoning", "content": "a"},
        {"role": "assistant", "reasoning_content": "a", "content": None},
    ],
)
def test_a_thought_may_be_a_turn_of_its_own(thought):
    draft = read(USER, thought, reply("18"))
    assert (draft.prompt, draft.steps, draft.final_answer) == (USER["content"], text("a"), "18")


def test_a_call_in_a_channel_is_a_step():
    draft = read(
        USER,
        reply(
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary "
            "to=functions.add <|constrain|>json<|message|>{}<|call|>"
        ),
    )
    assert draft.steps == [*text("a"), ("tool_call", '{"name": "add", "arguments": "{}"}')]
    assert "truncated" not in draft.notes


def test_calls_of_built_in_tools_are_no_text():
    call = {"type": "web_search_call", "id": "w", "action": {"query": "x"}}
    draft = read(USER, reply([call, {"type": "output_text", "text": "18"}]))
    assert [kind for kind, _ in draft.steps] == ["tool_call"]
    assert draft.final_answer == "18"


@pytest.mark.parametrize("name", ["text", "value", "message"])
def test_what_is_said_may_stand_under_another_name(name):
    draft = read({"role": "user", name: "9 + 9?"}, {"role": "assistant", name: "18"})
    assert (draft.prompt, draft.final_answer) == ("9 + 9?", "18")


def test_images_beside_a_message_leave_a_mark():
    draft = read({**USER, "images": ["AAAA"]}, reply("18"))
    assert draft.prompt == "What is 9 + 9?\n\n[images]"
