"""Builds by recipes that read texts, of all traces, in the process that a worker would be."""

import os
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from benchmarks.attempts import item_prompts
from benchmarks.baseline import bare_connection
from benchmarks.exports import growth
from benchmarks.site import BenchmarkFailed
from datasets.models import Dataset
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest, build_dataset
from evalsets.document import Item
from evalsets.models import EvalSet
from evalsets.services.create import EvalSetRequest, create_evalset
from events import actors
from traces.scorers.known import SCORERS

NEAR = {"near": {"threshold": 0.9}}
EVAL_SET = EvalSetRequest(name="benchmark", version="1")
CRITERIA = "answer_correctness"
# What the scorer gives to numbers as they are written here.
SCORES = """
    INSERT INTO traces_score (trace_id, criteria, scorer_version, value, details, created_at)
    SELECT id, %s, %s, coalesce(final_answer = meta->>'reference_answer', false)::int, '{}', now()
    FROM traces_trace ORDER BY id
    ON CONFLICT DO NOTHING
"""

_versions = count(1)


def score() -> None:
    """Store a score of each trace."""
    with bare_connection() as database:
        database.execute(SCORES, [CRITERIA, SCORERS[CRITERIA].version])
        database.execute("VACUUM (ANALYZE) traces_score")


def recipes(traces: int) -> dict[str, dict[str, Any]]:
    """Give recipes of all of so many traces, by name; the last one keeps a fifth of them."""
    against = {"against": [{"eval_set": _evalset().key}]}
    return {
        "near duplicates": {"limit": None, "dedupe": NEAR},
        "decontamination": {"limit": None, "decontaminate": against},
        "pairs": {"limit": None, "pair": {}},
        "few pairs": {"limit": traces // 10, "pair": {}},
        "all steps": {
            "exact": True,
            "decontaminate": against,
            "verify": {"criteria": CRITERIA},
            "dedupe": {**NEAR, "per_prompt": 2, "keep": [{"by": "length", "order": "asc"}]},
            "limit": traces // 5,
            "stratify_by": "meta.level",
            "weights": "equal",
            "selection_strategy": "random",
            "seed": 1,
            "splits": {"train": 0.9, "validation": 0.1},
            "split_by": "near",
        },
    }


def measure(name: str, traces: int) -> Iterator[tuple[str, float, str]]:
    """Give what a build takes: seconds, processor seconds of ours, and memory."""
    request = _request(name, traces)
    started, processor = time.perf_counter(), time.process_time()
    grown = growth(os.getpid(), build_dataset, request=request, by=actors.command())
    yield "all", time.perf_counter() - started, "s"
    yield "the worker", time.process_time() - processor, "CPU s"
    yield "memory added to the worker", grown, "MiB"


def built(name: str, traces: int) -> Dataset:
    """Build a dataset by a recipe."""
    dataset, _ = build_dataset(request=_request(name, traces), by=actors.command())
    return dataset


def _request(name: str, traces: int) -> BuildRequest:
    recipe = Recipe.read(recipes(traces)[name])
    return BuildRequest(name="by steps", version=str(next(_versions)), recipe=recipe)


def _evalset() -> EvalSet:
    prompts = item_prompts()
    items = [
        Item(id=str(number), prompt=prompt, expected_answer="")
        for number, prompt in enumerate(prompts)
    ]
    evalset, _ = create_evalset(request=EVAL_SET, items=items, by=actors.command())
    if evalset.item_count != len(prompts):
        raise BenchmarkFailed(f"The evaluation set has {evalset.item_count} items.")
    return evalset
