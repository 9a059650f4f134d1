"""Where a dataset comes from, what came of it, and which questions it was held against."""

from typing import Any

from datasets.held_out.looked import last_looks
from datasets.models import Dataset
from evalsets.models import EvalSet

MOST_LISTED = 100  # of each, the newest first


def lineage(dataset: Dataset) -> dict[str, Any]:
    """Say what is known here: a parent may be kept elsewhere, and jobs are forgotten one day."""
    children = dataset.children.filter(deleted_at=None).order_by("-pk")
    held_out = EvalSet.objects.existing().filter(parent=dataset.key).order_by("-pk")
    parent = dataset.parent_dataset_id
    return {
        "dataset_key": dataset.key,
        "parent": {"key": parent, "kept_here": dataset.parent_id is not None} if parent else None,
        "child_count": children.count(),
        "children": list(children.values("key", "trace_count", "created_at")[:MOST_LISTED]),
        "checked_against": checked_against(dataset),
        "held_out_count": held_out.count(),
        "held_out": list(
            held_out.values("key", "digest", "item_count", "parent_split")[:MOST_LISTED]
        ),
    }


def checked_against(dataset: Dataset) -> list[dict[str, Any]]:
    """Give the sets whose items the build took away, and those that were looked for since."""
    return [*_taken_away(dataset), *_looked_for(dataset)]


def _taken_away(dataset: Dataset) -> list[dict[str, Any]]:
    """Give the sets whose items the build took away."""
    return [
        {
            "eval_set": {"key": against["key"], "digest": against["digest"]},
            "by": "decontaminate",
            "at": dataset.created_at,
            "trace_count": 0,
        }
        for against in dataset.findings.get("decontaminated_against", [])
    ]


def _looked_for(dataset: Dataset) -> list[dict[str, Any]]:
    """Give the sets whose items a job looked for since, the last time of each."""
    rows = last_looks("eval_set", dataset=dataset.key)
    return [
        {
            "eval_set": {"key": eval_set["key"], "digest": eval_set["digest"]},
            "by": "contamination",
            "at": finished_at,
            "trace_count": trace_count,
        }
        for finished_at, eval_set, trace_count in rows.values_list(
            "finished_at", "result__eval_set", "result__trace_count"
        )
    ]
