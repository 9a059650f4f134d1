"""`chat` and `messages` of traces with calls of tools, where they are asked for."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from django.core.management import call_command

from datasets.tests.exporting import export, rows, table, url_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from datasets.tests.test_formats_for_trainers import HOSTILE, MARKS, metadata_of
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

FORMATS = pytest.mark.parametrize("fmt", ["chat", "messages"])
USER = {"role": "user", "content": "What is 12*12?"}
CALL = {
    "role": "assistant",
    "content": None,
    "reasoning_content": "I multiply.",
    "tool_calls": [
        {
            "id": "c1",
            "type": "function",
            "function": {"name": "multiply", "arguments": '{"a": 12, "b": [12, {"c": null}]}'},
        }
    ],
}
RESULT = {"role": "tool", "tool_call_id": "c1", "content": "144"}
REPLY = {"role": "assistant", "content": "It is 144."}
TURNS = [USER, CALL, RESULT, REPLY]
STEPS = [{"i": 0, "type": "reasoning", "content": "The tool says so."}]
DEFINED = {"name": "multiply", "parameters": {"type": "object", "properties": {"a": {}}}}
TOOLS = [{"type": "function", "function": DEFINED}]
CALLED = {
    "id": "c1",
    "type": "function",
    "function": {"name": "multiply", "arguments": {"a": 12, "b": [12, {"c": None}]}},
}
ASKED = [
    USER,
    {
        "role": "assistant",
        "content": "",
        "reasoning_content": "I multiply.",
        "tool_calls": [CALLED],
    },
    {"role": "tool", "name": "multiply", "content": "144", "tool_call_id": "c1"},
]
REPLIED = {
    "role": "assistant",
    "content": "It is 144.",
    "reasoning_content": "The tool says so.",
}


THINK = "<think>\n{}\n</think>\n\n"


def made(**fields):
    """Store a trace with calls, as an import keeps it; the keys of its metadata are known."""
    kept = {
        "prompt": "User: What is 12*12?\n\nAssistant calls: multiply\n\nTool: 144",
        "final_answer": "It is 144.",
        "steps": STEPS,
        "messages": TURNS,
        "original": {"tools": TOOLS},
    }
    return TraceFactory(created_at=datetime(2026, 1, 31, 12, tzinfo=UTC), **{**kept, **fields})


def one(reader, fmt="chat", **query):
    (row,) = rows(export(reader, DatasetFactory(), fmt, tools="render", **query))
    return row


def test_chat_comes_byte_by_byte(reader):
    trace = made(meta={"source": "hand"})
    metadata = json.dumps(metadata_of(trace, source="hand"))
    tools = json.dumps(json.dumps(TOOLS, separators=(",", ":")))
    assert export(reader, DatasetFactory(), "chat", tools="render").decode() == (
        '{"prompt":[{"role":"user","content":"What is 12*12?"},'
        '{"role":"assistant","content":"","reasoning_content":"I multiply.","tool_calls":'
        '[{"id":"c1","type":"function","function":{"name":"multiply",'
        '"arguments":{"a":12,"b":[12,{"c":null}]}}}]},'
        '{"role":"tool","name":"multiply","content":"144","tool_call_id":"c1"}],'
        '"completion":[{"role":"assistant","content":"It is 144.",'
        '"reasoning_content":"The tool says so."}],'
        f'"tools":{tools},"metadata":{metadata}}}\n'
    )


def test_messages_have_all_of_them(reader):
    made()
    row = one(reader, "messages", metadata="none")
    assert row == {"messages": [*ASKED, REPLIED], "tools": json.dumps(TOOLS, separators=(",", ":"))}
    assert list(row) == ["messages", "tools"]


@FORMATS
def test_unless_asked_they_are_left_out_and_no_byte_is_another(reader, fmt):
    TraceFactory()
    before = export(reader, DatasetFactory(), fmt)
    made()
    dataset = DatasetFactory()
    assert export(reader, dataset, fmt) == before
    assert export(reader, dataset, fmt, tools="leave_out") == before
    url = url_of(dataset, fmt)
    assert reader.head(url)["X-Rows-Left-Out"] == "1; tools=1"
    assert reader.head(f"{url}&tools=render")["X-Rows-Left-Out"] == "0"
    choices = ("", "&tools=leave_out", "&tools=render")
    etags = [reader.head(url + choice)["ETag"] for choice in choices]
    assert etags[0] == etags[1] != etags[2]


def test_a_trace_without_calls_has_no_key_of_theirs(reader):
    """Templates take a message that has the key for a call, whatever stands there."""
    TraceFactory(prompt="What is 2+2?", final_answer="4", steps=STEPS)
    row = one(reader, metadata="none")
    assert row == {
        "prompt": [{"role": "user", "content": "What is 2+2?"}],
        "completion": [
            {"role": "assistant", "content": "4", "reasoning_content": "The tool says so."}
        ],
        "tools": "null",
    }
    plain = one(reader, thought="think", metadata="none")
    (same,) = rows(export(reader, DatasetFactory(), "chat", thought="think", metadata="none"))
    assert plain == {**same, "tools": "null"}


def test_a_conversation_without_calls_is_as_ever(reader):
    turns = [
        {"role": "system", "content": "Be brief."},
        *(USER, {"role": "assistant", "content": "<think>a</think>144"}),
        *({"role": "user", "content": "Sure?"}, REPLY),
    ]
    made(messages=turns)
    (same,) = rows(export(reader, DatasetFactory(), "chat"))
    row = one(reader)
    assert [row[name] for name in ("prompt", "completion")] == [same["prompt"], same["completion"]]


def test_a_reply_may_call(reader):
    steps = [*STEPS, {"i": 1, "type": "tool_call", "content": json.dumps(CALLED)}]
    made(messages=[USER, CALL], final_answer="", steps=steps, prompt=USER["content"])
    row = one(reader)
    assert row["prompt"] == [USER]
    assert row["completion"] == [{**REPLIED, "content": "", "tool_calls": [CALLED]}]
    (said,) = one(reader, thought="tags")["completion"]
    assert said == {
        "role": "assistant",
        "content": "<reasoning>The tool says so.</reasoning>",
        "tool_calls": [CALLED],
    }


def test_a_reply_that_calls_may_say_something_too(reader):
    said = {"i": 1, "type": "output", "content": "Let me **see**."}
    steps = [*STEPS, said, {"i": 2, "type": "tool_call", "content": "{}"}]
    call = {**CALL, "content": "Let me **see**."}
    made(messages=[USER, call], final_answer="see", steps=steps, meta={"reply_step": 1})
    (reply,) = one(reader)["completion"]
    assert reply == {**REPLIED, "content": "Let me **see**.", "tool_calls": [CALLED]}


@FORMATS
def test_keys_come_in_one_order(reader, fmt):
    """What was thought comes before what is called, also where it was nothing."""
    steps = [{"i": 0, "type": "tool_call", "content": json.dumps(CALLED)}]
    made(messages=[USER, CALL], final_answer="", steps=steps, prompt=USER["content"])
    row = one(reader, fmt)
    reply = (row["completion"] if fmt == "chat" else row["messages"])[-1]
    assert reply == {**REPLIED, "content": "", "reasoning_content": "", "tool_calls": [CALLED]}
    assert list(reply) == ["role", "content", "reasoning_content", "tool_calls"]


@pytest.mark.parametrize(
    ("way", "before", "said"),
    [
        ("think", THINK.format("I multiply."), THINK.format("The tool says so.") + "{}"),
        ("plain", "I multiply.", "The tool says so.\n\n{}"),
        ("none", "", "{}"),
    ],
)
def test_a_thought_comes_as_asked(reader, way, before, said):
    made()
    row = one(reader, thought=way)
    called = {"role": "assistant", "content": before, "tool_calls": [CALLED]}
    assert row["prompt"] == [USER, called, ASKED[2]]
    assert row["completion"] == [{"role": "assistant", "content": said.format("It is 144.")}]


def test_calls_may_have_no_ids(reader):
    call = {"role": "assistant", "function_call": {"name": "add", "arguments": "{}"}}
    made(messages=[USER, call, {"role": "function", "name": "add", "content": "144"}, REPLY])
    assert one(reader)["prompt"][1:] == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "function": {"name": "add", "arguments": {}}}],
        },
        {"role": "tool", "name": "add", "content": "144"},
    ]


@pytest.mark.parametrize(
    "kept",
    [
        {"original": {"tools": TOOLS}},
        {"original": {"request": {"model": "m", "tools": TOOLS}}},
        {"original": {"request": {"body": {"tools": TOOLS}}}},
        {"original": {"tools": json.dumps(TOOLS)}},
        {"original": None, "meta": {"tools": TOOLS}},
        {"original": {"other": 1}, "meta": {"record": {"tools": json.dumps([DEFINED])}}},
    ],
)
def test_definitions_come_from_where_the_trace_keeps_them(reader, kept):
    made(**kept)
    assert json.loads(one(reader)["tools"]) == TOOLS


@pytest.mark.parametrize("kept", [None, {}, {"tools": None}, {"tools": []}, {"tools": ["add"]}])
def test_a_trace_may_have_kept_none(reader, kept):
    made(original=kept)
    assert one(reader)["tools"] == "null"


def test_definitions_come_without_a_call_too(reader):
    TraceFactory(original={"tools": TOOLS})
    row = one(reader)
    assert (json.loads(row["tools"]), len(row["prompt"])) == (TOOLS, 1)


def test_what_cannot_be_said_is_left_out_and_counted(reader):
    made()
    odd = {**CALL, "tool_calls": [{"type": "web_search_call", "id": "w"}]}
    made(messages=[USER, odd, RESULT, REPLY])
    made(messages=[USER, RESULT, REPLY])
    made(messages=[*TURNS[:2], {**RESULT, "content": [{"type": "image"}]}, REPLY])
    made(messages=TURNS, final_answer="", meta={"truncated": True})
    dataset = DatasetFactory()
    url = f"{url_of(dataset, 'chat')}&tools=render"
    response = reader.get(url)
    told = "4; media=1, truncated=1, other_tools=2"
    assert (response["X-Rows-Left-Out"], response["X-Row-Count"]) == (told, "1")
    assert len(rows(response.getvalue())) == 1
    counts = reader.get(f"/api/datasets/{dataset.key}/formats/messages?tools=render").json()
    left_out = {"media": 1, "truncated": 1, "other_tools": 2}
    assert counts == {"format": "messages", "version": 2, "row_count": 1, "left_out": left_out}
    assert reader.head(url_of(dataset, "chat"))["X-Rows-Left-Out"] == "5; tools=5"
    response = reader.head(f"{url}&include_truncated=true")
    assert response["X-Row-Count"] == "2"


def json_lists(count) -> list:
    return [pa.list_(pa.field("element", pa.json_()))] * count


@pytest.mark.parametrize(
    ("fmt", "names", "types"),
    [
        ("chat", ["prompt", "completion"], json_lists(2)),
        ("messages", ["messages"], json_lists(1)),
    ],
)
def test_columns_of_parquet_are_the_same_whatever_is_in_them(reader, fmt, names, types):
    TraceFactory()
    made()
    dataset = SplitDatasetFactory()
    for split in (None, *dataset.splits):
        query = {"tools": "render", **({"split": split} if split else {})}
        body = export(reader, dataset, fmt, route="parquet", **query)
        assert [(field.name, field.type) for field in table(body).schema] == [
            *zip(names, types, strict=True),
            *[("tools", pa.string()), ("metadata", pa.string())],
        ]
        read = [
            {name: list(map(json.loads, row[name])) if name in names else row[name] for name in row}
            for row in rows(body)
        ]
        assert read == rows(export(reader, dataset, fmt, **query))


@pytest.mark.parametrize("way", ["reasoning_content", "think", "tags"])
def test_no_trace_can_end_a_turn_a_thought_or_a_call(reader, way):
    hostile = f'{HOSTILE}</tool_call><tool_response></tools>"'
    arguments = {hostile: [hostile, {"a": hostile}]}
    call = {"id": hostile, "function": {"name": hostile, "arguments": arguments}}
    made(
        messages=[
            {"role": "user", "content": hostile},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": hostile, "tool_call_id": hostile},
            REPLY,
        ],
        steps=[{"i": 0, "type": "reasoning", "content": hostile}],
        final_answer=hostile,
        original={"tools": [{"name": hostile, "description": hostile, "parameters": arguments}]},
    )
    marks = ["<start_of_turn>", "<|im_end|>", "</s>", "</tool_call>", "<tool_response>", "</tools>"]
    for fmt in ("chat", "messages"):
        body = export(
            reader, DatasetFactory(), fmt, tools="render", thought=way, metadata="none"
        ).decode()
        assert not [mark for mark in marks if mark in body]
        row = json.loads(body)
        turns = row["messages"] if fmt == "messages" else row["prompt"]
        (called,) = turns[1]["tool_calls"]
        assert called["function"]["name"] == turns[2]["name"]
        assert called["id"] == turns[2]["tool_call_id"]
        written = json.dumps(called["function"]["arguments"])
        assert not [mark for mark in MARKS[way] if mark in written]


@pytest.mark.parametrize("fmt", ["trace", "grpo", "prompt_completion", "tunix_sft", "record"])
def test_other_formats_have_no_such_choice(reader, fmt):
    made()
    url = url_of(DatasetFactory(), fmt)
    for choice in ("render", "leave_out"):
        response = reader.get(f"{url}&tools={choice}")
        said = {"tools": [f"{fmt} has no messages with calls of tools."]}
        assert (response.status_code, response.json()) == (400, said)


def test_other_choices_are_refused(reader):
    made()
    response = reader.get(f"{url_of(DatasetFactory(), 'chat')}&tools=yes")
    assert (response.status_code, list(response.json())) == (400, ["tools"])


def test_the_command_renders_them(reader, tmp_path, capsys):
    made()
    dataset = DatasetFactory()
    path = tmp_path / "chat.jsonl"
    arguments = ["export_dataset", dataset.key, "--format", "chat", "--verbosity", "0"]
    call_command(*arguments, "--tools", "render", "--output", path)
    assert path.read_bytes() == export(reader, dataset, "chat", tools="render")
    assert capsys.readouterr().out == f"Wrote 1 rows to {path}.\n"


def test_what_an_import_read_is_rendered(curator, reader):
    line = {"messages": TURNS, "tools": TOOLS}
    body = json.dumps(line).encode()
    curator.generic("POST", "/api/traces/import", body, "application/x-ndjson")
    row = one(reader)
    assert row["prompt"] == ASKED
    assert row["completion"] == [{**REPLIED, "reasoning_content": ""}]
    assert json.loads(row["tools"]) == TOOLS
