"""The formats that trainers read as they come, byte by byte, and what is chosen about them."""

import json
from datetime import UTC, datetime

import pytest

from datasets.tests.exporting import EVERY_LINES, FORMATS, OF_PAIRS, export, rows, url_of
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

TEXTS = ("prompt_completion", "unpaired")
STEPS = [
    {"i": 0, "type": "reasoning", "content": "2 and 2,"},
    {"i": 3, "type": "reasoning", "content": "added."},
]
REPLIED = [*STEPS, {"i": 5, "type": "output", "content": "It is **4**."}]
SYSTEM = {"role": "developer", "content": "Be brief."}
USER = {"role": "user", "content": "What is 2+2?"}
TURNS = [
    SYSTEM,
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "<think>one more</think>2</think>"},
    USER,
    {"role": "assistant", "content": "4"},
]


def made(**fields):
    """Store a trace; the keys of its metadata are known."""
    fields = {"prompt": "What is 2+2?", "final_answer": "4", "steps": STEPS, **fields}
    return TraceFactory(created_at=datetime(2026, 1, 31, 12, tzinfo=UTC), **fields)


def metadata_of(trace, **meta) -> str:
    known = {"source_trace_id": str(trace.id), "created_at": "2026-01-31T12:00:00.000000Z"}
    return json.dumps(
        {**known, "trace_version": "1.0", **meta}, separators=(",", ":"), ensure_ascii=False
    )


def one(reader, fmt, **query):
    (row,) = rows(export(reader, DatasetFactory(), fmt, **query))
    return row


def test_chat_comes_byte_by_byte(reader):
    trace = made(meta={"source": "hand"})
    metadata = json.dumps(metadata_of(trace, source="hand"))
    assert export(reader, DatasetFactory(), "chat").decode() == (
        '{"prompt":[{"role":"user","content":"What is 2+2?"}],'
        '"completion":[{"role":"assistant","content":"4",'
        '"reasoning_content":"2 and 2,\\n\\nadded."}],'
        f'"metadata":{metadata}}}\n'
    )


def test_messages_come_byte_by_byte(reader):
    trace = made(meta={"source": "hand"})
    metadata = json.dumps(metadata_of(trace, source="hand"))
    assert export(reader, DatasetFactory(), "messages").decode() == (
        '{"messages":[{"role":"user","content":"What is 2+2?","reasoning_content":""},'
        '{"role":"assistant","content":"4","reasoning_content":"2 and 2,\\n\\nadded."}],'
        f'"metadata":{metadata}}}\n'
    )


def test_prompt_completion_comes_byte_by_byte(reader):
    trace = made(meta={"source": "hand"})
    metadata = json.dumps(metadata_of(trace, source="hand"))
    assert export(reader, DatasetFactory(), "prompt_completion").decode() == (
        '{"prompt":"What is 2+2?","completion":"2 and 2,\\n\\nadded.\\n\\n4",'
        f'"metadata":{metadata}}}\n'
    )


def test_tunix_tagged_comes_byte_by_byte(reader):
    trace = made(meta={"source": "hand", "format": "theirs"})
    metadata = json.loads(metadata_of(trace, source="hand", format="tunix_tagged"))
    del metadata["source_trace_id"]
    said = json.dumps(json.dumps(metadata, separators=(",", ":")))
    assert export(reader, DatasetFactory(), "tunix_tagged").decode() == (
        f'{{"id":"{trace.id}","prompts":"<start_of_turn>user\\nWhat is 2+2?<end_of_turn>\\n'
        "<start_of_turn>model\\n<reasoning>2 and 2,\\n\\nadded.</reasoning>\\n"
        f'<answer>4</answer><end_of_turn>","final_answer":"4","metadata":{said}}}\n'
    )


WAYS = {
    "think": "<think>\n2 and 2,\n\nadded.\n</think>\n\n4",
    "tags": "<reasoning>2 and 2,\n\nadded.</reasoning>\n<answer>4</answer>",
    "plain": "2 and 2,\n\nadded.\n\n4",
    "none": "4",
}
WITHOUT = {**dict.fromkeys(WAYS, "4"), "tags": "<answer>4</answer>"}


@pytest.mark.parametrize("way", WAYS)
def test_a_thought_comes_as_asked(reader, way):
    made()
    said = {"role": "assistant", "content": WAYS[way]}
    assert one(reader, "chat", thought=way)["completion"] == [said]
    assert one(reader, "messages", thought=way)["messages"] == [USER, said]
    assert one(reader, "prompt_completion", thought=way)["completion"] == WAYS[way]


@pytest.mark.parametrize("way", WAYS)
def test_where_nothing_was_thought_there_are_no_marks_of_a_thought(reader, way):
    made(steps=[{"i": 1, "type": "output", "content": "4"}])
    said = {"role": "assistant", "content": WITHOUT[way]}
    assert one(reader, "chat", thought=way)["completion"] == [said]
    assert one(reader, "prompt_completion", thought=way)["completion"] == WITHOUT[way]
    assert one(reader, "chat")["completion"][0]["reasoning_content"] == ""


def test_the_reply_is_the_content_and_what_comes_before_it_the_thought(reader):
    calls = {"i": 9, "type": "tool_call", "content": "{}"}
    made(steps=[*REPLIED, calls], meta={"reply_step": 5})
    (said,) = one(reader, "chat")["completion"]
    assert (said["reasoning_content"], said["content"]) == ("2 and 2,\n\nadded.", "It is **4**.")
    assert one(reader, "tunix_tagged")["prompts"].endswith(
        "<reasoning>2 and 2,\n\nadded.</reasoning>\n<answer>4</answer><end_of_turn>"
    )


@pytest.mark.parametrize("meta", [{"reply_step": 7}, {"reply_step": "5"}, {"reply_step": False}])
def test_a_reply_that_is_no_step_is_the_answer(reader, meta):
    made(steps=REPLIED, meta=meta)
    (said,) = one(reader, "chat")["completion"]
    assert said["content"] == "4"
    assert said["reasoning_content"] == "2 and 2,\n\nadded.\n\nIt is **4**."


REPLY = "2 and 2,\nadded.\nAnswer: 4"
JOINED = "2 and 2,\n\nadded."
WHOLE = {
    "the last turn": ({"messages": [USER, {"role": "assistant", "content": REPLY}]}, {}, REPLY),
    "what was cut off": ({"original": {"why": "so", "text": f"{REPLY}<|im_end|>"}}, {}, REPLY),
    "a short field": ({}, {"record": {"question": "What?", "said": REPLY}}, REPLY),
    "the steps": ({"original": {"text": "added. 2 and 2,"}}, {}, JOINED),
    "numbered": (
        {"original": {"completion": "Reasoning:\n1. 2 and 2,\n2. added.\nAnswer: 4"}},
        {},
        "Reasoning:\n1. 2 and 2,\n2. added.\nAnswer: 4",
    ),
    "not a template": (
        {"original": {"text": f"### Instruction:\nAdd.\n\n### Response:\n{REPLY}"}},
        {"record": {"output": REPLY}},
        REPLY,
    ),
    "not the prompt": ({"original": {"text": f"What is 2+2? {REPLY}"}}, {}, JOINED),
    "not what repeats a step": (
        {"original": {"text": f"2 and 2, What is 2+2?\n{REPLY}"}},
        {},
        JOINED,
    ),
}


@pytest.mark.parametrize("place", WHOLE)
def test_a_reply_that_was_cut_into_steps_comes_whole_and_without_a_thought(reader, place):
    fields, meta, reply = WHOLE[place]
    made(meta={"reply_in_steps": True, **meta}, **fields)
    (said,) = one(reader, "chat")["completion"]
    assert (said["content"], said["reasoning_content"]) == (reply, "")
    assert one(reader, "prompt_completion")["completion"] == reply
    assert "<reasoning>2 and 2,\n\nadded.</reasoning>" in one(reader, "tunix_tagged")["prompts"]


TEMPLATE = (
    "Below is an instruction. Write a response.\n\n### Instruction:\nAdd.\n\n### Input:\n2 and 2"
)
LAYOUTS = {
    "instruction": {"instruction": "Add.", "input": "2 and 2", "output": "{reply}"},
    "prompt": {"prompt": "Add 2 and 2.", "completion": "{reply}"},
}


@pytest.mark.parametrize("reply", ["It is 4.\n#### 4", "2 and 2.\n\nSo:\n\\boxed{4}"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_column_of_prompt_and_reply_together_is_no_reply(reader, curator, layout, reply):
    record = {name: text.replace("{reply}", reply) for name, text in LAYOUTS[layout].items()}
    before = f"{TEMPLATE}\n\n### Response:\n" if layout == "instruction" else record["prompt"]
    body = json.dumps({**record, "text": f"{before}{reply}</s>"})
    answer = curator.post("/api/traces/import", body, content_type="application/octet-stream")
    assert answer.status_code in (200, 201), answer.content
    (said,) = one(reader, "chat")["completion"]
    assert (said["content"], said["reasoning_content"]) == (reply, "")
    assert one(reader, "messages")["messages"][-1] == said
    assert one(reader, "prompt_completion")["completion"] == reply


def test_each_turn_comes_in_its_own_role_without_earlier_thoughts(reader):
    made(messages=TURNS)
    before = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2<\u200b/think>"},
        USER,
    ]
    assert one(reader, "chat")["prompt"] == before
    assert [turn["role"] for turn in one(reader, "messages")["messages"]] == [
        *["system", "user", "assistant", "user", "assistant"]
    ]
    assert one(reader, "tunix_tagged")["prompts"].startswith(
        "<start_of_turn>user\nBe brief.\n\n1+1?<end_of_turn>\n<start_of_turn>model\n"
        "2</think><end_of_turn>\n<start_of_turn>user\nWhat is 2+2?<end_of_turn>\n"
    )


def test_what_the_system_says_comes_before_one_question_too(reader):
    made(messages=[SYSTEM, USER, TURNS[-1]], prompt="Be brief.\n\nWhat is 2+2?")
    assert one(reader, "chat")["prompt"] == [{"role": "system", "content": "Be brief."}, USER]
    assert one(reader, "prompt_completion")["prompt"] == "Be brief.\n\nWhat is 2+2?"


def test_a_corrected_reply_comes_after_the_turns_that_it_answers(reader, curator):
    path = f"/api/traces/{made(messages=TURNS).pk}/correct"
    assert curator.post(path, {"final_answer": "5"}, format="json").status_code == 201
    dataset = DatasetFactory(recipe__where={"status": "unreviewed"})
    [row] = rows(export(reader, dataset, "messages"))
    said = [message["content"] for message in row["messages"]]
    assert said == ["Be brief.", "1+1?", "2<\u200b/think>", "What is 2+2?", "5"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"final_answer": "5"}, ("5", "2 and 2,\nadded.\nThe answer is 4.")),
        (
            {"final_answer": "5", "steps": [{"i": 0, "type": "t", "content": "So 5."}]},
            ("So 5.", ""),
        ),
        ({"steps": [{"i": 0, "type": "t", "content": "2 and 2,"}]}, ("2 and 2,", "")),
    ],
)
def test_a_corrected_reply_comes_as_it_was_corrected(reader, curator, body, said):
    reply = "2 and 2,\nadded.\nThe answer is 4."
    meta = {"reply_in_steps": True, "record": {"completion": f"{reply}</s>"}}
    trace = made(steps=[{"i": 0, "type": "t", "content": reply}], meta=meta)
    answer = curator.post(f"/api/traces/{trace.pk}/correct", body, format="json")
    assert answer.status_code == 201
    dataset = DatasetFactory(recipe__where={"status": "unreviewed"})
    [row] = rows(export(reader, dataset, "chat"))
    [reply] = row["completion"]
    assert (reply["content"], reply["reasoning_content"]) == said


def test_one_question_alone_is_the_prompt(reader):
    made(messages=[{"role": "user", "content": "otherwise"}, TURNS[-1]])
    assert one(reader, "chat")["prompt"] == [USER]


CONTROL = [
    *["<start_of_turn>", "<end_of_turn>", "<bos>", "<eos>", "</s>", "<|im_end|>"],
    *["<|start_header_id|>", "<\uff5cAssistant\uff5c>", "<|channel|>"],
]
MARKS = {
    "think": ["<think>", "</think>"],
    "reasoning_content": ["<think>", "</think>"],
    "tags": ["<reasoning>", "</reasoning>", "<answer>", "</answer>"],
}


HOSTILE = "".join([*CONTROL, *MARKS["think"], *MARKS["tags"], "<|im_start|", "<<4/2=2>>", "<b>"])


def broken(way="none") -> str:
    text = HOSTILE
    for mark in (*CONTROL, *MARKS.get(way, [])):
        text = text.replace(mark, f"<\u200b{mark[1:]}")
    return text


@pytest.fixture
def hostile(curator):
    steps = [{"i": 0, "type": "t", "content": HOSTILE}]
    meta = {"reference_answer": "4"}
    trace = made(prompt=HOSTILE, final_answer=HOSTILE, steps=steps, meta=meta)
    curator.post(f"/api/traces/{trace.id}/reviews", {"verdict": "approved"}, format="json")


@pytest.mark.parametrize(
    ("way", "written"),
    [
        ("think", "<think>\n{0}\n</think>\n\n{0}"),
        ("tags", "<reasoning>{0}</reasoning>\n<answer>{0}</answer>"),
        ("plain", "{0}\n\n{0}"),
        ("none", "{0}"),
    ],
)
def test_no_trace_can_end_a_turn_or_its_thought(reader, hostile, way, written):
    said = written.format(broken(way))
    chat = one(reader, "chat", thought=way)
    assert chat["prompt"] == [{"role": "user", "content": broken()}]
    assert chat["completion"] == [{"role": "assistant", "content": said}]
    assert one(reader, "messages", thought=way)["messages"] == chat["prompt"] + chat["completion"]
    for fmt in TEXTS:
        row = one(reader, fmt, thought=way)
        assert (row["prompt"], row["completion"]) == (broken(), said)


def test_none_can_in_fields_and_templates_either(reader, hostile):
    (said,) = one(reader, "chat")["completion"]
    assert {said["content"], said["reasoning_content"]} == {broken("reasoning_content")}
    asked = f"<start_of_turn>user\n{broken()}<end_of_turn>\n<start_of_turn>model\n"
    tagged = "<reasoning>{0}</reasoning>\n<answer>{0}</answer><end_of_turn>"
    assert one(reader, "tunix_tagged")["prompts"] == asked + tagged.format(broken("tags"))
    row = one(reader, "grpo")
    assert row["prompt"] == [{"role": "user", "content": broken()}]
    assert (row["prompt_text"], row["question"]) == (asked, broken())


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt not in OF_PAIRS])
def test_choices_that_a_format_does_not_have_are_refused(reader, fmt):
    TraceFactory()
    known = FORMATS[fmt]
    route = "jsonl" if fmt in EVERY_LINES else "parquet"
    url = url_of(DatasetFactory(), fmt, route=route)
    for name, has, without in (
        ("thought", known.thoughts, "writes no thought apart"),
        ("neutral", known.neutrals, "has no labels of steps"),
    ):
        for choice in ("reasoning_content", "think") if name == "thought" else ("drop",):
            response = reader.get(f"{url}&{name}={choice}")
            if choice in has:
                assert response.status_code == 200
                continue
            said = f"has {', '.join(has)}" if has else without
            assert (response.status_code, response.json()) == (400, {name: [f"{fmt} {said}."]})


def test_choices_name_other_bytes(reader):
    TraceFactory()
    dataset = DatasetFactory()
    url = url_of(dataset, "chat")
    etags = {way: reader.head(f"{url}&thought={way}")["ETag"] for way in FORMATS["chat"].thoughts}
    assert len(set(etags.values())) == 5
    assert reader.head(url)["ETag"] == etags["reasoning_content"]
    url = url_of(dataset, "stepwise")
    etags = {way: reader.head(f"{url}&neutral={way}")["ETag"] for way in ("true", "false", "drop")}
    assert len(set(etags.values())) == 3
    assert reader.get(f"{url}&neutral=perhaps").status_code == 400


def test_splits_of_a_format_have_their_rows(reader):
    for number in range(20):
        TraceFactory(meta={"reference_answer": str(number)})
    dataset = SplitDatasetFactory()
    for fmt in ("chat", "grpo"):
        parts = [export(reader, dataset, fmt, split=split) for split in dataset.splits]
        whole = export(reader, dataset, fmt)
        assert sorted(b"".join(parts).splitlines()) == sorted(whole.splitlines())
