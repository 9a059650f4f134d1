"""Running a job: how it ends, what is kept of it, and how it is told to stop."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs import progress as sharing
from jobs.errors import JobCancelled, JobInterrupted, JobLost
from jobs.models import Job, JobErrorManager, State
from jobs.progress import ErrorRow
from jobs.services import lease
from jobs.services.beats import interrupt_all
from jobs.services.lease import running
from jobs.services.queue import give_back, start_job
from jobs.services.reaping import reap_jobs
from tunix_site.errors import Conflict, Invalid
from tunix_site.tests.live import wait_until

LONG = "SELECT pg_sleep(300)"


@pytest.fixture
def job(kinds, transactional_db):
    return start_job(kind="read", parameters={}, by=acting(CuratorFactory()))


@pytest.fixture
def queued(kinds, transactional_db):
    return start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))


def now(job) -> Job:
    return Job.objects.get(pk=job.pk)


def errors(job) -> list[tuple]:
    return list(job.errors.order_by("id").values_list("line", "field", "message"))


def cancel(job) -> None:
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED, finished_at=Now())


def sleep_in_the_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute(LONG)


def someone_sleeps() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE query = %s AND state = 'active'"
            " AND datname = current_database())",
            [LONG],
        )
        return cursor.fetchone()[0]


def once_it_sleeps(act) -> threading.Thread:
    """Act, on another connection, when the work waits for the database."""

    def run():
        try:
            wait_until(someone_sleeps)
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_job_that_ends_succeeds_with_its_result(job):
    assert (job.state, job.attempt) == ("running", 1)
    with running(job=job) as progress:
        progress.done, progress.result = 7, {"created_count": 7, "text": "a\0b\ud800"}
        progress.add_errors([ErrorRow(3, "prompt", "a\0b\ud800")])
    ended = now(job)
    assert (ended.state, ended.done, ended.total, ended.error) == ("succeeded", 7, 7, "")
    assert ended.result == {"created_count": 7, "text": "a\ufffdb?"}
    assert ended.created_at <= ended.started_at <= ended.finished_at
    assert errors(job) == [(3, "prompt", "a\ufffdb?")]


def test_a_queued_job_is_taken_when_it_is_run(queued):
    assert (queued.state, queued.attempt) == ("queued", 0)
    with running(job=queued):
        assert now(queued).state == "running"
    assert (now(queued).state, now(queued).attempt) == ("succeeded", 1)


def test_a_queued_job_is_run_once(queued):
    with running(job=now(queued)), pytest.raises(JobLost), running(job=queued):
        pytest.fail("it was run twice")


def test_progress_is_told_while_the_work_goes_on(job):
    began = job.heartbeat_at
    with running(job=job) as progress:
        progress.add_errors([ErrorRow(1, "", "Not an object.")])
        progress.done, progress.total = 5, 10
        wait_until(lambda: now(job).done == 5)
        assert (now(job).total, now(job).state) == (10, "running")
        assert now(job).heartbeat_at > began
        assert errors(job) == [(1, "", "Not an object.")]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Conflict("sums-1 was deleted."), "sums-1 was deleted."),
        (Invalid({"detail": "No trace matches."}), "No trace matches."),
        (
            Invalid({"parent": ["There is none."], "seed": ["Too large.", "Odd."]}),
            "parent: There is none. seed: Too large. Odd.",
        ),
        (Invalid({"detail": "\0"}), "\ufffd"),
        (RuntimeError("what somebody sent"), lease.BROKEN),
    ],
)
def test_a_job_that_breaks_off_fails_with_the_reason(job, error, text):
    def work():
        with running(job=job) as progress:
            progress.result = {"error_count": 1}
            raise error

    with pytest.raises(type(error)):
        work()
    ended = now(job)
    assert (ended.state, ended.error, ended.result) == ("failed", text, {"error_count": 1})
    assert ended.finished_at is not None


def test_errors_are_kept_where_the_work_is_rolled_back(job):
    def work():
        with running(job=job) as progress, transaction.atomic():
            Job.objects.filter(pk=job.pk).update(parameters={"lost": True})
            progress.add_errors([ErrorRow(1, "steps", "Not a list.")])
            raise Invalid({"detail": "The first error ends it."})

    with pytest.raises(Invalid):
        work()
    assert now(job).parameters == {}
    assert errors(job) == [(1, "steps", "Not a list.")]


@pytest.mark.parametrize("at_once", [25, 10, 4, 1])
def test_of_very_many_errors_the_first_are_kept_and_the_others_counted(job, monkeypatch, at_once):
    monkeypatch.setattr(sharing, "KEPT_ERRORS", 10)
    found = [ErrorRow(number, "", "Bad.") for number in range(25)]
    with running(job=job) as progress:
        for start in range(0, 25, at_once):
            progress.add_errors(iter(found[start : start + at_once]))
        assert progress.errors_left_out_count == 15
    assert errors(job) == found[:10]


def test_cancelling_ends_the_statement_under_way(job):
    thread = once_it_sleeps(lambda: cancel(job))
    with pytest.raises(JobCancelled), running(job=job), transaction.atomic():
        sleep_in_the_database()
    thread.join()
    assert now(job).state == "cancelled"
    assert not someone_sleeps()


def test_work_outside_the_database_finds_that_it_is_cancelled(job):
    cancel(job)
    with pytest.raises(JobCancelled), running(job=job) as progress:
        wait_until(lambda: progress.check() is not None)


def test_a_cancellation_that_comes_too_late_does_not_hide_what_was_done(job):
    with running(job=job) as progress:
        cancel(job)
        progress.result = {"created_count": 1}
    assert (now(job).state, now(job).result) == ("succeeded", {"created_count": 1})


def test_work_whose_job_was_given_to_another_stops(queued):
    def lose():
        before = timezone.now() - timedelta(hours=1)
        with transaction.atomic():  # else a beat may renew it between
            Job.objects.update(heartbeat_at=before)
            assert reap_jobs() == 1

    def work():
        with running(job=queued) as progress:
            progress.add_errors([ErrorRow(1, "", "Of the first attempt.")])
            sleep_in_the_database()

    thread = once_it_sleeps(lose)
    with pytest.raises(JobLost):
        work()
    thread.join()
    assert (now(queued).state, now(queued).done) == ("queued", 0)
    with running(job=now(queued)):
        pass
    assert (now(queued).state, now(queued).attempt) == ("succeeded", 2)
    assert errors(queued) == []


def test_what_ends_unasked_beside_its_successor_writes_nothing(queued):
    with pytest.raises(JobLost), running(job=queued):
        Job.objects.update(attempt=2)
    assert (now(queued).state, now(queued).result) == ("running", None)


def test_a_process_that_has_to_end_gives_its_job_back(queued):
    thread = once_it_sleeps(interrupt_all)
    with pytest.raises(JobInterrupted), running(job=queued):
        sleep_in_the_database()
    thread.join()
    give_back(place=queued.task_id)
    assert (now(queued).state, now(queued).attempt) == ("queued", 0)
    assert now(queued).task_id != queued.task_id


def test_a_job_that_is_begun_when_its_process_has_to_end_is_not_done(queued):
    interrupt_all()
    with pytest.raises(JobInterrupted), running(job=queued) as progress:
        progress.check()
    give_back(place=queued.task_id)
    assert (now(queued).state, now(queued).attempt) == ("queued", 0)


def test_only_what_was_begun_and_left_is_given_back(queued, job):
    ended = start_job(kind="sum", parameters={}, by=acting(CuratorFactory()))
    with running(job=ended):
        pass
    for one in (queued, job, ended):
        give_back(place=one.task_id)
    assert [now(one).state for one in (queued, job, ended)] == ["queued", "running", "succeeded"]
    assert now(queued).task_id == queued.task_id


def test_a_job_that_nobody_else_can_run_fails_with_its_process(job):
    with pytest.raises(KeyboardInterrupt), running(job=job):
        raise KeyboardInterrupt
    assert (now(job).state, now(job).error) == ("failed", lease.ENDED)


def test_no_connection_and_no_thread_is_left(job):
    def connections():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
                " AND backend_type = 'client backend'"
            )
            return {pid for (pid,) in cursor}

    before, threads = connections(), threading.active_count()
    with running(job=job) as progress:
        progress.done = 1
        wait_until(lambda: now(job).done == 1)
        assert connections() - before
    wait_until(lambda: connections() <= before and threading.active_count() == threads)


@pytest.fixture
def beats_meet(monkeypatch):
    """Have the beats, not the work's own end, meet errors instead of writing what was found."""
    write, waiting = JobErrorManager.insert, []

    def write_or_fail(*arguments):
        if waiting and threading.current_thread() is not threading.main_thread():
            raise waiting[0] if len(waiting) == 1 else waiting.pop()
        write(*arguments)

    monkeypatch.setattr(JobErrorManager, "insert", write_or_fail)
    return waiting


def add_and_wait(progress) -> None:
    progress.add_errors([ErrorRow(1, "", "Bad.")])
    wait_until(lambda: progress.check() is not None)


def test_while_the_database_does_not_answer_errors_are_held_back(job, beats_meet):
    beats_meet += [OperationalError("away")] * 2
    with running(job=job) as progress:
        progress.add_errors([ErrorRow(1, "", "Bad.")])
        wait_until(lambda: len(beats_meet) == 1)
        beats_meet.clear()
        wait_until(lambda: errors(job) != [])
    assert errors(job) == [(1, "", "Bad.")]


def test_a_database_that_stays_away_for_a_lease_loses_the_job(job, beats_meet, short_lease):
    beats_meet.append(OperationalError("away"))
    with pytest.raises(JobLost), running(job=job) as progress:
        add_and_wait(progress)


def test_progress_that_cannot_be_told_stops_the_work(job, beats_meet):
    beats_meet.append(RuntimeError("an error of ours"))
    with pytest.raises(JobLost), running(job=job) as progress:
        add_and_wait(progress)


def test_work_that_loses_the_database_is_left_to_be_taken_up_again(queued):
    with pytest.raises(OperationalError), running(job=queued):
        raise OperationalError("away")
    assert now(queued).state == "running"


def test_work_that_nobody_takes_up_again_fails_with_the_database(job):
    with pytest.raises(OperationalError), running(job=job):
        raise OperationalError("away")
    assert (now(job).state, now(job).error) == ("failed", lease.ENDED)


@pytest.mark.django_db
def test_in_a_transaction_a_job_runs_untold(kinds):
    job = start_job(kind="read", parameters={}, by=acting(CuratorFactory()))
    with running(job=job) as progress:
        assert not [thread for thread in threading.enumerate() if thread.name[:4] == "job "]
        progress.add_errors([ErrorRow(1, "", "Bad.")])
    assert now(job).state == "succeeded"
    assert errors(job) == [(1, "", "Bad.")]
