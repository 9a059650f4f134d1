"""DELETE /api/jobs/{id}."""

import pytest
from django.contrib.auth.models import User
from django_tasks_db.models import DBTaskResult

from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.tests.factories import FailedJobFactory, JobFactory, RunningJobFactory
from jobs.tests.working import work_off

pytestmark = pytest.mark.django_db


def url(job) -> str:
    return f"/api/jobs/{job.id}"


def cancelled(job) -> bool:
    job.refresh_from_db()
    return job.state == "cancelled"


def test_a_queued_job_is_cancelled_and_never_run(curator, kinds):
    kinds["run"] = pytest.fail
    job = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    assert curator.delete(url(job)).status_code == 204
    assert cancelled(job)
    assert job.finished_at is not None
    assert not DBTaskResult.objects.exists()
    work_off("bulk")
    assert cancelled(job)


def test_a_job_that_a_worker_has_just_taken_is_not_run_either(curator, kinds):
    kinds["run"] = pytest.fail
    job = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    DBTaskResult.objects.get().claim("a worker")
    assert curator.delete(url(job)).status_code == 204
    from jobs.tasks import run_job

    run_job.call(str(job.id))
    assert cancelled(job)


def test_a_running_job_is_cancelled(curator):
    job = RunningJobFactory()
    assert curator.delete(url(job)).status_code == 204
    assert cancelled(job)


def test_a_job_that_has_ended_stays_as_it_is(curator):
    job = FailedJobFactory()
    response = curator.delete(url(job))
    assert response.status_code == 409
    assert response.json() == {"detail": "The job has ended already: failed."}
    assert Job.objects.get().state == "failed"


def test_writers_cancel_what_they_started(writer, kinds):
    me = User.objects.get(username="a writer")
    mine, other = (JobFactory(kind="sum", created_by=user) for user in (me, CuratorFactory()))
    assert writer.delete(url(mine)).status_code == 204
    assert writer.delete(url(other)).status_code == 403
    assert (cancelled(mine), cancelled(other)) == (True, False)


@pytest.mark.parametrize("kind", ["build", "of an earlier version"])
def test_who_lost_the_role_may_not_cancel_what_they_started(writer, kind):
    job = JobFactory(kind=kind, created_by=User.objects.get(username="a writer"))
    response = writer.delete(url(job))
    assert response.status_code == 403
    assert not cancelled(job)


def test_readers_cancel_what_they_started(reader):
    me = User.objects.get(username="a reader")
    mine, other = (JobFactory(kind="contamination", created_by=by) for by in (me, CuratorFactory()))
    assert reader.delete(url(mine)).status_code == 204
    assert reader.delete(url(other)).status_code == 403
    assert (cancelled(mine), cancelled(other)) == (True, False)


def test_readers_cancel_nothing_that_needs_more(reader, kinds):
    job = JobFactory(kind="sum", created_by=User.objects.get(username="a reader"))
    assert reader.delete(url(job)).status_code == 403
    assert not cancelled(job)


def test_a_curators_key_for_writing_cancels_as_a_writer(key_of, client):
    from tunix_site.models import ApiKey

    key_of("curator")
    me = User.objects.get(username="a curator")
    _, key = ApiKey.objects.issue(user=me, name="writes", role="writer")
    job = JobFactory()
    response = client.delete(url(job), headers={"authorization": f"Token {key}"})
    assert response.status_code == 403
    assert not cancelled(job)
