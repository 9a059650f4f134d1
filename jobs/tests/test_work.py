"""manage.py work, as a process: what it does, and how it is told to end."""

import os
import signal
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from datasets.models import Dataset
from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.tests.factories import FailedJobFactory, RunningJobFactory
from jobs.workers.processes import worker_commands
from traces.tests.factories import TraceFactory
from tunix_site.serving.processes import descendants
from tunix_site.tests.live import is_alive, wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def traces():
    TraceFactory.create_batch(2)


def build(name: str) -> Job:
    parameters = {"dataset_name": name, "dataset_version": "1"}
    return start_job(kind="build", parameters=parameters, by=acting(CuratorFactory()))


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


@pytest.mark.parametrize("queues", [["--queues", "builds,bulk"], []])
def test_once_does_what_is_queued_and_ends(work, queues):
    jobs = [build("sums"), build("products")]
    assert work("--once", *queues).wait(60) == 0
    assert [state(job) for job in jobs] == ["succeeded"] * 2
    assert set(Dataset.objects.values_list("name", flat=True)) == {"sums", "products"}


def test_told_to_end_while_nothing_is_queued_it_ends_at_once(work):
    job, worker = build("sums"), work("--queues", "builds")
    wait_until(lambda: state(job) == "succeeded")
    worker.terminate()
    assert worker.wait(30) == 0


def test_it_looks_after_jobs_of_others_as_well_and_keeps_house(work, tmp_path):
    left = tmp_path / "uploads" / f"1.{uuid4()}"
    left.parent.mkdir()
    left.touch()
    os.utime(left, (0, 0))
    work("--queues", "bulk")
    lapsed = RunningJobFactory(kind="import", heartbeat_at=timezone.now() - timedelta(minutes=1))
    old = FailedJobFactory(finished_at=timezone.now() - timedelta(days=31))
    wait_until(lambda: state(lapsed) == "failed")
    wait_until(lambda: not Job.objects.filter(pk=old.pk).exists())
    wait_until(lambda: not left.exists())


def test_an_unknown_queue_is_refused():
    with pytest.raises(
        CommandError, match="no queue nothing; known ones: imports, bulk, scoring, queues, builds"
    ):
        call_command("work", "--queues", "builds,nothing")


def test_each_worker_is_started_again_and_all_end_together(work):
    keeper = work()

    def workers() -> set[int]:
        return descendants(keeper.pid) - {keeper.pid}

    wait_until(lambda: len(workers()) == len(worker_commands()))
    before = workers()
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(workers() - before) == 1)
    now = workers()
    keeper.terminate()
    assert keeper.wait(30) == 0
    assert not [pid for pid in now if is_alive(pid)]
