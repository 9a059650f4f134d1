"""What the OpenAPI document shows of the answers of the job routes."""

from typing import Any

JOB: dict[str, Any] = {
    "id": "01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a11",
    "kind": "build",
    "state": "succeeded",
    "done": 3,
    "total": 3,
    "created_at": "2026-11-24T23:46:29.624449Z",
    "started_at": "2026-11-24T23:46:29.731204Z",
    "finished_at": "2026-11-24T23:46:29.988110Z",
    "result": {"dataset_key": "sums-1", "trace_count": 3, "matched_count": 3, "created": True},
    "error": None,
}
QUEUED = {
    **JOB,
    "state": "queued",
    "done": 0,
    "total": None,
    "started_at": None,
    "finished_at": None,
    "result": None,
}
BULK_JOB = {**QUEUED, "kind": "bulk"}
BULK_DELETE_JOB = {**QUEUED, "kind": "bulk_delete", "total": 2}
UNDO_JOB = {**QUEUED, "kind": "undo"}
SCORE_JOB = {**QUEUED, "kind": "score", "total": 2}

# By action: answers by their status.
EXAMPLES: dict[str, dict[Any, Any]] = {
    "list": {
        200: {
            "next": None,
            "previous": None,
            "results": [{name: value for name, value in JOB.items() if name != "result"}],
        }
    },
    "retrieve": {200: JOB},
    "undo": {202: UNDO_JOB},
    "errors": {200: '{"line":2,"field":"question","message":"This field is required."}\n'},
}
