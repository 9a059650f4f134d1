"""Exports of Langfuse, LangSmith, MLflow and Phoenix."""

import json

import pytest

from traces.readers import langfuse, langsmith, mlflow, openinference
from traces.readers.formats import recognise
from traces.reasoning.steps import OUTPUT, REASONING, TOOL_CALL
from traces.sources import json_texts
from traces.tests.readers.reading import only, refusal, without

ASKED = {"role": "user", "content": "How many minutes are 3 hours?"}
SAID = {"role": "assistant", "content": "<think>\n3 * 60.\n</think>\n\n180"}
CHOICES = {"choices": [{"message": SAID, "finish_reason": "stop"}]}


def check(reader, record):
    assert recognise([record]).read is reader.read
    draft = only(reader.read(record))
    assert (draft.prompt, draft.final_answer) == ("How many minutes are 3 hours?", "180")
    assert draft.steps == [(REASONING, "3 * 60.")]
    return draft


# Langfuse


@pytest.mark.parametrize(
    ("given", "gave"),
    [
        ([ASKED], SAID),
        ({"messages": [ASKED]}, [SAID]),
        (json.dumps([ASKED]), json.dumps(SAID)),
        (ASKED["content"], SAID["content"]),
        ({"question": ASKED["content"]}, {"answer": SAID["content"]}),
        ({"args": [ASKED["content"]], "kwargs": {}}, SAID["content"]),
        ({"messages": [ASKED], "tools": []}, CHOICES),
    ],
)
def test_langfuse_generations(given, gave):
    record = {"id": "o1", "traceId": "t1", "type": "GENERATION", "input": given, "output": gave}
    draft = check(langfuse, record)
    assert draft.external_id == "o1"
    assert {**draft.record, "output": None} == {**without(record, "input"), "output": None}


def test_langfuse_traces_have_no_type():
    record = {"id": "t1", "sessionId": None, "input": [ASKED], "output": SAID, "tags": ["a"]}
    assert check(langfuse, record).external_id == "t1"


def test_langfuse_keeps_what_the_messages_do_not_say():
    record = {
        **langfuse.EXAMPLE,
        "input": {"messages": [ASKED], "tools": [{"name": "clock"}]},
        "usage": {"total": 5},
    }
    kept = only(langfuse.read(record)).record
    assert kept["input"] == {"tools": [{"name": "clock"}]}
    assert kept["usage"] == {"total": 5}
    assert "output" not in kept


def test_json_that_a_model_wrote_is_its_reply():
    record = {**langfuse.EXAMPLE, "input": "Write JSON.", "output": '{"answer": 1.50}'}
    assert only(langfuse.read(record)).final_answer == '{"answer": 1.50}'


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"type": "SPAN"}, "type"),
        ({"input": None}, "input"),
        ({"input": {"a": "x", "b": "y"}}, "input"),
        ({"output": None}, "output"),
        ({"output": {"a": 1}}, "output"),
    ],
)
def test_what_is_no_call_in_langfuse_is_refused(changes, field):
    assert refusal(langfuse, {**langfuse.EXAMPLE, **changes})[0] == field


# LangSmith


def lc(kind, content, **more) -> dict:
    return {
        "lc": 1,
        "type": "constructor",
        "id": ["langchain_core", "messages", f"{kind}Message"],
        "kwargs": {"content": content, **more},
    }


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (
            {"messages": [[lc("Human", ASKED["content"], type="human")]]},
            {"generations": [[{"text": "", "message": lc("AI", SAID["content"], type="ai")}]]},
        ),
        (
            {"messages": [lc("Human", ASKED["content"])]},
            {"generations": [{"message": lc("AIMessageChunk"[:2], SAID["content"])}]},
        ),
        (
            {"messages": [{"type": "human", "content": ASKED["content"]}]},
            {
                "messages": [
                    {"type": "human", "content": ASKED["content"]},
                    {"type": "ai", "content": SAID["content"]},
                ]
            },
        ),
        (
            {"messages": [{"type": "human", "data": {"content": ASKED["content"]}}]},
            {"output": {"type": "ai", "data": {"content": SAID["content"]}}},
        ),
        ({"input": ASKED["content"]}, {"output": SAID["content"]}),
        ({"prompts": [ASKED["content"]]}, {"generations": [[{"text": SAID["content"]}]]}),
        ({"messages": [ASKED]}, CHOICES),
    ],
)
def test_langsmith_runs(inputs, outputs):
    record = {"id": "r1", "run_type": "llm", "inputs": inputs, "outputs": outputs}
    assert check(langsmith, record).external_id == "r1"


def test_the_thought_of_a_serialised_message_is_read():
    draft = only(langsmith.read(langsmith.EXAMPLE))
    assert draft.steps == [(REASONING, "12 * 12 = 144.")]
    assert draft.final_answer == "144"


def test_each_generation_is_a_trace():
    generations = [
        [{"text": "180"}, {"text": "18", "generation_info": {"finish_reason": "length"}}]
    ]
    record = {**langsmith.EXAMPLE, "id": "r1", "outputs": {"generations": generations}}
    whole, cut = langsmith.read(record)
    assert (whole.external_id, cut.external_id) == ("r1", "r1/1")
    assert (whole.final_answer, cut.final_answer, cut.notes["truncated"]) == ("180", "18", True)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"run_type": "tool"}, "run_type"),
        ({"outputs": None, "error": "timed out"}, "error"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": None}, "inputs"),
        ({"outputs": {}}, "outputs"),
    ],
)
def test_what_is_no_run_of_a_model_is_refused(changes, field):
    assert refusal(langsmith, {**langsmith.EXAMPLE, **changes})[0] == field


# MLflow


def span(kind, given, gave, **more) -> dict:
    attributes = {
        "mlflow.spanType": json.dumps(kind),
        "mlflow.spanInputs": json.dumps(given),
        "mlflow.spanOutputs": json.dumps(gave),
    }
    return {"name": kind, "attributes": attributes, **more}


def test_each_call_of_a_model_among_the_spans_is_a_trace():
    chain = span("CHAIN", {"x": 1}, "y")
    call = span("CHAT_MODEL", {"messages": [ASKED], "temperature": 0.5}, CHOICES)
    draft = check(mlflow, {"info": {"trace_id": "tr"}, "data": {"spans": [chain, call]}})
    assert draft.record["info"] == {"trace_id": "tr"}
    attributes = draft.record["span"]["attributes"]
    assert attributes["mlflow.spanInputs"] == {"temperature": 0.5}
    assert len(mlflow.read({"data": {"spans": [call, chain, call]}})) == 2


@pytest.mark.parametrize(
    "record",
    [
        {"data": {"spans": [span("CHAIN", {"question": ASKED["content"]}, SAID["content"])]}},
        {
            "trace_id": "tr",
            "request": json.dumps({"messages": [ASKED]}),
            "response": json.dumps(CHOICES),
            "spans": [],
        },
        {
            "request_id": "tr",
            "request": json.dumps({"question": ASKED["content"]}),
            "response": json.dumps(SAID["content"]),
        },
    ],
)
def test_a_trace_without_such_a_call_is_what_it_gave_in_the_end(record):
    check(mlflow, record)


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({"data": {"spans": [span("LLM", {}, CHOICES)]}}, "mlflow.spanInputs"),
        ({"data": {"spans": [span("LLM", [ASKED], None)]}}, "mlflow.spanOutputs"),
        ({"data": {"spans": [span("CHAIN", None, "x")]}}, "request"),
        ({"trace_id": "t", "request": '"x"', "response": "null"}, "response"),
    ],
)
def test_what_is_no_call_in_mlflow_is_refused(record, field):
    assert mlflow.recognises(record)
    assert refusal(mlflow, record)[0] == field


def test_json_of_mlflow_that_would_fill_the_memory_stays_text(monkeypatch):
    monkeypatch.setattr(json_texts, "MAX_TOKENS", 5)
    crowded = [ASKED, {"role": "user", "content": [{}, {}, {}, {}, {}, {}]}]
    record = {"data": {"spans": [span("LLM", crowded, "180")]}}
    assert only(mlflow.read(record)).prompt == json.dumps(crowded)


# Phoenix


@pytest.mark.parametrize(
    "record",
    [
        {
            "attributes.llm.input_messages": [
                {"message.role": "user", "message.content": ASKED["content"]}
            ],
            "attributes.llm.output_messages": [
                {"message.role": "assistant", "message.content": SAID["content"]}
            ],
        },
        {
            "attributes": {
                "llm": {
                    "input_messages": [{"message": ASKED}],
                    "output_messages": [{"message": SAID}],
                }
            }
        },
        {
            "attributes": {
                "llm.input_messages.0.message.role": "user",
                "llm.input_messages.0.message.content": ASKED["content"],
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.contents.0.message_content.type": "text",
                "llm.output_messages.0.message.contents.0.message_content.text": SAID["content"],
            }
        },
        {
            "span_kind": "LLM",
            "attributes": json.dumps(
                {"input": {"value": ASKED["content"]}, "output": {"value": SAID["content"]}}
            ),
        },
        {
            "context": {"trace_id": "t", "span_id": "s"},
            "attributes": {
                "input.value": json.dumps({"messages": [ASKED]}),
                "output.value": json.dumps(CHOICES),
            },
        },
    ],
)
def test_spans_of_phoenix_nested_or_flattened(record):
    check(openinference, record)


@pytest.mark.parametrize("kind", ["RETRIEVER", "TOOL", "EMBEDDING", "CHAIN", "AGENT"])
@pytest.mark.parametrize(
    "place",
    [
        lambda kind: {"span_kind": kind},
        lambda kind: {"openinference.span.kind": kind},
        lambda kind: {"attributes.openinference.span.kind": kind},
        lambda kind: {"context": {}, "attributes": {"openinference": {"span": {"kind": kind}}}},
    ],
)
def test_spans_of_phoenix_that_are_no_call_of_a_model_are_refused(kind, place):
    values = {"input.value": ASKED["content"], "output.value": SAID["content"]}
    of_kind = place(kind)
    record = {**of_kind, "attributes": {**of_kind.get("attributes", {}), **values}}
    field, reason = refusal(openinference, record)
    assert (field, kind.lower() in reason) == ("span_kind", True)


def test_a_span_is_known_by_its_trace_and_itself():
    draft = only(openinference.read(openinference.EXAMPLE))
    assert draft.external_id == "made-up/made-up"
    assert draft.record["attributes"] == {"llm.model_name": "a-model"}
    flat = {
        "context.trace_id": "t",
        "context.span_id": "s",
        "attributes.llm.input_messages": [{"message.role": "user", "message.content": "2?"}],
        "attributes.llm.output_messages": [{"message.role": "assistant", "message.content": "2"}],
    }
    assert only(openinference.read(flat)).external_id == "t/s"


def test_ten_messages_stay_in_order():
    flat = {}
    for n in range(11):
        flat[f"llm.input_messages.{n}.message.role"] = "user"
        flat[f"llm.input_messages.{n}.message.content"] = f"<{n}>"
    flat["llm.output_messages.0.message.content"] = "done"
    flat["llm.output_messages.0.message.role"] = "assistant"
    draft = only(openinference.read({"attributes": flat}))
    assert [one["content"] for one in draft.messages[:-1]] == [f"<{n}>" for n in range(11)]


def test_tool_calls_of_a_span_are_steps():
    call = {"tool_call.function.name": "clock", "tool_call.function.arguments": "{}"}
    said = {"message.role": "assistant", "message.tool_calls": [call]}
    record = {
        "attributes.llm.input_messages": [{"message.role": "user", "message.content": "Time?"}],
        "attributes.llm.output_messages": [said],
    }
    [(kind, content)] = only(openinference.read(record)).steps
    assert kind == TOOL_CALL
    assert "clock" in content


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"llm.output_messages": [{"message": SAID}]}, "llm.input_messages"),
        (
            {"llm.input_messages": [{"message": ASKED}], "llm.output_messages": []},
            "llm.output_messages",
        ),
        (
            {"llm.input_messages": [1], "llm.output_messages": [{"message": SAID}]},
            "llm.input_messages[0]",
        ),
        ({"llm.input_messages": 1, "llm.output_messages": []}, "llm.input_messages"),
    ],
)
def test_what_is_no_call_in_a_span_is_refused(attributes, field):
    assert refusal(openinference, {"attributes": attributes})[0] == field


def test_a_reply_without_a_thought_is_an_output():
    draft = only(
        openinference.read(
            {
                **openinference.EXAMPLE,
                "attributes": {
                    "llm.input_messages": [{"message": ASKED}],
                    "llm.output_messages": [
                        {"message": {"role": "assistant", "content": "The answer is 180."}}
                    ],
                },
            }
        )
    )
    assert draft.final_answer == "180"
    assert OUTPUT not in [kind for kind, _ in draft.steps]


def test_a_trace_of_langfuse_without_a_reply_gives_its_generations():
    generation = {"id": "g", "type": "GENERATION", "input": [ASKED], "output": SAID}
    others = [{"id": "s", "type": "SPAN", "input": "a", "output": "b"}]
    trace = {"id": "t", "name": "n", "observations": [*others, generation]}
    assert check(langfuse, trace).external_id == "g"
    assert check(langfuse, {**trace, "input": None, "output": None}).external_id == "g"


def test_a_trace_of_mlflow_2_holds_request_and_response_as_data():
    data = {"request": json.dumps({"messages": [ASKED]}), "response": json.dumps(CHOICES)}
    check(mlflow, {"info": {"request_id": "r", "status": "OK"}, "data": {**data, "spans": []}})
