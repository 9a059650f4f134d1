"""manage.py work, inside the tests' own process: what it does, and how it is told to end."""

import os
import signal
import subprocess
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.backends.signals import connection_created
from django.utils import timezone

from datasets.tests.factories import UserFactory
from jobs import processes, worker
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.tests.factories import FailedJobFactory, RunningJobFactory
from tunix_site.tests.live import is_alive, wait_until

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def handlers():
    before = [(number, signal.getsignal(number)) for number in SIGNALS]
    yield
    connection_created.disconnect(worker._notice_if_we_end)
    for number, handler in before:
        signal.signal(number, handler)


def sum_job() -> Job:
    return start_job(kind="sum", parameters={}, user=UserFactory())


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def end_us() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("queues", [["--queues", "builds,bulk"], []])
def test_once_does_what_is_queued_and_ends(kinds, queues):
    kinds["run"] = lambda job, progress: {"sum": 42}
    jobs = [sum_job(), sum_job()]
    call_command("work", "--once", *queues)
    assert [state(job) for job in jobs] == ["succeeded"] * 2


@pytest.mark.django_db(transaction=True)
def test_told_to_end_it_gives_its_job_back(kinds):
    def work(job, progress):
        end_us()
        wait_until(lambda: progress.check() is not None)

    kinds["run"] = work
    job = sum_job()
    call_command("work", "--queues", "bulk")
    assert (state(job), Job.objects.get().attempt) == ("queued", 0)


@pytest.mark.django_db(transaction=True)
def test_told_to_end_while_nothing_is_queued_it_ends_at_once(kinds):
    threading.Timer(0.2, end_us).start()
    with pytest.raises(SystemExit) as ended:
        call_command("work", "--queues", "bulk")
    assert ended.value.code == 0


@pytest.mark.django_db(transaction=True)
def test_at_work_it_looks_after_other_jobs_as_well(kinds):
    lapsed = RunningJobFactory(kind="read", heartbeat_at=timezone.now() + timedelta(seconds=1))
    FailedJobFactory(finished_at=timezone.now() - timedelta(days=31))

    def work(job, progress):
        wait_until(lambda: state(lapsed) == "failed")
        wait_until(lambda: Job.objects.count() == 2)
        end_us()
        return {}

    kinds["run"] = work
    sum_job()
    call_command("work", "--queues", "bulk")
    assert {job.pk for job in Job.objects.filter(kind="read")} == {lapsed.pk}


def test_an_unknown_queue_is_refused():
    with pytest.raises(CommandError, match="no queue nothing; known ones: builds, bulk"):
        call_command("work", "--queues", "builds,nothing")


def test_what_ends_is_started_again_and_all_end_together(monkeypatch, settings):
    started = []

    def start(name, command) -> int:
        started.append(subprocess.Popen(["sleep", "600"]))
        return started[-1].pid

    def kill_one_then_end() -> None:
        wait_until(lambda: len(started) == 2)
        os.kill(started[0].pid, signal.SIGKILL)
        wait_until(lambda: len(started) == 3)
        end_us()

    settings.WORKERS = {"one": ["work"], "two": ["work"]}
    monkeypatch.setattr(processes, "_forked", start)
    monkeypatch.setattr(processes, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(processes, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(processes, "keep_program_out_of_collections", lambda: None)
    monkeypatch.setattr(processes.connections, "close_all", lambda: None)
    thread = threading.Thread(target=kill_one_then_end)
    thread.start()
    call_command("work")
    thread.join()
    assert not [process.pid for process in started if is_alive(process.pid)]
    for process in started:
        process.wait()
