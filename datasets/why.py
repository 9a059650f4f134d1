"""Why a trace is in a dataset, or is not."""

import hashlib
from typing import Any
from uuid import UUID

from datasets.models import Dataset
from datasets.recipe.recipe import Strategy
from datasets.recipe.steps.match import traces_of
from traces.models import Trace

NOW = {"matches": "now"}  # what matched then, nobody noted


def explained(dataset: Dataset, trace_id: UUID) -> dict[str, Any] | None:
    """Say why; None of a trace that is not there now, and that no step removed."""
    item = dataset.items.filter(trace_id=trace_id).first()
    if item is not None:
        facts = item.facts or {}
        return {
            "in": True,
            "position": item.position,
            "split": item.split,
            "cluster": facts.get("cluster"),
            "group": facts.get("group"),
        }
    removed = dataset.removed.filter(trace_id=trace_id).first()
    if removed is not None:
        return _out(removed.step, removed.reason, removed.because)
    trace = Trace.objects.filter(pk=trace_id).only("created_at", "content_hash").first()
    if trace is None:
        return None
    if trace.created_at > dataset.created_at:
        return _out("match", "came_in_later")
    if _came_after_the_limit(dataset, trace):
        return _out("select", "beyond_the_limit", NOW)
    return _out("match", "did_not_match", NOW if _matches(dataset, trace) else None)


def _out(step: str, reason: str, evidence: Any = None) -> dict[str, Any]:
    return {"in": False, "step": step, "reason": reason, "evidence": evidence}


def _came_after_the_limit(dataset: Dataset, trace: Trace) -> bool:
    """Tell whether a trace matches now, and comes after what a recipe without other steps kept."""
    recipe = dataset.recipe
    if recipe.removes or dataset.trace_count != recipe.limit:
        return False
    last = dataset.items.select_related("trace").order_by("-position")[0].trace
    if recipe.selection_strategy == Strategy.LATEST:
        comes_after = trace.id < last.id
    else:
        comes_after = _rank(recipe.seed, trace) > _rank(recipe.seed, last)
    return comes_after and _matches(dataset, trace)


def _matches(dataset: Dataset, trace: Trace) -> bool:
    counted = dataset.findings.get("counted_by")
    return traces_of(dataset.recipe, counted).filter(pk=trace.pk).exists()


def _rank(seed: int | None, trace: Trace) -> tuple[bytes, UUID]:
    """Give a trace's place in a random order, as the step `select` has it."""
    return hashlib.sha256(f"order:{seed}:{trace.content_hash}".encode()).digest(), trace.id
