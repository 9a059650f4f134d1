"""What the page of a dataset shows."""

from typing import Any

from django.http import QueryDict

from datasets.lineage.lineage import checked_against, lineage
from datasets.models import Dataset
from pages.activity.of_object import changes_of
from pages.datasets.bars import WHOLE, funnel_lines, histograms
from pages.datasets.checks import Check, check_of, evalset_keys
from pages.datasets.explaining import why
from pages.datasets.formats import in_format
from pages.datasets.recipes import sentence, steps_in_words
from pages.datasets.versions import versions_of
from pages.datasets.words import Evidence, evidence_in_words, reason_in_words

REMOVED_SHOWN = 5  # of each step


def context_of(dataset: Dataset, query: QueryDict, *, changes_for: Any) -> dict[str, Any]:
    """Give what the page shows; the query names a format, a version, a trace or a set.

    What became of the dataset is shown to whoever `changes_for` is, if to anybody.
    """
    return {
        "dataset": dataset,
        "sentence": sentence(dataset),
        "facts": _facts(dataset),
        "splits": sorted(dataset.stats.get("split_counts", {}).items()),
        "funnel": funnel_lines(dataset.funnel),
        "removed": _removed(dataset),
        "steps": steps_in_words(dataset.recipe),
        "histograms": [*histograms(dataset.stats)],
        "in_format": in_format(dataset, query.get("format", "")),
        "versions": versions_of(dataset, query),
        "lineage": lineage(dataset),
        **checks_of(dataset, check_of(dataset, query.get("checked", ""))),
        "why": why(dataset, query.get("why", "")),
        "whole": WHOLE,
        "changes": changes_of("dataset", dataset.key, user=changes_for) if changes_for else None,
    }


def checks_of(dataset: Dataset, check: Check | None) -> dict[str, Any]:
    """Give what is told of the evaluation sets that a dataset was held against."""
    return {
        "checked_against": checked_against(dataset),
        "evalsets": evalset_keys(),
        "check": check,
    }


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    stats = dataset.stats
    told = {
        "Traces": f"{dataset.trace_count:,}",
        "Pairs": f"{stats['pair_count']:,}" if "pair_count" in stats else "",
        "Steps": "{avg_step_count:g} on average, {min_step_count} to {max_step_count}",
        "Characters": "{avg_total_chars:,.0f} on average, {max_total_chars:,} at most",
        "Note of the session": dataset.session_id,
        "Training run": dataset.training_run_id,
    }
    counted = {"Steps", "Characters"}
    known = "avg_step_count" in stats and "max_total_chars" in stats
    return [
        (name, text.format(**stats) if name in counted else text)
        for name, text in told.items()
        if text and (known or name not in counted)
    ]


def _removed(dataset: Dataset) -> list[tuple[str, str, list[Evidence]]]:
    """Give some of what each step took away: the trace, why, and what tells it."""
    steps = [line["step"] for line in dataset.funnel if line["reasons"]]
    return [
        (str(row.trace_id), reason_in_words(row.reason), evidence_in_words(row.because))
        for step in steps
        for row in dataset.removed.filter(step=step).order_by("trace_id")[:REMOVED_SHOWN]
    ]
