"""What the OpenAPI document shows of requests to the trace routes, and of their answers."""

from typing import Any

from jobs.api.examples import BULK_DELETE_JOB, BULK_JOB, SCORE_JOB

TRACE_ID = "01a20ff4-1ec0-715c-a98b-b21593e56295"
OTHER_ID = "01a20ff4-1f40-73eb-87bb-6703f77eca47"
CREATED_AT = "2026-11-24T23:46:26.624449Z"

TRACE: dict[str, Any] = {
    "trace_version": "1.0",
    "prompt": "What is 17+25?",
    "steps": [
        {"i": 0, "type": "reasoning", "content": "Ones: 7+5=12, write 2, carry 1"},
        {"i": 1, "type": "reasoning", "content": "Tens: 1+2+1=4"},
    ],
    "final_answer": "42",
    "meta": {"source": "by hand", "reference_answer": "42"},
}
NAMED_TRACE = {**TRACE, "external_id": "17+25", "tags": ["sums"]}
ROW = {
    "id": TRACE_ID,
    "created_at": CREATED_AT,
    "trace_version": "1.0",
    "source": "by hand",
    "status": "unreviewed",
    "tags": ["sums"],
    "prompt_preview": "What is 17+25?",
    "final_answer_preview": "42",
    "step_count": 2,
}
DETAILS = {
    "step_count": 2,
    "avg_step_length": 21.5,
    "total_chars": 43,
    "step_score": 10.0,
    "length_score": 2.15,
    "criteria": "baseline",
    "scored_at": CREATED_AT,
}
SCORE = {
    "trace": TRACE_ID,
    "criteria": "baseline",
    "scorer_version": "1",
    "value": 12.15,
    "details": DETAILS,
    "created_at": CREATED_AT,
}
STORED = {
    "id": TRACE_ID,
    "created_at": CREATED_AT,
    "trace_version": "1.0",
    "source": "by hand",
    "external_id": "17+25",
    "status": "unreviewed",
    "tags": ["sums"],
    "content_hash": "92460723-552b-9f6e-45be-651c7d91347a",
    "prompt_hash": "10556391-905d-9aef-3b1d-c14fca78ee22",
    "step_count": 2,
    "payload": TRACE,
    "scores": [],
}
CORRECTED = {
    **STORED,
    "id": OTHER_ID,
    "external_id": None,
    "content_hash": "55c1f8f0-9d3f-2f52-1d38-2b8e7d8e8b0b",
    "payload": {
        **TRACE,
        "final_answer": "42",
        "meta": {**TRACE["meta"], "revision_of": TRACE_ID},
    },
}
REVIEW = {
    "id": 1,
    "trace": TRACE_ID,
    "reviewer": "ada",
    "verdict": "rejected",
    "status_before": "unreviewed",
    "note": "The carry is lost.",
    "reasons": ["wrong step"],
    "step_labels": {"0": 1, "1": -1},
    "created_at": CREATED_AT,
    "queue": None,
    "guideline": None,
    "undoes": None,
}
REWARDED = {
    "reward": 1.2,
    "scores": {"answer_correctness": 1.0, "arithmetic": 1.0},
    "id": TRACE_ID,
    "prompt_preview": "What is 17+25?",
    "final_answer_preview": "42",
}
ENTRY = {"id": TRACE_ID, "created_at": CREATED_AT, "trace_version": "1.0", "outcome": "created"}
COMPARED = {
    "id": TRACE_ID,
    "created_at": CREATED_AT,
    "score": 12.15,
    "trace_version": "1.0",
    "payload": TRACE,
}


def page(*rows: Any) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": [*rows]}


# By action: the request, and answers by their status.
OF_TRACES: dict[str, dict[Any, Any]] = {
    "list": {200: page(ROW)},
    "create": {"request": NAMED_TRACE, 201: STORED, 200: STORED},
    "retrieve": {200: {**STORED, "scores": [SCORE]}},
    "partial_update": {
        "request": {"status": "approved", "tags": ["sums", "checked"]},
        200: {**STORED, "status": "approved", "tags": ["sums", "checked"]},
    },
    "batch": {
        "request": [NAMED_TRACE],
        201: {"created_count": 1, "existing_count": 0, "traces": [ENTRY]},
        207: {
            "created_count": 1,
            "existing_count": 0,
            "traces": [ENTRY, None],
            "detail": "The rest was stored: 1 bad trace.",
            "errors": [{"index": 1, "errors": {"steps": ["Give at least one step."]}}],
        },
    },
    "bulk": {
        "request": {"where": {"source": "by hand"}, "set": {"add_tags": ["checked"]}},
        202: BULK_JOB,
    },
    "import_stream": {
        "request": '{"question": "Ana has 3 boxes of 4 pens. How many?", '
        '"answer": "3*4=<<3*4=12>>12 pens.\\n#### 12"}\n',
        200: {
            "format": "gsm8k",
            "line_count": 1,
            "created_count": 1,
            "existing_count": 0,
            "read_differently_count": 0,
            "error_count": 0,
            "errors": [],
            "job": "01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a11",
        },
    },
    "formats": {
        200: [
            {
                "name": "gsm8k",
                "description": "Grade-school problems with worked solutions.",
                "example": {"question": "What is 3*4?", "answer": "3*4=<<3*4=12>>12\n#### 12"},
            }
        ]
    },
    "score": {
        "request": {"criteria": "baseline"},
        201: {"trace_id": TRACE_ID, "score": 12.15, "details": DETAILS},
    },
    "scores": {200: [SCORE]},
    "reviews": {200: page(REVIEW)},
    "review": {
        "request": {
            "verdict": "rejected",
            "note": "The carry is lost.",
            "reasons": ["wrong step"],
            "step_labels": {"0": 1, "1": -1},
        },
        201: REVIEW,
    },
    "correct": {
        "request": {"final_answer": "42", "note": "The carry was lost."},
        201: CORRECTED,
    },
    "compare": {200: {"base": COMPARED, "other": {**COMPARED, "id": OTHER_ID}}},
    "similar": {
        200: {
            "results": [{**ROW, "id": OTHER_ID, "similarity": 0.83}],
            "candidates": 1,
            "complete": True,
        }
    },
    "prompts": {
        200: page(
            {
                "prompt_hash": "10556391-905d-9aef-3b1d-c14fca78ee22",
                "prompt_preview": "What is 17+25?",
                "trace_count": 4,
                "answer_count": 2,
                "agreement": 0.75,
                "most_frequent_answer": "42",
                "scored_count": 4,
                "pass_rate": 0.75,
                "complete": True,
            }
        )
    },
}
OF_SCORES: dict[str, dict[Any, Any]] = {
    "batch": {
        "request": [
            {
                "trace": TRACE_ID,
                "criteria": "judge",
                "scorer_version": "2",
                "value": 0.8,
                "details": {"model": "a judge"},
            }
        ],
        201: {"created_count": 1, "updated_count": 0},
    }
}
OF_SCORING: dict[str, dict[Any, Any]] = {
    "score_all": {
        "request": {"where": {"source": "by hand"}, "criteria": "arithmetic"},
        202: SCORE_JOB,
    }
}
OF_DELETION: dict[str, dict[Any, Any]] = {
    "bulk_delete": {
        "request": {"where": {"source": "by hand", "status": "rejected"}, "expected_count": 2},
        202: BULK_DELETE_JOB,
    }
}
OF_REWARDS: dict[str, dict[Any, Any]] = {
    "preview": {
        "request": {
            "reward": {"answer_correctness": 1, "arithmetic": 0.2},
            "where": {"source": "by hand"},
        },
        200: {
            "trace_count": 1,
            "complete": True,
            "rewarded_count": 1,
            "left_out": {"answer_correctness": 0, "arithmetic": 0},
            "mean": 1.2,
            "histogram": [{"low": 1.2, "high": 1.2, "count": 1}],
            "best": [REWARDED],
            "worst": [REWARDED],
        },
    }
}
PREFERENCE = {
    "id": 1,
    "chosen": TRACE_ID,
    "rejected": OTHER_ID,
    "reviewer": "ada",
    "note": "It carries the one.",
    "created_at": CREATED_AT,
}
OF_PREFERENCES: dict[str, dict[Any, Any]] = {
    "list": {200: page(PREFERENCE)},
    "create": {
        "request": {"chosen": TRACE_ID, "rejected": OTHER_ID, "note": "It carries the one."},
        201: PREFERENCE,
        200: PREFERENCE,
    },
}
