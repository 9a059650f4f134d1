"""The step that keeps some of the attempts at a prompt."""

import pytest

from datasets.recipe.text.answers import answer_key
from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.selecting import selected, step
from events.tests.acting import acting
from traces.models import Trace
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db


def attempt(answer: str, text: str, *, prompt: str = "What is 2 + 2?", score: float | None = None):
    trace = TraceFactory(prompt=prompt, final_answer=answer, steps=[step(text)])
    if score is not None:
        ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=score)
    return trace


BY_SCORE = [{"by": "score:judge", "scorer_version": "1"}]


def test_the_best_attempts_at_a_prompt_stay_and_the_others_say_which():
    worst, best, unscored, second = (
        attempt("4", f"try {score}", score=score) for score in (0.1, 0.9, None, 0.5)
    )
    other = attempt("6", "three", prompt="What is 3 + 3?")
    dataset = DatasetFactory(recipe__dedupe={"per_prompt": 2, "keep": BY_SCORE})
    assert {item.trace_id for item in dataset.items.all()} == {best.id, second.id, other.id}
    gone = ("dedupe", "beyond_per_prompt", {"trace": str(best.id)})
    assert {one.trace_id: (one.step, one.reason, one.because) for one in dataset.removed.all()} == {
        worst.id: gone,
        unscored.id: gone,
    }


def test_a_prompt_is_the_same_in_other_spelling():
    attempt("4", "one", prompt="What is  2 + 2?")
    attempt("4", "two", prompt="what is 2 + 2? ")
    assert len(selected(dedupe={"per_prompt": 1})) == 1


def test_one_attempt_for_each_answer_stays():
    kept = [attempt("4", "short"), attempt("5", "wrong")]
    twin = attempt(" 4.0", "by a longer way")
    attempt("$5$", "and wrong once more, longer")
    keep = [{"by": "length", "order": "asc"}]
    dataset = DatasetFactory(recipe__dedupe={"distinct_answers": True, "keep": keep})
    assert {item.trace_id for item in dataset.items.all()} == {trace.id for trace in kept}
    removed = dataset.removed.get(trace_id=twin.id)
    assert (removed.reason, removed.because) == ("same_answer", {"trace": str(kept[0].id)})


def test_of_distinct_answers_as_many_stay_as_are_asked_for():
    texts = {"1": "a", "2": "bb", "3": "ccc"}
    traces = [attempt(answer, text) for answer, text in texts.items() for text in (text, text * 9)]
    recipe = {"per_prompt": 2, "distinct_answers": True, "keep": [{"by": "length", "order": "asc"}]}
    dataset = DatasetFactory(recipe__dedupe=recipe)
    assert {item.trace_id for item in dataset.items.all()} == {traces[0].id, traces[2].id}
    assert dataset.funnel[1]["reasons"] == {"beyond_per_prompt": 1, "same_answer": 3}


def test_equal_ones_are_told_apart_by_the_seed_and_not_by_arrival():
    digests = {}
    for seed in (1, 2, 3):
        for words in (["a", "b", "c", "d"], ["d", "c", "b", "a"]):
            for word in words:
                for number in range(6):
                    attempt("4", word, prompt=f"{number}?")
            dataset = DatasetFactory(
                recipe__dedupe={"per_prompt": 1},
                recipe__selection_strategy="random",
                recipe__seed=seed,
            )
            digests.setdefault(seed, set()).add(dataset.content_digest)
            delete_dataset(dataset=dataset, by=acting())
            Trace.objects.all().delete()
    assert [len(found) for found in digests.values()] == [1, 1, 1]
    assert len(set.union(*digests.values())) == 3


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1,458", r"\boxed{1458}", True),
        ("The  end.", "the end", True),
        ("1/2", "0.5", True),
        ("x" * 100, "x" * 101, False),
        ("x" * 100, "X" * 100, True),
        ("4", "5", False),
        ("", "0", False),
    ],
)
def test_answers_are_compared_by_what_they_say(one, other, same):
    assert (answer_key(one) == answer_key(other)) is same
    assert len(answer_key(one)) <= 32
