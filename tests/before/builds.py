"""The datasets that are built: every key of a recipe, alone and with others."""

from typing import Any

THIRDS = {"train": 0.5, "validation": 0.25, "test": 0.25}


def builds(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the requests, in order; some name the hashes of a trace that is there."""
    later = "2100-01-01T00:00:00Z"
    recipes: dict[str, dict[str, Any]] = {
        "everything": {"limit": None},
        "newest": {},
        "some of them": {"limit": 7},
        "random": {"selection_strategy": "random", "seed": 7, "limit": 12},
        "random all": {"selection_strategy": "random", "seed": -(2**63), "limit": None},
        "split/by prompt": {"limit": None, "seed": 1, "splits": THIRDS},
        "split/by trace": {"limit": None, "seed": 1, "splits": THIRDS, "split_by": "trace"},
        "split in one": {"seed": 0, "splits": {"all": 1}, "limit": 5},
        "random and split": {
            "selection_strategy": "random",
            "seed": 2**63 - 1,
            "splits": {"a": 0.1, "b": 0.9},
            "limit": 20,
        },
        "no split but a seed": {"seed": 3, "limit": 3, "split_by": "trace"},
        "meta": {"filters": {"source": "sums", "level": 1}},
        "meta of every type": {
            "filters": {"topic": "adding", "checked": True, "share": 0.75, "level": 0}
        },
        "meta null": {"filters": {"none": None}},
        "source": {"where": {"source": "more sums"}},
        "meta keys": {"where": {"meta.level": 2, "meta.topic": "adding", "meta.checked": False}},
        "meta text": {"where": {"meta.level": "1", "meta.share": "0.125"}},
        "level of a record": {"where": {"meta.record.level": 3}},
        "kind of a record": {"where": {"meta.record.kind": "algebra"}, "limit": None},
        "status": {"where": {"status": "approved"}, "limit": None},
        "tag": {"where": {"tag": "sum", "status": "unreviewed"}},
        "words": {"where": {"q": '"counting on" -nothing'}, "limit": None},
        "steps": {"where": {"min_steps": 2, "max_steps": 4, "trace_version": "1.0"}},
        "times": {
            "where": {"created_after": "2020-01-01T00:00:00.5+02:00", "created_before": later}
        },
        "scored": {"where": {"criteria": "judge", "min_score": 0.25, "max_score": 0.75}},
        "scored by us": {"where": {"criteria": "baseline", "min_score": 10}, "limit": None},
        "a prompt": {"where": {"prompt_hash": trace["prompt_hash"]}},
        "a content": {"where": {"content_hash": trace["content_hash"]}},
        "long": {"where": {"source": "long"}},
        "cut off": {"where": {"source": "map"}, "limit": None},
        "conversations": {"where": {"trace_version": "1.0"}, "limit": 90},
        "of a session": {
            "session_id": "a session",
            "training_run_id": "run 1",
            "provenance": {"why": "\u00fc \u2028", "n": [1, 2.5, None, {"a": True}]},
            "limit": 2,
        },
        "child": {"parent_dataset_id": "newest-1.0", "limit": 2},
        "child of elsewhere": {"parent_dataset_id": "elsewhere-1", "limit": 2},
        "of nothing": {
            "session_id": None,
            "training_run_id": "",
            "parent_dataset_id": None,
            "limit": 1,
        },
        "deleted": {"limit": 2},
    }
    return [
        {"dataset_name": name, "dataset_version": "1.0", **recipe}
        for name, recipe in recipes.items()
    ]
