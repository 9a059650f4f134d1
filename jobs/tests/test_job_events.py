"""Who starts and cancels a job is told."""

import pytest

from events.models import Event
from jobs.models import Job

pytestmark = pytest.mark.django_db

BODY = {"where": {"source": "gsm8k"}, "set": {"status": "rejected"}}


def test_a_job_that_is_started_and_cancelled_is_told(curator):
    job = curator.post("/api/traces/bulk", BODY, format="json").json()
    assert curator.delete(f"/api/jobs/{job['id']}").status_code == 204
    events = Event.objects.filter(object_type="job", object_id=job["id"]).order_by("id")
    assert [(event.action, event.before, event.after) for event in events] == [
        ("start", None, {"kind": "bulk"}),
        ("cancel", {"kind": "bulk"}, None),
    ]
    assert {(event.actor_name, event.key_name, event.through) for event in events} == {
        ("a curator", "test", "api")
    }


def test_what_is_refused_is_not_told(curator, writer):
    job = curator.post("/api/traces/bulk", BODY, format="json").json()
    assert writer.delete(f"/api/jobs/{job['id']}").status_code == 403
    assert curator.delete(f"/api/jobs/{job['id']}").status_code == 204
    assert curator.delete(f"/api/jobs/{job['id']}").status_code == 409
    assert Event.objects.filter(action="cancel").count() == 1


def test_a_job_that_is_not_made_leaves_no_row(curator):
    refused = curator.post("/api/traces/bulk", {**BODY, "expected_count": 5}, format="json")
    assert refused.status_code == 409
    assert not Job.objects.exists()
    assert not Event.objects.exists()


def test_in_the_admin_it_is_through_the_admin(admin_client, admin_user, curator):
    job = curator.post("/api/traces/bulk", BODY, format="json").json()
    form = {"action": "cancel", "_selected_action": [job["id"]]}
    assert admin_client.post("/admin/jobs/job/", form).status_code == 302
    event = Event.objects.get(action="cancel")
    assert (event.actor, event.through, event.object_id) == (admin_user, "admin", job["id"])
