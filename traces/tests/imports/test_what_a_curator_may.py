"""What a curator's import may do and a writer's may not."""

import pytest

from traces.models import Review, Trace
from traces.tests.imports.sending import preferences, send

pytestmark = pytest.mark.django_db


def test_verdicts_and_scores_take_effect_where_a_curator_imports(curator):
    send(curator, preferences())
    approved, rejected = Trace.objects.order_by("id")
    assert (approved.status, rejected.status) == ("approved", "rejected")
    review = Review.objects.get(trace=approved)
    assert (review.verdict, review.reviewer.username) == ("approved", "a curator")


def test_verdicts_and_scores_are_kept_in_meta_where_a_writer_imports(writer):
    send(writer, preferences())
    approved, rejected = Trace.objects.order_by("id")
    assert (approved.status, rejected.status) == ("unreviewed", "unreviewed")
    assert approved.meta["imported"] == {"status": "approved"}
    assert not Review.objects.exists()


def test_step_labels_become_a_review(curator):
    record = {"prompt": "2+2?", "completions": ["2+2=5", "So 5."], "labels": [False, False]}
    send(curator, [record])
    trace = Trace.objects.get()
    assert Review.objects.get().step_labels == {"0": -1, "1": -1}
    assert trace.meta["step_labels"] == {"0": -1, "1": -1}


def test_flags_become_scores(curator):
    record = {
        "problem": "2+2?",
        "solution": "It is 4.",
        "answer": "4",
        "uuid": "u-1",
        "generations": ["<think>\n2+2\n</think>\n\\boxed{4}", "<think>\nno\n</think>\n\\boxed{5}"],
        "correctness_math_verify": [True, False],
    }
    send(curator, [record])
    right, wrong = Trace.objects.order_by("id")
    assert (right.external_id, wrong.external_id) == ("u-1/0", "u-1/1")
    assert (right.scores.get().value, wrong.scores.get().value) == (1.0, 0.0)
    assert right.scores.get().criteria == "answer_correctness"
    assert send(curator, [record]).json()["existing_count"] == 2
    assert right.scores.count() == 1
