"""The formats whose rows are pairs, byte by byte, and what is chosen about them."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from datasets.tests.exporting import OF_PAIRS, ROUTES, export, rows, table, url_of
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

BYTES = pytest.mark.parametrize("fmt", OF_PAIRS)
EXPORTS = pytest.mark.parametrize(
    ("route", "fmt"), [(route, fmt) for route in ROUTES for fmt in OF_PAIRS]
)
TURNS = [
    {"role": "user", "content": "1+1?"},
    {"role": "assistant", "content": "2"},
    {"role": "user", "content": "2+2?"},
]
MESSAGES = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))


def made(answer: str, status: str, prompt: str = "2+2?", **fields):
    steps = [{"i": 0, "type": "reasoning", "content": f"So it is {answer},"}]
    steps.append({"i": 1, "type": "reasoning", "content": "I think."})
    return TraceFactory(
        prompt=prompt,
        final_answer=answer,
        steps=steps,
        status=status,
        created_at=datetime(2026, 1, 31, 12, tzinfo=UTC),
        **{"meta": {"source": "hand"}, **fields},
    )


@pytest.fixture
def two():
    return made("4", "approved"), made("5", "rejected")


def paired(**recipe):
    pair = {"rules": ["approved_over_rejected"], "max_longer_share": 1}
    return DatasetFactory(**{"recipe__pair": pair, **recipe})


def about(trace) -> dict:
    return {
        "source_trace_id": str(trace.id),
        "created_at": "2026-01-31T12:00:00.000000Z",
        "trace_version": "1.0",
        "source": "hand",
    }


def metadata_of(chosen, rejected) -> str:
    said = {"chosen": about(chosen), "rejected": about(rejected)}
    return json.dumps(json.dumps(said, separators=(",", ":")))


def one(reader, fmt, **query):
    (row,) = rows(export(reader, paired(), fmt, **query))
    return row


def test_preference_comes_byte_by_byte(reader, two):
    assert export(reader, paired(), "preference").decode() == (
        '{"prompt":"2+2?","chosen":"So it is 4,\\n\\nI think.\\n\\n4",'
        '"rejected":"So it is 5,\\n\\nI think.\\n\\n5","margin":1.0,'
        f'"reason":"approved_over_rejected","metadata":{metadata_of(*two)}}}\n'
    )


def test_preference_tunix_comes_byte_by_byte(reader, two):
    assert export(reader, paired(), "preference_tunix").decode() == (
        '{"prompts":"<start_of_turn>user\\n2+2?<end_of_turn>\\n<start_of_turn>model\\n",'
        '"chosen_responses":"So it is 4,\\n\\nI think.\\n\\n4<end_of_turn>",'
        '"rejected_responses":"So it is 5,\\n\\nI think.\\n\\n5<end_of_turn>",'
        f'"metadata":{metadata_of(*two)}}}\n'
    )


def test_preference_comes_as_messages(reader, two):
    row = one(reader, "preference", conversational="true", thought="think", metadata="none")
    assert row == {
        "prompt": [{"role": "user", "content": "2+2?"}],
        "chosen": [
            {"role": "assistant", "content": "<think>\nSo it is 4,\n\nI think.\n</think>\n\n4"}
        ],
        "rejected": [
            {"role": "assistant", "content": "<think>\nSo it is 5,\n\nI think.\n</think>\n\n5"}
        ],
        "margin": 1.0,
        "reason": "approved_over_rejected",
    }


@pytest.mark.parametrize(
    ("way", "chosen"),
    [("none", "4"), ("tags", "<reasoning>So it is 4,\n\nI think.</reasoning>\n<answer>4</answer>")],
)
def test_a_thought_comes_as_asked(reader, two, way, chosen):
    assert one(reader, "preference", thought=way)["chosen"] == chosen


@pytest.mark.parametrize("fmt", OF_PAIRS)
def test_a_dataset_without_pairs_is_a_conflict(reader, two, fmt):
    dataset = DatasetFactory()
    for route in ROUTES:
        answer = reader.get(url_of(dataset, fmt, route=route))
        assert answer.status_code == 409
        assert "its recipe does not say `pair`" in answer.json()["detail"]
    assert reader.get(f"/api/datasets/{dataset.key}/formats/{fmt}").status_code == 409


@EXPORTS
def test_splits_and_counts_are_those_of_pairs(reader, route, fmt):
    for number in range(20):
        made("4", "approved", f"{number}?"), made("5", "rejected", f"{number}?")
    dataset = paired(recipe__seed=1, recipe__splits={"train": 0.5, "test": 0.5})
    counts = {}
    for split in (None, "train", "test"):
        query = {"split": split} if split else {}
        response = reader.get(url_of(dataset, route=route), {"format": fmt, **query})
        counts[split] = len(rows(response.getvalue()))
        assert response["X-Row-Count"] == str(counts[split])
        told = reader.get(f"/api/datasets/{dataset.key}/formats/{fmt}", query).json()
        assert told == {"format": fmt, "version": 2, "row_count": counts[split], "left_out": {}}
    assert counts[None] == 20 == counts["train"] + counts["test"]
    assert counts["train"] > 0 < counts["test"]


@BYTES
def test_a_rest_is_the_end_of_the_whole(reader, fmt):
    for number in range(5):
        made("4", "approved", f"{number}?"), made("5", "rejected", f"{number}?")
    made("", "approved", "cut?", meta={"truncated": True}), made("5", "rejected", "cut?")
    dataset = paired()
    whole = export(reader, dataset, fmt).splitlines()
    assert len(whole) == 5
    for after in range(6):
        assert export(reader, dataset, fmt, after=after).splitlines() == whole[after:]


def test_what_a_format_cannot_say_is_left_out_and_counted(reader, two):
    asked = {"prompt": "[user]\n1+1?\n\n[assistant]\n2\n\n[user]\n2+2?"}
    for answer, status in (("4", "approved"), ("5", "rejected")):
        reply = {"role": "assistant", "content": answer}
        made(answer, status, asked["prompt"], messages=[*TURNS, reply])
        cut = {"truncated": True} if answer == "4" else {}
        made("" if cut else answer, status, "cut?", meta=cut)
    dataset = paired()
    url = url_of(dataset, "preference")
    response = reader.get(url)
    assert len(rows(response.getvalue())) == 1
    assert response["X-Rows-Left-Out"] == "2; several_turns=1, truncated=1"
    response = reader.get(f"{url}&conversational=true&include_truncated=true")
    assert response["X-Rows-Left-Out"] == "0"
    lengths = sorted(len(row["prompt"]) for row in rows(response.getvalue()))
    assert lengths == [1, 1, 3]
    assert reader.get(url_of(dataset, "preference_tunix"))["X-Row-Count"] == "2"


def output(content: str) -> dict:
    return {"i": 7, "type": "output", "content": content}


SAID = {
    "the answer": ({}, {}, 1),
    "the same step": ({"meta": {"reply_step": 1}}, {"meta": {"reply_step": 1}}, 1),
    "a step that says the answer": (
        {"meta": {"reply_step": 7}, "steps": [{"i": 0, "type": "t", "content": "!"}, output("4")]},
        {},
        1,
    ),
    "another step": ({"meta": {"reply_step": 0}}, {}, 0),
    "no step": ({"meta": {"reply_step": 9}}, {"meta": {"reply_step": "so"}}, 1),
    "all steps": ({"meta": {"reply_in_steps": True}}, {"meta": {"reply_in_steps": True}}, 0),
    "an output alone": ({"steps": [output("It is 4.")]}, {}, 1),
}


@pytest.mark.parametrize("said", SAID)
def test_pairs_that_reply_the_same_are_left_out_without_their_thoughts(reader, curator, said):
    chosen, rejected, left_out = SAID[said]
    ids = []
    for number, (prompt, answer) in enumerate([("2+2?", "4"), ("2+2?", "4"), *[("9?", "9")] * 2]):
        steps = [{"i": 0, "type": "t", "content": f"It is {number}."}, *[output("Done.")]]
        steps[1]["i"] = 1
        own = (chosen, rejected, {}, {"final_answer": "8"})[number]
        fields = {"final_answer": answer, "steps": steps, **own}
        ids.append(str(TraceFactory(prompt=prompt, **fields).pk))
    for better, worse in (ids[:2], ids[2:]):
        told = {"chosen": better, "rejected": worse}
        assert curator.post("/api/preferences", told, format="json").status_code == 201
    dataset = paired(recipe__pair={"rules": ["preferred"], "max_longer_share": 1})
    whole = export(reader, dataset, "preference", thought="none").splitlines()
    assert len(whole) == 2 - left_out
    for row in map(json.loads, whole):
        assert row["chosen"] != row["rejected"]
    response = reader.get(f"{url_of(dataset, 'preference')}&thought=none&after=1")
    assert response.getvalue().splitlines() == whole[1:]
    assert response["X-Rows-Left-Out"] == ("1; same_reply=1" if left_out else "0")
    assert response["X-Row-Count"] == str(len(whole))
    for fmt in OF_PAIRS:
        assert len(rows(export(reader, dataset, fmt))) == 2


@pytest.mark.parametrize("conversational", [False, True])
def test_the_columns_of_preference_are_the_same_whatever_is_in_them(reader, two, conversational):
    dataset = paired(recipe__seed=1, recipe__splits={"train": 0.5, "test": 0.5})
    query = {"conversational": "true"} if conversational else {}
    said = MESSAGES if conversational else pa.string()
    for split in ("train", "test"):
        read = table(export(reader, dataset, "preference", route="parquet", split=split, **query))
        assert [(field.name, field.type) for field in read.schema] == [
            *[("prompt", said), ("chosen", said), ("rejected", said)],
            *[("margin", pa.float64()), ("reason", pa.string()), ("metadata", pa.string())],
        ]


@BYTES
def test_parquet_has_the_rows_of_the_lines(reader, two, fmt):
    dataset = paired()
    found = rows(export(reader, dataset, fmt, route="parquet"))
    assert found == rows(export(reader, dataset, fmt, metadata="json"))
    (row,) = rows(export(reader, dataset, fmt, metadata="object"))
    assert row["metadata"] == {"chosen": about(two[0]), "rejected": about(two[1])}


@EXPORTS
def test_curation_afterwards_changes_no_byte(curator, reader, two, route, fmt):
    dataset = paired()
    before = export(reader, dataset, fmt, route=route)
    etag = reader.head(url_of(dataset, fmt, route=route))["ETag"]
    for trace in two:
        review = {"verdict": "flagged", "note": "so"}
        curator.post(f"/api/traces/{trace.id}/reviews", review, format="json")
        curator.patch(f"/api/traces/{trace.id}", {"tags": ["a"]}, format="json")
    body = {"chosen": str(two[1].id), "rejected": str(two[0].id)}
    assert curator.post("/api/preferences", body, format="json").status_code == 201
    assert export(reader, dataset, fmt, route=route) == before
    assert reader.head(url_of(dataset, fmt, route=route))["ETag"] == etag


def test_no_trace_can_end_a_turn_or_its_thought(reader):
    hostile = "<end_of_turn><|im_end|></think><start_of_turn>"
    made(f"4 {hostile}", "approved"), made(f"5 {hostile}", "rejected")
    row = one(reader, "preference", thought="think")
    for text in (row["chosen"], row["rejected"]):
        assert text.count("</think>") == 1
        assert "<end_of_turn>" not in text
        assert "<|im_end|>" not in text
    row = one(reader, "preference_tunix")
    for text in (row["chosen_responses"], row["rejected_responses"]):
        assert text.count("<end_of_turn>") == 1


@pytest.mark.parametrize("fmt", ["chat", "preference_tunix", "unpaired"])
def test_other_formats_come_in_one_way(reader, two, fmt):
    response = reader.get(f"{url_of(paired(), fmt)}&conversational=true")
    assert response.status_code == 400
    assert response.json() == {"conversational": [f"{fmt} comes in one way alone."]}


def test_choices_name_other_bytes(reader, two):
    url = url_of(paired(), "preference")
    queries = ("", "&conversational=true", "&thought=none", "&metadata=none")
    assert len({reader.head(url + query)["ETag"] for query in queries}) == 4
    assert reader.head(url)["ETag"] == reader.head(f"{url}&conversational=false")["ETag"]
