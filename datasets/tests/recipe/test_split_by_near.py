"""Splits in which no prompt is nearly the same as one of another split."""

import hashlib
import json
from collections import defaultdict

import pytest

from datasets.recipe.text import comparing
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.problems import word_problems
from traces.models import Trace
from traces.services.signatures import index_signatures
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

PROBLEMS = [" ".join(word_problems(2, seed=seed)) for seed in range(30, 60)]
SPLITS = {"train": 0.5, "validation": 0.5}


def variants(problem: str) -> list[str]:
    """Give a prompt and three others, each like the one before, the last not like the first."""
    words = problem.split()
    changed = [problem]
    for place in (2, 22, 42):
        words = [*words]
        words[place : place + 7] = [f"other{place}x{n}" for n in range(7)]
        changed.append(" ".join(words))
    return changed


def built(**recipe):
    return DatasetFactory(recipe__seed=5, recipe__splits=SPLITS, recipe__split_by="near", **recipe)


def test_prompts_that_hang_together_share_a_split():
    for problem in PROBLEMS:
        for prompt in variants(problem):
            TraceFactory(prompt=prompt)
    dataset = built()
    splits = dict(dataset.items.values_list("trace__prompt", "split"))
    together = [{splits[prompt] for prompt in variants(problem)} for problem in PROBLEMS]
    assert all(len(found) == 1 for found in together)
    assert set.union(*together) == set(SPLITS)


def test_the_manifest_says_how_far_that_is_sure(reader, monkeypatch):
    for prompt in variants(PROBLEMS[0]):
        TraceFactory(prompt=prompt)
    sure = built()
    path = f"/api/datasets/{sure.key}/manifest"
    assert json.loads(reader.get(path).getvalue())["split_near"] == {"refused": 0, "uncompared": 0}
    monkeypatch.setattr(comparing, "MOST_COMPARED", 0)
    monkeypatch.setattr(comparing, "MOST_A_BUCKET", 1)
    unsure = reader.get(f"/api/datasets/{built().key}").json()["split_near"]
    assert unsure["refused"] > 0
    assert unsure["uncompared"] == 3
    assert "split_near" not in reader.get(f"/api/datasets/{DatasetFactory().key}").json()


def test_a_group_goes_by_its_smallest_hash():
    traces = [TraceFactory(prompt=prompt) for prompt in variants(PROBLEMS[0])]
    alone = TraceFactory(prompt=PROBLEMS[1])
    splits = dict(built().items.values_list("trace_id", "split"))
    for hashes, members in (
        ([str(trace.prompt_hash) for trace in traces], traces),
        ([str(alone.prompt_hash)], [alone]),
    ):
        digest = hashlib.sha256(f"split:5:{min(hashes)}".encode()).hexdigest()
        part = int(digest[:13], 16) / 2**52
        expected = "train" if part < 0.5 else "validation"
        assert {splits[trace.id] for trace in members} == {expected}


def test_prompts_that_differ_split_as_by_prompt():
    for problem in PROBLEMS:
        TraceFactory(prompt=problem)
    near = built()
    by_prompt = DatasetFactory(recipe__seed=5, recipe__splits=SPLITS)
    assert near.content_digest == by_prompt.content_digest


def chat(question: str, system: str) -> Trace:
    return TraceFactory(
        prompt=f"{system}\n\n{question}",
        messages=[{"role": "system", "content": system}, {"role": "user", "content": question}],
    )


@pytest.mark.parametrize("is_signed", [True, False])
def test_what_the_system_says_makes_no_prompts_alike(is_signed):
    system = " ".join(word_problems(8, seed=1))
    traces = [chat(problem, system) for problem in PROBLEMS]
    if is_signed:
        index_signatures(trace_ids=[trace.id for trace in traces])
    near = built()
    by_prompt = DatasetFactory(recipe__seed=5, recipe__splits=SPLITS)
    assert near.content_digest == by_prompt.content_digest
    assert set(near.items.values_list("split", flat=True)) == set(SPLITS)


def test_prompts_hang_together_whatever_the_system_says():
    for number, problem in enumerate(PROBLEMS):
        one, two, three, four = variants(problem)
        system = " ".join(word_problems(8, seed=100 + number))
        traces = [chat(one, system), TraceFactory(prompt=two), chat(three, "Be brief.")]
        index_signatures(trace_ids=[trace.id for trace in traces])
        chat(four, system[::-1])
    groups = defaultdict(set)
    for item in built().items.select_related("trace"):
        groups[item.facts["group"]].add(item.trace.prompt.split("\n\n")[-1])
    together = [set(variants(problem)) for problem in PROBLEMS]
    assert sorted(map(sorted, groups.values())) == sorted(map(sorted, together))


def test_counts_keep_groups_whole():
    for problem in PROBLEMS[:4]:
        for prompt in variants(problem):
            TraceFactory(prompt=prompt)
    dataset = DatasetFactory(
        recipe__seed=5, recipe__split_counts={"test": 4, "train": 12}, recipe__split_by="near"
    )
    assert dataset.stats["split_counts"] == {"test": 4, "train": 12}
    held_out = {item.trace.prompt for item in dataset.items.filter(split="test")}
    assert held_out in [set(variants(problem)) for problem in PROBLEMS[:4]]


def test_why_names_the_group_by_its_smallest_hash(reader):
    together = [TraceFactory(prompt=prompt) for prompt in variants(PROBLEMS[0])]
    alone = TraceFactory(prompt=PROBLEMS[1])
    key = built().key
    groups = {
        trace.id: reader.get(f"/api/datasets/{key}/why?trace={trace.id}").json()["group"]
        for trace in (*together, alone)
    }
    smallest = min(str(trace.prompt_hash) for trace in together)
    assert groups == {
        **dict.fromkeys((trace.id for trace in together), smallest),
        alone.id: str(alone.prompt_hash),
    }
