"""Calls of tools and what they returned, as chat templates write them."""

import json

import pytest

from traces.reasoning.messages.calls import Function, function_of
from traces.reasoning.messages.definitions import definitions_of
from traces.reasoning.messages.message import read_message
from traces.reasoning.turns import Parts, parts_of, spoken

USER = {"role": "user", "content": "What is 9 + 9?"}
REPLY = {"role": "assistant", "content": "18"}
ARGUMENTS = {"a": 9}
ADD = Function("add", ARGUMENTS, "c1")
RETURNED = {"type": "tool_result", "content": "18"}


def calling(*names, **more) -> dict:
    """Give a message that calls functions, whose names are their ids."""
    calls = [
        {"id": name, "type": "function", "function": {"name": name, "arguments": "{}"}}
        for name in names
    ]
    return {"role": "assistant", "content": None, "tool_calls": calls, **more}


def result(content, **more) -> dict:
    return {"role": "tool", "content": content, **more}


def told(*messages) -> list:
    """Give what is said before the reply: role, text, thoughts, what it calls and answers."""
    turns, _ = spoken([*messages, REPLY], {})
    return [
        (
            turn.role,
            turn.text,
            turn.thoughts,
            [call.name for call in turn.calls],
            turn.answered and turn.answered.name,
        )
        for turn in turns
    ]


def parts(*messages) -> Parts:
    return parts_of([*messages], {}, "18")


def test_a_result_stands_behind_the_call_that_it_answers():
    turns = told(USER, calling("add"), result("18", tool_call_id="add"))
    assert turns == [
        ("user", "What is 9 + 9?", [], [], None),
        ("assistant", "", [], ["add"], None),
        ("tool", "18", [], [], "add"),
    ]
    assert parts(USER, calling("add"), result("18", tool_call_id="add"), REPLY) == (
        Parts.SEVERAL_TURNS | Parts.TOOLS
    )


FORMS = {
    "OpenAI's": {
        "id": "c1",
        "type": "function",
        "function": {"name": "add", "arguments": ARGUMENTS},
    },
    "with a text": {"id": "c1", "function": {"name": "add", "arguments": '{"a": 9}'}},
    "Anthropic's": {"type": "tool_use", "id": "c1", "name": "add", "input": ARGUMENTS},
    "Bedrock's": {"toolUse": {"toolUseId": "c1", "name": "add", "input": ARGUMENTS}},
    "Google's": {"functionCall": {"id": "c1", "name": "add", "args": ARGUMENTS}},
    "Responses'": {
        "type": "function_call",
        "id": "f1",
        "call_id": "c1",
        "name": "add",
        "arguments": '{"a": 9}',
    },
    "LangChain's": {"type": "tool_call", "id": "c1", "name": "add", "args": ARGUMENTS},
    "OpenTelemetry's": {"type": "tool-call", "id": "c1", "name": "add", "arguments": ARGUMENTS},
}


@pytest.mark.parametrize("form", FORMS)
def test_a_call_has_many_forms(form):
    assert function_of(FORMS[form]) == ADD


@pytest.mark.parametrize("given", [None, "", " ", "{}", {}])
def test_a_call_may_have_no_arguments(given):
    assert function_of({"name": "now", "arguments": given}) == Function("now", {}, None)


@pytest.mark.parametrize(
    "call",
    [
        None,
        "add(9)",
        [{"name": "add"}],
        {},
        {"function": {}},
        {"name": 5},
        {"name": " "},
        {"name": "add", "arguments": "a=9"},
        {"name": "add", "arguments": "[9]"},
        {"name": "add", "arguments": [9]},
        {"name": "add", "arguments": '{"a": NaN}'},
        {"name": "add", "arguments": '{"a": 1e999}'},
        {"name": "add", "arguments": '{"a": 9223372036854775808}'},
        {"name": "add", "arguments": '{"a": "\\ud800"}'},
        {"name": "add", "arguments": '{"\\ud800": 9}'},
        {"name": "add", "arguments": '{"a": ' + "[" * 100 + "]" * 100 + "}"},
        {"name": "add", "arguments": '{"a": "' + "x" * 100_000 + '"}'},
        {"type": "web_search_call", "id": "w", "action": {"query": "x"}},
        {"type": "mcp_call", "name": "add", "arguments": "{}", "output": "18"},
        {"type": "server_tool_use", "name": "web_search", "input": {}},
    ],
)
def test_what_is_no_call_of_a_function_is_none(call):
    assert function_of(call) is None


def test_results_come_in_many_forms():
    for answer in (
        result("18", tool_call_id="add"),
        result([{"type": "text", "text": "18"}], tool_call_id="add"),
        result("18", call_id="add"),
        result("18"),
        result("18", name="add"),
        {"role": "function", "name": "add", "content": "18"},
        {"role": "user", "content": [{**RETURNED, "tool_use_id": "add"}]},
        {"role": "tool", "parts": [{"type": "tool_call_response", "id": "add", "response": "18"}]},
        {"role": "tool", "content": [{"toolResult": {"toolUseId": "add", "content": "18"}}]},
    ):
        assert told(USER, calling("add"), answer)[-1] == ("tool", "18", [], [], "add")


def test_one_turn_may_return_several_results():
    returned = [
        {"type": "tool_result", "tool_use_id": name, "content": text}
        for name, text in (("b", "2"), ("a", ""))
    ]
    turns = told(USER, calling("a", "b"), {"role": "user", "content": returned})
    assert turns[-2:] == [("tool", "2", [], [], "b"), ("tool", "", [], [], "a")]


def test_results_without_an_id_answer_in_order():
    turns = told(USER, calling("a", "b"), result("1"), result("2"))
    assert turns[-2:] == [("tool", "1", [], [], "a"), ("tool", "2", [], [], "b")]
    calls = [{"name": "a"}, {"name": "b"}]
    nameless = {"role": "assistant", "content": "", "tool_calls": calls}
    answers = result("1", tool_call_id="x"), result("2", tool_call_id="y")
    assert told(USER, nameless, *answers)[-2:] == turns[-2:]


def test_calls_that_are_messages_of_their_own_are_one():
    thought = {"role": "reasoning", "content": "Both."}
    turns = told(USER, thought, calling("a"), calling("b"), result("1"), result("2"))
    assert turns[1] == ("assistant", "", ["Both."], ["a", "b"], None)
    turns = told(USER, {**REPLY, "content": "I look."}, calling("a"), result("1"))
    assert turns[1] == ("assistant", "I look.", [], ["a"], None)
    turns = told(USER, thought, {**REPLY, "content": "I look."}, calling("a"), result("1"))
    assert turns[1] == ("assistant", "I look.", ["Both."], ["a"], None)


def test_what_was_thought_before_a_call_comes_until_a_user_speaks_again():
    call = calling("a", reasoning_content="First a.")
    tagged = calling("b", content="<think>Then b.</think>I go on.")
    turns = told(USER, call, result("1"), tagged, result("2"))
    assert [turn[2] for turn in turns] == [[], ["First a."], [], ["Then b."], []]
    assert turns[3][1] == "I go on."
    turns = told(USER, call, result("1"), REPLY, USER, tagged, result("2"))
    assert [turn[2] for turn in turns if turn[3]] == [[], ["Then b."]]


def test_the_reply_may_call_as_well():
    turns, calls = spoken([USER, calling("a", "b")], {})
    assert ([turn.role for turn in turns], [call.name for call in calls]) == (["user"], ["a", "b"])
    assert parts(USER, calling("a")) == Parts.TOOLS


CALL = calling("add")
OTHERS = {
    "a call of no function": [USER, {**CALL, "tool_calls": [{"id": "1"}]}, result("18"), REPLY],
    "a reply of such calls": [USER, {**CALL, "tool_calls": [{"id": "1"}]}],
    "a user's call": [{**CALL, "role": "user", "content": "a"}, result("18"), REPLY],
    "a result of no call": [USER, result("18"), REPLY],
    "a result of another call": [USER, CALL, result("18", tool_call_id="x"), REPLY],
    "a result of another function": [USER, CALL, result("18", name="times"), REPLY],
    "a result too many": [USER, CALL, result("18"), result("18"), REPLY],
    "a result after others spoke": [USER, CALL, USER, result("18", tool_call_id="add"), REPLY],
    "a call without a result": [USER, CALL, REPLY],
    "two calls of one id": [USER, calling("add", "add"), result("18"), result("18"), REPLY],
    "a result within a reply": [
        USER,
        {"role": "assistant", "content": [RETURNED, {"text": "18"}]},
    ],
    "a result beside a text": [
        *(USER, CALL),
        {"role": "user", "content": [RETURNED, {"text": "And?"}]},
        REPLY,
    ],
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_no_template_can_write_is_told(what):
    assert Parts.TOOLS | Parts.OTHER_TOOLS in parts(*OTHERS[what])


def test_pictures_that_a_tool_returned_are_media():
    picture = [{"type": "tool_result", "tool_use_id": "add", "content": [{"type": "image"}]}]
    returned = {"role": "user", "content": picture}
    assert parts(USER, CALL, returned, REPLY) == Parts.SEVERAL_TURNS | Parts.TOOLS | Parts.MEDIA
    assert read_message(returned).text == "[image]"


def test_very_many_calls_are_told():
    """Where the time grew with the square of their number, this would take minutes."""
    names = [str(number) for number in range(30_000)]
    backwards = [result("", tool_call_id=name) for name in reversed(names)]
    in_order = [result("") for _ in names]
    apart = [calling(name) for name in names]
    for messages in ([calling(*names), *backwards], [calling(*names), *in_order], apart):
        assert Parts.TOOLS in parts(USER, *messages, REPLY)


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
DEFINED = {"name": "add", "description": "Adds.", "parameters": SCHEMA}


@pytest.mark.parametrize(
    "tool",
    [
        {"type": "function", "function": DEFINED},
        {"function": DEFINED},
        {"type": "function", **DEFINED},
        {"name": "add", "description": "Adds.", "input_schema": SCHEMA},
        {**DEFINED, "cache_control": None},
    ],
)
def test_definitions_have_several_forms(tool):
    for kept in ([tool], json.dumps([tool])):
        assert definitions_of(kept) == [{"type": "function", "function": DEFINED}]


def test_a_definition_of_openais_is_kept_as_it_is():
    function = {**DEFINED, "strict": True, "return": {"type": "integer"}}
    kept = [{"type": "function", "function": function}]
    assert definitions_of(kept) == kept


@pytest.mark.parametrize(
    "kept",
    [
        *(None, 5, "", "add", "{}", {}, [], ["add"], [5], [{}], [{"name": ""}], [{"name": 5}]),
        [{"type": "web_search_20250305", "name": "web_search"}],
        [{"type": ["function"], "name": "add"}],
        [{"function": "add"}],
        '[{"name": "\\ud800"}]',
    ],
)
def test_what_defines_no_function_is_none(kept):
    assert definitions_of(kept) == []
