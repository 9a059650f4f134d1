"""GSM8K's training problems, in over HTTP and out again in every format."""

import hashlib
import json
import re
import uuid
from collections import Counter

import pytest

from traces.tests.real_data import read_problems

PROBLEMS = 7_473
BATCH = 1_000
CALCULATION = re.compile(r"<<[^>]*>>")

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.live,
    pytest.mark.django_db(transaction=True),
]


def as_trace(problem, number) -> dict:
    """A step for each line of the answer, without its calculation marks; these go into meta."""
    worked, final_answer = problem["answer"].split("\n#### ")
    lines = [line for line in worked.split("\n") if line.strip()]
    return {
        "trace_version": "1.0",
        "prompt": problem["question"],
        "final_answer": final_answer,
        "steps": [
            {"i": i, "type": "reasoning", "content": CALCULATION.sub("", line)}
            for i, line in enumerate(lines)
        ],
        "meta": {
            "source": "gsm8k",
            "split": "train",
            "calculations": CALCULATION.findall(worked),
            "reference_answer": final_answer,
        },
        "external_id": f"train/{number}",
    }


@pytest.fixture
def exports(site_as):
    """Send all problems and build a dataset; give ids, the answer of the build, and export."""
    traces = [as_trace(problem, number) for number, problem in enumerate(read_problems("train"))]
    client = site_as("curator")
    ids = []
    for start in range(0, len(traces), BATCH):
        answer = client.post("/api/traces/batch", json=traces[start : start + BATCH])
        assert answer.status_code == 201, answer.text
        entries = answer.json()["traces"]
        assert {entry["outcome"] for entry in entries} == {"created"}
        ids += [entry["id"] for entry in entries]
    request = {
        "dataset_name": "gsm8k",
        "dataset_version": "train",
        "filters": {"source": "gsm8k", "split": "train"},
        "limit": None,
        "selection_strategy": "random",
        "seed": 8,
        "splits": {"train": 0.9, "validation": 0.1},
    }
    built = client.post("/api/datasets/build", json=request)
    assert built.status_code == 201, built.text

    def export(fmt, split=None) -> list:
        query = {"format": fmt, **({"split": split} if split else {})}
        response = client.get("/api/datasets/gsm8k-train/export.jsonl", params=query)
        assert response.status_code == 200
        lines = response.content.split(b"\n")
        assert lines.pop() == b""
        assert response.headers["X-Row-Count"] == str(len(lines))
        return [json.loads(line) for line in lines]

    return ids, built.json(), export


def short_hash(text: str) -> uuid.UUID:
    return uuid.UUID(hashlib.sha256(text.encode()).hexdigest()[:32])


def selected(ids, traces) -> list:
    """Order and split all traces as the recipe says, in Python: rows of (id, trace, split)."""
    rows = []
    for identity, trace in zip(ids, traces, strict=True):
        steps = [[step["type"], step["content"]] for step in trace["steps"]]
        content = [trace["prompt"], steps, trace["final_answer"]]
        content_hash = short_hash(json.dumps(content, ensure_ascii=False, separators=(",", ":")))
        prompt_hash = short_hash(" ".join(trace["prompt"].split()).casefold())
        rank = hashlib.sha256(f"order:8:{content_hash}".encode()).digest()
        part = int(hashlib.sha256(f"split:8:{prompt_hash}".encode()).hexdigest()[:13], 16) / 2**52
        rows.append((rank, identity, trace, "train" if part < 0.9 else "validation", content_hash))
    return sorted(rows, key=lambda row: row[:2])


def test_all_problems_come_back_in_every_format(exports):
    ids, built, export = exports
    traces = [as_trace(problem, number) for number, problem in enumerate(read_problems("train"))]
    rows = selected(ids, traces)
    assert len(rows) == built["trace_count"] == PROBLEMS
    digest = "".join(f"{content_hash}\t{split}\n" for _, _, _, split, content_hash in rows)
    assert built["content_digest"] == hashlib.sha256(digest.encode()).hexdigest()
    check_records(export, rows)
    check_traces(export, rows)
    check_tunix_sft(export, rows)
    check_training_examples(export, rows, uuid.UUID(built["build_id"]))
    counts = Counter(split for _, _, _, split, _ in rows)
    assert 0.88 < counts["train"] / PROBLEMS < 0.92
    for split, count in counts.items():
        part = [row[1] for row in rows if row[3] == split]
        assert [line["id"] for line in export("tunix_sft", split)] == part
        assert len(part) == count


def check_records(export, rows):
    lines = export("record")
    assert len(lines) == PROBLEMS
    for line, (_, identity, trace, split, _) in zip(lines, rows, strict=True):
        assert {name: line[name] for name in trace} == trace
        assert (line["id"], line["split"], line["status"]) == (identity, split, "unreviewed")


def check_traces(export, rows):
    for line, (_, identity, trace, _, _) in zip(export("trace"), rows, strict=True):
        assert (line["id"], line["prompts"]) == (identity, trace["prompt"])
        assert line["trace_steps"] == [step["content"] for step in trace["steps"]]
        assert line["final_answer"] == trace["final_answer"]
        metadata = line["metadata"]
        assert metadata.pop("trace_version") == "1.0"
        assert metadata.pop("created_at").endswith("Z")
        assert metadata == trace["meta"]


def response_of(trace) -> str:
    steps = "".join(f"{step['i'] + 1}. {step['content']}\n" for step in trace["steps"])
    return f"Reasoning:\n{steps}Answer: {trace['final_answer']}"


def check_tunix_sft(export, rows):
    for line, (_, identity, trace, _, _) in zip(export("tunix_sft"), rows, strict=True):
        assert line["id"] == identity
        assert line["prompts"] == (
            f"<start_of_turn>user\n{trace['prompt']}<end_of_turn>\n"
            f"<start_of_turn>model\n{response_of(trace)}<end_of_turn>"
        )
        assert "<<" not in line["prompts"]
        assert line["metadata"]["format"] == "tunix_sft"


def check_training_examples(export, rows, build_id):
    for line, (_, identity, trace, _, _) in zip(export("training_example"), rows, strict=True):
        assert line["id"] == str(uuid.uuid5(build_id, identity))
        assert line["prompt"] == f"{trace['prompt']}\n\nPlease show your reasoning steps."
        assert line["response"] == response_of(trace)
        assert line["metadata"]["source_trace_id"] == identity


def test_sending_the_problems_again_creates_nothing(exports, site_as):
    ids, _, _ = exports
    client = site_as("writer")
    traces = [as_trace(problem, number) for number, problem in enumerate(read_problems("train"))]
    again = []
    for start in range(0, len(traces), BATCH):
        answer = client.post("/api/traces/batch", json=traces[start : start + BATCH]).json()
        assert answer["created_count"] == 0
        again += [entry["id"] for entry in answer["traces"]]
    assert again == ids
    assert client.get("/api/traces?count=true&limit=1").json()["count"] == PROBLEMS
