"""Which worker processes there are."""

from jobs.kinds import KINDS, job_kind, queues, unqueued_kind
from jobs.workers.processes import worker_commands
from tunix_site.models import Role


def test_each_queue_has_a_worker_beside_those_of_the_apps():
    assert queues() == ["imports", "bulk", "scoring", "queues", "builds", "programs"]
    assert list(worker_commands()) == [
        "imports",
        "bulk",
        "scoring",
        "queues",
        "builds",
        "programs",
        "search",
        "similar",
    ]
    assert worker_commands()["builds"] == ("work", "--queues", "builds")


def test_a_new_kind_of_job_brings_a_worker_for_its_queue(monkeypatch):
    for kind in ("nap", "doze", "yawn"):
        monkeypatch.setitem(KINDS, kind, None)
    job_kind("nap", queue="beds", role=Role.WRITER)(lambda job, progress, by: {})
    job_kind("doze", queue="beds", role=Role.WRITER)(lambda job, progress, by: {})
    unqueued_kind("yawn", role=Role.WRITER)
    assert queues() == ["imports", "bulk", "scoring", "queues", "builds", "programs", "beds"]
    assert worker_commands()["beds"] == ("work", "--queues", "beds")
