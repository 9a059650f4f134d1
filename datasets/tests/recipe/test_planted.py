"""Questions of a stored evaluation set, planted among traces, are taken away by a build."""

from collections import Counter

import pytest

from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.problems import planted, word_problems
from datasets.tests.recipe.test_contamination import EACH, MOST_FLAGGED, NUMBERS_FOUND
from datasets.tests.recipe.test_decontaminate import against, asked
from traces.models import Trace
from traces.tests.factories import TraceFactory
from traces.tests.real_data import read_problems

pytestmark = pytest.mark.django_db


def check_step(questions: list[str], others: list[str]) -> None:
    """Every kind of copy goes with its own item as the evidence; next to none of the others do."""
    key = asked(*questions)
    copies = [
        TraceFactory.build(prompt=text, meta={"kind": kind, "item": f"q{number}"})
        for kind, texts in planted(questions, others, EACH, seed=7).items()
        for number, text in texts.items()
    ]
    Trace.objects.bulk_create(copies)
    Trace.objects.bulk_create(TraceFactory.build(prompt=text) for text in others)
    dataset = DatasetFactory(recipe__decontaminate=against(key))
    evidence = {one.trace_id: one.because for one in dataset.removed.all()}
    right = Counter(
        trace.meta["kind"]
        for trace in copies
        if trace.id in evidence and evidence[trace.id]["item"] == trace.meta["item"]
    )
    assert right.pop("numbers changed") >= NUMBERS_FOUND * EACH
    assert right == dict.fromkeys(("verbatim", "in capitals", "embedded", "one word changed"), EACH)
    flagged = len(evidence.keys() - {trace.id for trace in copies})
    assert flagged <= MOST_FLAGGED * len(others)
    assert dataset.funnel[1]["reasons"] == {"contaminated": len(evidence)}
    assert all(one["eval_set"] == key and one["words"] for one in evidence.values())


def test_planted_questions_are_taken_away_and_others_kept():
    check_step(word_problems(300, seed=1), word_problems(1_000, seed=2))


@pytest.mark.real_data
def test_planted_questions_are_taken_away_from_real_problems():
    test, train = (
        [problem["question"] for problem in read_problems(name)] for name in ("test", "train")
    )
    check_step(test, train)
