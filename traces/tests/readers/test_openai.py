"""Requests and responses of OpenAI's API and its kin."""

import json

import pytest

from traces.readers import openai
from traces.readers.formats import recognise
from traces.reasoning.steps import REASONING, TOOL_CALL
from traces.tests.readers.reading import only, refusal

ASKED = [{"role": "user", "content": "Which is larger, 2^10 or 10^3?"}]
SAID = {"role": "assistant", "reasoning_content": "1024 and 1000.", "content": "2^10"}
RESPONSE = {
    "id": "made-up",
    "object": "chat.completion",
    "choices": [{"index": 0, "finish_reason": "stop", "message": SAID}],
    "usage": {"total_tokens": 9},
}


def check(record):
    assert recognise([record]).name == "openai"
    draft = only(openai.read(record))
    assert (draft.prompt, draft.final_answer) == (ASKED[0]["content"], "2^10")
    assert draft.steps == [(REASONING, "1024 and 1000.")]
    assert draft.messages == [*ASKED, SAID]
    return draft


@pytest.mark.parametrize(
    "record",
    [
        {"messages": ASKED, "response": RESPONSE},
        {"messages": ASKED, "completion": RESPONSE},
        {"messages": ASKED, **RESPONSE},
        {"request": {"messages": ASKED}, "response": RESPONSE},
        {"request": {"body": {"messages": ASKED}}, "response": {"body": RESPONSE}},
        {"request": json.dumps({"messages": ASKED}), "response": json.dumps(RESPONSE)},
        {"input": {"messages": ASKED}, "output": RESPONSE},
    ],
)
def test_a_call_as_programs_log_it(record):
    check(record)


def test_what_the_messages_do_not_hold_is_kept():
    request = {"model": "a-model", "temperature": 0.5, "messages": ASKED}
    assert check({"request": request, "response": RESPONSE, "n": 1}).record == {
        "request": {"model": "a-model", "temperature": 0.5},
        "response": {
            "id": "made-up",
            "object": "chat.completion",
            "choices": [{"index": 0, "finish_reason": "stop"}],
            "usage": {"total_tokens": 9},
        },
        "n": 1,
    }


def test_each_choice_is_a_trace():
    choices = [
        {"finish_reason": "stop", "message": SAID},
        {"finish_reason": "length", "message": {"role": "assistant", "content": "<think>I"}},
    ]
    whole, cut = openai.read({"messages": ASKED, "response": {**RESPONSE, "choices": choices}})
    assert (whole.final_answer, whole.notes["choice"]) == ("2^10", 0)
    assert (cut.final_answer, cut.notes["choice"], cut.notes["truncated"]) == ("", 1, True)
    assert "<think>I" not in json.dumps(whole.record)  # the other's words


def test_a_joined_line_of_a_batch():
    draft = check(
        {
            "custom_id": "q1",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"messages": ASKED},
            "response": {"status_code": 200, "body": RESPONSE},
            "error": None,
        }
    )
    assert draft.record["custom_id"] == "q1"
    assert draft.external_id is None  # it is unique within its batch alone


@pytest.mark.parametrize(
    ("record", "field", "said"),
    [
        (
            {"custom_id": "q", "response": {"status_code": 200, "body": RESPONSE}, "error": None},
            "messages",
            "The response stands alone, and a trace needs its prompt",
        ),
        (RESPONSE, "messages", "The response stands alone"),
        (
            {"custom_id": "q", "method": "POST", "url": "/v1", "body": {"messages": ASKED}},
            "response",
            "it is a request alone",
        ),
        (
            {"custom_id": "q", "response": None, "error": {"message": "batch expired"}},
            "error",
            "The request failed: batch expired",
        ),
        ({"messages": ASKED, "response": {"choices": [{"message": {}}]}}, "response", "no reply"),
    ],
)
def test_half_of_a_call_is_refused_with_what_it_lacks(record, field, said):
    assert openai.recognises(record)
    found = refusal(openai, record)
    assert found[0] == field
    assert said in found[1]


@pytest.mark.parametrize(
    "response",
    [
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "1024 and 1000."},
                {"type": "text", "text": "2^10"},
            ],
            "stop_reason": "end_turn",
        },
        {
            "model": "a",
            "message": {"role": "assistant", "thinking": "1024 and 1000.", "content": "2^10"},
        },
        {
            "candidates": [
                {
                    "content": {
                        "role": "model",
                        "parts": [{"text": "1024 and 1000.", "thought": True}, {"text": "2^10"}],
                    },
                    "finishReason": "STOP",
                }
            ]
        },
    ],
    ids=["anthropic", "ollama", "google"],
)
def test_responses_of_other_services(response):
    draft = only(openai.read({"messages": ASKED, "response": response}))
    assert (draft.final_answer, draft.steps) == ("2^10", [(REASONING, "1024 and 1000.")])
    assert refusal(openai, {"custom_id": "q", "result": response})[0] == "messages"


def test_what_a_service_said_of_a_failure_is_cut_and_can_be_written():
    failed = {"custom_id": "q", "error": {"message": "\ud800" + "x" * 100_000}}
    _, reason = refusal(openai, failed)
    assert reason.startswith("The request failed: '\\ud800xxx")
    assert len(reason) < 600


def test_a_result_of_anthropics_batches():
    message = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "4"}]}
    record = {"custom_id": "q", "result": {"type": "succeeded", "message": message}}
    assert recognise([record]).name == "openai"
    assert refusal(openai, record)[0] == "messages"
    assert only(openai.read({**record, "params": {"messages": ASKED}})).final_answer == "4"
    failed = {"custom_id": "q", "result": {"type": "errored", "error": {"message": "overloaded"}}}
    assert refusal(openai, failed) == ("error", "The request failed: overloaded")


def test_completions_of_a_prompt():
    record = {"prompt": "2 + 2 =", "choices": [{"text": " 4", "finish_reason": "stop"}]}
    draft = only(openai.read(record))
    assert (draft.prompt, draft.final_answer) == ("2 + 2 =", "4")


def test_a_response_of_the_responses_api():
    record = {
        "id": "made-up",
        "object": "response",
        "instructions": "Be brief.",
        "input": "Which is larger, 2^10 or 10^3?",
        "output": [
            {"type": "reasoning", "summary": [{"type": "summary_text", "text": "1024 and 1000."}]},
            {"type": "function_call", "name": "pow", "arguments": "{}", "call_id": "c"},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "2^10"}],
            },
        ],
    }
    assert recognise([record]).name == "openai"
    draft = only(openai.read(record))
    assert [kind for kind, _ in draft.steps] == [REASONING, TOOL_CALL]
    assert (draft.steps[0][1], draft.final_answer) == ("1024 and 1000.", "2^10")
    assert draft.messages[0] == {"role": "system", "content": "Be brief."}


def test_the_items_of_a_responses_input_are_turns():
    said = {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "4"}],
    }
    record = {
        "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "2 + 2?"}]},
            {"type": "function_call", "name": "add", "arguments": '{"a": 2}', "call_id": "c"},
            {"type": "function_call_output", "call_id": "c", "output": "four"},
        ],
        "output": [said],
    }
    draft = only(openai.read(record))
    assert draft.final_answer == "4"
    assert [one["role"] for one in draft.messages] == ["user", "assistant", "tool", "assistant"]
    assert "add" in draft.prompt
    assert "four" in draft.prompt


@pytest.mark.parametrize(
    "last",
    [SAID, {"role": "assistant", "content": [{"type": "text", "text": SAID["content"]}]}],
)
def test_a_reply_that_stands_behind_the_question_too_is_no_part_of_the_prompt(last):
    sample = {"id": 1, "input": "x", "target": "2^10", "messages": [*ASKED, last]}
    draft = check({**sample, "output": RESPONSE})
    assert draft.notes["reference_answer"] == "2^10"


def test_another_last_turn_of_the_assistant_stays_in_the_prompt():
    begun = {"role": "assistant", "content": "It is"}
    draft = only(openai.read({"messages": [*ASKED, begun], "response": RESPONSE}))
    assert [one["role"] for one in draft.messages] == ["user", "assistant", "assistant"]


@pytest.mark.parametrize(("status", "truncated"), [("incomplete", True), ("completed", None)])
def test_an_incomplete_response_was_cut_off(status, truncated):
    text = {"type": "message", "content": [{"type": "output_text", "text": "2^1"}]}
    record = {"input": "Which?", "output": [text], "status": status}
    assert only(openai.read(record)).notes.get("truncated") == truncated
