"""A job's child program: its lines become rows, and it never outlives the job."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs import progress as sharing
from jobs.errors import JobCancelled, JobInterrupted, JobLost
from jobs.models import Job, JobError
from jobs.services.beats import interrupt_all
from jobs.services.lease import running
from jobs.services.queue import start_job
from jobs.services.reaping import reap_jobs
from jobs.tests.test_lease import cancel, errors, now
from jobs.workers.children import Line, child_program
from traces.tests.concurrency import elsewhere
from tunix_site.tests.live import environment_for, is_alive, url_of_database, wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

# Says who it is and what it started, of which one leaves its group.
FAMILY = """
import json, os, subprocess, sys, time
sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
pids = [os.getpid()]
pids += [subprocess.Popen(sleep, start_new_session=apart).pid for apart in (False, True)]
print(json.dumps(pids), flush=True)
"""
FAMILY_THAT_STAYS = f"{FAMILY}time.sleep(600)"
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(os.getpid(), flush=True)
time.sleep(600)
"""
POLITE = """
import pathlib, signal, sys, time
def stop(*_):
    print("x" * 1_000_000, flush=True)
    pathlib.Path(sys.argv[1]).write_text("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def job(kinds):
    return start_job(kind="read", parameters={}, by=acting(CuratorFactory()))


@pytest.fixture
def run(tmp_path):
    """Run a program in Python beside a job."""

    def started(progress, code, *arguments, **options):
        command = [sys.executable, "-c", code, *map(str, arguments)]
        return child_program(command, progress=progress, directory=tmp_path, **options)

    return started


def insert(job: Job, lines: list[Line]) -> None:
    JobError.objects.insert(job, [(None, stream, text.decode()) for stream, text in lines])


def pids_of(line: Line) -> list[int]:
    return json.loads(line.text)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def none_lives(pids: list[int]) -> bool:
    return not any(map(is_alive, pids))


def test_what_a_program_writes_becomes_rows_of_its_job(job, run):
    code = 'import sys; print("loss 2.5"); print("slow", file=sys.stderr); sys.exit(3)'
    with running(job=job) as progress, run(progress, code) as child:
        progress.add(child.lines(), write=insert)
        progress.result = {"exit_code": child.wait()}
    assert sorted(errors(job)) == [(None, "err", "slow"), (None, "out", "loss 2.5")]
    assert (now(job).state, now(job).result) == ("succeeded", {"exit_code": 3})


def test_rows_and_progress_are_seen_together_while_it_runs(job, run):
    code = "import time\nfor n in range(3): print(n, flush=True)\ntime.sleep(600)"
    seen = []

    def look():
        with transaction.atomic():
            found = [(len(errors(job)), now(job).done)]
        seen.extend(found)
        return found == [(3, 3)]

    with running(job=job) as progress, run(progress, code) as child:
        for line in child.lines():
            progress.done += 1
            progress.add([line], write=insert)
            if progress.done == 3:
                break
        wait_until(look)
    assert now(job).state == "succeeded"


def test_where_it_works_and_what_it_knows_is_given(job, run, tmp_path):
    code = 'import os; print(os.getcwd()); print(os.environ.get("MODE"), os.environ.get("HOME"))'
    with running(job=job) as progress, run(progress, code, environment={"MODE": "x"}) as child:
        lines = [line.text.decode() for line in child.lines()]
    assert lines == [str(tmp_path), "x None"]


def test_a_program_that_is_not_there_ends_as_in_a_shell(job, tmp_path):
    with (
        running(job=job) as progress,
        child_program(["no-such-program"], progress=progress, directory=tmp_path) as child,
    ):
        [line] = child.lines()
        assert child.wait() == 127
    assert line.stream == "err"
    assert b"no-such-program" in line.text


def test_a_program_that_is_killed_ends_as_in_a_shell(job, run):
    with running(job=job) as progress, run(progress, "import os; os.abort()") as child:
        assert child.wait() == 128 + signal.SIGABRT


def test_one_that_closes_its_streams_is_waited_for(job, run):
    code = "import os, time; os.close(1); os.close(2); time.sleep(0.5); os._exit(4)"
    with running(job=job) as progress, run(progress, code) as child:
        assert list(child.lines()) == []
        assert child.wait() == 4


def test_long_lines_come_in_pieces_and_the_last_needs_no_end(job, run):
    code = 'import sys; sys.stdout.write("a" * 20_000 + "\\n\\n" + "b" * 8_192 + "\\nend")'
    with running(job=job) as progress, run(progress, code) as child:
        lines = [line.text for line in child.lines()]
    assert [len(line) for line in lines] == [8192, 8192, 3616, 0, 8192, 3]
    assert b"".join(lines) == b"a" * 20_000 + b"b" * 8_192 + b"end"


def test_one_that_writes_faster_than_rows_are_written_waits(job, run, monkeypatch):
    monkeypatch.setattr(sharing, "MAX_WAITING_ROWS", 10)
    batches = []

    def write(job, rows):
        batches.append(len(rows))
        insert(job, rows)

    with running(job=job) as progress, run(progress, "for n in range(500): print(n)") as child:
        progress.add(child.lines(), write=write)
    assert [int(text) for _, _, text in errors(job)] == list(range(500))
    assert max(batches) < 20


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (lambda job: elsewhere(lambda: cancel(job)), JobCancelled),
        (lambda job: elsewhere(lambda: Job.objects.update(attempt=7)), JobLost),
        (lambda job: interrupt_all(), JobInterrupted),
    ],
)
def test_a_job_that_has_to_stop_ends_all_that_its_program_started(job, run, act, why):
    pids = []

    def work():
        with running(job=job) as progress, run(progress, FAMILY_THAT_STAYS) as child:
            for line in child.lines():
                pids.extend(pids_of(line))
                assert all(map(is_alive, pids))
                act(job)

    with pytest.raises(why):
        work()
    assert len(pids) == 3
    assert none_lives(pids)


def test_what_a_program_leaves_behind_ends_with_it(job, run):
    with running(job=job) as progress, run(progress, FAMILY) as child:
        [line] = child.lines()
        assert child.wait() == 0
        assert none_lives(pids_of(line))


def test_a_block_that_ends_before_its_program_ends_it(job, run, tmp_path):
    """It has time for what it must still do and say."""
    saved = tmp_path / "saved"
    with running(job=job) as progress, run(progress, POLITE, saved) as child:
        assert next(child.lines()) == Line("out", b"ready")
    assert saved.read_text() == "saved"


def test_one_that_will_not_stop_is_killed(job, run):
    with running(job=job) as progress:
        with run(progress, STUBBORN, grace_seconds=0.2) as child:
            pid = int(next(child.lines()).text)
        assert not is_alive(pid)


def test_none_outlives_its_supervisor(job, run):
    with running(job=job) as progress, run(progress, FAMILY_THAT_STAYS) as child:
        [program, *_] = pids = pids_of(next(child.lines()))
        os.kill(parent_of(program), signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        wait_until(lambda: not is_alive(program))
    for pid in pids[1:]:
        os.kill(pid, signal.SIGKILL)


def test_in_a_transaction_nobody_renews_its_lease_but_who_waits(kinds, run, short_lease):
    with transaction.atomic():
        job = start_job(kind="read", parameters={}, by=acting(CuratorFactory()))
        with running(job=job) as progress, run(progress, "import time; time.sleep(2)") as child:
            assert child.wait() == 0


def test_no_process_thread_or_file_is_left(job, run):
    def held():
        return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))

    with running(job=job) as progress:
        wait_until(lambda: now(job).heartbeat_at > job.heartbeat_at)  # its connection is open
        before = held()
        with run(progress, FAMILY_THAT_STAYS) as child:
            next(child.lines())
            assert held() != before
        assert held() == before
        assert progress.after_beat == []


WORKER = """
import sys
from pathlib import Path
import django
django.setup()
from jobs.workers.children import child_program
from jobs.kinds import KINDS, Kind
from jobs.models import JobError
from jobs.workers.worker import QueueWorker

def insert(job, lines):
    JobError.objects.insert(job, [(None, line.stream, line.text.decode()) for line in lines])

def run(job, progress, by):
    command = [sys.executable, "-c", job.parameters["code"]]
    with child_program(command, progress=progress, directory=Path.cwd()) as child:
        progress.add(child.lines(), write=insert)
        return {"exit_code": child.wait()}

KINDS["sum"] = Kind(name="sum", role="writer", queue="bulk", run=run)
QueueWorker(queues=["bulk"], once=False).work()
"""


@pytest.fixture
def worker(tmp_path):
    """A worker of its own process whose jobs run what they are given."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER],
        cwd=settings.BASE_DIR,
        env=environment_for(
            url_of_database(),
            DJANGO_SETTINGS_MODULE="tunix_site.settings",
            TUNIX_JOB_LEASE_SECONDS="2",
            TUNIX_VAR=str(tmp_path),
        ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    with process:
        yield process
        process.kill()


@pytest.fixture
def family(kinds, worker):
    """Give a job that runs in a worker, and the processes of its program."""
    parameters = {"code": FAMILY_THAT_STAYS}
    job = start_job(kind="sum", parameters=parameters, by=acting(CuratorFactory()))
    wait_until(lambda: errors(job) != [])
    pids = json.loads(errors(job)[0][2])
    assert all(map(is_alive, pids))
    return job, pids


def test_a_killed_worker_leaves_no_program(family, worker):
    _, pids = family
    worker.kill()
    wait_until(lambda: none_lives(pids))


def test_a_worker_that_is_told_to_end_ends_the_program_and_gives_the_job_back(family, worker):
    job, pids = family
    worker.terminate()
    assert worker.wait(30) == 0
    assert none_lives(pids)
    assert (now(job).state, now(job).attempt) == ("queued", 0)


def test_a_job_that_is_cancelled_by_others_ends_the_program(family, curator):
    job, pids = family
    assert curator.delete(f"/api/jobs/{job.id}").status_code == 204
    wait_until(lambda: none_lives(pids))
    assert now(job).state == "cancelled"


def test_the_program_of_a_paused_worker_ends_with_the_lease(family, worker, short_lease):
    """Whoever takes the job up next may work in the same place."""
    job, pids = family
    worker.send_signal(signal.SIGSTOP)
    wait_until(lambda: none_lives(pids))
    wait_until(lambda: elsewhere(reap_jobs) == 1)
    worker.send_signal(signal.SIGCONT)
    wait_until(lambda: now(job).attempt == 2)
