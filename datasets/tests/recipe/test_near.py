"""The part of `dedupe` that takes away what is nearly the same as something better."""

import pytest

from datasets.models import Dataset
from datasets.recipe.text import signed
from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.problems import word_problems
from datasets.tests.recipe.selecting import ids, selected, step
from events.tests.acting import acting
from traces.indexes import Signature
from traces.models import Trace
from traces.services.signatures import index_signatures
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

TEXTS = word_problems(40, seed=20)
LONG = " ".join(TEXTS[:3])
NEAR = {"near": {}}
SHORTEST = {**NEAR, "keep": [{"by": "length", "order": "asc"}]}


def solution(text: str, answer: str = "4", **more) -> Trace:
    return TraceFactory(steps=[step(text)], final_answer=answer, **more)


def test_what_is_nearly_the_same_as_something_better_goes_and_says_what():
    longer = solution(f"{LONG} That is all.")
    best = solution(LONG)
    other = solution(TEXTS[5])
    dataset = DatasetFactory(recipe__dedupe=SHORTEST)
    assert {item.trace_id for item in dataset.items.all()} == {best.id, other.id}
    removed = dataset.removed.get()
    assert (removed.trace_id, removed.step, removed.reason) == (
        longer.id,
        "dedupe",
        "near_duplicate",
    )
    assert removed.because["trace"] == str(best.id)
    assert 0.9 <= removed.because["similarity"] < 1
    assert dataset.findings == {"near_refused": 0, "near_uncompared": 0}
    assert dataset.items.get(trace=best).facts == {"cluster": str(best.id)}
    assert dataset.items.get(trace=other).facts is None


def test_the_keys_of_keep_say_which_is_better():
    traces = [solution(f"{LONG} {word}") for word in ("One.", "Two.", "Three.")]
    for trace, value in zip(traces, (0.2, 0.9, 0.5), strict=True):
        ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=value)
    keep = [{"by": "score:judge", "scorer_version": "1"}]
    assert selected(dedupe={**NEAR, "keep": keep}) == [traces[1].id]


def test_why_shows_the_cluster_and_the_other_trace(reader):
    longer, best = solution(f"{LONG} That is all."), solution(LONG)
    dataset = DatasetFactory(recipe__dedupe=SHORTEST)
    path = f"/api/datasets/{dataset.key}"
    assert reader.get(f"{path}/why?trace={best.id}").json()["cluster"] == str(best.id)
    why = reader.get(f"{path}/why?trace={longer.id}").json()
    assert why["evidence"]["trace"] == str(best.id)
    shown = reader.get(path).json()
    assert (shown["near_refused"], shown["near_uncompared"]) == (0, 0)


def test_other_answers_are_others_unless_it_is_said_otherwise():
    right, wrong, same = (solution(LONG, answer) for answer in ("4", "5", "$4.0$"))
    kept = selected(dedupe=NEAR)
    assert kept in (ids([wrong, right]), ids([same, wrong]))
    assert len(selected(dedupe={"near": {"across_answers": True}})) == 1


def test_prompts_count_where_all_is_compared():
    prompts = word_problems(2, seed=21)
    traces = [solution(LONG, prompt=" ".join([prompt] * 3)) for prompt in prompts]
    assert len(selected(dedupe=NEAR)) == 1
    assert selected(dedupe={"near": {"text": "all"}}) == ids(traces[::-1])


def test_stored_signatures_are_read_and_missing_ones_computed(monkeypatch):
    traces = [solution(text) for text in (LONG, f"{LONG} Yes.", TEXTS[6], f"{LONG} No.")]
    without = selected(dedupe=SHORTEST)
    index_signatures(trace_ids=ids(traces[:2]))
    some = selected(dedupe=SHORTEST)
    index_signatures(trace_ids=ids(traces))
    assert Signature.objects.count() == 4
    monkeypatch.setattr(signed, "_compute", None)
    assert without == some == selected(dedupe=SHORTEST) == ids([traces[2], traces[0]])


def test_signatures_of_another_version_are_computed_anew():
    traces = [solution(LONG), solution(f"{LONG} Yes.")]
    index_signatures(trace_ids=ids(traces))
    Signature.objects.update(version=1, solution_minima=bytes(512))
    assert len(selected(dedupe=NEAR)) == 1


def test_near_ones_go_before_attempts_are_counted():
    """The second best is nearly the best; the third takes its place."""
    best, _, third = (
        solution(text, prompt="Why?") for text in (LONG, f"{LONG} Yes.", f"{LONG} {TEXTS[7]}")
    )
    dedupe = {**SHORTEST, "per_prompt": 2}
    assert selected(dedupe=dedupe) == ids([third, best])


def test_the_same_traces_give_the_same_dataset_however_they_came_in():
    texts = [
        text for base in TEXTS[:8] for text in (base * 3, base * 3 + " Yes.", base * 3 + " No.")
    ]
    digests = set()
    for order in (texts, texts[::-1]):
        for text in order:
            solution(text, prompt="Why?")
        dataset = DatasetFactory(
            recipe__dedupe={"near": {"threshold": 0.8}},
            recipe__selection_strategy="random",
            recipe__seed=3,
        )
        digests.add((dataset.content_digest, dataset.trace_count))
        delete_dataset(dataset=dataset, by=acting())
        Trace.objects.all().delete()
    assert [count for _, count in digests] == [8]


@pytest.mark.parametrize(
    ("near", "key"),
    [({"threshold": 0.2}, "threshold"), ({"threshold": 1.1}, "threshold"), ({"text": "x"}, "text")],
)
def test_what_cannot_be_is_refused(curator, near, key):
    TraceFactory()
    body = {"dataset_name": "d", "dataset_version": "1", "dedupe": {"near": near}}
    refused = curator.post("/api/datasets/build", body, format="json")
    assert refused.status_code == 400
    assert list(refused.json()["dedupe"]["near"]) == [key]
    assert not Dataset.objects.exists()
