"""The statistics of a dataset as rows of a table, for a page."""

from collections.abc import Iterator
from typing import Any

from datasets.statistics.edges import ranges

OF_SPLITS = ("edges", "by_split")  # beside which there are plain numbers
Counts = list[tuple[str, int]]


def split_rows(stats: dict[str, Any]) -> Iterator[tuple[str, str, Counts]]:
    """Yield a split's name, what is counted, and how many there are of what.

    Nothing of datasets that are older than these counts.
    """
    edges = {name: list(ranges(values)) for name, values in stats.get("edges", {}).items()}
    for split, told in sorted(stats.get("by_split", {}).items()):
        yield split, "traces", [("in it", told["trace_count"])]
        if not told["trace_count"]:
            continue
        for name in ("steps", "chars"):
            yield split, name, _there(zip(edges[name], told[name], strict=True))
        for name in ("sources", "models"):
            values = {**told[name]["values"], "others": told[name]["others"]}
            yield split, name, _most_first(values)
        yield split, "answers", _most_first(told["answers"])
        for score in told["scores"]:
            counts = zip(edges[score["edges"]], score["counts"], strict=True)
            name = f"{score['criteria']} {score['scorer_version']}"
            yield split, name, _there([*counts, ("undecided", score["undecided"])])


def _there(counts: Any) -> Counts:
    return [(name or "none", count) for name, count in counts if count]


def _most_first(values: dict[str, int]) -> Counts:
    return sorted(_there(values.items()), key=lambda pair: -pair[1])
