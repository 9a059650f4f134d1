"""What the OpenAPI document shows of events."""

from typing import Any

EVENT = {
    "id": "01a20ff4-4c11-7d20-93a5-2f0f4d0f7e55",
    "at": "2026-11-24T23:46:38.609121Z",
    "actor": "ada",
    "key": "nightly",
    "through": "api",
    "job": None,
    "action": "review",
    "object": {"type": "trace", "id": "01a20ff4-1ec0-715c-a98b-b21593e56295"},
    "before": {"status": "unreviewed"},
    "after": {"status": "approved", "review": 1},
    "count": None,
    "where": None,
}

OF_EVENTS: dict[str, dict[Any, Any]] = {
    "list": {200: {"next": None, "previous": None, "results": [EVENT]}}
}
