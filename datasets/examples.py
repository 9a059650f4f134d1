"""What the OpenAPI document shows of requests to the dataset routes, and of their answers."""

from typing import Any

from datasets.statistics.edges import EDGES
from jobs.api.examples import QUEUED
from traces.examples import CREATED_AT, OTHER_ID, TRACE_ID, page

BUILD_ID = "0fb1270f-8456-40f2-bd41-612538563d4e"
DIGEST = "e4e42b0d31cb26e34740ea8140b295f2eb893ffb7542239ede72a669f1d82098"
BUILT = {
    "dataset_key": "sums-1",
    "build_id": BUILD_ID,
    "trace_count": 2,
    "matched_count": 2,
    "manifest_url": "http://127.0.0.1:8000/api/datasets/sums-1/manifest",
    "content_digest": DIGEST,
}
ROW = {
    "dataset_key": "sums-1",
    "build_id": BUILD_ID,
    "dataset_name": "sums",
    "dataset_version": "1",
    "created_at": CREATED_AT,
    "selection_strategy": "random",
    "trace_count": 2,
    "content_digest": DIGEST,
}
RECIPE: dict[str, Any] = {
    "filters": {},
    "where": {"source": "by hand"},
    "limit": None,
    "selection_strategy": "random",
    "seed": 7,
    "splits": {"train": 0.9, "validation": 0.1},
    "split_by": "prompt",
}
OF_TRAIN: dict[str, Any] = {
    "trace_count": 2,
    "steps": [0, 2, *[0] * 13],
    "chars": [2, *[0] * 11],
    "sources": {"values": {"by hand": 2}, "others": 0},
    "models": {"values": {"": 2}, "others": 0},
    "answers": {"none": 0, "choice": 0, "number": 2, "text": 0},
    "scores": [],
}
DETAIL: dict[str, Any] = {
    "dataset_key": "sums-1",
    "build_id": BUILD_ID,
    "dataset_name": "sums",
    "dataset_version": "1",
    "dataset_schema_version": "1.0",
    "created_at": CREATED_AT,
    **RECIPE,
    "recipe": {"version": 1, **RECIPE},
    "funnel": [
        {"step": "match", "in": 7, "out": 2, "reasons": {"did_not_match": 5}, "seconds": 0.002},
        {"step": "select", "in": 2, "out": 2, "reasons": {}, "seconds": 0.001},
        {"step": "split", "in": 2, "out": 2, "reasons": {}, "seconds": 0.001},
    ],
    "trace_count": 2,
    "stats": {
        "trace_count": 2,
        "avg_step_count": 2.0,
        "min_step_count": 2,
        "max_step_count": 2,
        "avg_total_chars": 59.0,
        "max_total_chars": 59,
        "split_counts": {"train": 2, "validation": 0},
        "edges": EDGES,
        "by_split": {"train": OF_TRAIN},
    },
    "session_id": None,
    "parent_dataset_id": None,
    "training_run_id": None,
    "provenance": {"why": "the first try"},
    "content_digest": DIGEST,
}

REMOVED = {
    "in": False,
    "step": "dedupe",
    "reason": "same_answer",
    "evidence": {"trace": OTHER_ID},
}

PREVIEW = {
    "funnel": [
        {"step": "match", "in": 3, "out": 3, "reasons": {}, "seconds": 0.002},
        {"step": "dedupe", "in": 3, "out": 2, "reasons": {"beyond_per_prompt": 1}, "seconds": 0.01},
        {"step": "select", "in": 2, "out": 2, "reasons": {}, "seconds": 0.001},
        {"step": "split", "in": 2, "out": 2, "reasons": {}, "seconds": 0.0},
    ],
    "samples": {
        "dedupe": [
            {"trace": TRACE_ID, "reason": "beyond_per_prompt", "because": {"trace": OTHER_ID}}
        ]
    },
    "splits": {},
    "sampled": None,
    "unscored": {},
    "written": None,
}

CONTAMINATION: dict[str, Any] = {
    "eval_set": {
        "key": "held-out-sums-1",
        "digest": "beda3a42aba6b1b079fd307c31c7ba63c0cd3cc0a274ef3cd250e67f83fa93e2",
        "match": "words",
        "template_ngrams": 0,
    },
    "item_count": 1,
    "trace_count": 1,
    "items": [
        {
            "item": "1",
            "share": 1.0,
            "words": "what is 17 + 25",
            "trace_count": 1,
            "traces": [TRACE_ID],
        }
    ],
}

FORMAT: dict[str, Any] = {
    "format": "tunix_sft",
    "version": 2,
    "row_count": 1,
    "left_out": {"tools": 1},
}

LINE = (
    '{"id":"01a20ff4-1ec0-715c-a98b-b21593e56295","prompts":"What is 17+25?",'
    '"trace_steps":["Ones: 7+5=12, write 2, carry 1","Tens: 1+2+1=4"],"final_answer":"42",'
    '"metadata":{"created_at":"2026-11-24T23:46:26.624449Z","trace_version":"1.0",'
    '"source":"by hand"}}\n'
)

PARQUET = "PAR1...PAR1"  # bytes: a file begins and ends so

# By action: the request, and answers by their status.
EXAMPLES: dict[str, dict[Any, Any]] = {
    "list": {200: page(ROW)},
    "build": {
        "request": {
            "dataset_name": "sums",
            "dataset_version": "1",
            "where": {"source": "by hand"},
            "limit": None,
            "selection_strategy": "random",
            "seed": 7,
            "splits": {"train": 0.9, "validation": 0.1},
            "provenance": {"why": "the first try"},
        },
        201: BUILT,
        200: BUILT,
        202: QUEUED,
    },
    "preview": {"request": {"limit": 3, "dedupe": {"per_prompt": 1}}, 200: PREVIEW},
    "retrieve": {200: DETAIL},
    "manifest": {200: {**DETAIL, "trace_ids": [OTHER_ID, TRACE_ID]}},
    "format_counts": {200: FORMAT},
    "why": {200: REMOVED},
    "contamination": {200: CONTAMINATION, 202: QUEUED},
    "export": {200: LINE, 206: LINE},
    "export_parquet": {200: PARQUET, 206: PARQUET},
}
