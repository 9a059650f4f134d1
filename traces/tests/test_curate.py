"""PATCH /api/traces/{id}: status and tags change, content never does."""

import json

import pytest

from traces.models import Review, Status, Trace
from traces.tests.bodies import place
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import BodyFactory, TraceFactory

pytestmark = pytest.mark.django_db


def patch(client, trace, changes: dict | str):
    raw = changes if isinstance(changes, str) else json.dumps(changes)
    return client.patch(f"/api/traces/{trace.id}", raw, content_type="application/json")


@pytest.mark.parametrize("status", [status for status in Status if status != Status.UNREVIEWED])
def test_a_change_of_status_is_recorded_as_a_review(curator, status):
    trace = TraceFactory(tags=["a"])
    before = curator.get(f"/api/traces/{trace.id}").json()
    response = patch(curator, trace, {"status": status})
    assert response.status_code == 200
    assert response.json() == {**before, "status": status}
    assert curator.get(f"/api/traces/{trace.id}").json() == response.json()
    review = Review.objects.get()
    assert (review.trace, review.verdict, review.note) == (trace, status, "")
    assert review.reviewer.username == "a curator"


def test_every_change_of_status_is_kept_in_order(curator, client_as):
    trace = TraceFactory()
    patch(curator, trace, {"status": "approved"})
    patch(client_as("trainer"), trace, {"status": "unreviewed"})
    patch(curator, trace, {"status": "rejected"})
    found = [(review.verdict, review.reviewer.username) for review in trace.reviews.all()]
    assert found == [
        ("rejected", "a curator"),
        ("unreviewed", "a trainer"),
        ("approved", "a curator"),
    ]


def test_the_same_status_again_is_no_review(curator):
    trace = TraceFactory(status="approved")
    assert patch(curator, trace, {"status": "approved"}).status_code == 200
    assert not Review.objects.exists()


def test_tags_are_changed_where_they_are_as_expected(curator):
    trace = TraceFactory(tags=["a"])
    assert patch(curator, trace, {"tags": ["b"], "expected_tags": ["a"]}).json()["tags"] == ["b"]
    stale = {"tags": ["c"], "status": "approved", "expected_tags": ["a"]}
    response = patch(curator, trace, stale)
    assert response.status_code == 409
    assert response.json()["detail"] == "The tags are b by now, not a."
    trace.refresh_from_db()
    assert (trace.tags, trace.status) == (["b"], "unreviewed")
    again = patch(curator, trace, {"tags": ["b"], "expected_tags": ["a"]})  # as a retry is
    assert again.status_code == 200
    emptied = patch(curator, trace, {"tags": ["c"], "expected_tags": []})
    assert emptied.json()["detail"] == "The tags are b by now, not none."


@pytest.mark.parametrize("tags", [[], ["é😀", " spaced ", "b"], ["t" * 64] * 50])
def test_tags_are_replaced_without_a_review(curator, tags):
    trace = TraceFactory(tags=["old"], status="flagged")
    response = patch(curator, trace, {"tags": tags})
    assert (response.json()["tags"], response.json()["status"]) == (tags, "flagged")
    assert Trace.objects.get().tags == tags
    assert not Review.objects.exists()


def test_both_change_together(curator):
    trace = TraceFactory()
    answer = patch(curator, trace, {"status": "flagged", "tags": ["odd"]}).json()
    assert (answer["status"], answer["tags"]) == ("flagged", ["odd"])
    assert Review.objects.get().verdict == "flagged"


@pytest.mark.parametrize("raw", ["{}", ""])
def test_no_change_is_none(curator, raw):
    trace = TraceFactory(tags=["a"])
    before = curator.get(f"/api/traces/{trace.id}").json()
    response = patch(curator, trace, raw)
    assert (response.status_code, response.json()) == (200, before)


CONTENT = BodyFactory(meta={"source": "other"}, external_id="q-2", messages=[])


@pytest.mark.parametrize("field", [*CONTENT, "id", "source", "created_at", "payload", "scores"])
def test_content_is_refused(curator, field):
    trace = TraceFactory()
    before = curator.get(f"/api/traces/{trace.id}").json()
    response = patch(curator, trace, {"status": "approved", field: CONTENT.get(field)})
    assert response.status_code == 400
    assert list(response.json()) == [field]
    ((reason,),) = response.json().values()
    assert "status" in reason
    assert "tags" in reason
    assert ("never changes" in reason and "meta.revision_of" in reason) is (field in CONTENT)
    assert curator.get(f"/api/traces/{trace.id}").json() == before
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        ('{"status": "good"}', "status"),
        ('{"status": ""}', "status"),
        ('{"status": "Approved"}', "status"),
        ('{"status": null}', "status"),
        ('{"status": 1}', "status"),
        ('{"status": true}', "status"),
        ('{"status": ["approved"]}', "status"),
        ('{"status": NaN}', "status"),
        ('{"status": "\\u0000"}', "status"),
        ('{"status": "\\ud800"}', "status"),
        ('{"status": %s}' % ("[" * 701 + "]" * 701), "status"),
        ('{"status": "approved", "status": "approved"}', "non_field_errors"),
        ('{"tags": null}', "tags"),
        ('{"tags": "a"}', "tags"),
        ('{"tags": {}}', "tags"),
        ('{"tags": [""]}', "tags.0"),
        ('{"tags": ["a", 5]}', "tags.1"),
        ('{"tags": ["a", "%s"]}' % ("t" * 65), "tags.1"),
        ('{"tags": ["\\u0000"]}', "tags.0"),
        ('{"tags": ["\\ud800"]}', "tags.0"),
        ('{"tags": [%s"a"]}' % ('"a", ' * 50), "tags"),
        ('{"status": "approved", "tags": [1]}', "tags.0"),
        ("[]", "non_field_errors"),
        ("null", "non_field_errors"),
        ("NaN", "non_field_errors"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_what_is_refused_names_its_place(curator, raw, where):
    trace = TraceFactory()
    response = patch(curator, trace, raw)
    assert response.status_code == 400
    assert place(response.json()) == where
    assert Trace.objects.get().status == "unreviewed"


def test_a_trace_is_not_replaced(curator):
    trace = TraceFactory()
    response = curator.put(f"/api/traces/{trace.id}", BodyFactory(), format="json")
    assert response.status_code == 405


def test_no_query_parameter_is_known(curator):
    response = curator.patch(f"/api/traces/{TraceFactory().id}?force=1", {}, format="json")
    assert (response.status_code, list(response.json())) == (400, ["force"])


@pytest.mark.django_db(transaction=True)
def test_a_trace_deleted_meanwhile_is_not_found(curator):
    trace = TraceFactory()
    with just_before("FOR NO KEY UPDATE", lambda: elsewhere(Trace.objects.all().delete)):
        response = patch(curator, trace, {"status": "approved"})
    assert response.status_code == 404
    assert not Review.objects.exists()
