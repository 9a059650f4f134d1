"""What the OpenAPI document shows of requests to the routes of queues, and of their answers."""

from typing import Any

from traces.curation.columns import USUAL
from traces.examples import CREATED_AT, REVIEW, SCORE, STORED, TRACE_ID, page

EXPIRES_AT = "2026-11-24T23:56:26.624449Z"
NEW_QUEUE = {
    "name": "Sums of two attempts",
    "where": {"source": "by hand", "status": "unreviewed"},
    "order": "disagreement",
    "overlap": 0.2,
    "reasons": ["wrong step", "wrong answer"],
    "step_labels": True,
    "guideline": "Reject what is right by chance.",
}
ROW = {
    "id": 1,
    "name": "Sums of two attempts",
    "where": {"source": "by hand", "status": "unreviewed"},
    "order": "disagreement",
    "criteria": "",
    "seed": 0,
    "overlap": 0.2,
    "blind": False,
    "reasons": ["wrong step", "wrong answer"],
    "step_labels": True,
    "people": [],
    "left": 37,
    "reviewed": 363,
    "job": None,
    "created_by": "ada",
    "created_at": CREATED_AT,
}
QUEUE = {
    **ROW,
    "guideline": "Reject what is right by chance.",
    "guideline_version": 1,
    "agreement": [{"reviewers": ["ada", "bob"], "trace_count": 71, "share": 0.93, "kappa": 0.81}],
}
FILLED_LATER = {
    **QUEUE,
    "left": 0,
    "reviewed": 0,
    "job": "01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a11",
    "agreement": [],
}
CLAIM = {"id": 1, "expires_at": EXPIRES_AT}
UNDO = {
    "id": 2,
    "trace": TRACE_ID,
    "reviewer": "ada",
    "verdict": "unreviewed",
    "status_before": "rejected",
    "note": "",
    "reasons": [],
    "step_labels": None,
    "created_at": CREATED_AT,
    "queue": None,
    "guideline": None,
    "undoes": 1,
}
KEPT = {
    "id": 1,
    "name": "Wrong sums",
    "where": {"criteria": "arithmetic", "max_score": 0.99},
    "team": False,
    "owner": "ada",
}

# By action: the request, and answers by their status.
OF_QUEUES: dict[str, dict[Any, Any]] = {
    "list": {200: page(ROW)},
    "create": {"request": NEW_QUEUE, 201: FILLED_LATER},
    "retrieve": {200: QUEUE},
    "partial_update": {
        "request": {"blind": True, "guideline": "Reject what is right by chance, and say why."},
        200: {
            **QUEUE,
            "blind": True,
            "guideline": "Reject what is right by chance, and say why.",
            "guideline_version": 2,
        },
    },
    "next_trace": {
        "request": {},
        200: {
            "trace": {**STORED, "scores": [SCORE]},
            "claim": {**CLAIM, "id": 2},
            "left": 37,
        },
    },
}
OF_CLAIMS: dict[str, dict[Any, Any]] = {"renew": {200: CLAIM}}
OF_REVIEWS: dict[str, dict[Any, Any]] = {"list": {200: page(REVIEW)}, "undo": {201: UNDO}}
OF_FILTERS: dict[str, dict[Any, Any]] = {
    "list": {200: page(KEPT)},
    "create": {
        "request": {name: KEPT[name] for name in ("name", "where")},
        201: KEPT,
    },
}
CHOSEN = ["status", "model", "score:arithmetic", "reviewer"]
OF_COLUMNS: dict[str, dict[Any, Any]] = {
    "get": {200: {"columns": [*USUAL], "usual": True}},
    "put": {"request": {"columns": CHOSEN}, 200: {"columns": CHOSEN, "usual": False}},
}
