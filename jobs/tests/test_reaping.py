"""Jobs whose process ended are taken up again or reported; old ones are forgotten."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs.models import Job, JobError, State
from jobs.services import lease, reaping
from jobs.services.queue import start_job
from jobs.services.reaping import prune_jobs, reap_jobs
from jobs.tests.factories import (
    FailedJobFactory,
    JobErrorFactory,
    JobFactory,
    RunningJobFactory,
    SucceededJobFactory,
)
from jobs.tests.working import work_off
from traces.tests.concurrency import at_once

pytestmark = pytest.mark.django_db


def long_ago(days: int = 0):
    return timezone.now() - timedelta(days=days, hours=1)


@pytest.fixture
def lapsed(kinds):
    """Give a job of a queue whose worker is not heard of any more."""
    job = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    DBTaskResult.objects.get().claim("a worker")
    Job.objects.update(state=State.RUNNING, attempt=1, done=3, heartbeat_at=long_ago())
    job.refresh_from_db()
    return job


def test_a_job_of_a_worker_that_ended_is_run_again(kinds, lapsed):
    JobErrorFactory(job=lapsed)
    kinds["run"] = lambda job, progress: {"attempt": job.attempt}
    assert reap_jobs() == 1
    job = Job.objects.get()
    assert (job.state, job.done, job.worker) == ("queued", 0, "")
    assert not JobError.objects.exists()
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.result) == ("succeeded", {"attempt": 2})


def test_the_place_in_the_queue_is_not_said_to_be_worked_on_for_ever(lapsed):
    reap_jobs()
    assert DBTaskResult.objects.get(pk=lapsed.task_id).status == "FAILED"
    assert not DBTaskResult.objects.running().exists()
    place = DBTaskResult.objects.get(pk=lapsed.task_id).task_result
    assert place.errors[0].exception_class.__name__ == "JobLost"


def test_a_job_that_ends_every_worker_fails_at_last(lapsed):
    for _ in range(2):
        Job.objects.update(state=State.RUNNING, heartbeat_at=long_ago())
        assert reap_jobs() == 1
        Job.objects.update(attempt=3)
    job = Job.objects.get()
    assert (job.state, job.error) == ("failed", reaping.GAVE_UP)
    assert job.finished_at is not None


def test_a_job_of_a_request_whose_process_ended_is_reported(kinds):
    RunningJobFactory(kind="read", heartbeat_at=long_ago())
    assert reap_jobs() == 1
    assert (Job.objects.get().state, Job.objects.get().error) == ("failed", lease.ENDED)


def test_jobs_that_are_worked_on_or_wait_are_left_alone(kinds):
    RunningJobFactory(kind="sum")
    start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    DBTaskResult.objects.update(enqueued_at=long_ago(5))
    start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    DBTaskResult.objects.first().claim("a worker that begins")
    SucceededJobFactory(), FailedJobFactory()
    before = list(Job.objects.values())
    assert reap_jobs() == 0
    assert list(Job.objects.values()) == before


@pytest.mark.parametrize("what_became", ["gone", "taken", "failed"])
def test_a_queued_job_without_a_place_in_the_queue_gets_another(kinds, what_became):
    start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    place = DBTaskResult.objects.get()
    if what_became == "gone":
        place.delete()
    elif what_became == "taken":
        place.claim("a worker that ended")
        DBTaskResult.objects.update(started_at=long_ago())
    else:
        place.set_failed(RuntimeError())
    kinds["run"] = lambda job, progress: {}
    assert reap_jobs() == 1
    work_off("bulk")
    assert Job.objects.get().state == "succeeded"
    assert not DBTaskResult.objects.running().exists()


def test_one_that_never_begins_fails_at_last(kinds):
    JobFactory(kind="sum", task_id=uuid4())
    for _ in range(3):
        reap_jobs()
        DBTaskResult.objects.all().delete()
    assert (Job.objects.get().state, Job.objects.get().error) == ("failed", reaping.GAVE_UP)


@pytest.mark.django_db(transaction=True)
def test_many_who_look_at_the_same_time_take_a_job_once(lapsed):
    assert sum(at_once([reap_jobs] * 4)) == 1
    assert DBTaskResult.objects.ready().count() == 1


def test_a_kind_that_nobody_knows_fails(kinds):
    job = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    Job.objects.update(kind="of a later version")
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.error) == ("failed", "There is no such kind of job in this version.")


def test_a_job_that_was_deleted_is_not_run(kinds):
    start_job(kind="sum", parameters={}, by=acting(CuratorFactory())).delete()
    work_off("bulk")
    assert DBTaskResult.objects.get().status == "SUCCESSFUL"


def test_what_breaks_off_says_so_in_the_job_alone(kinds):
    def broken(job, progress):
        raise RuntimeError("what somebody sent")

    kinds["run"] = broken
    start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    work_off("bulk")
    assert (Job.objects.get().state, Job.objects.get().error) == ("failed", lease.BROKEN)
    assert DBTaskResult.objects.get().traceback == ""


def test_old_jobs_are_forgotten_with_their_errors(settings):
    settings.JOBS_KEPT_DAYS = 30
    old = JobErrorFactory(job=FailedJobFactory(finished_at=long_ago(30))).job
    kept = [
        JobErrorFactory(job=FailedJobFactory(finished_at=long_ago(29))).job,
        RunningJobFactory(created_at=long_ago(90)),
        JobFactory(created_at=long_ago(90)),
    ]
    prune_jobs()
    assert set(Job.objects.values_list("pk", flat=True)) == {job.pk for job in kept}
    assert not JobError.objects.filter(job_id=old.pk).exists()
    assert JobError.objects.count() == 1


def test_old_places_in_the_queue_are_forgotten(kinds, settings):
    settings.JOBS_KEPT_DAYS = 30
    for _ in range(3):
        start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    old, new, waiting = DBTaskResult.objects.all()
    old.set_successful(None), new.set_successful(None)
    DBTaskResult.objects.filter(pk=old.pk).update(finished_at=long_ago(30))
    prune_jobs()
    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == {new.pk, waiting.pk}
