"""Real worker processes: killed, stopped for a while, told to end, and kept running.

The jobs are builds of a dataset whose name another transaction holds: they wait inside one
statement for as long as a test wants.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from datasets.models import Dataset
from datasets.tests.factories import CuratorFactory, DatasetFactory
from events.tests.acting import acting
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.services.reaping import reap_jobs
from jobs.tests.working import work_off
from traces.tests.concurrency import elsewhere, somebody_waits
from traces.tests.factories import TraceFactory
from tunix_site.serving.processes import descendants
from tunix_site.tests.live import (
    MANAGE,
    environment_for,
    is_alive,
    url_of_database,
    wait_until,
)

pytestmark = [
    pytest.mark.live,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("short_lease"),
]


@pytest.fixture
def traces():
    TraceFactory.create_batch(2)


def build(name: str) -> Job:
    parameters = {"dataset_name": name, "dataset_version": "1"}
    return start_job(kind="build", parameters=parameters, by=acting(CuratorFactory()))


def state(job: Job) -> str:
    job.refresh_from_db()
    return job.state


@contextlib.contextmanager
def held(name: str) -> Iterator[None]:
    """Hold a dataset's name in a transaction that comes to nothing: its builds wait."""
    with transaction.atomic():
        DatasetFactory(name=name)
        yield
        transaction.set_rollback(True)


def is_under_way(job: Job) -> bool:
    return state(job) == "running" and somebody_waits()


def test_a_job_whose_worker_is_killed_is_done_by_another(work, traces):
    job, killed = build("sums"), work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        killed.kill()
        killed.wait()
        wait_until(lambda: not somebody_waits())  # its statement ends too
    work("--queues", "builds")
    wait_until(lambda: state(job) == "succeeded")
    assert job.attempt >= 2
    assert job.result["trace_count"] == 2
    assert Dataset.objects.get().key == "sums-1"


def test_a_worker_that_is_killed_in_the_middle_of_a_step_leaves_nothing(work, traces, curator):
    """The step waits for a table that another transaction holds."""
    verify = {"criteria": "judge", "scorer_version": "1", "missing": "keep"}
    body = {"dataset_name": "sums", "dataset_version": "1", "exact": True, "verify": verify}
    job = start_job(kind="build", parameters=body, by=acting(CuratorFactory()))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE traces_score IN ACCESS EXCLUSIVE MODE")
        killed = work("--queues", "builds")
        wait_until(lambda: is_under_way(job))
        wait_until(lambda: state(job) and len((job.result or {}).get("funnel", ())) == 2)
        assert [line["step"] for line in job.result["funnel"]] == ["match", "exact"]
        killed.kill()
        killed.wait()
        wait_until(lambda: not somebody_waits())
    assert not Dataset.objects.exists()
    work("--queues", "builds")
    wait_until(lambda: state(job) == "succeeded")
    assert job.attempt >= 2
    assert job.result["trace_count"] == Dataset.objects.get().trace_count == 2


def test_a_job_that_kills_its_workers_fails_at_last(work, traces, reader):
    job = build("sums")
    Job.objects.update(attempt=2)
    killed = work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        killed.kill()
        killed.wait()
    wait_until(lambda: reader.get(f"/api/jobs/{job.id}").json()["state"] != "running")
    assert state(job) == "failed"
    assert job.error.startswith("The process that ran it ended, 3 times.")
    assert not DBTaskResult.objects.exclude(status="FAILED").exists()


def test_a_worker_that_was_stopped_for_a_while_gives_way_and_goes_on(work, traces):
    job, stopped = build("sums"), work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        stopped.send_signal(signal.SIGSTOP)
        wait_until(lambda: elsewhere(reap_jobs) == 1)
        assert state(job) == "queued"
    stopped.send_signal(signal.SIGCONT)
    wait_until(lambda: state(job) == "succeeded")
    assert job.attempt >= 2
    assert Dataset.objects.count() == 1
    assert stopped.poll() is None


def test_cancelling_ends_a_statement_and_the_worker_goes_on(work, traces, curator):
    job, worker = build("sums"), work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        elsewhere(lambda: curator.delete(f"/api/jobs/{job.id}"))
        wait_until(lambda: not somebody_waits())
        assert state(job) == "cancelled"
    following = build("products")
    wait_until(lambda: state(following) == "succeeded")
    assert [dataset.name for dataset in Dataset.objects.all()] == ["products"]
    assert worker.poll() is None


def test_a_worker_that_is_told_to_end_gives_its_job_back(work, traces):
    job, ended = build("sums"), work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        ended.terminate()
        assert ended.wait(30) == 0
        assert (state(job), job.attempt) == ("queued", 0)
    assert work("--once").wait(60) == 0
    assert (state(job), job.attempt) == ("succeeded", 1)


def test_one_queue_does_not_wait_for_another(work, traces, kinds):
    kinds["run"] = lambda job, progress: {"sum": 42}
    job = build("sums")
    work("--queues", "builds")
    with held("sums"):
        wait_until(lambda: is_under_way(job))
        waiting = build("products")
        quick = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
        work_off("bulk")
        assert (state(quick), quick.result) == ("succeeded", {"sum": 42})
        assert (state(waiting), state(job)) == ("queued", "running")


SUPERVISE = """
import django
django.setup()
from jobs.workers.processes import Workers
Workers({"builds": ["work", "--queues", "builds"], "bulk": ["work", "--queues", "bulk"]}).run()
"""


@pytest.fixture
def supervised(traces, tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISE],
        cwd=MANAGE.parent,
        env=environment_for(
            url_of_database(),
            DJANGO_SETTINGS_MODULE="tunix_site.settings",
            TUNIX_VAR=str(tmp_path),
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        wait_until(lambda: len(children_of(process)) == 2)
        yield process
        process.kill()


def children_of(process: subprocess.Popen) -> set[int]:
    return descendants(process.pid) - {process.pid}


def test_a_worker_that_ended_is_started_again(supervised):
    before = children_of(supervised)
    os.kill(min(before), signal.SIGKILL)
    wait_until(lambda: len(children_of(supervised) - before) == 1)
    job = build("sums")
    wait_until(lambda: state(job) == "succeeded")
    pids = children_of(supervised)
    supervised.send_signal(signal.SIGINT)
    assert supervised.wait(30) == 0
    assert not [pid for pid in pids if is_alive(pid)]


def test_no_worker_outlives_the_process_that_keeps_them(supervised):
    pids = children_of(supervised)
    supervised.kill()
    wait_until(lambda: not any(map(is_alive, pids)))
