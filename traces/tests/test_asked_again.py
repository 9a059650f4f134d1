"""Jobs are done for those who may still ask for them."""

import pytest

from events.tests.acting import acting
from jobs.kinds import KINDS
from jobs.models import Job, State
from jobs.tests.working import work_off
from traces.models import Trace
from traces.services.bulk import walking
from traces.services.importing.queued import start_import
from traces.services.importing.summary import ImportRequest
from traces.services.importing.uploads import Draft
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

SWITCHED_OFF = "Whoever started it may not sign in any more."
GONE = "Whoever started it is no user any more."


def switch_off(user):
    type(user).objects.filter(pk=user.pk).update(is_active=False)


def take_role(user):
    user.groups.clear()


def take_flag(user):
    type(user).objects.filter(pk=user.pk).update(is_superuser=False)


def delete(user):
    type(user).objects.filter(pk=user.pk).delete()


@pytest.fixture
def root(client_as, django_user_model):
    client = client_as("trainer")
    client.user = django_user_model.objects.get(username="a trainer")
    client.user.is_superuser = True
    client.user.save()
    return client


@pytest.fixture
def curator(client_as, django_user_model):
    client = client_as("curator")
    client.user = django_user_model.objects.get(username="a curator")
    return client


def ended():
    work_off(KINDS[Job.objects.latest("id").kind].queue)
    job = Job.objects.latest("id")
    return job.state, job.error


CHANGE = {"where": {}, "set": {"status": "rejected"}}


@pytest.mark.parametrize(
    ("take", "told"),
    [
        (switch_off, SWITCHED_OFF),
        (take_role, "Whoever started it has not the role curator any more."),
        (delete, GONE),
    ],
)
def test_a_change_that_waited_is_done_for_who_may_still_ask(curator, take, told):
    TraceFactory()
    assert curator.post("/api/traces/bulk", CHANGE, format="json").status_code == 202
    take(curator.user)
    assert ended() == (State.FAILED, told)
    assert Trace.objects.get().status == "unreviewed"


@pytest.mark.parametrize(
    ("take", "told"),
    [
        (switch_off, SWITCHED_OFF),
        (take_flag, "Whoever started it is no superuser any more."),
        (delete, GONE),
    ],
)
def test_a_deletion_that_waited_needs_a_superuser_still(root, take, told):
    TraceFactory()
    body = {"where": {}, "expected_count": 1}
    assert root.post("/api/traces/bulk-delete", body, format="json").status_code == 202
    take(root.user)
    assert ended() == (State.FAILED, told)
    assert Trace.objects.exists()


def test_the_undoing_of_others_jobs_needs_a_superuser_still(root, curator):
    TraceFactory()
    curator.post("/api/traces/bulk", CHANGE, format="json")
    work_off("bulk")
    assert root.post(f"/api/jobs/{Job.objects.get().pk}/undo").status_code == 202
    take_flag(root.user)
    assert ended() == (State.FAILED, "Whoever started it is no superuser any more.")
    assert Trace.objects.get().status == "rejected"


def test_ones_own_is_undone_without_being_a_superuser(curator):
    TraceFactory()
    curator.post("/api/traces/bulk", CHANGE, format="json")
    work_off("bulk")
    curator.post(f"/api/jobs/{Job.objects.get().pk}/undo")
    assert ended() == (State.SUCCEEDED, "")
    assert Trace.objects.get().status == "unreviewed"


@pytest.mark.parametrize(
    ("take", "told"),
    [
        (switch_off, SWITCHED_OFF),
        (take_role, "Whoever started it has not the role writer any more."),
    ],
)
def test_a_file_of_somebody_who_may_not_any_more_stays_out(
    client_as, django_user_model, settings, tmp_path, take, told
):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    client_as("writer")
    user = django_user_model.objects.get()
    draft = Draft(owner=user.pk)
    draft.write(b'{"prompt": "1 + 1", "reasoning": "It is 2.", "answer": "2"}')
    start_import(upload=draft.keep(), name="mine.jsonl", request=ImportRequest(), by=acting(user))
    take(user)
    assert ended() == (State.FAILED, told)
    assert not Trace.objects.exists()


def test_who_is_switched_off_stops_what_is_under_way(root, monkeypatch):
    TraceFactory.create_batch(3)
    monkeypatch.setattr("traces.curation.pieces.FROZEN_AT_ONCE", 1)
    asked = []

    def asker_of(*, job):
        asked.append(job)
        if len(asked) == 2:
            switch_off(root.user)
        return original(job=job)

    original = walking.asker_of
    monkeypatch.setattr(walking, "asker_of", asker_of)
    body = {"where": {}, "expected_count": 3}
    assert root.post("/api/traces/bulk-delete", body, format="json").status_code == 202
    assert ended() == (State.FAILED, SWITCHED_OFF)
    assert Trace.objects.count() == 2
