"""GET /api/reviews and POST /api/reviews/{id}/undo."""

import pytest

from events.tests.acting import acting
from traces.models import Trace
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken

pytestmark = pytest.mark.django_db

URL = "/api/reviews"


def said(trace, name, status="approved", **fields):
    verdict = Verdict(status=status, **fields)
    return review_trace(trace=trace, verdict=verdict, by=acting(person(name)))


def test_reviews_of_all_traces_are_found_by_what_they_say(reader):
    one, two = TraceFactory.create_batch(2)
    queue = filled()
    stored = [
        judged(taken(queue, "ada")).pk,
        said(two, "bob", "rejected", reasons=["odd"]).pk,
        said(one, "ada", "flagged", step_labels={"0": 1}).pk,
    ]
    for query, found in (
        ("", [2, 1, 0]),
        ("?reviewer=ada", [2, 0]),
        (f"?queue={queue.pk}", [0]),
        ("?queue=0", []),
        (f"?trace={one.pk}", [2, 0]),
        ("?reason=odd", [1]),
        ("?labelled=true", [2]),
        ("?verdict=approved", [0]),
        ("?created_before=2999-01-01T00:00:00Z&limit=1", [2]),
        ("?created_after=2999-01-01T00:00:00Z", []),
    ):
        rows = reader.get(f"{URL}{query}").json()["results"]
        assert [stored.index(row["id"]) for row in rows] == found, query


def test_they_come_in_pages(reader, django_assert_num_queries):
    for trace in TraceFactory.create_batch(5):
        said(trace, "ada")
    reader.get(URL)
    with django_assert_num_queries(1):
        page = reader.get(f"{URL}?limit=3").json()
    assert len(page["results"]) == 3
    assert len(reader.get(page["next"]).json()["results"]) == 2


def test_a_review_is_undone(curator):
    trace = TraceFactory()
    url = f"/api/traces/{trace.pk}/reviews"
    review = curator.post(url, {"verdict": "rejected"}, format="json").json()
    response = curator.post(f"{URL}/{review['id']}/undo")
    assert response.status_code == 201
    undo = response.json()
    assert (undo["undoes"], undo["verdict"]) == (review["id"], "unreviewed")
    assert Trace.objects.get().status == "unreviewed"
    assert curator.get(url).json()["results"] == [undo, review]
    for identity in (review["id"], undo["id"]):
        assert curator.post(f"{URL}/{identity}/undo").status_code == 409


def test_that_of_somebody_else_is_forbidden_or_in_the_way(curator):
    trace = TraceFactory()
    body = {"verdict": "rejected"}
    mine = curator.post(f"/api/traces/{trace.pk}/reviews", body, format="json").json()["id"]
    theirs = said(trace, "ada")
    assert curator.post(f"{URL}/{theirs.pk}/undo").status_code == 403
    response = curator.post(f"{URL}/{mine}/undo")
    assert response.status_code == 409
    assert f"ada reviewed the trace since: review {theirs.pk}." in response.json()["detail"]
    assert Trace.objects.get().status == "approved"


def test_the_same_key_undoes_once(curator):
    body = {"verdict": "rejected"}
    url = f"/api/traces/{TraceFactory().pk}/reviews"
    review = curator.post(url, body, format="json").json()["id"]
    answers = [
        curator.post(f"{URL}/{review}/undo", headers={"Idempotency-Key": "k"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
