"""Where a dataset comes from, what came of it, and which questions it was held against."""

from typing import Any

from datasets import tasks
from datasets.models import Dataset
from evalsets.models import EvalSet
from jobs.models import Job, State

MOST_CHILDREN = 100  # that are listed, the newest first
MOST_CHECKS = 100  # jobs that are looked at, the newest first


def lineage(dataset: Dataset) -> dict[str, Any]:
    """Say what is known here: a parent may be kept elsewhere, and jobs are forgotten one day."""
    children = dataset.children.filter(deleted_at=None).order_by("-pk")
    held_out = EvalSet.objects.existing().filter(parent=dataset.key).order_by("-pk")
    parent = dataset.parent_dataset_id
    return {
        "dataset_key": dataset.key,
        "parent": {"key": parent, "kept_here": dataset.parent_id is not None} if parent else None,
        "child_count": children.count(),
        "children": list(children.values("key", "trace_count", "created_at")[:MOST_CHILDREN]),
        "checked_against": [*_taken_away(dataset), *_looked_for(dataset)],
        "held_out": list(
            held_out.values("key", "digest", "item_count", "parent_split")[:MOST_CHILDREN]
        ),
    }


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
    done = Job.objects.filter(
        kind=tasks.CONTAMINATION, state=State.SUCCEEDED, parameters__dataset=dataset.key
    )
    rows = done.order_by("-pk").values_list(
        "finished_at", "result__eval_set", "result__trace_count"
    )
    found: dict[str, dict[str, Any]] = {}
    for finished_at, eval_set, trace_count in rows[:MOST_CHECKS]:
        check = {
            "eval_set": {"key": eval_set["key"], "digest": eval_set["digest"]},
            "by": "contamination",
            "at": finished_at,
            "trace_count": trace_count,
        }
        found.setdefault(eval_set["key"], check)
    return list(found.values())
