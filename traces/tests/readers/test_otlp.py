"""OpenTelemetry's OTLP as JSON: many spans in a record."""

import json

import pytest

from traces.intake.incoming import Incoming
from traces.intake.records import RecordReader
from traces.readers import otlp
from traces.readers.formats import FORMATS, recognise
from traces.reasoning.steps import REASONING
from traces.sources.source import Record
from traces.tests.readers.reading import only, refusal


def value(item) -> dict:
    if isinstance(item, bool):
        return {"boolValue": item}
    if isinstance(item, int):
        return {"intValue": str(item)}
    if isinstance(item, list):
        return {"arrayValue": {"values": [value(one) for one in item]}}
    if isinstance(item, dict):
        return {"kvlistValue": {"values": attributes(item)}}
    return {"stringValue": item}


def attributes(items) -> list:
    return [{"key": key, "value": value(item)} for key, item in items.items()]


def span(number=0, events=(), **items) -> dict:
    named = {name.replace("__", "."): item for name, item in items.items()}
    found = {"traceId": "t", "spanId": str(number), "attributes": attributes(named)}
    return {**found, "events": list(events)} if events else found


def export(*spans) -> dict:
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "x"}, "spans": list(spans)}]}]}


GIVEN = [{"role": "user", "parts": [{"type": "text", "content": "What is half of 34?"}]}]
GAVE = [
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "34 / 2 = 17."},
            {"type": "text", "content": "17"},
        ],
    }
]
OTHER = span(9, **{"http.method": "GET", "n": 1, "ok": True})
SILENT = span(8, **{"gen_ai.operation.name": "chat", "gen_ai.request.model": "a-model"})
CALLS = {
    "json": span(
        **{
            "gen_ai.input.messages": json.dumps(GIVEN),
            "gen_ai.output.messages": json.dumps(GAVE),
        }
    ),
    "structures": span(**{"gen_ai.input.messages": GIVEN, "gen_ai.output.messages": GAVE}),
    "details": span(
        events=[
            {
                "name": "gen_ai.client.inference.operation.details",
                "attributes": attributes(
                    {"gen_ai.input.messages": GIVEN, "gen_ai.output.messages": GAVE}
                ),
            }
        ],
        **{"gen_ai.operation.name": "chat"},
    ),
    "openinference": span(
        **{
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": "What is half of 34?",
            "llm.output_messages.0.message.role": "assistant",
            "llm.output_messages.0.message.content": "<think>34 / 2 = 17.</think>17",
        }
    ),
    "numbered": span(
        **{
            "gen_ai.prompt.0.role": "user",
            "gen_ai.prompt.0.content": "What is half of 34?",
            "gen_ai.completion.0.role": "assistant",
            "gen_ai.completion.0.content": "<think>34 / 2 = 17.</think>17",
        }
    ),
    "events": span(
        events=[
            {
                "name": "gen_ai.user.message",
                "attributes": attributes({"content": "What is half of 34?"}),
            },
            {
                "name": "gen_ai.choice",
                "attributes": attributes(
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {
                            "role": "assistant",
                            "content": "<think>34 / 2 = 17.</think>17",
                        },
                    }
                ),
            },
        ],
        **{"gen_ai.operation.name": "chat"},
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_the_calls_among_the_spans_are_traces(call):
    record = export(OTHER, call, OTHER)
    assert recognise([record]).name == "otlp"
    draft = only(otlp.read(record))
    assert (draft.prompt, draft.final_answer) == ("What is half of 34?", "17")
    assert draft.steps == [(REASONING, "34 / 2 = 17.")]
    assert draft.external_id == "t/0"


def test_a_list_of_scopes_alone_is_read():
    [resource] = export(CALLS["json"])["resourceSpans"]
    assert len(otlp.read(resource)) == 1


def test_each_span_is_stored_or_refused_by_itself():
    """More of them than traces that one record may give, and a bad one spoils no other."""
    spans = [{**CALLS["json"], "spanId": str(n)} for n in range(150)]
    line = json.dumps(export(SILENT, *spans, OTHER)).encode()
    reader = RecordReader(FORMATS["otlp"], source=None, may_curate=False)
    found = list(reader.read([Record(3, line)]))
    [refused] = [one for one in found if not isinstance(one, Incoming)]
    assert refused.refusal.field == "gen_ai.output.messages"
    assert "did not capture them" in refused.refusal.message
    stored = [one for one in found if isinstance(one, Incoming)]
    assert [one.document.external_id for one in stored] == [f"t/{n}" for n in range(150)]
    assert {one.line for one in stored} == {refused.refusal.line} == {3}


def test_an_export_of_other_spans_says_so():
    reader = RecordReader(FORMATS["otlp"], source=None, may_curate=False)
    [refused] = reader.read([Record(1, json.dumps(export(OTHER)).encode())])
    assert refused == (1, "resourceSpans", "Holds no span of a model's call.")


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"resourceSpans": 1}, "resourceSpans"),
        ({"resourceSpans": [1]}, "resourceSpans[0]"),
        ({"resourceSpans": [{"scopeSpans": [1]}]}, "resourceSpans[0].scopeSpans[0]"),
        (
            {"resourceSpans": [{"scopeSpans": [{"spans": [1]}]}]},
            "resourceSpans[0].scopeSpans[0].spans[0]",
        ),
        (export(SILENT), "gen_ai.output.messages"),
    ],
)
def test_what_is_no_export_is_refused(record, field):
    assert refusal(otlp, record)[0] == field


def test_a_call_by_vercels_sdk():
    attributes = {
        "ai.prompt.messages": '[{"role":"user","content":[{"type":"text","text":"Two?"}]}]',
        "ai.response.reasoning": "I add.",
        "ai.response.text": "4",
        "ai.response.toolCalls": '[{"type":"tool-call","toolName":"add","args":"{}"}]',
        "ai.response.finishReason": "length",
    }
    listed = [{"key": key, "value": {"stringValue": text}} for key, text in attributes.items()]
    span = {"traceId": "t", "spanId": "s", "name": "ai.generateText.doGenerate"}
    outer = {**span, "spanId": "o", "name": "ai.generateText", "attributes": []}
    spans = [outer, {**span, "attributes": listed}]
    draft = only(otlp.read({"resourceSpans": [{"scopeSpans": [{"spans": spans}]}]}))
    assert (draft.prompt, draft.final_answer, draft.external_id) == ("Two?", "4", "t/s")
    assert [kind for kind, _ in draft.steps] == ["reasoning", "tool_call"]
    assert draft.notes["truncated"] is True
