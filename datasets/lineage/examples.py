"""What the OpenAPI document shows of comparing datasets, and of where they come from."""

from typing import Any

from evalsets.examples import CREATED
from traces.examples import CREATED_AT, TRACE_ID

COMPARE = "http://127.0.0.1:8000/api/datasets/compare"
IDS_URL = f"{COMPARE}/ids.jsonl?base=sums-1&other=sums-2&change="
COMPARISON: dict[str, Any] = {
    "added": {"count": 1, "ids_url": f"{IDS_URL}added"},
    "removed": {"count": 0, "ids_url": f"{IDS_URL}removed"},
    "moved": {"count": 0, "ids_url": f"{IDS_URL}moved"},
    "recipe": {"limit": [2, 3]},
    "stats": {"trace_count": [2, 3], "avg_total_chars": [59.0, 48.33]},
}
CHANGED = f'{{"trace":"{TRACE_ID}","base":null,"other":"train"}}\n'
LINEAGE: dict[str, Any] = {
    "dataset_key": "sums-1",
    "parent": {"key": "sums-0", "kept_here": True},
    "child_count": 1,
    "children": [{"key": "sums-2", "trace_count": 3, "created_at": CREATED_AT}],
    "checked_against": [
        {
            "eval_set": {"key": CREATED["key"], "digest": CREATED["digest"]},
            "by": "decontaminate",
            "at": CREATED_AT,
            "trace_count": 0,
        }
    ],
    "held_out_count": 1,
    "held_out": [{**CREATED, "parent_split": "validation"}],
}
