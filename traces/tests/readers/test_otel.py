"""Messages by OpenTelemetry's conventions for generative AI."""

import json

import pytest

from traces.readers import otel
from traces.tests.readers.reading import only, refusal

ASKED = [{"role": "user", "parts": [{"type": "text", "content": "What is 9 + 9?"}]}]
PARTS = [
    {"type": "reasoning", "content": "9 + 9\n\nis easy."},
    {"type": "reasoning", "content": "It is 18."},
    {"type": "text", "content": "18"},
]
OUTPUT = [{"role": "assistant", "parts": PARTS, "finish_reason": "stop"}]
KEYS = {"gen_ai.input.messages": ASKED, "gen_ai.output.messages": OUTPUT}


@pytest.mark.parametrize(
    ("record", "kept"),
    [
        ({**KEYS, "model": "m"}, {"model": "m"}),
        (
            {"name": "chat", "attributes": {**KEYS, "model": "m"}},
            {"name": "chat", "attributes": {"model": "m"}},
        ),
        (
            {"attributes": {name: json.dumps(value) for name, value in KEYS.items()}},
            {"attributes": {}},
        ),
    ],
)
def test_reasoning_parts_are_steps(record, kept):
    assert otel.recognises(record)
    draft = only(otel.read(record))
    assert (draft.prompt, draft.final_answer) == ("What is 9 + 9?", "18")
    assert draft.steps == [("reasoning", "9 + 9\n\nis easy."), ("reasoning", "It is 18.")]
    assert draft.record == kept
    assert draft.messages == [
        {"role": "user", "content": ASKED[0]["parts"]},
        {"role": "assistant", "content": PARTS, "finish_reason": "stop"},
    ]


def test_each_output_is_a_trace():
    other = {"role": "assistant", "parts": [{"type": "text", "content": "17"}]}
    cut = {**OUTPUT[0], "finish_reason": "length"}
    drafts = otel.read({**KEYS, "gen_ai.output.messages": [other, cut]})
    assert [draft.final_answer for draft in drafts] == ["17", "18"]
    assert [draft.notes for draft in drafts] == [
        {"choice": 0, "answer_from": "text"},
        {"choice": 1, "answer_from": "text", "truncated": True},
    ]
    assert [len(draft.messages) for draft in drafts] == [2, 2]


def test_instructions_and_tools_are_kept():
    call = {"type": "tool_call", "id": "c", "name": "add", "arguments": {"a": 9}}
    result = {"type": "tool_call_response", "id": "c", "response": "18"}
    record = {
        "gen_ai.system_instructions": [{"type": "text", "content": "Be brief."}],
        "gen_ai.input.messages": [
            *ASKED,
            {"role": "assistant", "parts": [call]},
            {"role": "tool", "parts": [result]},
        ],
        "gen_ai.output.messages": [{"role": "assistant", "parts": [call]}],
    }
    draft = only(otel.read(record))
    assert draft.prompt == (
        'Be brief.\n\nUser: What is 9 + 9?\n\nAssistant calls: add {"a":9}\n\nTool: 18'
    )
    assert draft.notes == {
        "prompt_roles": ["system", "user", "assistant", "tool"],
        "answer_from": "none",
    }
    assert draft.steps == [
        ("tool_call", '{"type":"tool_call","id":"c","name":"add","arguments":{"a":9}}')
    ]
    assert [message["content"] for message in draft.messages][2:4] == [[call], [result]]
    assert draft.record == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gen_ai.output.messages": []}, "gen_ai.output.messages"),
        ({"gen_ai.output.messages": 5}, "gen_ai.output.messages"),
        ({"gen_ai.output.messages": "{"}, "gen_ai.output.messages"),
        ({"gen_ai.output.messages": "5"}, "gen_ai.output.messages"),
        ({"gen_ai.output.messages": "\ud800"}, "gen_ai.output.messages"),
        ({"gen_ai.output.messages": [5]}, "gen_ai.output.messages[0]"),
        ({"gen_ai.output.messages": [{"role": "assistant"}]}, "gen_ai.output.messages[0].parts"),
        (
            {"gen_ai.output.messages": [{"role": "assistant", "parts": [{"type": "text"}]}]},
            "gen_ai.output.messages[0].content[0]",
        ),
        ({"gen_ai.input.messages": [{"parts": []}]}, "gen_ai.input.messages[0].role"),
        ({"gen_ai.input.messages": []}, "prompt"),
        ({"gen_ai.system_instructions": {}}, "gen_ai.system_instructions"),
    ],
)
def test_wrong_messages_are_named(change, field):
    assert refusal(otel, {**KEYS, **change})[0] == field
