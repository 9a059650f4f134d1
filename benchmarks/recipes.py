"""Builds by recipes that read texts, of all traces, in the process that a worker would be."""

import os
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from benchmarks.exports import growth
from benchmarks.site import BenchmarkFailed
from benchmarks.texts import questions
from datasets.recipe.recipe import Recipe
from datasets.services.build import BuildRequest, build_dataset
from evalsets.document import Item
from evalsets.models import EvalSet
from evalsets.services.create import EvalSetRequest, create_evalset
from events import actors

ITEMS = 1_319
NEAR = {"near": {"threshold": 0.9}}
EVAL_SET = EvalSetRequest(name="benchmark", version="1")

_versions = count(1)


def recipes() -> dict[str, dict[str, Any]]:
    against = {"against": [{"eval_set": _evalset().key}]}
    steps = {"decontaminate": against, "dedupe": {**NEAR, "per_prompt": 2}, "exact": True}
    splits = {"seed": 1, "splits": {"train": 0.9, "validation": 0.1}}
    return {
        "near duplicates": {"dedupe": NEAR},
        "decontamination": {"decontaminate": against},
        "all steps but verify": {**steps, **splits},
    }


def measure(name: str) -> Iterator[tuple[str, float, str]]:
    """Give what a build of all traces takes: seconds, processor seconds of ours, and memory."""
    recipe = Recipe.read({"limit": None, **recipes()[name]})
    request = BuildRequest(name="by steps", version=str(next(_versions)), recipe=recipe)
    started, processor = time.perf_counter(), time.process_time()
    grown = growth(os.getpid(), build_dataset, request=request, by=actors.command())
    yield "all", time.perf_counter() - started, "s"
    yield "the worker", time.process_time() - processor, "CPU s"
    yield "memory added to the worker", grown, "MiB"


def _evalset() -> EvalSet:
    items = [
        Item(id=str(number), prompt=prompt, expected_answer="")
        for number, prompt in enumerate(questions(ITEMS, seed=1))
    ]
    evalset, _ = create_evalset(request=EVAL_SET, items=items, by=actors.command())
    if evalset.item_count != ITEMS:
        raise BenchmarkFailed(f"The evaluation set has {evalset.item_count} items.")
    return evalset
