"""POST and GET /api/traces/{id}/reviews: verdicts with notes, reasons and labels of steps."""

import json
from uuid import uuid4

import pytest

from events.tests.acting import acting
from traces.curation.tags import TagChange
from traces.models import Review, Status, Trace
from traces.services.reviews import Verdict, review_trace
from traces.tests.bodies import place
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

STEPS = [{"i": i, "type": "reasoning", "content": "x"} for i in (0, 1, 7)]
WHOLE = {
    "verdict": "rejected",
    "note": " The carry\nis lost. ",
    "reasons": ["wrong step", "é😀"],
    "step_labels": {"0": 1, "1": -1, "7": 0},
}


def post(client, trace, body: dict | str):
    raw = body if isinstance(body, str) else json.dumps(body)
    return client.post(f"/api/traces/{trace.id}/reviews", raw, content_type="application/json")


def listed(client, trace, query: str = "") -> list:
    return client.get(f"/api/traces/{trace.id}/reviews{query}").json()["results"]


def test_a_review_is_stored_and_gives_the_trace_its_status(curator):
    trace = TraceFactory(steps=STEPS, status="flagged")
    response = post(curator, trace, WHOLE)
    assert response.status_code == 201
    review = response.json()
    assert review == {
        **WHOLE,
        "id": review["id"],
        "trace": str(trace.id),
        "reviewer": "a curator",
        "status_before": "flagged",
        "created_at": review["created_at"],
        "queue": None,
        "guideline": None,
        "undoes": None,
    }
    assert curator.get(f"/api/traces/{trace.id}").json()["status"] == "rejected"
    assert listed(curator, trace) == [review]


@pytest.mark.parametrize("verdict", Status)
def test_a_verdict_alone_is_enough(curator, verdict):
    trace = TraceFactory()
    review = post(curator, trace, {"verdict": verdict}).json()
    assert (review["note"], review["reasons"], review["step_labels"]) == ("", [], None)
    assert (review["status_before"], Trace.objects.get().status) == ("unreviewed", verdict)


def test_who_agrees_is_kept_as_well(curator, client_as):
    trace = TraceFactory()
    post(curator, trace, {"verdict": "approved"})
    post(client_as("trainer"), trace, {"verdict": "approved"})
    found = [(one["reviewer"], one["status_before"]) for one in listed(curator, trace)]
    assert found == [("a trainer", "approved"), ("a curator", "unreviewed")]


def test_a_status_that_is_not_the_one_that_was_seen_is_a_conflict(curator):
    trace = TraceFactory(status="approved")
    response = post(curator, trace, {"verdict": "rejected", "expected_status": "unreviewed"})
    assert response.status_code == 409
    assert response.json() == {"detail": "The status is approved by now, not unreviewed."}
    assert (Trace.objects.get().status, Review.objects.count()) == ("approved", 0)
    assert post(curator, trace, {"verdict": "rejected", "expected_status": "approved"}).json()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_saw_the_same_one_is_refused(curator, client_as):
    trace = TraceFactory()
    other = client_as("trainer")
    body = {"verdict": "approved", "expected_status": "unreviewed"}
    with just_before("FOR NO KEY UPDATE", lambda: elsewhere(lambda: post(other, trace, body))):
        response = post(curator, trace, {**body, "verdict": "rejected"})
    assert response.status_code == 409
    assert [one["reviewer"] for one in listed(curator, trace)] == ["a trainer"]


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ("{}", "verdict"),
        ('{"verdict": "good"}', "verdict"),
        ('{"verdict": null}', "verdict"),
        ('{"verdict": "approved", "note": 1}', "note"),
        ('{"verdict": "approved", "note": "\\u0000"}', "note"),
        ('{"verdict": "approved", "note": "%s"}' % ("n" * 10_001), "note"),
        ('{"verdict": "approved", "reasons": "why"}', "reasons"),
        ('{"verdict": "approved", "reasons": [""]}', "reasons.0"),
        ('{"verdict": "approved", "reasons": ["a", "%s"]}' % ("r" * 201), "reasons.1"),
        ('{"verdict": "approved", "reasons": [%s"a"]}' % ('"a", ' * 9), "reasons"),
        ('{"verdict": "approved", "step_labels": []}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"0": 2}}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"0": true}}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"0": 1.0}}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"0": null}}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"2": 1}}', "step_labels"),
        ('{"verdict": "approved", "step_labels": {"00": 1}}', "step_labels"),
        ('{"verdict": "approved", "expected_status": "new"}', "expected_status"),
        ('{"verdict": "approved", "reviewer": "somebody"}', "reviewer"),
        ("[]", "non_field_errors"),
    ],
)
def test_a_bad_review_is_refused_by_its_place(curator, raw, where):
    trace = TraceFactory(steps=STEPS)
    response = post(curator, trace, raw)
    assert response.status_code == 400
    assert place(response.json()) == where
    assert (Trace.objects.get().status, Review.objects.count()) == ("unreviewed", 0)


def test_a_label_of_no_step_is_named(curator):
    trace = TraceFactory(steps=STEPS)
    response = post(curator, trace, {"verdict": "approved", "step_labels": {"7": 1, "8": 1}})
    assert response.json() == {"step_labels": ["8: The trace has no step of this i."]}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [3, 2, 1, 0]),
        ("?reviewer=ada", [2, 0]),
        ("?reviewer=ad", []),
        ("?verdict=approved", [1, 0]),
        ("?reason=odd", [2]),
        ("?labelled=true", [1]),
        ("?labelled=false&reviewer=ada", [2, 0]),
        ("?by_hand=true", [3, 2, 0]),
        ("?by_hand=false", [1]),
        ("?by_hand=true&reviewer=bob", [3]),
        ("?created_after=2999-01-01T00:00:00Z", []),
        ("?created_before=2999-01-01T00:00:00Z&limit=2", [3, 2]),
    ],
)
def test_reviews_are_found_by_what_they_say(reader, django_user_model, query, found):
    trace = TraceFactory(steps=STEPS)
    ada, bob = (django_user_model.objects.create(username=name) for name in ("ada", "bob"))
    verdicts = [
        (ada, Verdict(status="approved")),
        (bob, Verdict(status="approved", step_labels={"0": 1})),
        (ada, Verdict(status="rejected", reasons=["odd", "long"])),
        (bob, Verdict(status="flagged", note="odd")),
    ]
    stored = [
        review_trace(trace=trace, verdict=verdict, by=acting(reviewer)).pk
        for reviewer, verdict in verdicts
    ]
    Review.objects.filter(pk=stored[1]).update(job=uuid4())  # as a change of many gives it
    review_trace(trace=TraceFactory(), verdict=verdicts[0][1], by=acting(ada))
    assert [stored.index(one["id"]) for one in listed(reader, trace, query)] == found


def test_they_come_in_pages(reader, django_user_model, django_assert_num_queries):
    trace = TraceFactory()
    user = django_user_model.objects.create(username="ada")
    for _ in range(5):
        review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(user))
    reader.get(f"/api/traces/{trace.id}")  # the key is read
    with django_assert_num_queries(2):  # the trace, the reviews
        page = reader.get(f"/api/traces/{trace.id}/reviews?limit=3").json()
    rest = reader.get(page["next"]).json()
    assert [len(page["results"]), len(rest["results"])] == [3, 2]
    assert page["results"][-1]["id"] > rest["results"][0]["id"]
    assert rest["next"] is None


def test_a_change_of_tags_says_what_they_were(curator):
    trace = TraceFactory(tags=["a", "b"])
    curator.patch(f"/api/traces/{trace.id}", {"tags": ["b", "c"]}, format="json")
    curator.patch(f"/api/traces/{trace.id}", {"tags": ["b", "c"]}, format="json")
    change = TagChange.objects.get()
    assert (change.trace, change.before, change.after) == (trace, ["a", "b"], ["b", "c"])
    assert (change.changed_by.username, change.job) == ("a curator", None)
