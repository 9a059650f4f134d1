"""Scores and reviews in the admin, which are only read."""

import re

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from events.tests.acting import acting
from traces.models import Review, Score
from traces.services.curation import curate_trace
from traces.services.scores import score_trace
from traces.tests.admin.pages import change, listed
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Score, Review])
def test_scores_and_reviews_are_only_read(admin_client, admin_user, model):
    trace = TraceFactory()
    score_trace(trace=trace, criteria="baseline", by=acting())
    curate_trace(trace=trace, by=acting(admin_user), changes={"status": "approved"})
    row = model.objects.get()
    name = model._meta.model_name
    path = reverse(f"admin:traces_{name}_change", args=[row.pk])
    assert change(trace) in admin_client.get(path).content.decode()
    assert admin_client.post(path, {"value": "1", "verdict": "rejected"}).status_code == 403
    deletion = reverse(f"admin:traces_{name}_delete", args=[row.pk])
    assert admin_client.post(deletion, {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes", "index": "0"}
    admin_client.post(reverse(f"admin:traces_{name}_changelist"), form)
    assert model.objects.get() == row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 0]),
        ("criteria=judge", [0]),
        ("scorer_version=2", [1]),
        ("min_score=0.5", [1]),
        ("max_score=0.5", [0]),
        ("trace={}", [0]),
        ("outcome=right", [1]),
        ("outcome=wrong&criteria=judge", [0]),
        ("outcome=undecided", []),
    ],
)
def test_scores_by_filter(page, query, found):
    one, other = TraceFactory(), TraceFactory()
    scores = [
        Score.objects.create(trace=one, criteria="judge", scorer_version="1", value=0),
        Score.objects.create(trace=other, criteria="length", scorer_version="2", value=1),
    ]
    rows = listed(page, query.format(one.pk), "/admin/traces/score/")
    assert rows == [scores[number] for number in found]


def test_a_score_without_a_value_is_shown_as_undecided(page):
    score = ScoreFactory(criteria="judge", value=None, details={"outcome": "undecided"})
    assert listed(page, "outcome=undecided", "/admin/traces/score/") == [score]
    for path in (f"traces/score/{score.pk}", f"traces/trace/{score.trace_id}"):
        shown = page.get(f"/admin/{path}/change/").content.decode()
        assert re.search(r">\s*undecided\s*<", shown)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 0]),
        ("verdict=approved", [0]),
        ("reviewer=two", [1]),
        ("trace={}", [0]),
    ],
)
def test_reviews_by_filter(page, query, found):
    one, other = TraceFactory(), TraceFactory()
    reviews = [
        Review.objects.create(trace=trace, reviewer=User.objects.create(username=name), verdict=v)
        for trace, name, v in ((one, "one", "approved"), (other, "two", "rejected"))
    ]
    rows = listed(page, query.format(one.pk), "/admin/traces/review/")
    assert rows == [reviews[number] for number in found]


@pytest.mark.parametrize("path", ["/admin/traces/score/", "/admin/traces/review/"])
def test_the_lists_of_scores_and_reviews_cost_no_query_each(page, django_assert_num_queries, path):
    for number in range(4):
        trace = TraceFactory()
        user = User.objects.create(username=f"reviewer {number}")
        Review.objects.create(trace=trace, reviewer=user, verdict="approved", note="why")
        score_trace(trace=trace, criteria="baseline", by=acting())
        with django_assert_num_queries(5):
            page.get(path)
